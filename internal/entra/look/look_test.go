package look

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	files, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tokens.css", "base.css", "portal.css", "page.js", "continue.js", "icons.svg", "favicon.svg"} {
		if path, err := files.URL(name); err != nil || !strings.HasPrefix(path, "/static/entra/") {
			t.Errorf("%s: %q, %v", name, path, err)
		}
	}
}

func TestTheme(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, cookie string
		https        bool
		want         string
	}{
		{"none", "", false, ""},
		{"dark", "entra-theme=dark", false, "dark"},
		{"light by https", "__Host-entra-theme=light", true, "light"},
		{"without the prefix by https", "entra-theme=dark", true, ""},
		{"no theme", "entra-theme=%22%3E%3Cscript%3E", false, ""},
		{"planted twice", "entra-theme=dark; entra-theme=light", false, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		if test.cookie != "" {
			r.Header.Set("Cookie", test.cookie)
		}
		if got := Theme(r, test.https); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

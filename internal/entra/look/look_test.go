package look

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFiles_areServed(t *testing.T) {
	t.Parallel()
	files, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	files.Mount(mux)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	for name, kind := range map[string]string{"portal.css": "text/css; charset=utf-8", "continue.js": "text/javascript; charset=utf-8", "icons.svg": "image/svg+xml"} {
		path, err := files.URL(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := get(path); got.Code != http.StatusOK || got.Header().Get("Content-Type") != kind || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, got.Code, got.Header())
		}
	}
	if got := get(prefix + "000000000000/portal.css"); got.Code != http.StatusOK || got.Header().Get("Cache-Control") != "" {
		t.Errorf("under an older hash: %d %v", got.Code, got.Header())
	}
	if got := get(prefix + files.hash + "/passwd"); got.Code != http.StatusNotFound {
		t.Errorf("what is no file: %d", got.Code)
	}
	if path, err := files.URL("passwd"); err == nil {
		t.Errorf("what is no file has the path %s", path)
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

package browser

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// Each check finds the fault that it is for: a page that has one of each is told all of
// them.
func TestChecks_findFaults(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", foreignSite)
		http.ServeFile(w, r, "testdata/bad.html")
	}))
	t.Cleanup(server.Close)
	b := newTab(t, true)
	b.open(server.URL + "/bad.html")
	for _, test := range []struct {
		name, script string
		want         []string
	}{
		{"checks.js", checks, []string{
			"the page has no language", "the page has no title", "the page has no doctype", "the page cannot be enlarged",
			"the page has 2 headings of level 1", "a heading of level 3 follows one of level 1", "a heading is empty",
			"a text is in no landmark", "two landmarks have the name NAV Twin", `it has no name: <a href="/empty">`,
			"a group of fields has no name", "an image has no alternative", "a drawing is neither hidden nor named",
			"for names what is not there", "the id twice is there twice", "a password field does not say which",
			"a table names no column", "a row has other columns than its table", "a list holds what is no entry", "a term is in no list of terms",
			"an order of focus is forced", "one control lies in another", "a secret goes into an address",
			"a link in a text looks like the text", "it has a style or a handler inline", "a link is a script", "a script or a style is inline", "a link to a new window gives this one away",
		}},
		{"fits.js", fits, []string{"too wide", "it reaches out of the window", "12 pixels high"}},
		{"contrast.js", contrast, []string{"“too faint” has a contrast of 2."}},
	} {
		got := evaluate[[]string](b, test.script)
		for _, want := range test.want {
			if !slices.ContainsFunc(got, func(fault string) bool { return strings.Contains(fault, want) }) {
				t.Errorf("%s does not find %q: %s", test.name, want, strings.Join(got, "\n"))
			}
		}
	}
	b.takeFaults() // the page's picture and policy are no concern of this test
}

// A fault on the console and a loose policy are found, too.
func TestTab_hearsFaults(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; script-src 'self' 'unsafe-inline'")
		_, _ = w.Write([]byte(`<!doctype html><title>A</title><script>console.error("oh"); undefined.x</script><link rel="stylesheet" href="/none.css"><script src="/none.js"></script>`))
	}))
	t.Cleanup(server.Close)
	b := newTab(t, true)
	b.open(server.URL)
	got := strings.Join(b.takeFaults(), "\n")
	for _, want := range []string{"is loose", "oh", "TypeError", "none.css", "none.js"} {
		if !strings.Contains(got, want) {
			t.Errorf("the tab does not hear of %q: %s", want, got)
		}
	}
}

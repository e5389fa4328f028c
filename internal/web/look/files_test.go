package look

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFiles_areServed(t *testing.T) {
	t.Parallel()
	files, err := Read("door", fstest.MapFS{"static/door.css": {Data: []byte("b{}")}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := files.Names(), []string{"base.css", "door.css", "icons.svg", "page.js", "tokens.css"}; !slices.Equal(got, want) {
		t.Errorf("the names are %q, want %q", got, want)
	}
	mux := http.NewServeMux()
	files.Mount(mux)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	for name, kind := range map[string]string{"door.css": "text/css; charset=utf-8", "base.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "icons.svg": "image/svg+xml"} {
		path, err := files.URL(name)
		if err != nil {
			t.Fatal(err)
		}
		got := get(path)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != kind || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") || got.Body.String() != string(files.files[name]) {
			t.Errorf("%s: %d %v", path, got.Code, got.Header())
		}
	}
	if got := get("/static/door/000000000000/door.css"); got.Code != http.StatusOK || got.Header().Get("Cache-Control") != "" {
		t.Errorf("under an older hash: %d %v", got.Code, got.Header())
	}
	for _, name := range []string{"passwd", "..%2Ffiles.go", "%00"} {
		if got := get("/static/door/" + files.hash + "/" + name); got.Code != http.StatusNotFound {
			t.Errorf("%s, which is no file: %d", name, got.Code)
		}
	}
	if path, err := files.URL("passwd"); err == nil {
		t.Errorf("what is no file has the path %s", path)
	}
}

// Whatever changes in a file, of the door or of all, changes the path of every file.
func TestFiles_hash(t *testing.T) {
	t.Parallel()
	paths := map[string]bool{}
	for _, own := range []fstest.MapFS{
		{"static/a.css": {Data: []byte("b{}")}},
		{"static/a.css": {Data: []byte("i{}")}},
		{"static/b.css": {Data: []byte("b{}")}},
	} {
		files, err := Read("door", own)
		if err != nil {
			t.Fatal(err)
		}
		path, err := files.URL("base.css")
		if err != nil {
			t.Fatal(err)
		}
		paths[path] = true
	}
	if len(paths) != 3 {
		t.Errorf("three sets of files have the paths %v", paths)
	}
}

func TestRead_faults(t *testing.T) {
	t.Parallel()
	for want, own := range map[string]fstest.MapFS{
		"door has a file base.css": {"static/base.css": {Data: []byte("b{}")}},
		"list the files of pages":  {"elsewhere/door.css": {Data: []byte("b{}")}},
		"read a file of pages":     {"static/folder/door.css": {Data: []byte("b{}")}},
	} {
		if _, err := Read("door", own); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

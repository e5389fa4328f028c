// Package look is what all pages look like, those of the console and of the stand-in for
// Entra ID: the style sheets tokens.css and base.css, the icons, and page.js. A door adds
// files of its own, and its pages load tokens.css, then base.css, then the door's style
// sheet. The package gives these files out, and parses, executes and sends the templates of a
// door; it knows no page.
package look

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
)

//go:embed static
var static embed.FS

// Files are the files that the pages of a door load. A hash over all of them is in their
// path, so that browsers may keep them for good and get new ones with the page that needs
// them.
type Files struct {
	door  string
	files map[string][]byte
	hash  string
}

// Read returns the files of all pages together with those of one door, which lie in the
// folder static of own. Both are built into the program; an error is a fault in them, as
// is a file of the door that has the name of one of all. The door's name is in the path.
func Read(door string, own fs.FS) (*Files, error) {
	f := &Files{door: door, files: map[string][]byte{}}
	for _, from := range []fs.FS{static, own} {
		if err := f.add(from); err != nil {
			return nil, err
		}
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		sum.Write([]byte(name + "\x00"))
		sum.Write(f.files[name])
	}
	f.hash = hex.EncodeToString(sum.Sum(nil)[:6])
	return f, nil
}

func (f *Files) add(from fs.FS) error {
	entries, err := fs.ReadDir(from, "static")
	if err != nil {
		return fmt.Errorf("list the files of pages: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if f.files[name] != nil {
			return fmt.Errorf("%s has a file %s, which all pages have", f.door, name)
		}
		if f.files[name], err = fs.ReadFile(from, path.Join("static", name)); err != nil {
			return fmt.Errorf("read a file of pages: %w", err)
		}
	}
	return nil
}

func (f *Files) prefix() string { return "/static/" + f.door + "/" }

// Names are the names of all files, in order.
func (f *Files) Names() []string { return slices.Sorted(maps.Keys(f.files)) }

// URL is the path of a file. It is an error to ask for one that does not exist.
func (f *Files) URL(name string) (string, error) {
	if f.files[name] == nil {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return f.prefix() + f.hash + "/" + name, nil
}

// Mount puts the files on mux, at the paths that URL returns.
func (f *Files) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+f.prefix()+"{hash}/{file}", f.serve)
}

// serve gives a file out. While servers of two versions run side by side a page may ask
// the other one for its files: it gets those there are, but does not keep them.
func (f *Files) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	content, ok := f.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", types[path.Ext(name)])
	if r.PathValue("hash") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(content) // the reader has gone, if this fails
}

var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

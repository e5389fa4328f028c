// Package look is what the pages of the stand-in for Entra ID look like: their style
// sheets, icons and scripts, and whether they are light or dark. It owns these files and
// gives them out; the pages are the doors' (idp and portal).
package look

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
)

//go:embed static
var static embed.FS

// Files are the files that pages load. A hash over all of them is in their path, so that
// browsers may keep them for good and get new ones with the page that needs them.
type Files struct {
	files map[string][]byte
	hash  string
}

// Read returns the files that are built into the program. An error is a fault in them.
func Read() (*Files, error) {
	entries, err := fs.ReadDir(static, "static")
	if err != nil {
		return nil, fmt.Errorf("list the files of pages: %w", err)
	}
	f := &Files{files: make(map[string][]byte, len(entries))}
	sum := sha256.New()
	for _, entry := range entries {
		content, err := static.ReadFile(path.Join("static", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read a file of pages: %w", err)
		}
		f.files[entry.Name()] = content
		sum.Write([]byte(entry.Name() + "\x00"))
		sum.Write(content)
	}
	f.hash = hex.EncodeToString(sum.Sum(nil)[:6])
	return f, nil
}

const prefix = "/static/entra/"

// URL is the path of a file. It is an error to ask for one that does not exist.
func (f *Files) URL(name string) (string, error) {
	if f.files[name] == nil {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return prefix + f.hash + "/" + name, nil
}

// Mount puts the files on mux, at the paths that URL returns. All doors of the stand-in
// share one mux, and one of them does this.
func (f *Files) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+prefix+"{hash}/{file}", f.serve)
}

// serve gives a file out. One that was asked for under an older hash is not kept.
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

package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
)

//go:embed static
var staticFiles embed.FS

const assetPattern = "/static/portal/{hash}/{file}"

// assets are the files that pages load. A hash over all of them is in their path, so
// that browsers may keep them for good and get new ones with the page that needs them.
type assets struct {
	files map[string][]byte
	hash  string
}

func readAssets() (*assets, error) {
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	a := &assets{files: make(map[string][]byte, len(entries))}
	sum := sha256.New()
	for _, entry := range entries {
		content, err := staticFiles.ReadFile(path.Join("static", entry.Name()))
		if err != nil {
			return nil, err
		}
		a.files[entry.Name()] = content
		sum.Write([]byte(entry.Name() + "\x00"))
		sum.Write(content)
	}
	a.hash = hex.EncodeToString(sum.Sum(nil)[:6])
	return a, nil
}

// url is where a file is; "" for one that does not exist.
func (a *assets) url(name string) string {
	if a.files[name] == nil {
		return ""
	}
	return "/static/portal/" + a.hash + "/" + name
}

// serve gives a file out. One that was asked for under an older hash is not kept.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	content, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", assetTypes[path.Ext(name)])
	if r.PathValue("hash") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(content)
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

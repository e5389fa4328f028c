package portal

import (
	"mime"
	"strings"
)

// file answers with a file to keep.
func (x *exchange) file(contentType, name string, content []byte) error {
	x.download(contentType, name)
	_, _ = x.w.Write(content)
	return nil
}

// download announces a file to keep; its content follows.
func (x *exchange) download(contentType, name string) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name)}))
	h.Set("Cache-Control", "no-store")
}

// fileName keeps of a name what every file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, name)
}

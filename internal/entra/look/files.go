// Package look is what the pages of the stand-in for Entra ID have of their own: a style
// sheet, an icon and a script on top of the files of all pages, and whether they are light
// or dark. The pages are the doors' (idp and portal).
package look

import (
	"embed"

	"github.com/rollcall/rollcall/internal/web/look"
)

//go:embed static
var static embed.FS

// Files are the files that the stand-in's pages load: its own and those of all pages.
type Files = look.Files

// Templates are the pages of one of its doors.
type Templates = look.Templates

// Read returns the files, which are built into the program. An error is a
// fault in them. All doors of the stand-in share one mux, and one of them mounts the files.
func Read() (*Files, error) { return look.Read("entra", static) }

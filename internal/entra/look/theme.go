package look

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/web"
)

// ThemeCookie keeps a choice of theme, by [web.Cookies.Keep].
const ThemeCookie = "entra-theme"

// Theme is what the person of a browser chose: "light", "dark", or "" for what his system
// has. The server writes it into the page, so that nothing flashes. https tells whether
// browsers reach the stand-in so.
func Theme(r *http.Request, https bool) string {
	switch theme := (web.Cookies{HTTPS: https}).Kept(r, ThemeCookie); theme {
	case "light", "dark":
		return theme
	}
	return ""
}

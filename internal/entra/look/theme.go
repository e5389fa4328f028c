package look

import "net/http"

// ThemeCookie keeps a choice of theme, under its [CookieName].
const ThemeCookie = "entra-theme"

// Theme is what the person of a browser chose: "light", "dark", or "" for what his system
// has. The server writes it into the page, so that nothing flashes. https tells whether
// browsers reach the stand-in so.
func Theme(r *http.Request, https bool) string {
	found := r.CookiesNamed(CookieName(ThemeCookie, https))
	if len(found) != 1 {
		return ""
	}
	switch theme := found[0].Value; theme {
	case "light", "dark":
		return theme
	}
	return ""
}

// CookieName is a name that no other host of the domain can plant a cookie under (S52).
func CookieName(name string, https bool) string {
	if https {
		return "__Host-" + name
	}
	return name
}

package portal

import (
	"net/http"
	"time"
)

const (
	themeCookie   = "entra-theme"
	themeLifetime = 365 * 24 * time.Hour
)

// theme is what the person chose: "light", "dark", or "" for what his system has. The
// server writes it into the page, so that nothing flashes.
func (x *exchange) theme() string {
	switch theme := x.cookie(themeCookie); theme {
	case "light", "dark":
		return theme
	}
	return ""
}

func (p *Portal) setTheme(x *exchange) error {
	theme := x.value("theme")
	switch theme {
	case "light", "dark":
		x.setCookie(themeCookie, theme, themeLifetime)
	case "":
		x.setCookie(themeCookie, "", 0)
	default:
		return refuse(http.StatusBadRequest, "the theme %q is not one of light, dark", clip(theme))
	}
	return x.to(safePath(x.value("to")))
}

// setCookie keeps a value in the browser for a while; "" takes it back.
func (x *exchange) setCookie(name, value string, lives time.Duration) {
	cookie := &http.Cookie{
		Name: x.cookieName(name), Value: value, Path: "/", MaxAge: int(lives / time.Second),
		Secure: x.portal.https, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(x.w, cookie)
}

func (x *exchange) cookie(name string) string {
	if found := x.r.CookiesNamed(x.cookieName(name)); len(found) == 1 {
		return found[0].Value
	}
	return ""
}

// cookieName is a name that no other host of the domain can plant a cookie under (S52).
func (x *exchange) cookieName(name string) string {
	if x.portal.https {
		return "__Host-" + name
	}
	return name
}

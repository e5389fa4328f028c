package portal

import (
	"net/http"
	"time"

	"github.com/rollcall/rollcall/internal/entra/look"
)

const themeLifetime = 365 * 24 * time.Hour

func (p *Portal) setTheme(x *exchange) error {
	theme := x.value("theme")
	switch theme {
	case "light", "dark":
		x.setCookie(look.ThemeCookie, theme, themeLifetime)
	case "":
		x.setCookie(look.ThemeCookie, "", 0)
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

func (x *exchange) cookieName(name string) string { return look.CookieName(name, x.portal.https) }

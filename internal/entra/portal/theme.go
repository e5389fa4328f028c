package portal

import (
	"net/http"
	"time"

	"github.com/rollcall/rollcall/internal/entra/look"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

const themeLifetime = 365 * 24 * time.Hour

func (p *Portal) setTheme(x *exchange) error {
	theme := x.value("theme")
	switch theme {
	case "light", "dark":
		x.cookies().Keep(x.w, look.ThemeCookie, theme, themeLifetime)
	case "":
		x.cookies().Keep(x.w, look.ThemeCookie, "", 0)
	default:
		return refuse(http.StatusBadRequest, "the theme %q is not one of light, dark", words.Clip(theme))
	}
	return x.to(safePath(x.value("to")))
}

// cookies keeps small things of the portal in the browser.
func (x *exchange) cookies() web.Cookies { return web.Cookies{HTTPS: x.portal.https} }

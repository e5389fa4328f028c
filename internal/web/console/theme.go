package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

const (
	themeCookie   = "rollcall-theme"
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

func (c *Console) setTheme(x *exchange) error {
	theme := x.value("theme")
	switch theme {
	case "light", "dark":
		x.setCookie(themeCookie, theme, themeLifetime)
	case "":
		x.setCookie(themeCookie, "", 0)
	default:
		return iam.Errorf(iam.KindInvalid, "the theme %q is not one of light, dark", iam.Clip(theme))
	}
	return x.to(signin.SafePath(x.value("to")))
}

package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"unicode/utf8"

	"github.com/rollcall/rollcall/internal/web"
)

// flash is the cookie of flashes, signed with the portal's key for one person.
func (x *exchange) flash() web.FlashCookie {
	return web.FlashCookie{Cookies: x.cookies(), Name: "entra-flash", Sign: func(text string) []byte {
		mac := hmac.New(sha256.New, x.portal.key[:])
		mac.Write([]byte("flash\x00" + string(x.viewer.ID) + "\x00" + text))
		return mac.Sum(nil)
	}}
}

func (x *exchange) leaveFlash(f web.Flash) {
	x.flash().Leave(x.w, web.Flash{Kind: f.Kind, Text: short(f.Text), Detail: short(f.Detail)}, x.now)
}

// short keeps the cookie well below the 4,096 bytes that browsers take.
func short(s string) string {
	const most = 900
	if len(s) <= most {
		return s
	}
	cut := s[:most]
	for !utf8.ValidString(cut) {
		cut = cut[:len(cut)-1]
	}
	return cut + "…"
}

func (x *exchange) takeFlash() web.Flash { return x.flash().Take(x.w, x.r, x.now) }

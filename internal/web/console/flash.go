package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web"
)

// flash is the cookie of flashes. It is signed with the session's secret, which only this
// browser and this server know: it is worth nothing in another session.
func (x *exchange) flash() web.FlashCookie {
	return web.FlashCookie{Cookies: x.console.cookies, Name: "rollcall-flash", Sign: func(text string) []byte {
		mac := hmac.New(sha256.New, []byte("rollcall flash\x00"+x.console.cookies.Session(x.r)))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}}
}

func (x *exchange) leaveFlash(f web.Flash) {
	x.flash().Leave(x.w, web.Flash{Kind: f.Kind, Text: iam.Clip(f.Text), Detail: clipDetail(f.Detail)}, x.now)
}

// clipDetail keeps the cookie well below the 4,096 bytes that browsers take.
func clipDetail(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return iam.Clip(s)
}

func (x *exchange) takeFlash() web.Flash { return x.flash().Take(x.w, x.r, x.now) }

func (x *exchange) setCookie(name, value string, lives time.Duration) {
	x.console.cookies.Keep(x.w, name, value, lives)
}

func (x *exchange) cookie(name string) string { return x.console.cookies.Kept(x.r, name) }

package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// flash is what the page after an act says once.
type flash struct {
	Kind   string // "ok"; "" for no flash
	Text   string // in bold
	Detail string // one sentence behind it; may be ""
}

// flashCookie carries it from the act to the page. It is signed with the session's
// secret, which only this browser and this server know: a page cannot be made to say
// what the server did not write, no replica has to remember it, and it is worth
// nothing in another session.
const (
	flashCookie   = "rollcall-flash"
	flashLifetime = time.Minute
)

type signedFlash struct {
	Kind, Text, Detail string
	Until              int64 // Unix seconds
}

func (x *exchange) leaveFlash(f flash) {
	body, err := json.Marshal(signedFlash{f.Kind, iam.Clip(f.Text), clipDetail(f.Detail), x.now.Add(flashLifetime).Unix()})
	if err != nil {
		return // three strings and a number cannot fail
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	x.setCookie(flashCookie, text+"."+x.flashMAC(text), flashLifetime)
}

// clipDetail keeps the cookie well below the 4,096 bytes that browsers take.
func clipDetail(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return iam.Clip(s)
}

// takeFlash returns what the act before left, and takes it back.
func (x *exchange) takeFlash() flash {
	value := x.cookie(flashCookie)
	if value == "" {
		return flash{}
	}
	x.setCookie(flashCookie, "", 0)
	text, mac, _ := cutLast(value, '.')
	if !hmac.Equal([]byte(mac), []byte(x.flashMAC(text))) {
		return flash{}
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	var f signedFlash
	if err != nil || json.Unmarshal(body, &f) != nil || x.now.Unix() > f.Until {
		return flash{}
	}
	return flash{f.Kind, f.Text, f.Detail}
}

func (x *exchange) flashMAC(text string) string {
	mac := hmac.New(sha256.New, []byte("rollcall flash\x00"+x.console.cookies.Session(x.r)))
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// setCookie keeps a value in the browser for a while; "" takes it back. For small
// things of the console: the session's cookies are web's.
func (x *exchange) setCookie(name, value string, lives time.Duration) {
	cookie := &http.Cookie{
		Name: x.cookieName(name), Value: value, Path: "/", MaxAge: int(lives / time.Second),
		Secure: x.console.cookies.HTTPS, HttpOnly: true, SameSite: http.SameSiteLaxMode,
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

func (x *exchange) cookieName(name string) string {
	if x.console.cookies.HTTPS {
		return "__Host-" + name
	}
	return name
}

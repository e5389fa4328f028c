package portal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// flash is what the page after an act says once.
type flash struct {
	Kind   string // "ok"; "" for no flash
	Text   string // in bold
	Detail string // one sentence behind it; may be ""
}

// flashCookie carries it from the act to the page. It is signed with the portal's key
// for one person, so that a page cannot be made to say what the server did not write.
const (
	flashCookie   = "entra-flash"
	flashLifetime = time.Minute
)

type signedFlash struct {
	Kind, Text, Detail string
	Until              int64 // Unix seconds
}

func (x *exchange) leaveFlash(f flash) {
	body, err := json.Marshal(signedFlash{f.Kind, short(f.Text), short(f.Detail), x.now.Add(flashLifetime).Unix()})
	if err != nil {
		return // three strings and a number cannot fail
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	x.setCookie(flashCookie, text+"."+x.flashMAC(text), flashLifetime)
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

// takeFlash returns what the act before left, and takes it back.
func (x *exchange) takeFlash() flash {
	value := x.cookie(flashCookie)
	if value == "" {
		return flash{}
	}
	x.setCookie(flashCookie, "", 0)
	text, mac, _ := strings.Cut(value, ".")
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
	mac := hmac.New(sha256.New, x.portal.key[:])
	mac.Write([]byte("flash\x00" + string(x.viewer.ID) + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

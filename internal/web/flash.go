package web

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Flash is what the page after an act says once.
type Flash struct {
	Kind   string // "ok"; "" for no flash
	Text   string // in bold
	Detail string // one sentence behind it; may be ""
}

// FlashLifetime is how long a flash waits for its page.
const FlashLifetime = time.Minute

// FlashCookie carries a flash from the act to the page. It is signed, so that a page
// cannot be made to say what the server did not write, and no replica has to remember it.
// Sign is the door's: it binds the text to whom the flash is for, and nobody but the door
// can make it.
type FlashCookie struct {
	Cookies Cookies
	Name    string
	Sign    func(text string) []byte
}

type signedFlash struct {
	Kind, Text, Detail string
	Until              int64 // Unix seconds
}

// Leave keeps a flash for the next page. Its texts must fit a cookie together: browsers
// take 4,096 bytes.
func (c FlashCookie) Leave(w http.ResponseWriter, f Flash, now time.Time) {
	body, err := json.Marshal(signedFlash{f.Kind, f.Text, f.Detail, now.Add(FlashLifetime).Unix()})
	if err != nil {
		return // three strings and a number cannot fail
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	c.Cookies.Keep(w, c.Name, text+"."+base64.RawURLEncoding.EncodeToString(c.Sign(text)), FlashLifetime)
}

// Take returns what the act before left, and takes it back. The zero value is for none.
func (c FlashCookie) Take(w http.ResponseWriter, r *http.Request, now time.Time) Flash {
	value := c.Cookies.Kept(r, c.Name)
	if value == "" {
		return Flash{}
	}
	c.Cookies.Keep(w, c.Name, "", 0)
	text, mac, _ := strings.Cut(value, ".")
	if !hmac.Equal([]byte(mac), []byte(base64.RawURLEncoding.EncodeToString(c.Sign(text)))) {
		return Flash{}
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	var f signedFlash
	if err != nil || json.Unmarshal(body, &f) != nil || now.Unix() > f.Until {
		return Flash{}
	}
	return Flash{f.Kind, f.Text, f.Detail}
}

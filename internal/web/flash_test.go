package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFlashCookie(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 23, 21, 8, 0, time.UTC)
	cookie := func(key string) FlashCookie {
		return FlashCookie{Cookies{HTTPS: true}, "flash", func(text string) []byte {
			mac := hmac.New(sha256.New, []byte(key))
			mac.Write([]byte(text))
			return mac.Sum(nil)
		}}
	}
	left := Flash{"ok", "Saved.", "Twice <b>over</b>; it’s so."}
	w := httptest.NewRecorder()
	cookie("key").Leave(w, left, now)
	set := w.Result().Cookies()
	if len(set) != 1 || set[0].Name != "__Host-flash" || !set[0].HttpOnly || !set[0].Secure || set[0].SameSite != http.SameSiteLaxMode || set[0].MaxAge != 60 {
		t.Fatalf("the cookie is %v", set)
	}
	value := set[0].Value
	for name, test := range map[string]struct {
		key, value string
		after      time.Duration
		want       Flash
	}{
		"at once":           {"key", value, 0, left},
		"in time":           {"key", value, FlashLifetime, left},
		"too late":          {"key", value, FlashLifetime + time.Second, Flash{}},
		"for another":       {"other", value, 0, Flash{}},
		"changed":           {"key", "x" + value, 0, Flash{}},
		"without signature": {"key", strings.Split(value, ".")[0], 0, Flash{}},
		"nonsense":          {"key", ".", 0, Flash{}},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-flash", Value: test.value})
		w := httptest.NewRecorder()
		if got := cookie(test.key).Take(w, r, now.Add(test.after)); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
		if back := w.Result().Cookies(); len(back) != 1 || back[0].MaxAge >= 0 || back[0].Value != "" {
			t.Errorf("%s: it is not taken back: %v", name, back)
		}
	}
	w = httptest.NewRecorder()
	if got := cookie("key").Take(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), now); got != (Flash{}) || len(w.Result().Cookies()) != 0 {
		t.Errorf("of nothing: %+v, %v", got, w.Result().Cookies())
	}
}

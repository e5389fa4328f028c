package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCookies(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		cookies          Cookies
		session, pending string
		mark, cleared    string
	}{
		{
			Cookies{HTTPS: true},
			"__Host-rollcall=v; Path=/; Expires=Tue, 10 Mar 2026 09:30:00 GMT; HttpOnly; Secure; SameSite=Lax",
			"__Host-rollcall-saml=p; Path=/; Expires=Tue, 10 Mar 2026 09:30:00 GMT; HttpOnly; Secure; SameSite=None",
			"__Host-rollcall-mark=m; Path=/; Expires=Tue, 10 Mar 2026 09:30:00 GMT; HttpOnly; Secure; SameSite=None",
			"__Host-rollcall=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		},
		{
			Cookies{},
			"rollcall=v; Path=/; Expires=Tue, 10 Mar 2026 09:30:00 GMT; HttpOnly; SameSite=Lax",
			"rollcall-saml=p; Path=/; Expires=Tue, 10 Mar 2026 09:30:00 GMT; HttpOnly; SameSite=Lax",
			"rollcall-mark=m; Path=/; Expires=Tue, 10 Mar 2026 09:30:00 GMT; HttpOnly; SameSite=Lax",
			"rollcall=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
		},
	} {
		w := httptest.NewRecorder()
		test.cookies.SetSession(w, "v", "m", until)
		test.cookies.SetPending(w, "p", until)
		test.cookies.ClearSession(w)
		test.cookies.ClearPending(w)
		got := w.Result().Header["Set-Cookie"]
		if len(got) != 6 || got[0] != test.session || got[1] != test.mark || got[2] != test.pending || got[3] != test.cleared || !strings.Contains(got[4], "rollcall-mark=; Path=/; Max-Age=0") {
			t.Errorf("cookies %q", got)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", test.session+"; "+test.pending+"; "+test.mark)
		if s, p, m := test.cookies.Session(r), test.cookies.Pending(r), test.cookies.Mark(r); s != "v" || p != "p" || m != "m" {
			t.Errorf("read back: %q, %q, %q", s, p, m)
		}
	}
}

// A cookie without the prefix, which any host of the domain can set, counts for
// nothing where people come by https; and of two nobody knows which is ours.
func TestCookies_planted(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = http.Header{"Cookie": {"rollcall=planted; rollcall-saml=planted; rollcall-mark=planted"}}
	if c := (Cookies{HTTPS: true}); c.Session(r) != "" || c.Pending(r) != "" || c.Mark(r) != "" {
		t.Error("a planted cookie is taken")
	}
	r.Header = http.Header{"Cookie": {"rollcall=one; rollcall=two"}}
	if got := (Cookies{}).Session(r); got != "" {
		t.Errorf("of two cookies %q is taken", got)
	}
}

package web

import (
	"net/http"
	"time"
)

// Names of the cookies. The prefix __Host- lets a browser take them from this very
// host over https only, for every path, so that no other host of the domain can
// plant one (S52).
const (
	hostPrefix    = "__Host-"
	sessionCookie = "rollcall"
	pendingCookie = "rollcall-saml"
	markCookie    = "rollcall-mark"
	logoutCookie  = "rollcall-logout"
)

// Cookies reads and writes the cookies that the doors share. The zero value is for
// plain HTTP on loopback, where browsers accept neither the prefix nor Secure.
//
// Some must come back with the identity provider's cross-site POST, for which
// SameSite=None is made, and None needs Secure: the pending cookie, its like for signing
// out, and the mark, which says which session the browser has and opens nothing. On plain HTTP they are Lax, and
// come back when the identity provider runs on the same host: ports do not count for
// what is the same site.
type Cookies struct {
	HTTPS bool // people reach the server by https
}

func (c Cookies) name(name string) string {
	if c.HTTPS {
		return hostPrefix + name
	}
	return name
}

func (c Cookies) read(r *http.Request, name string) string {
	found := r.CookiesNamed(c.name(name))
	if len(found) != 1 {
		return "" // of two with one name nobody can tell which is ours
	}
	return found[0].Value
}

func (c Cookies) set(w http.ResponseWriter, name, value string, expires time.Time, site http.SameSite) {
	cookie := &http.Cookie{
		Name: c.name(name), Value: value, Path: "/", Expires: expires,
		Secure: c.HTTPS, HttpOnly: true, SameSite: site,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// Keep keeps a small thing of a door in the browser for a while; "" takes it back.
func (c Cookies) Keep(w http.ResponseWriter, name, value string, lives time.Duration) {
	cookie := &http.Cookie{
		Name: c.name(name), Value: value, Path: "/", MaxAge: int(lives / time.Second),
		Secure: c.HTTPS, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// Kept returns what the browser keeps of that name, "" for nothing.
func (c Cookies) Kept(r *http.Request, name string) string { return c.read(r, name) }

// Session returns the value of the session cookie, "" for none.
func (c Cookies) Session(r *http.Request) string { return c.read(r, sessionCookie) }

// SetSession hands the session out until expires, and its mark beside it.
func (c Cookies) SetSession(w http.ResponseWriter, value, mark string, expires time.Time) {
	c.set(w, sessionCookie, value, expires, http.SameSiteLaxMode)
	c.set(w, markCookie, mark, expires, c.crossSite())
}

// ClearSession takes the session cookie and its mark back.
func (c Cookies) ClearSession(w http.ResponseWriter) {
	c.set(w, sessionCookie, "", time.Time{}, http.SameSiteLaxMode)
	c.set(w, markCookie, "", time.Time{}, c.crossSite())
}

// Mark returns what tells which session the browser has, also in a request from
// another site; "" for none.
func (c Cookies) Mark(r *http.Request) string { return c.read(r, markCookie) }

// Pending returns what binds a SAML answer to this browser, "" for none.
func (c Cookies) Pending(r *http.Request) string { return c.read(r, pendingCookie) }

// SetPending keeps it until expires.
func (c Cookies) SetPending(w http.ResponseWriter, value string, expires time.Time) {
	c.set(w, pendingCookie, value, expires, c.crossSite())
}

// ClearPending takes it back.
func (c Cookies) ClearPending(w http.ResponseWriter) {
	c.set(w, pendingCookie, "", time.Time{}, c.crossSite())
}

// Logout returns what binds the identity provider's answer to this browser while it signs
// out there, "" for none.
func (c Cookies) Logout(r *http.Request) string { return c.read(r, logoutCookie) }

// SetLogout keeps it until expires.
func (c Cookies) SetLogout(w http.ResponseWriter, value string, expires time.Time) {
	c.set(w, logoutCookie, value, expires, c.crossSite())
}

// ClearLogout takes it back.
func (c Cookies) ClearLogout(w http.ResponseWriter) {
	c.set(w, logoutCookie, "", time.Time{}, c.crossSite())
}

func (c Cookies) crossSite() http.SameSite {
	if c.HTTPS {
		return http.SameSiteNoneMode
	}
	return http.SameSiteLaxMode
}

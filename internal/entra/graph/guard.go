package graph

import (
	"crypto/sha256"
	"crypto/subtle"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/internal/web/words"
)

// may decides whether a request is answered at all. There are no accounts here: on loopback
// every program of the machine may, but no page that a browser of the machine shows. So a
// request must name a host that is ours (a page whose name was bound to 127.0.0.1 names its
// own), must not say that it comes of another site, and must carry the token where there is
// one.
func (a *API) may(w http.ResponseWriter, r *http.Request) error {
	if host := hostOf(r.Host); host != a.host && !web.IsLoopback(host) {
		return refuse(http.StatusForbidden, codeDenied, "The request names the host %q. The stand-in answers requests to %s or to this machine alone.", words.Clip(host), a.publicURL)
	}
	if site := r.Header.Get("Sec-Fetch-Site"); a.others.Check(r) != nil || site == "cross-site" || site == "same-site" {
		return refuse(http.StatusForbidden, codeDenied, "The request comes from a page of another site.")
	}
	if a.token == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !sameSecret(token, a.token) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="stand-in"`)
		return refuse(http.StatusUnauthorized, codeToken, "The stand-in was started with an API token; send it as Authorization: Bearer followed by the token.")
	}
	return nil
}

// sameSecret compares in a time that tells nothing of either.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// hostOf is the host of a Host header without its port, in lower case.
func hostOf(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = strings.Trim(header, "[]")
	}
	return strings.ToLower(host)
}

// contentType checks what the body of a request says that it is. A form, which any page may
// post anywhere, is nothing of what is taken here.
func (x *exchange) contentType(want string) error {
	kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || !strings.EqualFold(kind, want) {
		return refuse(http.StatusUnsupportedMediaType, codeBadRequest, "The body must be sent as Content-Type: %s, not %q.", want, words.Clip(x.r.Header.Get("Content-Type")))
	}
	return nil
}

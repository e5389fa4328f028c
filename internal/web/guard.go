package web

import (
	"net/http"
	"strings"
)

// apiPolicy is the Content-Security-Policy of everything that is no page: nothing may
// be loaded, framed or run.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// guard sets the headers that every answer carries, refuses TRACE, and joins doubled
// slashes before routing. A page sets a policy and caching of its own over them.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Content-Security-Policy", apiPolicy)
		h.Set("Cache-Control", "no-store")
		if s.config.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if r.Method == http.MethodTrace || r.Method == http.MethodConnect || r.Method == "TRACK" {
			// RFC 9110 section 9.3.8: TRACE echoes a request with its credentials.
			h.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, joinSlashes(r))
	})
}

// joinSlashes turns // into / before the mux sees the path. The mux would answer with
// a redirect, which no SCIM client follows with its body; a base URL entered with a
// slash at its end makes such paths.
func joinSlashes(r *http.Request) *http.Request {
	if !strings.Contains(r.URL.Path, "//") && !strings.Contains(r.URL.RawPath, "//") {
		return r
	}
	u := *r.URL
	for strings.Contains(u.Path, "//") {
		u.Path = strings.ReplaceAll(u.Path, "//", "/")
	}
	for strings.Contains(u.RawPath, "//") {
		u.RawPath = strings.ReplaceAll(u.RawPath, "//", "/")
	}
	// The mux notes the matched pattern in the request that it gets, where the log
	// looks for it: so the request is changed and not copied.
	r.URL = &u
	return r
}

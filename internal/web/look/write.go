package look

import (
	"cmp"
	"net/http"
)

// Policy is the Content-Security-Policy of a page: its own files, its own forms, nothing
// inline, in nobody's frame (S55).
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// Write answers with a page. A status of 0 is 200.
func Write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", Policy)
	w.WriteHeader(cmp.Or(status, http.StatusOK))
	_, _ = w.Write(body) // the browser is gone: nobody is left to tell
}

package scimapi

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/scim"
)

// flushAt is how much of an answer is gathered before it is sent on its way. What
// stays below it goes out in one piece, with its length.
const flushAt = 64 << 10

// accepts picks the content type of the answer: application/scim+json, which
// Microsoft Entra insists on, unless the client asks for application/json and not
// for SCIM's own (RFC 7644 section 8.1; OneLogin does).
func accepts(h http.Header) string {
	plain := false
	for _, line := range h.Values("Accept") {
		for entry := range strings.SplitSeq(line, ",") {
			media, params, err := mime.ParseMediaType(entry)
			if err != nil || params["q"] == "0" {
				continue
			}
			switch media {
			case scim.MediaType, "*/*", "application/*":
				return scim.MediaType
			case "application/json":
				plain = true
			}
		}
	}
	if plain {
		return "application/json"
	}
	return scim.MediaType
}

// send answers with a whole body; nil is none.
func (x *exchange) send(status int, body []byte) {
	x.status = status
	x.answered = body
	h := x.w.Header()
	if body == nil {
		x.w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", accepts(x.r.Header))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a client that went away is nobody to tell
}

// output gathers an answer and sends it piece by piece when it is long, so that a
// group of any size needs no more memory than a small one.
type output struct {
	x      *exchange
	status int
	b      []byte // what was not sent yet; encoders append to it
	sent   bool   // the beginning is out
}

func (x *exchange) output(status int) *output {
	return &output{x: x, status: status, b: make([]byte, 0, 2048)}
}

// flush sends what was gathered when it is worth it.
func (o *output) flush() error {
	if len(o.b) < flushAt {
		return nil
	}
	return o.push()
}

func (o *output) push() error {
	x := o.x
	if !o.sent {
		o.sent = true
		x.status = o.status
		x.answered, x.answeredCut = append([]byte(nil), o.b[:min(len(o.b), housekeeping.MaxLoggedBody)]...), true
		x.w.Header().Set("Content-Type", accepts(x.r.Header))
		x.w.WriteHeader(o.status)
	}
	if _, err := x.w.Write(o.b); err != nil {
		return fmt.Errorf("%w: %w", errAborted, err)
	}
	o.b = o.b[:0]
	return nil
}

// end finishes the answer, or refuses it with err when nothing was sent yet.
func (o *output) end(err error) error {
	switch {
	case err != nil && o.sent:
		return fmt.Errorf("%w: %w", errAborted, err)
	case err != nil:
		return err
	case o.sent:
		return o.push()
	}
	o.x.send(o.status, o.b)
	return nil
}

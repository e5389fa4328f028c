package scimapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/scim"
)

// object reads the body of the request: one JSON object in a content type that
// carries SCIM, within the endpoint's limit.
func (x *exchange) object() (scim.Object, error) {
	if err := checkContent(x.r.Header); err != nil {
		return nil, err
	}
	if err := x.read(); err != nil {
		return nil, err
	}
	if x.holdsSecret(x.body) {
		return nil, errSecretInBody
	}
	o, err := scim.Decode(x.body)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(x.body, []byte(`\u`)) && x.holdsSecret(scim.Encode(o)) {
		return nil, errSecretInBody
	}
	return o, nil
}

// errSecretInBody keeps a SCIM key and secret out of the people's data, where they
// would be stored, exported and shown: a mapping that sends them is a mistake.
var errSecretInBody = scim.Errorf(http.StatusBadRequest, scim.InvalidValue,
	"the body holds a SCIM key and its secret, and nothing of it was stored; take them out of the attribute mapping, and make a new key: this one may have been recorded on its way")

func (x *exchange) holdsSecret(text []byte) bool {
	return x.secret != "" && bytes.Contains(text, []byte(x.secret)) || housekeeping.HoldsSecret(text)
}

// checkContent accepts application/scim+json (RFC 7644 section 8.1),
// application/json, which Okta and others send, and no type at all; UTF-8 only, and
// not compressed: a small body must not become a large one.
func checkContent(h http.Header) error {
	for _, coding := range h.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(coding), "identity") {
			return scim.Errorf(http.StatusUnsupportedMediaType, "", "the body has the content coding %q; send it uncompressed", clip(coding))
		}
	}
	sent := h.Get("Content-Type")
	if sent == "" {
		return nil
	}
	media, params, err := mime.ParseMediaType(sent)
	if err != nil || media != scim.MediaType && media != "application/json" {
		return scim.Errorf(http.StatusUnsupportedMediaType, "", "the content type %q is not taken; send %s", clip(sent), scim.MediaType)
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return scim.Errorf(http.StatusUnsupportedMediaType, "", "the charset %q is not taken; send UTF-8", clip(charset))
	}
	return nil
}

// read reads the body into x.body. Room is made as the body arrives, not as its
// header promises.
func (x *exchange) read() error {
	tooLarge := scim.Errorf(http.StatusRequestEntityTooLarge, "", "the body is larger than %d MiB, the most that this endpoint takes; send the change in several requests", x.limit>>20)
	if x.r.ContentLength > x.limit {
		x.w.Header().Set("Connection", "close") // rather than to read what will not be used
		return tooLarge
	}
	var b bytes.Buffer
	const first = 64 << 10
	b.Grow(int(min(max(x.r.ContentLength, 0), first)) + bytes.MinRead)
	_, err := b.ReadFrom(http.MaxBytesReader(x.w, x.r.Body, x.limit))
	x.body = b.Bytes()
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &over):
		return tooLarge
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return scim.Errorf(http.StatusBadRequest, scim.InvalidSyntax, "the body ended before its announced length")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return scim.Errorf(http.StatusRequestTimeout, "", "the body came too slowly to wait for its end")
	case x.ctx.Err() != nil:
		return scim.Errorf(http.StatusRequestTimeout, "", "the request ended before its body was read")
	}
	return scim.Errorf(http.StatusBadRequest, scim.InvalidSyntax, "the body is not well formed HTTP and could not be read to its end")
}

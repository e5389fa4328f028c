package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

const (
	// MaxBodyBytes is the most that is read of an answer.
	MaxBodyBytes = 1 << 20
	// timeout spans a whole request: resolve, connect, send, and read the answer.
	timeout = 5 * time.Second
)

// Policy says where requests may go.
type Policy struct {
	// AllowPrivate lets requests go to private and loopback addresses, and by plain
	// HTTP. Only the operator may set it. Link-local addresses, where clouds keep
	// the secrets of a machine, stay closed.
	AllowPrivate bool
}

// Client returns an HTTP client that keeps to p: https only, no address that is not
// public, no redirect followed (the answer 3xx is returned as it is), no proxy from
// the environment, five seconds in all. Use Get where the body is wanted: the
// client itself does not bound it.
func Client(p Policy) *http.Client {
	dialer := &net.Dialer{
		Timeout: timeout,
		// Control runs after the name was resolved and sees the very address that is
		// connected to: a name that resolves differently a moment later gains nothing.
		Control: func(_, address string, _ syscall.RawConn) error { return p.checkAddress(address) },
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &schemeGuard{policy: p, next: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    timeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // a small answer must not unpack into a large one
			DisableKeepAlives:      true,
			ForceAttemptHTTP2:      true,
		}},
	}
}

// Get fetches the document at rawURL. It returns the body of a 200 answer of at most
// MaxBodyBytes.
//
// Every error is an *iam.Error for the admin who entered the address: KindInvalid
// when the address is at fault, KindUnavailable when the other side cannot be
// reached. It quotes nothing of what the other side sent.
func Get(ctx context.Context, p Policy, rawURL string) ([]byte, error) {
	u, err := p.parse(rawURL)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, iam.Errorf(iam.KindInvalid, "%q is not a URL that can be fetched", iam.Clip(u.Redacted()))
	}
	request.Header.Set("User-Agent", "Rollcall")
	request.Header.Set("Accept", "*/*")
	response, err := Client(p).Do(request)
	if err != nil {
		return nil, explain(u, err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	switch {
	case response.StatusCode >= 300 && response.StatusCode < 400:
		return nil, iam.Errorf(iam.KindInvalid, "%s answers with a redirect (%d), which is not followed; enter the address it leads to", iam.Clip(u.Redacted()), response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return nil, iam.Errorf(iam.KindInvalid, "%s answers with status %d instead of a document", iam.Clip(u.Redacted()), response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBodyBytes+1))
	if err != nil {
		return nil, explain(u, err)
	}
	if len(body) > MaxBodyBytes {
		return nil, iam.Errorf(iam.KindInvalid, "the document at %s is larger than %d KiB", iam.Clip(u.Redacted()), MaxBodyBytes>>10)
	}
	return body, nil
}

// parse checks an address as it was entered, before anything is dialled.
func (p Policy) parse(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return nil, iam.Errorf(iam.KindInvalid, "%q is not an absolute URL such as https://idp.example.com/metadata", iam.Clip(withoutUser(raw)))
	case u.User != nil:
		return nil, iam.Errorf(iam.KindInvalid, "the URL of %s holds a user name or password; remove it", iam.Clip(u.Host))
	case u.Scheme == "https", u.Scheme == "http" && p.AllowPrivate:
		return u, nil
	case u.Scheme == "http":
		return nil, iam.Errorf(iam.KindInvalid, "%q is plain http; only https is fetched", iam.Clip(u.Redacted()))
	}
	return nil, iam.Errorf(iam.KindInvalid, "%q is not an https URL", iam.Clip(u.Redacted()))
}

// withoutUser drops what stands before an @, which may be a password, from a text
// that could not be parsed as a URL.
func withoutUser(raw string) string {
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		return raw[at+1:]
	}
	return raw
}

var errScheme = errors.New("only https is fetched")

// schemeGuard holds users of Client itself to https.
type schemeGuard struct {
	policy Policy
	next   http.RoundTripper
}

func (g *schemeGuard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !g.policy.AllowPrivate {
		return nil, errScheme
	}
	return g.next.RoundTrip(r)
}

// explain turns a failed request into a sentence. The texts of net and crypto/tls
// hold names and addresses at most, but only their kind is passed on.
func explain(u *url.URL, err error) error {
	host := iam.Clip(u.Host)
	var refused *addressError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return iam.Errorf(iam.KindInvalid, "%s lies at %s, which is not a public address; it is not fetched unless the operator allows private addresses", host, refused.addr)
	case errors.As(err, &dns) && dns.IsNotFound:
		return iam.Errorf(iam.KindInvalid, "the name %s does not exist in DNS", iam.Clip(u.Hostname()))
	case errors.As(err, &certificate):
		return iam.Errorf(iam.KindInvalid, "the TLS certificate of %s is not valid for that name, or not from an authority this machine trusts", host)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return iam.Errorf(iam.KindInvalid, "%s does not speak TLS", host)
	case errors.Is(err, context.Canceled):
		return iam.Errorf(iam.KindUnavailable, "fetching from %s was interrupted", host)
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return iam.Errorf(iam.KindUnavailable, "%s did not answer within %d seconds", host, timeout/time.Second)
	case errors.Is(err, syscall.ECONNREFUSED):
		return iam.Errorf(iam.KindUnavailable, "%s refuses connections", host)
	}
	return iam.Errorf(iam.KindUnavailable, "%s cannot be reached", host)
}

// addressError says that a connection was refused by the policy.
type addressError struct{ addr netip.Addr }

func (e *addressError) Error() string { return "the address " + e.addr.String() + " is not public" }

func (p Policy) checkAddress(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &addressError{}
	}
	if addr := ap.Addr().Unmap().WithZone(""); !p.allows(addr) {
		return &addressError{addr: addr}
	}
	return nil
}

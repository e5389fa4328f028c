package web

import (
	"context"
	"encoding/base32"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// record is what the server and the doors know of one request, for its log line. It
// hangs on the request's context, which carries log attributes only.
type record struct {
	id     string
	client string

	mu    sync.Mutex
	actor string
	route string
	cause error
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	rec, _ := r.Context().Value(recordKey{}).(*record)
	return rec
}

func withRecord(r *http.Request, rec *record) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
}

// RequestID returns the id of the request, which its answer carries as X-Request-Id:
// what a person who reports an error can quote. "" outside of a Server.
func RequestID(r *http.Request) string {
	if rec := recordOf(r); rec != nil {
		return rec.id
	}
	return ""
}

// ClientAddress returns the IP address the request came from, as far as the trusted
// proxies tell it.
func ClientAddress(r *http.Request) string {
	if rec := recordOf(r); rec != nil {
		return rec.client
	}
	return clientAddress(r, nil)
}

// SetActor names who is calling in the access log: the id of a SCIM key or member,
// never a name or an address.
func SetActor(r *http.Request, id string) {
	if rec := recordOf(r); rec != nil {
		rec.mu.Lock()
		rec.actor = id
		rec.mu.Unlock()
	}
}

// SetRoute names the route in the access log and the metrics, for a door that routes
// by itself below one pattern. It must be one of a few fixed texts.
func SetRoute(r *http.Request, pattern string) {
	if rec := recordOf(r); rec != nil {
		rec.mu.Lock()
		rec.route = pattern
		rec.mu.Unlock()
	}
}

// SetCause keeps why a request failed, for its log line. The caller is not shown it.
func SetCause(r *http.Request, err error) {
	if rec := recordOf(r); rec != nil {
		rec.mu.Lock()
		rec.cause = err
		rec.mu.Unlock()
	}
}

// newRequestID makes 26 characters from 128 random bits. A client's own X-Request-Id
// is ignored: it could forge another request's trace.
func newRequestID(random io.Reader) string {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "unknown" // an id is a comfort; the request is answered without it
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// clientAddress walks X-Forwarded-For from the right, where the nearest proxy wrote,
// and stops at the first address that no trusted proxy has (S62). Whatever stands
// left of it may be made up. A text that is no address ends the walk too.
func clientAddress(r *http.Request, trusted []netip.Prefix) string {
	peer, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && contains(trusted, peer); i-- {
		hop, ok := parseAddress(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		peer = hop
	}
	return peer.String()
}

func parseAddress(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}

func contains(list []netip.Prefix, addr netip.Addr) bool {
	for _, prefix := range list {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// ParseTrustedProxies reads networks as CIDR, or single addresses.
func ParseTrustedProxies(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range list {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil {
				return nil, badProxy(s)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, prefix.Masked())
	}
	return all, nil
}

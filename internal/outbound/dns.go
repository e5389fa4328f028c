package outbound

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// LookupTXT returns the values of name's TXT records; the strings of one record are
// joined (RFC 7208 section 3.3 does it so, and DNS editors cut long values). resolver
// is the host:port of a DNS server, or "" for the system's.
//
// No such record is an *iam.Error of KindNotFound; a server that does not answer is
// KindUnavailable.
func LookupTXT(ctx context.Context, resolver, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := net.DefaultResolver
	if resolver != "" {
		r = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, resolver)
		}}
	}
	// The dot at the end keeps the search domains of this machine out of it.
	values, err := r.LookupTXT(ctx, strings.TrimSuffix(name, ".")+".")
	if err == nil {
		return values, nil
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return nil, iam.Errorf(iam.KindNotFound, "there is no TXT record at %s; a new record can take some minutes until it is seen everywhere", iam.Clip(name))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &dns) && dns.IsTimeout:
		return nil, iam.Errorf(iam.KindUnavailable, "DNS did not answer within %d seconds for %s", timeout/time.Second, iam.Clip(name))
	}
	return nil, iam.Errorf(iam.KindUnavailable, "DNS gave no answer for %s; try again later", iam.Clip(name))
}

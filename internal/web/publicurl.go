package web

import (
	"net/url"

	"github.com/rollcall/rollcall/internal/iam"
)

// ParsePublicURL checks the base under which people and identity providers reach this
// server, and returns it without a slash at its end. Everything that is handed out is
// made from it, never from a request's Host header (S27): so it is scheme and host
// alone. Plain http is for loopback, or for whoever allows it.
func ParsePublicURL(raw string, allowHTTP bool) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http":
		return "", badPublicURL("is not an absolute URL such as https://rollcall.example.com", raw)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return "", badPublicURL("must be scheme, host and port alone, such as https://rollcall.example.com", raw)
	case u.Scheme == "http" && !allowHTTP && !IsLoopback(u.Hostname()):
		return "", badPublicURL("is plain http; identity providers need https (--insecure-http allows it for a test)", raw)
	}
	return u.Scheme + "://" + u.Host, nil
}

func badPublicURL(what, raw string) error {
	return iam.Errorf(iam.KindInvalid, "the public URL %q "+what, iam.Clip(raw)).On("public-url")
}

// IsLoopback tells whether a host name or IP address means this machine alone.
func IsLoopback(host string) bool { return iam.IsLoopback(host) }

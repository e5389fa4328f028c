package outbound

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

func TestPolicy_allows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		addr            string
		public, private bool // allowed by the strict policy, by AllowPrivate
	}{
		{"8.8.8.8", true, true},
		{"20.190.128.1", true, true},
		{"2606:4700::1111", true, true},
		{"127.0.0.1", false, true},
		{"127.255.255.254", false, true},
		{"::1", false, true},
		{"10.1.2.3", false, true},
		{"172.16.0.1", false, true},
		{"172.32.0.1", true, true},
		{"192.168.1.1", false, true},
		{"100.64.0.1", false, true},
		{"100.128.0.1", true, true},
		{"fd00::1", false, true},
		{"0.0.0.0", false, false},
		{"169.254.169.254", false, false},
		{"192.0.2.1", false, false},
		{"198.18.0.1", false, false},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"::", false, false},
		{"fe80::1", false, false},
		{"fec0::1", false, false},
		{"ff02::1", false, false},
		{"64:ff9b::7f00:1", false, false},
		{"64:ff9b::a9fe:a9fe", false, false},
		{"2002:7f00:1::", false, false},
		{"2001::1", false, false},
		{"2001:db8::1", false, false},
		{"::127.0.0.1", false, false},
	}
	for _, test := range tests {
		addr := netip.MustParseAddr(test.addr)
		if got := (Policy{}).allows(addr); got != test.public {
			t.Errorf("%s by the strict policy = %v, want %v", addr, got, test.public)
		}
		if got := (Policy{AllowPrivate: true}).allows(addr); got != test.private {
			t.Errorf("%s with private addresses = %v, want %v", addr, got, test.private)
		}
	}
}

func TestPolicy_checkAddress_disguised(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"[::ffff:127.0.0.1]:443", "[::ffff:10.0.0.1]:443", "[fe80::1%eth0]:443", "127.0.0.1:443", "nonsense", "localhost:443"} {
		if err := (Policy{}).checkAddress(address); err == nil {
			t.Errorf("%s was allowed", address)
		}
	}
	if err := (Policy{}).checkAddress("[::ffff:8.8.8.8]:443"); err != nil {
		t.Errorf("mapped public address: %v", err)
	}
}

func TestGet_privateAllowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "hello %s", r.Header.Get("User-Agent"))
	}))
	defer server.Close()
	body, err := Get(t.Context(), Policy{AllowPrivate: true}, server.URL+"/metadata?a=b")
	if err != nil || string(body) != "hello Rollcall" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestGet_refused(t *testing.T) {
	t.Parallel()
	var reached bool
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused handshake is what is tested
	secure.StartTLS()
	defer secure.Close()
	_, port, err := net.SplitHostPort(secure.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
	})
	mux.HandleFunc("/missing", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "canary", 404) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, MaxBodyBytes+1)) })
	plain := httptest.NewServer(mux)
	defer plain.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	_ = closed.Close()

	tests := map[string]struct {
		policy Policy
		url    string
		kind   iam.Kind
		want   string
	}{
		"loopback address": {Policy{}, secure.URL, iam.KindInvalid, "lies at 127.0.0.1, which is not a public address"},
		"name of loopback": {Policy{}, "https://localhost:" + port, iam.KindInvalid, "which is not a public address"},
		"decimal address":  {Policy{}, "https://[::ffff:127.0.0.1]:" + port, iam.KindInvalid, "lies at 127.0.0.1"},
		"plain http":       {Policy{}, plain.URL, iam.KindInvalid, "is plain http"},
		"cloud metadata":   {Policy{AllowPrivate: true}, "http://169.254.169.254/latest/meta-data", iam.KindInvalid, "lies at 169.254.169.254"},
		"no URL":           {Policy{}, "idp.example.com", iam.KindInvalid, "is not an absolute URL"},
		"file":             {Policy{AllowPrivate: true}, "file:///etc/passwd", iam.KindInvalid, "is not an absolute URL"},
		"other scheme":     {Policy{AllowPrivate: true}, "gopher://example.com/", iam.KindInvalid, "is not an https URL"},
		"user in URL":      {Policy{}, "https://me:canary@example.com/", iam.KindInvalid, "holds a user name or password"},
		"user, no URL":     {Policy{}, "https://me:canary@[/", iam.KindInvalid, "is not an absolute URL"},
		"redirect":         {Policy{AllowPrivate: true}, plain.URL + "/redirect", iam.KindInvalid, "redirect (302)"},
		"not found":        {Policy{AllowPrivate: true}, plain.URL + "/missing", iam.KindInvalid, "status 404"},
		"too large":        {Policy{AllowPrivate: true}, plain.URL + "/large", iam.KindInvalid, "larger than 1024 KiB"},
		"unknown issuer":   {Policy{AllowPrivate: true}, secure.URL, iam.KindInvalid, "TLS certificate of"},
		"no TLS there":     {Policy{AllowPrivate: true}, strings.Replace(plain.URL, "http:", "https:", 1), iam.KindInvalid, "does not speak TLS"},
		"refused":          {Policy{AllowPrivate: true}, "http://" + gone, iam.KindUnavailable, "refuses connections"},
	}
	for name, test := range tests {
		body, err := Get(t.Context(), test.policy, test.url)
		if err == nil {
			t.Errorf("%s: fetched %d bytes", name, len(body))
			continue
		}
		if iam.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %q (%v), want %v that says %q", name, err, iam.KindOf(err), test.kind, test.want)
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error quotes a secret or the body: %q", name, err)
		}
	}
	if reached {
		t.Error("a refused request reached the server")
	}
}

func TestGet_slow(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(50*time.Millisecond))
	defer cancel()
	_, err := Get(ctx, Policy{AllowPrivate: true}, server.URL)
	if iam.KindOf(err) != iam.KindUnavailable || !strings.Contains(err.Error(), "did not answer within 5 seconds") {
		t.Errorf("error = %v", err)
	}
}

func TestClient_httpsOnly(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequest(http.MethodGet, "http://example.com/", nil)
	request.RequestURI = ""
	if _, err := Client(Policy{}).Do(request); !errors.Is(err, errScheme) {
		t.Errorf("error = %v, want %v", err, errScheme)
	}
}

func TestClient_ignoresProxies(t *testing.T) {
	asked := false
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	target := httptest.NewTLSServer(http.NotFoundHandler())
	defer target.Close()
	client := Client(Policy{AllowPrivate: true})
	pool := x509.NewCertPool()
	pool.AddCert(target.Certificate())
	client.Transport.(*schemeGuard).next.(*http.Transport).TLSClientConfig.RootCAs = pool
	response, err := client.Get(target.URL)
	if err != nil || response.StatusCode != http.StatusNotFound {
		t.Fatalf("got %v, %v", response, err)
	}
	_ = response.Body.Close()
	if asked {
		t.Error("the request went through the proxy of the environment")
	}
}

package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate writes a self-signed pair with a serial number to tell it by.
func writeCertificate(t *testing.T, dir string, serial int64) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	// Each pair has files of its own time: a renewal is seen by that.
	stamp := time.Unix(1_000_000_000+serial, 0)
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestCertificates_renewal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clock := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	logs := &logBuffer{}
	certFile, keyFile := writeCertificate(t, dir, 1)
	c, err := LoadCertificates(certFile, keyFile, func() time.Time { return clock }, slog.New(slog.NewJSONHandler(logs, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want int64) {
		t.Helper()
		pair, err := c.get(nil)
		if err != nil || pair.Leaf.SerialNumber.Int64() != want {
			t.Errorf("certificate %v, %v; want number %d", pair.Leaf.SerialNumber, err, want)
		}
	}
	expect(1)
	writeCertificate(t, dir, 2)
	expect(1) // not looked at yet
	clock = clock.Add(certificateCheck)
	expect(2)

	if err := os.WriteFile(certFile, []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(certificateCheck)
	expect(2)
	if !strings.Contains(logs.String(), "the old one stays") {
		t.Errorf("log = %s", logs)
	}
	if err := c.Reload(); err == nil {
		t.Error("Reload accepted a broken file")
	}
	expect(2)
	writeCertificate(t, dir, 3)
	if err := c.Reload(); err != nil {
		t.Errorf("Reload = %v", err)
	}
	expect(3)
}

func TestLoadCertificates_missing(t *testing.T) {
	t.Parallel()
	_, err := LoadCertificates(filepath.Join(t.TempDir(), "none.pem"), "none", time.Now, slog.Default())
	if err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("error = %v, want one that names the file", err)
	}
}

func TestServe_tls(t *testing.T) {
	t.Parallel()
	certFile, keyFile := writeCertificate(t, t.TempDir(), 1)
	c, err := LoadCertificates(certFile, keyFile, time.Now, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	s, _ := newTestServer(Config{TLS: c, HTTPS: true}, nil)
	public := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, public, nil) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v", err)
		}
	}()

	roots := x509.NewCertPool()
	certPEM, err := os.ReadFile(certFile)
	if err != nil || !roots.AppendCertsFromPEM(certPEM) {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	response, err := client.Get("https://" + public.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.ProtoMajor != 2 || response.TLS.Version != tls.VersionTLS13 || response.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s, TLS %x, headers %v", response.Proto, response.TLS.Version, response.Header)
	}
	for name, config := range map[string]*tls.Config{
		"TLS 1.1":     {RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"CBC ciphers": {RootCAs: roots, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
	} {
		if conn, err := tls.Dial("tcp", public.Addr().String(), config); err == nil {
			_ = conn.Close()
			t.Errorf("%s was accepted", name)
		}
	}
}

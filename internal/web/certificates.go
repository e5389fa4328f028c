package web

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateCheck is how often the files are looked at for a renewal.
const certificateCheck = 10 * time.Second

// Certificates is a certificate with its key, read from files and read again when
// they change: a renewal needs no restart. Make it with LoadCertificates.
type Certificates struct {
	certFile, keyFile string
	now               func() time.Time
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]time.Time // the files' modification times when current was read
	checked time.Time
}

// LoadCertificates reads a PEM certificate chain and its key.
func LoadCertificates(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{certFile: certFile, keyFile: keyFile, now: now, log: log}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files now. When they cannot be used it returns why and keeps what
// it has.
func (c *Certificates) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *Certificates) read() error {
	c.checked = c.now()
	stamp, err := c.stamps()
	if err != nil {
		return fmt.Errorf("read the TLS certificate: %w", err)
	}
	// Remembered even when the pair does not fit: it is tried again when a file
	// changes, not every few seconds.
	c.stamp = stamp
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("read the TLS certificate %s with the key %s: %w", c.certFile, c.keyFile, err)
	}
	c.current = &pair
	return nil
}

func (c *Certificates) stamps() (stamp [2]time.Time, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp, err
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

// get returns the certificate for a handshake, after a look at the files now and then.
func (c *Certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.checked).Abs() >= certificateCheck {
		c.checked = c.now()
		if stamp, err := c.stamps(); err == nil && stamp != c.stamp {
			if err := c.read(); err != nil {
				c.log.Error("the renewed TLS certificate cannot be used; the old one stays", "cause", err)
			}
		}
	}
	return c.current, nil
}

// config wants TLS 1.2 at least and, there, forward secrecy with authenticated
// encryption (S65). TLS 1.3 has nothing else.
func (c *Certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: c.get,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

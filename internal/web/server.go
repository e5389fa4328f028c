package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// The limits of the public server (S64). A request of ordinary size has to fit into
// the timeouts; one that makes progress gets more time (progress.go).
const (
	ReadHeaderTimeout = 5 * time.Second
	ReadTimeout       = 30 * time.Second
	WriteTimeout      = 30 * time.Second
	IdleTimeout       = 60 * time.Second
	MaxHeaderBytes    = 16 << 10
	MaxStreams        = 100   // of one HTTP/2 connection
	MaxConnections    = 4_096 // open at once; further ones wait to be accepted
	DrainTimeout      = 25 * time.Second
)

// Config is what a Server is made of. Its zero value serves health and nothing else.
type Config struct {
	// Mounts add the doors' routes.
	Mounts []func(*http.ServeMux)
	// Log takes the access log and the causes of 5xx answers; nil: slog.Default().
	Log *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Random makes request ids; nil: crypto/rand.
	Random io.Reader
	// TrustedProxies are the networks whose X-Forwarded-For is believed (S62).
	TrustedProxies []netip.Prefix
	// HTTPS says that people reach this server by https, directly or through a
	// proxy: answers then carry Strict-Transport-Security.
	HTTPS bool
	// Ready returns why the server cannot serve, nil when it can. It is asked at
	// most once a second. nil: always ready.
	Ready func(context.Context) error
	// TLS are the certificate files; nil: plain HTTP.
	TLS *Certificates
	// Metrics counts requests; nil: nothing is counted.
	Metrics *Metrics
	// MaxConnections and DrainTimeout replace the constants of those names; 0 does not.
	MaxConnections int
	DrainTimeout   time.Duration
}

// Server is the public HTTP server and, beside it, the one for metrics. Make it with
// NewServer.
type Server struct {
	config   Config
	handler  http.Handler
	ready    readiness
	draining atomic.Bool
}

// NewServer builds the server; nothing listens yet.
func NewServer(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = MaxConnections
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = DrainTimeout
	}
	s := &Server{config: c}
	mux := http.NewServeMux()
	s.mountHealth(mux)
	for _, mount := range c.Mounts {
		mount(mux)
	}
	s.handler = s.observe(s.guard(mux))
	return s
}

// Handler is the whole public side without the network: what tests drive.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve answers on public until ctx is done, then finishes what it began: readyz
// turns to 503, no connection is accepted any more, running requests get
// DrainTimeout to end. metrics, which may be nil, is served until after that.
//
// The error is nil after an orderly end; it says so when requests were cut off.
// Both listeners are closed when Serve returns.
func (s *Server) Serve(ctx context.Context, public, metrics net.Listener) error {
	main := s.publicServer()
	failed := make(chan error, 2)
	go func() { failed <- s.servePublic(main, public) }()
	var side *http.Server
	if metrics != nil {
		side = s.metricsServer()
		go func() { failed <- side.Serve(metrics) }()
	}

	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	err = errors.Join(err, s.drain(ctx, main))
	if side != nil {
		_ = side.Close() // nobody waits for a last scrape
	}
	return err
}

func (s *Server) publicServer() *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: ReadHeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		MaxHeaderBytes:    MaxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: MaxStreams},
		// What the HTTP machinery says of single connections (failed handshakes,
		// garbage) is the client's doing: of interest only when somebody looks for it.
		ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) servePublic(server *http.Server, l net.Listener) error {
	l = capConnections(l, s.config.MaxConnections)
	if s.config.TLS == nil {
		return server.Serve(l)
	}
	server.TLSConfig = s.config.TLS.config()
	return server.ServeTLS(l, "", "")
}

// drain ends server. The context that ended the serving is done, so the time it has
// left is counted on one of its own.
func (s *Server) drain(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.DrainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("requests still running after %s were cut off", s.config.DrainTimeout)
	}
	return errors.Join(err, server.Close())
}

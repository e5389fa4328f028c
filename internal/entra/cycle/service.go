package cycle

import (
	"context"
	"crypto/rand"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// DefaultInterval is the time from the beginning of one cycle to that of the next
// (Microsoft Entra docs, "how-provisioning-works").
const DefaultInterval = 40 * time.Minute

// DefaultConcurrency is how many objects are handled at once. It is not documented for the
// real service, which wants a target to bear 25 requests a second.
const DefaultConcurrency = 16

// Service runs the provisioning jobs of a directory. Only Directory must be set. It is safe
// for concurrent use; its fields are not changed after Prepare.
type Service struct {
	Directory *directory.DB
	Now       func() time.Time // time.Now when nil
	Random    io.Reader        // for Guid() and RandomString(); crypto/rand when nil; read under a lock
	// HTTP sends the requests. It gives up after 60 seconds unless it has a timeout, and never
	// follows a redirect. nil is a client of the service's own.
	HTTP        *http.Client
	Interval    time.Duration // DefaultInterval when 0
	Limits      Limits
	Concurrency int // DefaultConcurrency when 0
	// Manner is whose requests are sent.
	Manner Manner
	// Sleep waits when the target asks for it, and returns early with the context's error.
	// nil is a timer.
	Sleep func(context.Context, time.Duration) error
	// Notify is told once when a job goes into quarantine, if the job names an address.
	Notify func(context.Context, Notice)
	Log    *slog.Logger // slog.Default when nil; never sees tokens, names or bodies

	mu      sync.Mutex
	running map[JobID]*run
	wake    chan struct{} // made by Run; a job that was switched on is not waited for

	random  sync.Mutex
	objects [64]sync.Mutex // one object is handled by one goroutine; see lock
}

// Notice is the e-mail about a job in quarantine, which the real service sends.
type Notice struct {
	To         string
	Job        JobID
	Quarantine Quarantine
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC()
	}
	return s.Now().UTC()
}

func (s *Service) interval() time.Duration {
	if s.Interval <= 0 {
		return DefaultInterval
	}
	return s.Interval
}

func (s *Service) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

func (s *Service) concurrency() int {
	if s.Concurrency <= 0 {
		return DefaultConcurrency
	}
	return s.Concurrency
}

// Read is the randomness of expressions: several objects are evaluated at once.
func (s *Service) read(p []byte) (int, error) {
	s.random.Lock()
	defer s.random.Unlock()
	if s.Random == nil {
		return rand.Read(p)
	}
	return io.ReadFull(s.Random, p)
}

type randomReader struct{ s *Service }

func (r randomReader) Read(p []byte) (int, error) { return r.s.read(p) }

// requestTimeout is how long the whole of a request may take. How long the real service
// waits is not documented.
const requestTimeout = 60 * time.Second

var defaultTransport = &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true}

// httpClient follows no redirects, whatever the given client does: the secret token is for
// the tenant URL alone.
func (s *Service) httpClient() *http.Client {
	client := http.Client{Transport: defaultTransport}
	if s.HTTP != nil {
		client = *s.HTTP
	}
	if client.Timeout <= 0 {
		client.Timeout = requestTimeout
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

func (s *Service) sleep(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// lock keeps a cycle and provision on demand from handling one object at the same time,
// which would create it twice.
func (s *Service) lock(id directory.ID) (unlock func()) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	m := &s.objects[h.Sum32()%uint32(len(s.objects))]
	m.Lock()
	return m.Unlock
}

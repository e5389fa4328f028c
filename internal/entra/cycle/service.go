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
	// HTTP sends the requests. nil is a client that gives up after 60 seconds and follows no redirects.
	HTTP        *http.Client
	Interval    time.Duration // DefaultInterval when 0
	Limits      Limits
	Concurrency int // DefaultConcurrency when 0
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

var defaultClient = &http.Client{
	Timeout:   60 * time.Second,
	Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true},
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	},
}

func (s *Service) httpClient() *http.Client {
	if s.HTTP != nil {
		return s.HTTP
	}
	return defaultClient
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

package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

const (
	readyFor     = time.Second     // how long an answer of Ready is used again
	readyTimeout = 3 * time.Second // how long Ready may take
)

// readiness remembers the last answer for a second: anybody may ask, and a flood of
// questions must not become a flood of queries.
type readiness struct {
	mu    sync.Mutex
	asked time.Time
	err   error
}

func (s *Server) mountHealth(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "ok")
	})
	mux.HandleFunc("GET /readyz", s.readyz)
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		plain(w, http.StatusServiceUnavailable, "shutting down")
		return
	}
	err := s.checkReady(r.Context())
	if err == nil {
		plain(w, http.StatusOK, "ready")
		return
	}
	SetCause(r, Cause(err))
	w.Header().Set("Retry-After", "1")
	if iam.KindOf(err) == iam.KindInternal {
		plain(w, http.StatusServiceUnavailable, "not ready; the log has the cause under request id "+RequestID(r))
		return
	}
	plain(w, http.StatusServiceUnavailable, err.Error())
}

func (s *Server) checkReady(ctx context.Context) error {
	if s.config.Ready == nil {
		return nil
	}
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if now := s.config.Now(); s.ready.asked.IsZero() || now.Sub(s.ready.asked).Abs() >= readyFor {
		// One caller asks for all; that he goes away must not be the answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		defer cancel()
		s.ready.err = s.config.Ready(ctx)
		s.ready.asked = s.config.Now()
	}
	return s.ready.err
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

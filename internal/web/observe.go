package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// observe gives every request its id, its record, moving deadlines and one log line,
// and turns a panic into a 500 that shows the request id and nothing else.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.config.Now()
		rec := &record{id: newRequestID(s.config.Random), client: clientAddress(r, s.config.TrustedProxies)}
		r = withRecord(r, rec)
		a := &answer{ResponseWriter: w, control: http.NewResponseController(w), now: s.config.Now}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &progressBody{ReadCloser: r.Body, control: a.control, now: s.config.Now}
		}
		w.Header().Set("X-Request-Id", rec.id)
		s.config.Metrics.begin()

		defer func() {
			p := recover()
			cutOff := p != nil && s.recovered(a, r, p)
			s.finish(a, r, rec, start)
			if cutOff {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(a, r)
	})
}

// recovered answers 500 after a panic. When part of an answer is already out it
// returns true: the connection must be cut off, so that nobody takes a torso for the
// whole.
func (s *Server) recovered(a *answer, r *http.Request, p any) (cutOff bool) {
	if p != http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared as net/http does
		SetCause(r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
	if a.status != 0 || p == http.ErrAbortHandler {
		if a.status == 0 {
			a.status = http.StatusInternalServerError
		}
		return true
	}
	InternalError(a, r)
	return false
}

// InternalError answers 500 with the request id and nothing else.
func InternalError(w http.ResponseWriter, r *http.Request) {
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = fmt.Fprintf(w, "Something went wrong on the server. Request id: %s\n", RequestID(r))
}

// finish writes the log line: method, route pattern, status, bytes, duration, request
// id, actor id, and the cause of a failure. No path, query, body, name or address.
func (s *Server) finish(a *answer, r *http.Request, rec *record, start time.Time) {
	status := a.status
	if status == 0 {
		status = http.StatusOK // an empty answer; net/http sends 200
	}
	rec.mu.Lock()
	route, actor, cause := rec.route, rec.actor, rec.cause
	rec.mu.Unlock()
	if route == "" {
		route = routeOf(r.Pattern)
	}
	took := s.config.Now().Sub(start)
	s.config.Metrics.end(route, methodOf(r), status, took)

	level := slog.LevelInfo
	switch {
	case status >= 500:
		level = slog.LevelError
	case route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, "/static/"):
		level = slog.LevelDebug
	}
	attributes := []slog.Attr{
		slog.String("method", methodOf(r)),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Int64("bytes", a.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("request_id", rec.id),
	}
	if actor != "" {
		attributes = append(attributes, slog.String("actor", actor))
	}
	if cause != nil {
		attributes = append(attributes, slog.String("cause", cause.Error()))
	}
	s.config.Log.LogAttrs(r.Context(), level, "request", attributes...)
}

// routeOf drops the method and host from a mux pattern. A request that no pattern
// matched has a route too: its path is the client's text and belongs in no log.
func routeOf(pattern string) string {
	if pattern == "" {
		return "none"
	}
	if slash := strings.IndexByte(pattern, '/'); slash >= 0 {
		return pattern[slash:]
	}
	return pattern
}

// methodOf keeps made-up methods out of logs and metrics.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

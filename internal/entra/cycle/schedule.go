package cycle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// poll is how often the scheduler looks for jobs that are due. Jobs are due by the service's
// clock, which in a demonstration may be set forward.
const poll = time.Second

// tidying is how often the scheduler removes what is past its time.
const tidying = time.Hour

// Run runs due cycles until the context ends, and waits for those that are running. Nothing
// else of the service needs it: without it cycles run when RunDue or RunCycle is called.
func (s *Service) Run(ctx context.Context) {
	s.mu.Lock()
	s.wake = make(chan struct{}, 1)
	wake := s.wake
	s.mu.Unlock()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	var tidied time.Time
	for {
		if now := s.now(); now.Sub(tidied) >= tidying {
			tidied = now
			if err := s.tidy(ctx); err != nil && ctx.Err() == nil {
				s.log().ErrorContext(ctx, "remove what is past its time", "error", err)
			}
		}
		due, err := s.due(ctx)
		if err != nil && ctx.Err() == nil {
			s.log().ErrorContext(ctx, "read the provisioning jobs", "error", err)
		}
		for _, id := range due {
			wg.Go(func() { s.runLogged(ctx, id) })
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-wake:
		}
	}
}

func (s *Service) runLogged(ctx context.Context, id JobID) {
	c, err := s.RunCycle(ctx, id)
	var own *Error
	switch {
	case err == nil:
		s.log().InfoContext(ctx, "provisioning cycle", "job", string(id), "kind", string(c.Kind), slog.Int("users", c.Users), slog.Int("groups", c.Groups),
			slog.Int("members", c.Members), slog.Int("calls", c.CallCount()), slog.Int("failures", c.Count("", Failure)), slog.Duration("duration", c.EndedAt.Sub(c.StartedAt)))
	case errors.As(err, &own), ctx.Err() != nil:
		// Switched off, or begun by somebody else, since it was looked up; or the service stops.
	default:
		s.log().ErrorContext(ctx, "provisioning cycle", "job", string(id), "error", err)
	}
}

// tidy removes old logs, and for good the users and groups whose time to be restored is
// over: the cycle after it deletes them from the target.
func (s *Service) tidy(ctx context.Context) error {
	_, logs := s.Prune(ctx)
	_, people := s.Directory.PurgeExpired(ctx)
	return errors.Join(logs, people)
}

// due are the jobs that are on, not running, and whose time has come.
func (s *Service) due(ctx context.Context) ([]JobID, error) {
	jobs, err := s.Jobs(ctx, "")
	if err != nil {
		return nil, err
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []JobID
	for _, j := range jobs {
		if j.Status == StatusOn && s.running[j.ID] == nil && !j.NextCycle.After(now) {
			due = append(due, j.ID)
		}
	}
	return due, nil
}

// RunDue does once what Run does again and again: it removes what is past its time, runs
// the cycles that are due, one after the other, and returns them. The errors of single jobs
// are joined.
func (s *Service) RunDue(ctx context.Context) ([]Cycle, error) {
	if err := s.tidy(ctx); err != nil {
		return nil, err
	}
	due, err := s.due(ctx)
	if err != nil {
		return nil, err
	}
	var cycles []Cycle
	var errs []error
	for _, id := range due {
		c, err := s.RunCycle(ctx, id)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		cycles = append(cycles, c)
	}
	return cycles, errors.Join(errs...)
}

// nudge makes Run look for due jobs at once.
func (s *Service) nudge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

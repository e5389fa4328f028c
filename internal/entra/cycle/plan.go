package cycle

import (
	"context"
	"fmt"
	"sync"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// pageOfObjects is how many objects are read from the directory at once.
const pageOfObjects = 500

// plan counts what the cycle will look at and, where the guard against accidental deletions
// is on, how many of these objects would leave the target. It sends nothing.
func (r *run) plan(ctx context.Context) error {
	r.enterPhase("Plan")
	guard := r.job.PreventAccidentalDeletions && !r.job.DeletesAllowed
	for _, kind := range []mapping.Kind{mapping.KindUser, mapping.KindGroup} {
		if kind == mapping.KindGroup && !r.job.Groups.Enabled {
			continue
		}
		err := r.each(ctx, kind, func(o object) error {
			r.mu.Lock()
			r.planned++
			r.mu.Unlock()
			if !guard {
				return nil
			}
			leaves, err := r.leaves(ctx, o)
			if leaves {
				r.leaving++
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	r.staging = guard && r.leaving > r.job.DeletionThreshold
	return nil
}

// each gives every object of a kind that the cycle has to look at, each once.
//
// An initial cycle looks at all objects in the scope setting, and then at what is linked and
// not among them. An incremental one looks at what changed since the watermark, and at
// failures that are due.
func (r *run) each(ctx context.Context, kind mapping.Kind, yield func(object) error) error {
	due := r.dueEscrows(kind)
	once := func(o object) error {
		delete(due, o.id)
		return yield(o)
	}
	var err error
	if r.job.Watermark == 0 {
		if err = r.eachInScope(ctx, kind, once); err == nil {
			err = r.eachLeft(ctx, kind, once)
		}
	} else {
		err = r.eachChanged(ctx, kind, once)
	}
	if err != nil {
		return err
	}
	return r.eachDue(ctx, kind, due, yield)
}

func (r *run) eachInScope(ctx context.Context, kind mapping.Kind, yield func(object) error) error {
	if kind == mapping.KindGroup {
		groups := r.s.Directory.AssignedGroups(ctx, r.job.ApplicationID)
		if r.job.Scope == ScopeAll {
			groups = r.s.Directory.Groups(ctx)
		}
		for g, err := range groups {
			if err != nil {
				return err
			}
			if err := yield(groupObject(g)); err != nil {
				return err
			}
		}
		return nil
	}
	users := r.s.Directory.AssignedUsers(ctx, r.job.ApplicationID)
	if r.job.Scope == ScopeAll {
		users = r.s.Directory.Users(ctx)
	}
	for u, err := range users {
		if err != nil {
			return err
		}
		if err := yield(userObject(u)); err != nil {
			return err
		}
	}
	return nil
}

// eachLeft gives what is linked and not given by eachInScope.
func (r *run) eachLeft(ctx context.Context, kind mapping.Kind, yield func(object) error) error {
	for after := directory.ID(""); ; {
		links, err := r.s.Links(ctx, r.job.ID, kind, after, pageOfObjects)
		if err != nil {
			return err
		}
		for _, l := range links {
			o, err := r.s.load(ctx, kind, l.SourceID)
			if err != nil {
				return err
			}
			if given, err := r.given(ctx, o); err != nil {
				return err
			} else if given {
				continue
			}
			if err := yield(o); err != nil {
				return err
			}
		}
		if len(links) < pageOfObjects {
			return nil
		}
		after = links[len(links)-1].SourceID
	}
}

// given tells whether eachInScope gives the object.
func (r *run) given(ctx context.Context, o object) (bool, error) {
	deleted := o.gone || !o.user.DeletedAt.IsZero() || !o.group.DeletedAt.IsZero()
	if deleted || r.job.Scope == ScopeAll {
		return !deleted, nil
	}
	return r.assigned(ctx, o)
}

// load reads an object; one that is not in the directory any more is gone.
func (s *Service) load(ctx context.Context, kind mapping.Kind, id directory.ID) (object, error) {
	var o object
	var err error
	if kind == mapping.KindGroup {
		var g directory.Group
		g, err = s.Directory.Group(ctx, id)
		o = groupObject(g)
	} else {
		var u directory.User
		u, err = s.Directory.User(ctx, id)
		o = userObject(u)
	}
	if directory.IsProblem(err, directory.NotFound) {
		return object{kind: kind, id: id, gone: true}, nil
	}
	if err != nil {
		return object{}, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	return o, nil
}

func (r *run) eachChanged(ctx context.Context, kind mapping.Kind, yield func(object) error) error {
	for after := (directory.Position{}); ; {
		page, err := r.changedPage(ctx, kind, after)
		if err != nil {
			return err
		}
		for _, o := range page {
			if o.seq > r.head {
				return nil // written since the cycle began: the next one's
			}
			if err := yield(o); err != nil {
				return err
			}
		}
		if len(page) < pageOfObjects {
			return nil
		}
		last := page[len(page)-1]
		after = directory.Position{Seq: last.seq, ID: last.id}
	}
}

func (r *run) changedPage(ctx context.Context, kind mapping.Kind, after directory.Position) ([]object, error) {
	if kind == mapping.KindGroup {
		changes, err := r.s.Directory.ChangedGroups(ctx, r.job.Watermark, after, pageOfObjects)
		page := make([]object, 0, len(changes))
		for _, c := range changes {
			o := groupObject(c.Group)
			o.gone = c.Purged
			page = append(page, o)
		}
		return page, err
	}
	changes, err := r.s.Directory.ChangedUsers(ctx, r.job.Watermark, after, pageOfObjects)
	page := make([]object, 0, len(changes))
	for _, c := range changes {
		o := userObject(c.User)
		o.gone = c.Purged
		page = append(page, o)
	}
	return page, err
}

// eachDue gives the failures that are due. A group that only waits for its members is given
// as such: nothing is asked of the target before there is a member to send.
func (r *run) eachDue(ctx context.Context, kind mapping.Kind, due map[directory.ID]bool, yield func(object) error) error {
	for id, references := range due {
		o, err := r.s.load(ctx, kind, id)
		if err != nil {
			return err
		}
		if o.seq > r.head {
			continue // written since the cycle began: the next one's
		}
		o.membersOnly = references && kind == mapping.KindGroup && !o.gone
		if err := yield(o); err != nil {
			return err
		}
	}
	return nil
}

// dueEscrows are the ids of a kind that are due, as they were when the cycle began; true for
// those of which only references failed.
func (r *run) dueEscrows(kind mapping.Kind) map[directory.ID]bool {
	due := map[directory.ID]bool{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, e := range r.due {
		if key.kind != kind {
			continue
		}
		before, seen := due[key.id]
		due[key.id] = e.reference && (before || !seen)
	}
	return due
}

// list gives the elements of a slice, for parallel.
func list[T any](all []T) func(context.Context, func(T) error) error {
	return func(_ context.Context, yield func(T) error) error {
		for _, one := range all {
			if err := yield(one); err != nil {
				return err
			}
		}
		return nil
	}
}

// parallel hands what each yields to n goroutines. The first error stops all and is
// returned when the last of them has ended.
func parallel[T any](ctx context.Context, n int, each func(context.Context, func(T) error) error, handle func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan T)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for one := range work {
				if ctx.Err() != nil {
					continue
				}
				if err := handle(ctx, one); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := each(ctx, func(one T) error {
		select {
		case work <- one:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(work)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

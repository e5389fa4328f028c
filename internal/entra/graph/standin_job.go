package graph

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// ownJob finds the job of a path below /standin, which names no application.
func (x *exchange) ownJob() (cycle.Job, error) {
	return x.api.cycle.Job(x.r.Context(), cycle.JobID(x.r.PathValue("job")))
}

// runCycle runs a cycle now and answers when it has ended. When one is running already, which
// may have begun before the change that the caller wants to see, the next one is run after it.
func (x *exchange) runCycle() error {
	if f, err := x.optionalBody("cycle"); err != nil {
		return err
	} else if err := f.done(); err != nil {
		return err
	}
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	ctx, end := x.untilStopped()
	defer end()
	for {
		c, err := x.api.cycle.RunCycle(ctx, j.ID)
		switch {
		case errors.Is(err, cycle.ErrRunning):
			if err := x.untilIdle(ctx, j.ID); err != nil {
				return err
			}
			continue
		case err != nil && ctx.Err() != nil:
			return stopped("the cycle")
		case err != nil:
			return err
		}
		return x.one(http.StatusOK, "", cycleDocument(c, x.api.now()))
	}
}

// untilIdle waits for the end of a running cycle. The service has no signal for it, so it is
// asked.
func (x *exchange) untilIdle(ctx context.Context, id cycle.JobID) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		p, err := x.api.cycle.Progress(ctx, id)
		if err != nil || !p.Running {
			return err
		}
		select {
		case <-ctx.Done():
			return refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "The stand-in is being stopped.")
		case <-ticker.C:
		}
	}
}

// importTarget is Okta's "Import Now".
func (x *exchange) importTarget() error {
	if f, err := x.optionalBody("import"); err != nil {
		return err
	} else if err := f.done(); err != nil {
		return err
	}
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	ctx, end := x.untilStopped()
	defer end()
	report, err := x.api.cycle.Import(ctx, j.ID)
	if err != nil && ctx.Err() != nil {
		return stopped("the import")
	}
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "", object{
		"users": report.Users, "groups": report.Groups, "pages": report.Pages, "linked": report.Linked, "unknown": append([]string{}, report.Unknown...),
	})
}

// cycleDocument has the counts of a cycle.
func cycleDocument(c cycle.Cycle, now time.Time) object {
	outcomes := object{}
	for action, statuses := range c.Outcomes {
		counts := object{}
		for status, n := range statuses {
			counts[string(status)] = n
		}
		outcomes[string(action)] = counts
	}
	calls := object{}
	for status, n := range c.Calls {
		name := "none" // no answer
		if status != 0 {
			name = strconv.Itoa(status)
		}
		calls[name] = n
	}
	return object{
		"id": c.ID, "jobId": string(c.JobID), "kind": string(c.Kind), "startedAt": moment(c.StartedAt), "endedAt": moment(c.EndedAt),
		"durationInMilliseconds": durationOf(c, now).Milliseconds(), "users": c.Users, "groups": c.Groups, "members": c.Members,
		"outcomes": outcomes, "calls": calls, "quarantined": nullable(c.Quarantined), "aborted": nullable(c.Aborted),
	}
}

func (x *exchange) listCycles() error {
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	cycles, err := x.api.cycle.Cycles(x.r.Context(), j.ID, 0)
	if err != nil {
		return err
	}
	var values []any
	for _, c := range cycles {
		values = append(values, cycleDocument(c, x.api.now()))
	}
	return x.many("", values, "")
}

func (x *exchange) getProgress() error {
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	p, err := x.api.cycle.Progress(x.r.Context(), j.ID)
	if err != nil {
		return err
	}
	document := object{"running": p.Running, "phase": nullable(p.Phase), "percent": p.Percent, "cycle": nil, "nextCycle": moment(j.NextCycle)}
	if p.Cycle.ID != "" {
		document["cycle"] = cycleDocument(p.Cycle, x.api.now())
	}
	return x.one(http.StatusOK, "", document)
}

func (x *exchange) allowDeletes() error {
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	if _, err := x.api.cycle.AllowDeletes(x.r.Context(), j.ID, x.by()); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) getSettings() error {
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	return x.answerSettings(j)
}

func (x *exchange) answerSettings(j cycle.Job) error {
	return x.one(http.StatusOK, "", object{
		"scope": string(j.Scope), "notificationEmail": j.NotificationEmail, "preventAccidentalDeletions": j.PreventAccidentalDeletions,
		"deletionThreshold": j.DeletionThreshold, "skipOutOfScopeDeletions": j.SkipOutOfScopeDeletions,
	})
}

// patchSettings changes what it names of the Settings section.
func (x *exchange) patchSettings() error {
	f, err := x.body("settings", maxBody)
	if err != nil {
		return err
	}
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	s := j.Settings
	scope, given, err := f.text("scope")
	if err != nil {
		return err
	}
	if given {
		s.Scope = cycle.Scope(scope)
	}
	email, given, err := f.text("notificationEmail")
	if err != nil {
		return err
	}
	if given {
		s.NotificationEmail = email
	}
	for name, at := range map[string]*bool{"preventAccidentalDeletions": &s.PreventAccidentalDeletions, "skipOutOfScopeDeletions": &s.SkipOutOfScopeDeletions} {
		value, given, err := f.boolean(name)
		if err != nil {
			return err
		}
		if given {
			*at = value
		}
	}
	threshold, given, err := f.number("deletionThreshold")
	if err != nil {
		return err
	}
	if given {
		s.DeletionThreshold = threshold
	}
	if err := f.done(); err != nil {
		return err
	}
	if j, err = x.api.cycle.SaveSettings(x.r.Context(), j.ID, s, x.by()); err != nil {
		return err
	}
	return x.answerSettings(j)
}

func (x *exchange) listEscrows() error {
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	list, err := x.api.cycle.Escrows(x.r.Context(), j.ID, mostPage)
	if err != nil {
		return err
	}
	var values []any
	for _, e := range list {
		values = append(values, object{
			"kind": string(e.Kind), "sourceId": string(e.SourceID), "reference": e.Reference, "errorCode": e.Code, "retries": e.Retries,
			"first": moment(e.First), "next": moment(e.Next),
		})
	}
	return x.many("", values, "")
}

// listLinks tells which object of the target belongs to which of the directory: users first.
func (x *exchange) listLinks() error {
	q, err := x.query(options{properties: map[string]kind{"kind": kindText, "sourceId": kindText, "targetId": kindText, "active": kindBoolean, "managed": kindBoolean}})
	if err != nil {
		return err
	}
	j, err := x.ownJob()
	if err != nil {
		return err
	}
	key := func(l cycle.Link) string { return string(l.Kind) + "/" + string(l.SourceID) }
	return page(x, "", q, source[cycle.Link]{
		key: key,
		document: func(l cycle.Link) object {
			return object{"kind": string(l.Kind), "sourceId": string(l.SourceID), "targetId": l.TargetID, "active": l.Active, "managed": l.Managed}
		},
		read: func(after string, limit int) ([]cycle.Link, error) {
			return x.links(j.ID, after, limit)
		},
	})
}

func (x *exchange) links(id cycle.JobID, after string, limit int) ([]cycle.Link, error) {
	kind, source := mapping.KindUser, directory.ID("")
	if after != "" {
		var ok bool
		kind, source, ok = linkPlace(after)
		if !ok {
			return nil, refuse(http.StatusBadRequest, codePageToken, "The specified page token is not one of this list.")
		}
	}
	list, err := x.api.cycle.Links(x.r.Context(), id, kind, source, limit)
	if err != nil || kind == mapping.KindGroup || len(list) == limit {
		return list, err
	}
	groups, err := x.api.cycle.Links(x.r.Context(), id, mapping.KindGroup, "", limit-len(list))
	return append(list, groups...), err
}

func linkPlace(after string) (mapping.Kind, directory.ID, bool) {
	for _, kind := range []mapping.Kind{mapping.KindUser, mapping.KindGroup} {
		prefix := string(kind) + "/"
		if len(after) > len(prefix) && after[:len(prefix)] == prefix {
			return kind, directory.ID(after[len(prefix):]), true
		}
	}
	return "", "", false
}

// getExchanges are the requests behind a log entry, as they went over the wire.
func (x *exchange) getExchanges() error {
	e, err := x.logEntry()
	if err != nil {
		return err
	}
	var values []any
	for _, one := range e.Exchanges {
		values = append(values, object{"method": one.Method, "url": one.URL, "body": nullable(one.Body), "status": one.Status, "answer": nullable(one.Answer)})
	}
	return x.many("", values, "")
}

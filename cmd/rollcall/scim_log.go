package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

type scimLog struct {
	orgFlag
	Since  string `placeholder:"T" help:"From when: 2026-11-30, 2026-11-30T08:00:00Z, or how long ago, as 90m, 24h, 7d."`
	Status string `placeholder:"STATUS" help:"Only this status or class of statuses: 409, 4xx."`
}

type requestView struct {
	Time     string        `json:"time"`
	Method   string        `json:"method"`
	Path     string        `json:"path"`
	Status   int           `json:"status"`
	Verdicts []verdictView `json:"verdicts"`
	Key      iam.KeyID     `json:"key"`
	Address  string        `json:"address"`
}

type verdictView struct {
	Op      string `json:"op"`
	Path    string `json:"path"`
	Verdict string `json:"verdict"`
	Note    string `json:"note"`
}

const (
	logPage    = 500
	maxDenials = 1_000
)

func (c *scimLog) Run(a *app) error {
	query, err := c.query(a.now())
	if err != nil {
		return err
	}
	return a.with(func(s *session) error {
		// The organization is looked up first: an empty log and a wrong id differ.
		o, err := s.access.Organization(a.ctx, c.organization())
		if err != nil {
			return err
		}
		if a.JSON {
			return c.json(a, s, o.ID, query)
		}
		return c.text(a, s, o.ID, query)
	})
}

func (c *scimLog) query(now time.Time) (store.RequestQuery, error) {
	query := store.RequestQuery{Limit: logPage}
	since, err := parseMoment("--since", c.Since, now, false)
	if err != nil {
		return query, err
	}
	query.Since = since
	if c.Status == "" {
		return query, nil
	}
	if class, ok := strings.CutSuffix(strings.ToLower(c.Status), "xx"); ok && len(class) == 1 && '1' <= class[0] && class[0] <= '5' {
		query.StatusClass = int(class[0] - '0')
		return query, nil
	}
	query.Status, err = strconv.Atoi(c.Status)
	if err != nil || query.Status < 100 || query.Status > 599 {
		return query, wrongUsage("--status %q is neither a status such as 409 nor a class such as 4xx", iam.Clip(c.Status))
	}
	return query, nil
}

// each reads the log in pages, so that its length does not matter.
func (c *scimLog) each(a *app, s *session, org iam.OrganizationID, query store.RequestQuery, visit func(requestView) error) error {
	for {
		page, err := s.db.Read(a.ctx).Requests(org, query)
		if err != nil {
			return err
		}
		for _, r := range page {
			v := requestView{Time: rfc3339(r.At), Method: r.Method, Path: r.Path, Status: r.Status, Verdicts: []verdictView{}, Key: r.Key, Address: r.Address}
			if err := json.Unmarshal([]byte(r.Verdicts), &v.Verdicts); err != nil {
				return fmt.Errorf("read the verdicts of request %s: %w", r.ID, err)
			}
			if err := visit(v); err != nil {
				return err
			}
		}
		if len(page) < query.Limit {
			return nil
		}
		query.After = page[len(page)-1].ID
	}
}

func (c *scimLog) json(a *app, s *session, org iam.OrganizationID, query store.RequestQuery) error {
	array := &jsonArray{w: a.stdout}
	if err := c.each(a, s, org, query, func(v requestView) error { return array.add(v) }); err != nil {
		return err
	}
	return array.end()
}

func (c *scimLog) text(a *app, s *session, org iam.OrganizationID, query store.RequestQuery) error {
	t := newTable(a.stdout, "TIME (UTC)", "STATUS", "METHOD", "KEY", "ADDRESS", "PATH")
	t.mark = ""
	err := c.each(a, s, org, query, func(v requestView) error {
		var notes []string
		for _, verdict := range v.Verdicts {
			notes = append(notes, verdict.text())
		}
		t.row([]string{strings.TrimSuffix(strings.Replace(v.Time, "T", " ", 1), "Z"), strconv.Itoa(v.Status), v.Method, string(v.Key), v.Address, v.Path}, notes...)
		return nil
	})
	if err != nil {
		return err
	}
	t.end("No request is logged" + c.condition() + "; the log is up to a second behind the requests.")
	return c.denials(a, s, org, query)
}

func (c *scimLog) condition() string {
	if c.Since == "" && c.Status == "" {
		return " yet"
	}
	return " that fits"
}

func (v verdictView) text() string {
	text := strings.TrimSpace(v.Op + " " + v.Path)
	if text != "" {
		text += ": "
	}
	text += v.Verdict
	if v.Note != "" {
		text += ", " + v.Note
	}
	return text
}

// denials lists below the requests how often nobody in particular was refused.
func (c *scimLog) denials(a *app, s *session, org iam.OrganizationID, query store.RequestQuery) error {
	if query.Status != 0 || query.StatusClass != 0 && query.StatusClass != 4 {
		return nil
	}
	denials, err := s.db.Read(a.ctx).Denials(org, query.Since, maxDenials)
	if err != nil || len(denials) == 0 {
		return err
	}
	_, _ = fmt.Fprintln(a.stdout, "\nRefused without valid credentials, counted by the minute:")
	t := newTable(a.stdout, "MINUTE (UTC)", "TIMES", "ADDRESS", "CAUSE")
	for _, d := range denials {
		t.row([]string{day(d.Minute, ""), thousands(int(d.Count)), d.Address, d.Cause})
	}
	t.end("")
	return nil
}

// parseMoment reads a time flag: a date, a time as RFC 3339, or how long ago. "" is
// the zero time. The end of a span that is named by a date is the end of that day.
func parseMoment(flag, s string, now time.Time, end bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, wrongUsage("%s %q is not a date (2026-11-30), a time (2026-11-30T08:00:00Z) or a time ago (90m, 24h, 7d)", flag, iam.Clip(s))
}

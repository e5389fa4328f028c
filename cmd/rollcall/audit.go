package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
)

type auditCommands struct {
	Export auditExport `cmd:"" help:"Print the audit log, oldest event first."`
}

type auditExport struct {
	orgFlag
	From   string `placeholder:"T" help:"From when: 2026-11-30, 2026-11-30T08:00:00Z, or how long ago, as 24h, 7d."`
	To     string `placeholder:"T" help:"Until when; a date means the end of that day."`
	Format string `enum:"jsonl,csv" default:"jsonl" placeholder:"FORMAT" help:"jsonl prints one event a line, csv is for spreadsheets (default: ${default})."`
}

// eventView is an event in the members of the ClickHouse Cloud activity log, with
// what Rollcall knows of its target.
type eventView struct {
	ID             iam.EventID        `json:"id"`
	CreatedAt      string             `json:"createdAt"`
	Type           iam.ActivityType   `json:"type"`
	ActorType      iam.ActorType      `json:"actorType"`
	ActorID        string             `json:"actorId"`
	ActorDetails   string             `json:"actorDetails"`
	ActorIPAddress string             `json:"actorIpAddress"`
	UserAgent      string             `json:"userAgent"`
	OrganizationID iam.OrganizationID `json:"organizationId"`
	TargetType     string             `json:"targetType"`
	TargetID       string             `json:"targetId"`
	TargetName     string             `json:"targetName"`
	Details        map[string]any     `json:"details"`
}

func viewEvent(e iam.AuditEvent) eventView {
	details := e.Details
	if details == nil {
		details = map[string]any{}
	}
	return eventView{
		ID: e.ID, CreatedAt: e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), Type: e.Type,
		ActorType: e.Actor.Type, ActorID: e.Actor.ID, ActorDetails: e.Actor.Details, ActorIPAddress: e.Actor.Address, UserAgent: e.Actor.UserAgent,
		OrganizationID: e.Organization, TargetType: e.TargetType, TargetID: e.TargetID, TargetName: e.TargetName, Details: details,
	}
}

func (c *auditExport) Run(a *app) error {
	if a.JSON && c.Format == "csv" {
		return wrongUsage("--json and --format csv exclude each other")
	}
	from, err := parseMoment("--from", c.From, a.now(), false)
	if err != nil {
		return err
	}
	to, err := parseMoment("--to", c.To, a.now(), true)
	if err != nil {
		return err
	}
	if !to.IsZero() && !from.Before(to) {
		return wrongUsage("--from lies behind --to")
	}
	return a.with(func(s *session) error {
		add, end := c.writer(a)
		for e, err := range s.access.AuditEvents(a.ctx, c.organization(), from, to) {
			if err != nil {
				return err
			}
			if err := add(viewEvent(e)); err != nil {
				return err
			}
		}
		return end()
	})
}

// writer returns how an event is written in the chosen form, and what ends the list.
func (c *auditExport) writer(a *app) (add func(eventView) error, end func() error) {
	switch {
	case a.JSON:
		array := &jsonArray{w: a.stdout}
		return func(v eventView) error { return array.add(v) }, array.end
	case c.Format == "csv":
		w := csv.NewWriter(a.stdout)
		begun := false
		head := func() error {
			if begun {
				return nil
			}
			begun = true
			return w.Write([]string{"createdAt", "type", "actorType", "actorId", "actorDetails", "actorIpAddress", "userAgent", "targetType", "targetId", "targetName", "details", "id", "organizationId"})
		}
		add = func(v eventView) error {
			if err := head(); err != nil {
				return err
			}
			record, err := v.csv()
			if err != nil {
				return err
			}
			return w.Write(record)
		}
		return add, func() error {
			err := head()
			w.Flush()
			if err == nil {
				err = w.Error()
			}
			return err
		}
	}
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	return func(v eventView) error { return encoder.Encode(v) }, func() error { return nil }
}

func (v eventView) csv() ([]string, error) {
	details, err := json.Marshal(v.Details)
	if err != nil {
		return nil, fmt.Errorf("write the details of event %s: %w", v.ID, err)
	}
	record := []string{
		v.CreatedAt, string(v.Type), string(v.ActorType), v.ActorID, v.ActorDetails, v.ActorIPAddress, v.UserAgent,
		v.TargetType, v.TargetID, v.TargetName, string(details), string(v.ID), string(v.OrganizationID),
	}
	for i, cell := range record {
		record[i] = inertCell(cell)
	}
	return record, nil
}

// inertCell keeps a spreadsheet from taking a name for a formula (S57).
func inertCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

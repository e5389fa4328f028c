package store

import (
	"encoding/json"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// InsertAudit writes an event in the transaction of the change it records: no
// event, no change (D15). An ID or a time that is not set is made by the database's
// clock. The members in Also find the event in their history. Rows are never
// updated; sealing keeps its leaves elsewhere.
func (tx *Tx) InsertAudit(e iam.AuditEvent) error {
	if e.ID == "" {
		e.ID = iam.EventID(tx.NewID())
	}
	if e.At.IsZero() {
		e.At = tx.Now()
	}
	details := []byte("{}")
	if len(e.Details) > 0 {
		var err error
		if details, err = json.Marshal(e.Details); err != nil {
			return iam.Errorf(iam.KindInternal, "details of the audit event %s: %w", e.Type, err)
		}
	}
	_, err := tx.exec(`
		INSERT INTO audit_events (org_id, id, at, type, actor_type, actor_id, actor_details, actor_address, user_agent,
			target_type, target_id, target_name, details)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Organization, e.ID, micros(e.At), e.Type, e.Actor.Type, e.Actor.ID, e.Actor.Details, e.Actor.Address, e.Actor.UserAgent,
		e.TargetType, e.TargetID, e.TargetName, string(details))
	if err != nil {
		return err
	}
	return eachChunk(e.Also, func(chunk []iam.MemberID) error {
		args := make([]any, 0, 3*len(chunk))
		for _, id := range chunk {
			args = append(args, e.Organization, id, e.ID)
		}
		_, err := tx.exec(`INSERT INTO audit_members (org_id, member_id, event_id) VALUES `+valueLists(len(chunk), 3)+
			` ON CONFLICT DO NOTHING`, args...)
		return err
	})
}

// AuditQuery says which events of an organization to read.
type AuditQuery struct {
	From, To    time.Time          // From <= event < To; zero: open
	Types       []iam.ActivityType // of one of these types; none: of any
	ActorType   iam.ActorType      // by an actor of this type; "": by anybody
	Actor       string             // by the actor of this id; "": by anybody
	Target      string             // events of this target, or that concern this member; "": all
	After       iam.EventID        // events behind this one in the asked order; "": from its beginning
	NewestFirst bool
	Limit       int
}

// where returns the condition of all but After and Limit, and its arguments.
func (q AuditQuery) where(org iam.OrganizationID) (string, []any) {
	where, args := "org_id = ?", []any{org}
	add := func(condition string, values ...any) {
		where, args = where+" AND "+condition, append(args, values...)
	}
	if !q.From.IsZero() {
		add("at >= ?", micros(q.From))
	}
	if !q.To.IsZero() {
		add("at < ?", micros(q.To))
	}
	if len(q.Types) > 0 {
		types := make([]any, len(q.Types))
		for i, t := range q.Types {
			types[i] = string(t)
		}
		add("type IN ("+inList(len(types))+")", types...)
	}
	if q.ActorType != "" {
		add("actor_type = ?", string(q.ActorType))
	}
	if q.Actor != "" {
		add("actor_id = ?", q.Actor)
	}
	if q.Target != "" {
		add("(target_id = ? OR id IN (SELECT event_id FROM audit_members WHERE org_id = ? AND member_id = ?))", q.Target, org, q.Target)
	}
	return where, args
}

// AuditEvents returns up to Limit events in the order of their ids, which is the
// order of time. Also is not read back.
func (r *Reader) AuditEvents(org iam.OrganizationID, q AuditQuery) ([]iam.AuditEvent, error) {
	where, args := q.where(org)
	order, behind := "id", " AND id > ?"
	if q.NewestFirst {
		order, behind = "id DESC", " AND id < ?"
	}
	if q.After != "" {
		where, args = where+behind, append(args, q.After)
	}
	scan := func(row scanner) (iam.AuditEvent, error) {
		e := iam.AuditEvent{Organization: org}
		var at int64
		var details string
		if err := row.Scan(&e.ID, &at, &e.Type, &e.Actor.Type, &e.Actor.ID, &e.Actor.Details, &e.Actor.Address, &e.Actor.UserAgent,
			&e.TargetType, &e.TargetID, &e.TargetName, &details); err != nil {
			return e, err
		}
		e.At = fromMicros(at)
		return e, json.Unmarshal([]byte(details), &e.Details)
	}
	return list(r, scan, `SELECT id, at, type, actor_type, actor_id, actor_details, actor_address, user_agent,
			target_type, target_id, target_name, details
		FROM audit_events WHERE `+where+` ORDER BY `+order+` LIMIT ?`, append(args, q.Limit)...)
}

// CountAudit counts the events of a query, at most most of them.
func (r *Reader) CountAudit(org iam.OrganizationID, q AuditQuery, most int) (int, error) {
	where, args := q.where(org)
	return one(r, scanOne[int], `SELECT count(*) FROM (SELECT 1 AS found FROM audit_events WHERE `+where+` LIMIT ?) AS counted`, append(args, most)...)
}

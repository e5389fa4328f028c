package store

import (
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

const (
	supportColumns    = `org_id, ` + supportOwnColumns
	supportOwnColumns = `id, created_at, member_id, email, priority, subject, description, application, application_id,
	screenshot_type, screenshot_width, screenshot_height, screenshot_bytes`
)

func scanSupport(row scanner) (iam.SupportRequest, error) {
	var s iam.SupportRequest
	var created int64
	err := row.Scan(&s.Organization, &s.ID, &created, &s.Member, &s.Email, &s.Priority, &s.Subject, &s.Description, &s.Application, &s.ApplicationID,
		&s.Screenshot.Type, &s.Screenshot.Width, &s.Screenshot.Height, &s.Screenshot.Bytes)
	s.CreatedAt = fromMicros(created)
	return s, err
}

// NewSupportRequestID returns the id of a support request that is made at at. It
// begins with that time, so that requests stand in the order in which they came.
func (r *Reader) NewSupportRequestID(at time.Time) iam.SupportRequestID {
	return iam.SupportRequestID(idAt(at, r.NewID()))
}

// InsertSupportRequest adds a request with the picture that s.Screenshot describes;
// nil for none.
func (tx *Tx) InsertSupportRequest(s iam.SupportRequest, picture []byte) error {
	var stored any // NULL, and not an empty picture
	if s.Screenshot.Exists() {
		stored = picture
	}
	_, err := tx.exec(`INSERT INTO support_requests (org_id, `+supportOwnColumns+`, screenshot) VALUES `+tuples(1, 15),
		string(s.Organization), string(s.ID), micros(s.CreatedAt), string(s.Member), s.Email, string(s.Priority), s.Subject, s.Description,
		s.Application, s.ApplicationID, s.Screenshot.Type, s.Screenshot.Width, s.Screenshot.Height, s.Screenshot.Bytes, stored)
	if err != nil {
		return fmt.Errorf("add a support request: %w", err)
	}
	return nil
}

// SupportRequests returns at most limit requests of an organization, the newest first,
// that came before the one called before; "" begins.
func (r *Reader) SupportRequests(org iam.OrganizationID, before iam.SupportRequestID, limit int) ([]iam.SupportRequest, error) {
	where, args := "", []any{string(org)}
	if before != "" {
		where, args = " AND id < ?", append(args, string(before))
	}
	found, err := list(r, scanSupport, `SELECT `+supportColumns+` FROM support_requests WHERE org_id = ?`+where+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list support requests: %w", err)
	}
	return found, nil
}

// AllSupportRequests is SupportRequests for those of all organizations: for the
// operator alone.
func (r *Reader) AllSupportRequests(before iam.SupportRequestID, limit int) ([]iam.SupportRequest, error) {
	where, args := "", []any{}
	if before != "" {
		where, args = " WHERE id < ?", append(args, string(before))
	}
	found, err := list(r, scanSupport, `SELECT `+supportColumns+` FROM support_requests`+where+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list support requests: %w", err)
	}
	return found, nil
}

// SupportRequest returns one request of an organization; iam.ErrNotFound.
func (r *Reader) SupportRequest(org iam.OrganizationID, id iam.SupportRequestID) (iam.SupportRequest, error) {
	return one(r, scanSupport, `SELECT `+supportColumns+` FROM support_requests WHERE org_id = ? AND id = ?`, string(org), string(id))
}

// AnySupportRequest returns a request of whatever organization; iam.ErrNotFound. It is
// for the operator alone.
func (r *Reader) AnySupportRequest(id iam.SupportRequestID) (iam.SupportRequest, error) {
	return one(r, scanSupport, `SELECT `+supportColumns+` FROM support_requests WHERE id = ?`, string(id))
}

// SupportPicture returns the bytes of a request's screenshot; iam.ErrNotFound when
// there is no such request, or none with a screenshot.
func (r *Reader) SupportPicture(org iam.OrganizationID, id iam.SupportRequestID) ([]byte, error) {
	return one(r, scanOne[[]byte], `SELECT screenshot FROM support_requests WHERE org_id = ? AND id = ? AND screenshot IS NOT NULL`, string(org), string(id))
}

// SupportUse is how much an organization has written to support.
type SupportUse struct {
	Recent   int   // requests since a time
	Pictures int64 // bytes of all screenshots
}

// SupportUse counts the requests that came at since or later, and the bytes of all
// screenshots that are kept.
func (r *Reader) SupportUse(org iam.OrganizationID, since time.Time) (SupportUse, error) {
	used, err := one(r, func(row scanner) (SupportUse, error) {
		var u SupportUse
		err := row.Scan(&u.Recent, &u.Pictures)
		return u, err
	}, `SELECT CAST(coalesce(sum(CASE WHEN created_at >= ? THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(coalesce(sum(screenshot_bytes), 0) AS BIGINT)
		FROM support_requests WHERE org_id = ?`, micros(since), string(org))
	if err != nil {
		return used, fmt.Errorf("count support requests: %w", err)
	}
	return used, nil
}

// DeleteSupportRequests deletes the requests of an organization that came before
// before.
func (tx *Tx) DeleteSupportRequests(org iam.OrganizationID, before time.Time) error {
	if _, err := tx.exec(`DELETE FROM support_requests WHERE org_id = ? AND id < ?`, string(org), firstIDAt(before)); err != nil {
		return fmt.Errorf("delete old support requests: %w", err)
	}
	return nil
}

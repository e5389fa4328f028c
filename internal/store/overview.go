package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// RequestCount is how many requests of the SCIM request log there are in a span of time.
type RequestCount struct {
	All     int
	Refused int       // answered 400 or more
	Newest  time.Time // when the last of them began; zero for none
}

// CountRequests counts the newest entries that began at since or later, at most most of
// them: the cost is bounded, whatever the traffic.
func (r *Reader) CountRequests(org iam.OrganizationID, since time.Time, most int) (RequestCount, error) {
	n, err := one(r, func(row scanner) (RequestCount, error) {
		var n RequestCount
		var newest int64
		err := row.Scan(&n.All, &n.Refused, &newest)
		n.Newest = fromMicros(newest)
		return n, err
	}, `SELECT count(*), CAST(coalesce(sum(CASE WHEN status >= 400 THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(coalesce(max(at), 0) AS BIGINT)
		FROM (SELECT status, at FROM scim_requests WHERE org_id = ? AND id >= ? AND status > 0 ORDER BY id DESC LIMIT ?) AS newest`,
		string(org), firstIDAt(since), most)
	if err != nil {
		return n, fmt.Errorf("count the entries of the SCIM request log: %w", err)
	}
	return n, nil
}

// DenialCount is how many requests were denied in a span of time for one cause.
type DenialCount struct {
	Cause  string
	Count  int64
	Newest time.Time // the minute of the last of them
}

// DenialCauses sums the denied requests of the minutes from since on, the cause that
// happened last first.
func (r *Reader) DenialCauses(org iam.OrganizationID, since time.Time) ([]DenialCount, error) {
	causes, err := list(r, func(row scanner) (DenialCount, error) {
		var d DenialCount
		var newest int64
		err := row.Scan(&d.Cause, &d.Count, &newest)
		d.Newest = fromMicros(newest)
		return d, err
	}, `SELECT cause, CAST(sum(count) AS BIGINT), max(minute) AS newest FROM scim_denials
		WHERE org_id = ? AND minute >= ? GROUP BY cause ORDER BY newest DESC, cause`, string(org), micros(since))
	if err != nil {
		return nil, fmt.Errorf("sum the denied SCIM requests: %w", err)
	}
	return causes, nil
}

// FirstSCIMLogin returns when a user of SCIM signed in for the first time, the zero time
// for never. (The index of logins wants the type as a literal.)
func (r *Reader) FirstSCIMLogin(org iam.OrganizationID) (time.Time, error) {
	at, err := one(r, scanOne[int64], `SELECT a.at FROM audit_events a JOIN users u ON u.org_id = a.org_id AND u.id = a.target_id
		WHERE a.org_id = ? AND a.type = 'user_login' AND u.is_scim ORDER BY a.id LIMIT 1`, org)
	if errors.Is(err, iam.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("find the first sign-in of a SCIM user: %w", err)
	}
	return fromMicros(at), nil
}

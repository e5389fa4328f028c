package housekeeping

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Retention is how long the SCIM request log keeps an entry (D15).
const Retention = 30 * 24 * time.Hour

// Deletion goes in transactions small enough that no request waits for one.
const (
	pruneRows          = 500 // entries in one transaction
	pruneOrganizations = 100 // organizations looked at in one transaction
)

// Prune deletes the entries and the counts, of denials and by the hour, that are older than Retention, of every
// organization, and returns how many entries. It may run on several replicas at
// once.
func (l *RequestLog) Prune(ctx context.Context) (int64, error) {
	before := l.db.Now().Add(-Retention)
	var deleted int64
	for after := iam.OrganizationID(""); ; {
		orgs, err := l.db.Read(ctx).OrganizationIDs(after, pruneOrganizations)
		if err != nil {
			return deleted, fmt.Errorf("prune the SCIM request log: %w", err)
		}
		if len(orgs) == 0 {
			return deleted, nil
		}
		after = orgs[len(orgs)-1]
		for len(orgs) > 0 {
			done, n := 0, int64(0)
			err := l.db.WriteBig(ctx, func(tx *store.Tx) (err error) {
				done, n, err = pruneSome(tx, orgs, before)
				return err
			})
			if err != nil {
				return deleted, fmt.Errorf("prune the SCIM request log: %w", err)
			}
			orgs, deleted = orgs[done:], deleted+n
		}
	}
}

// pruneSome deletes at most pruneRows entries and returns how many organizations
// have none left to delete.
func pruneSome(tx *store.Tx, orgs []iam.OrganizationID, before time.Time) (done int, deleted int64, err error) {
	for _, org := range orgs {
		room := pruneRows - deleted
		n, err := tx.DeleteSCIMRequests(org, before, int(room))
		if err != nil {
			return 0, 0, err
		}
		deleted += n
		if n == room {
			return done, deleted, nil // there may be more of this one
		}
		if err := tx.DeleteSCIMDenials(org, before); err != nil {
			return 0, 0, err
		}
		if err := tx.DeleteActivityCounts(org, before); err != nil {
			return 0, 0, err
		}
		done++
	}
	return done, deleted, nil
}

package housekeeping

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// SessionRetention is how long a session is kept after the time at which it would have
// ended by itself, for whoever has to find out who was signed in from where.
const SessionRetention = 30 * 24 * time.Hour

// SignIns deletes what signing in leaves behind: sessions after SessionRetention, and
// the notes of used SAML assertions and requests as soon as these would be refused for
// their age. Run it in one goroutine; several replicas may at once.
type SignIns struct {
	DB  *store.DB
	Log *slog.Logger // troubles with the database; nil: the default logger
}

// Run prunes now and every hour until ctx ends.
func (s SignIns) Run(ctx context.Context) {
	log := s.Log
	if log == nil {
		log = slog.Default()
	}
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		if _, err := s.Prune(ctx); err != nil && ctx.Err() == nil {
			log.Warn("old sessions were not deleted", "cause", err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Prune deletes of every organization what is old enough, and returns how many rows.
func (s SignIns) Prune(ctx context.Context) (int64, error) {
	now := s.DB.Now()
	var deleted int64
	for after := iam.OrganizationID(""); ; {
		orgs, err := s.DB.Read(ctx).OrganizationIDs(after, pruneOrganizations)
		if err != nil {
			return deleted, fmt.Errorf("prune sessions: %w", err)
		}
		if len(orgs) == 0 {
			return deleted, nil
		}
		after = orgs[len(orgs)-1]
		for len(orgs) > 0 {
			done, n := 0, int64(0)
			err := s.DB.WriteBig(ctx, func(tx *store.Tx) (err error) {
				done, n, err = pruneSignIns(tx, orgs, now)
				return err
			})
			if err != nil {
				return deleted, fmt.Errorf("prune sessions: %w", err)
			}
			orgs, deleted = orgs[done:], deleted+n
		}
	}
}

// pruneSignIns deletes at most pruneRows rows and returns how many organizations have
// none left to delete.
func pruneSignIns(tx *store.Tx, orgs []iam.OrganizationID, now time.Time) (done int, deleted int64, err error) {
	for _, org := range orgs {
		n, err := tx.DeleteOldSessions(org, now.Add(-SessionRetention), int(pruneRows-deleted))
		if err != nil {
			return 0, 0, err
		}
		if deleted += n; deleted == pruneRows {
			return done, deleted, nil // there may be more of this one
		}
		n, err = tx.DeleteUsed(org, now, int(pruneRows-deleted))
		if err != nil {
			return 0, 0, err
		}
		if deleted += n; deleted == pruneRows {
			return done, deleted, nil
		}
		done++
	}
	return done, deleted, nil
}

package access

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// auditPage is how many audit events one read fetches.
const auditPage = 1000

// AuditEvents yields the audit log from from (inclusive) to to (exclusive), the
// oldest first; a zero time leaves that end open. It reads page by page, so that
// an export of any length holds no snapshot. An error is the last thing yielded.
func (s *Service) AuditEvents(ctx context.Context, org iam.OrganizationID, from, to time.Time) iter.Seq2[iam.AuditEvent, error] {
	return func(yield func(iam.AuditEvent, error) bool) {
		err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
			q := store.AuditQuery{From: from, To: to, Limit: auditPage}
			for {
				page, err := r.AuditEvents(org, q)
				if err != nil {
					return fmt.Errorf("read the audit log: %w", err)
				}
				for _, e := range page {
					if !yield(e, nil) {
						return errStop
					}
				}
				if len(page) < auditPage {
					return nil
				}
				q.After = page[len(page)-1].ID
			}
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(iam.AuditEvent{}, err)
		}
	}
}

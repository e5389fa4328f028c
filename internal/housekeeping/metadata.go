package housekeeping

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

const (
	refreshEvery   = 5 * time.Minute  // how often Metadata looks what is due
	refreshLease   = 10 * time.Minute // how long a replica may take that has taken a connection
	refreshAtOnce  = 4                // connections whose metadata is read at a time
	refreshPerRead = 100
)

// Metadata has the metadata of identity providers read again when it is due. Run it in
// one goroutine; of several replicas one takes each connection.
type Metadata struct {
	DB *store.DB
	// Refresh reads the metadata of one organization's connection, and notes how that
	// went and when it is due again. If it notes nothing the connection is due again in
	// ten minutes.
	Refresh func(ctx context.Context, org iam.OrganizationID) error
	Log     *slog.Logger // nil: the default logger
}

// Run refreshes what is due now and every five minutes until ctx ends.
func (m Metadata) Run(ctx context.Context) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		if _, err := m.RefreshDue(ctx); err != nil && ctx.Err() == nil {
			m.logger().Warn("metadata that is due was not looked for", "cause", err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (m Metadata) logger() *slog.Logger {
	if m.Log == nil {
		return slog.Default()
	}
	return m.Log
}

// RefreshDue refreshes what is due and returns how many connections this replica took.
// One that fails does not keep the others from their turn: it is logged.
func (m Metadata) RefreshDue(ctx context.Context) (int, error) {
	taken := 0
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, refreshAtOnce)
	for after := iam.OrganizationID(""); ; {
		due, err := m.DB.Read(ctx).DueMetadata(after, m.DB.Now(), refreshPerRead)
		if err != nil {
			return taken, fmt.Errorf("list the metadata that is due: %w", err)
		}
		if len(due) == 0 {
			return taken, nil
		}
		after = due[len(due)-1].Organization
		for _, d := range due {
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return taken, ctx.Err()
			}
			mine, err := m.take(ctx, d)
			if err != nil {
				return taken, err
			}
			if !mine {
				<-free
				continue
			}
			taken++
			running.Go(func() {
				defer func() { <-free }()
				if err := m.Refresh(ctx, d.Organization); err != nil && ctx.Err() == nil {
					m.report(d.Organization, err)
				}
			})
		}
	}
}

// report logs a failure. Why the other side's metadata could not be used an admin reads
// on the SAML page; a fault of this side is told here alone.
func (m Metadata) report(org iam.OrganizationID, err error) {
	about := []any{"organization", string(org), "kind", iam.KindOf(err).String()}
	if iam.KindOf(err) == iam.KindInternal {
		about = append(about, "cause", err.Error())
	}
	m.logger().Warn("the metadata of an identity provider was not refreshed", about...)
}

// take moves the time at which a connection is due. It is taken just before its turn
// comes, so that the lease does not end while it waits.
func (m Metadata) take(ctx context.Context, d store.DueMetadata) (mine bool, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) (err error) {
		mine, err = tx.TakeMetadata(d, m.DB.Now().Add(refreshLease))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the metadata of %s: %w", d.Organization, err)
	}
	return mine, nil
}

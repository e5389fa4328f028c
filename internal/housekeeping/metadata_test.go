package housekeeping

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

const metadataAddress = "https://idp.example/metadata"

// connected makes an organization whose metadata is read again at a time; the zero time
// is for metadata that came as a file.
func connected(t *testing.T, db *store.DB, id iam.OrganizationID, next time.Time) {
	t.Helper()
	newOrganization(t, db, id)
	c := iam.Connection{Organization: id, IdPEntityID: "https://idp.example", Metadata: []byte("<x/>"), ConnectedAt: noon, UpdatedAt: noon}
	if c.Refresh.NextAt = next; !next.IsZero() {
		c.MetadataURL = metadataAddress
	}
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.PutConnection(c) }); err != nil {
		t.Fatal(err)
	}
}

// tally counts who was refreshed, and how many were at a time.
type tally struct {
	mu           sync.Mutex
	seen         map[iam.OrganizationID]int
	running, top int
}

func (c *tally) enter(org iam.OrganizationID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[org]++
	c.running++
	c.top = max(c.top, c.running)
}

func (c *tally) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
}

// Of two replicas one refreshes each connection that is due, a few at a time, and one
// that fails is logged and keeps nobody else from his turn.
func TestMetadata_RefreshDue(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			const due = refreshPerRead + 20
			c := &clock{now: noon}
			url := storetest.URL(t, engine)
			first, second := storetest.Reopen(t, url, store.Options{Now: c.Now}), storetest.Reopen(t, url, store.Options{Now: c.Now})
			for i := range due {
				connected(t, first, iam.OrganizationID(fmt.Sprintf("org-%03d", i)), noon.Add(-time.Duration(i)*time.Minute))
			}
			connected(t, first, "org-later", noon.Add(time.Minute))
			connected(t, first, "org-of-a-file", time.Time{})

			counted := &tally{seen: map[iam.OrganizationID]int{}}
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			replica := func(db *store.DB) Metadata {
				return Metadata{DB: db, Log: logger, Refresh: func(ctx context.Context, org iam.OrganizationID) error {
					counted.enter(org)
					defer counted.leave()
					switch org {
					case "org-007":
						return iam.Errorf(iam.KindUnavailable, "idp.example cannot be reached")
					case "org-008":
						return errors.New("a fault")
					case "org-009":
						return nil // and notes nothing
					}
					return db.Write(ctx, func(tx *store.Tx) error {
						return tx.MetadataRead(org, metadataAddress, c.Now(), c.Now().Add(24*time.Hour))
					})
				}}
			}
			var running sync.WaitGroup
			var taken [2]int
			for i, db := range []*store.DB{first, second} {
				running.Go(func() {
					n, err := replica(db).RefreshDue(t.Context())
					if err != nil {
						t.Error(err)
					}
					taken[i] = n
				})
			}
			running.Wait()
			for org, n := range counted.seen {
				if n != 1 {
					t.Errorf("%s was refreshed %d times", org, n)
				}
			}
			if len(counted.seen) != due || taken[0]+taken[1] != due || counted.seen["org-later"]+counted.seen["org-of-a-file"] > 0 {
				t.Errorf("%d were refreshed, the replicas took %v", len(counted.seen), taken)
			}
			if counted.top > 2*refreshAtOnce {
				t.Errorf("%d were refreshed at a time", counted.top)
			}
			for _, want := range []string{"organization=org-007 kind=unavailable\n", `organization=org-008 kind=internal cause="a fault"`} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log says %s, want %s", log.String(), want)
				}
			}

			// Whoever noted nothing is due again when the lease is over, and not before.
			again := func(want int) {
				t.Helper()
				if n, err := replica(second).RefreshDue(t.Context()); n != want || err != nil {
					t.Errorf("at %s %d were taken, %v; want %d", c.Now(), n, err, want)
				}
			}
			again(0)
			c.add(refreshLease + time.Second)
			again(4) // the three, and the one whose time has come meanwhile
			again(0)
		})
	}
}

func TestMetadata_Run(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	connected(t, db, "org-a", noon)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	// It ends while the metadata is being read, as a server does that is told to stop.
	go func() {
		defer close(done)
		Metadata{DB: db, Refresh: func(ctx context.Context, org iam.OrganizationID) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}}.Run(ctx)
	}()
	<-done
}

package housekeeping

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// signedIn makes sessions of an organization that end at a time, and as many notes of
// assertions that are refused from then on.
func signedIn(t *testing.T, db *store.DB, org iam.OrganizationID, name string, n int, ends time.Time) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			id := fmt.Sprintf("%s-%s-%d", org, name, i)
			s := store.Session{ID: id, Member: "m", Method: "saml", CreatedAt: noon, LastSeenAt: noon, ExpiresAt: ends}
			if err := tx.InsertSession(org, s, iam.HashSecret(id)); err != nil {
				return err
			}
			if _, err := tx.UseOnce(org, iam.HashSecret(id), ends); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSignIns_Prune(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		c := &clock{now: noon}
		db := open(store.Options{Now: c.Now})
		newOrganization(t, db, "org-a")
		newOrganization(t, db, "org-b")
		signedIn(t, db, "org-a", "soon", 2*pruneRows+7, noon.Add(time.Hour))
		signedIn(t, db, "org-a", "later", 1, noon.Add(2*time.Hour))
		signedIn(t, db, "org-b", "soon", 1, noon.Add(time.Hour))
		prune := func(want int64) {
			t.Helper()
			if n, err := (SignIns{DB: db}).Prune(t.Context()); n != want || err != nil {
				t.Errorf("at %s %d rows were deleted, %v; want %d", c.Now(), n, err, want)
			}
		}
		prune(0)
		c.add(time.Hour)
		prune(0)
		c.add(time.Microsecond) // the notes of what has ended go
		prune(2*pruneRows + 8)
		c.add(SessionRetention) // and the sessions after their time
		prune(2*pruneRows + 8 + 1)
		prune(0)
		live, err := db.Read(t.Context()).MemberSessions("org-a", "m", noon)
		if err != nil || len(live) != 1 || live[0].ID != "org-a-later-0" {
			t.Errorf("left is %+v, %v", live, err)
		}
	})
}

func TestSignIns_Run(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, "sqlite", store.Options{})
	newOrganization(t, db, "org-a")
	signedIn(t, db, "org-a", "old", 1, noon)
	ended, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		SignIns{DB: db}.Run(ended)
	}()
	for {
		n, err := db.Read(t.Context()).MemberSessions("org-a", "m", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if len(n) == 0 {
			break
		}
	}
	cancel()
	<-done
}

package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Bytes of every value, and more than one page of either engine.
var picture = bytes.Repeat([]byte{0, 1, 0x7f, 0x80, 0xff, '\'', '\\', '\n'}, 100_000)

func ask(t *testing.T, db *store.DB, org iam.OrganizationID, subject string, at time.Time, picture []byte) iam.SupportRequest {
	t.Helper()
	s := iam.SupportRequest{
		Organization: org, ID: db.Read(t.Context()).NewSupportRequestID(at), CreatedAt: at, Member: "m1", Email: "ann@x.example",
		SupportText: iam.SupportText{Priority: iam.PriorityHigh, Subject: subject, Description: "a\nb 'ü' \\ 😀", Application: "App", ApplicationID: "id"},
	}
	if picture != nil {
		s.Screenshot = iam.Screenshot{Type: "image/png", Width: 3, Height: 2, Bytes: len(picture)}
	}
	write(t, db, func(tx *store.Tx) error { return tx.InsertSupportRequest(s, picture) })
	return s
}

func TestSupportRequests(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		r := db.Read(t.Context())
		same := func(what string, want ...iam.SupportRequest) func(got []iam.SupportRequest, err error) {
			return func(got []iam.SupportRequest, err error) {
				t.Helper()
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%s (-want +got): %s %v", what, diff, err)
				}
			}
		}
		same("nothing yet")(r.SupportRequests(here, "", 10))
		same("nothing yet anywhere")(r.AllSupportRequests("", 10))
		first := ask(t, db, here, "first", epoch, nil)
		second := ask(t, db, there, "second", epoch.Add(time.Minute), picture[:5])
		third := ask(t, db, here, "third", epoch.Add(2*time.Minute), picture)
		same("newest first", third, first)(r.SupportRequests(here, "", 10))
		same("a page", third)(r.SupportRequests(here, "", 1))
		same("the next page", first)(r.SupportRequests(here, third.ID, 1))
		same("behind the last")(r.SupportRequests(here, first.ID, 1))
		same("the other organization", second)(r.SupportRequests(there, "", 10))
		same("all", third, second, first)(r.AllSupportRequests("", 10))
		same("a page of all", second)(r.AllSupportRequests(third.ID, 1))

		if got, err := r.SupportRequest(here, third.ID); err != nil || got != third {
			t.Errorf("SupportRequest = %+v, %v", got, err)
		}
		if got, err := r.AnySupportRequest(second.ID); err != nil || got != second {
			t.Errorf("AnySupportRequest = %+v, %v", got, err)
		}
		if got, err := r.SupportPicture(here, third.ID); err != nil || !bytes.Equal(got, picture) {
			t.Errorf("SupportPicture: %d bytes, %v; want the %d that were stored", len(got), err, len(picture))
		}
		for name, find := range map[string]func() error{
			"a foreign request":       func() error { _, err := r.SupportRequest(there, third.ID); return err },
			"an unknown request":      func() error { _, err := r.AnySupportRequest("x"); return err },
			"a foreign picture":       func() error { _, err := r.SupportPicture(there, third.ID); return err },
			"a request without one":   func() error { _, err := r.SupportPicture(here, first.ID); return err },
			"a picture of no request": func() error { _, err := r.SupportPicture(here, "x"); return err },
		} {
			if err := find(); iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("%s: %v, want not found", name, err)
			}
		}

		use := func(org iam.OrganizationID, since time.Time, want store.SupportUse) {
			t.Helper()
			if got, err := r.SupportUse(org, since); err != nil || got != want {
				t.Errorf("SupportUse = %+v, %v; want %+v", got, err, want)
			}
		}
		use(here, epoch, store.SupportUse{Recent: 2, Pictures: int64(len(picture))})
		use(here, epoch.Add(time.Second), store.SupportUse{Recent: 1, Pictures: int64(len(picture))})
		use(there, epoch.Add(time.Hour), store.SupportUse{Pictures: 5})
		use("none", epoch, store.SupportUse{})

		write(t, db, func(tx *store.Tx) error { return tx.DeleteSupportRequests(here, epoch.Add(2*time.Minute)) })
		same("the old one is gone, and none of the other organization", third, second)(r.AllSupportRequests("", 10))
	})
}

package access_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

var ann = iam.Actor{Type: iam.ActorUser, ID: "m1", Details: "ann@example.com"}

func aPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContactSupport(t *testing.T) {
	each(t, func(w *world) {
		text := iam.SupportText{Priority: iam.PriorityNormal, Subject: " Sync stopped ", Description: "a\r\nb"}
		send := func(actor iam.Actor, text iam.SupportText, picture []byte) func() error {
			return func() error {
				_, err := w.ContactSupport(t.Context(), actor, w.org, text, picture)
				return err
			}
		}
		w.refused(iam.KindForbidden, "only a signed-in member", send(iam.Operator, text, nil))
		w.refused(iam.KindInvalid, "the subject is empty", send(ann, iam.SupportText{Priority: iam.PriorityLow, Description: "x"}, nil))
		w.refused(iam.KindInvalid, "neither a PNG nor a JPEG", send(ann, text, []byte("<svg/>")))

		events := len(w.events(0))
		picture := aPicture(t)
		kept := must[access.SupportSent](t)(w.ContactSupport(t.Context(), ann, w.org, text, picture))
		if kept.Subject != "Sync stopped" || kept.Description != "a\nb" || kept.Member != "m1" || kept.Email != "ann@example.com" ||
			!kept.CreatedAt.Equal(start) || kept.Screenshot != (iam.Screenshot{Type: "image/png", Width: 30, Height: 20, Bytes: len(picture)}) {
			t.Errorf("kept %+v", kept)
		}
		if got := must[iam.SupportRequest](t)(w.SupportRequest(t.Context(), w.org, kept.ID)); got != kept.SupportRequest {
			t.Errorf("read %+v, want %+v", got, kept)
		}
		if got := must[iam.SupportRequest](t)(w.FindSupportRequest(t.Context(), kept.ID)); got != kept.SupportRequest {
			t.Errorf("the operator reads %+v, want %+v", got, kept)
		}
		if got := must[[]byte](t)(w.SupportPicture(t.Context(), w.org, kept.ID)); !bytes.Equal(got, picture) {
			t.Errorf("the picture has %d bytes, want %d", len(got), len(picture))
		}
		if got := w.events(events); len(got) > 0 {
			t.Errorf("events %q, want none", got)
		}

		other := w.another()
		for name, err := range map[string]error{
			"a foreign request": last(other.SupportRequest(t.Context(), other.org, kept.ID)),
			"a foreign picture": last(other.SupportPicture(t.Context(), other.org, kept.ID)),
			"no id":             last(w.SupportRequest(t.Context(), w.org, "x")),
			"no id of any":      last(w.FindSupportRequest(t.Context(), "x")),
			"no id of a file":   last(w.SupportPicture(t.Context(), w.org, "x")),
			"an unknown one":    last(w.FindSupportRequest(t.Context(), iam.SupportRequestID(other.org))),
		} {
			if iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("%s: %v, want not found", name, err)
			}
		}
		for _, err := range w.EachSupportRequest(t.Context(), "01900000-0000-7000-8000-000000000000") {
			if iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("the requests of no organization: %v", err)
			}
		}
	})
}

func last[T any](_ T, err error) error { return err }

// The operator reads all of them, however many.
func TestEachSupportRequest_pages(t *testing.T) {
	each(t, func(w *world) {
		const many = 250
		w.ok(w.db.Write(t.Context(), func(tx *store.Tx) error {
			for i := range many {
				at := start.Add(time.Duration(i) * time.Second)
				err := tx.InsertSupportRequest(iam.SupportRequest{Organization: w.org, ID: tx.NewSupportRequestID(at), CreatedAt: at}, nil)
				if err != nil {
					return err
				}
			}
			return nil
		}))
		for _, org := range []iam.OrganizationID{"", w.org} {
			n := 0
			for r, err := range w.EachSupportRequest(t.Context(), org) {
				w.ok(err)
				if n++; !r.CreatedAt.Equal(start.Add(time.Duration(many-n) * time.Second)) {
					t.Errorf("number %d is of %v", n, r.CreatedAt)
				}
			}
			if n != many {
				t.Errorf("%d requests, want %d", n, many)
			}
		}
	})
}

// A script that went wrong fills neither the list nor the disk, and what is old goes.
func TestContactSupport_bounds(t *testing.T) {
	each(t, func(w *world) {
		send := func(picture []byte) func() error {
			return func() error {
				_, err := w.ContactSupport(t.Context(), ann, w.org, iam.SupportText{Priority: iam.PriorityLow, Subject: w.clock().String(), Description: "x"}, picture)
				return err
			}
		}
		for range access.SupportPerDay {
			w.ok(send(nil)())
			w.sleep(time.Minute)
		}
		w.refused(iam.KindTooMany, fmt.Sprintf("%d requests came from this organization", access.SupportPerDay), send(nil))
		other := w.another()
		must[access.SupportSent](t)(other.ContactSupport(t.Context(), ann, other.org, iam.SupportText{Priority: iam.PriorityLow, Subject: "s", Description: "x"}, nil))

		page, more, err := w.SupportRequests(t.Context(), w.org, "", access.SupportPerDay-1)
		w.ok(err)
		if len(page) != access.SupportPerDay-1 || !more || page[0].CreatedAt.Before(page[1].CreatedAt) {
			t.Errorf("a page of %d, more: %v", len(page), more)
		}
		page, more, err = w.SupportRequests(t.Context(), w.org, page[len(page)-1].ID, access.SupportPerDay)
		w.ok(err)
		if len(page) != 1 || more || !page[0].CreatedAt.Equal(start) {
			t.Errorf("the last page: %+v, more: %v", page, more)
		}

		w.sleep(24 * time.Hour)
		w.ok(send(nil)())
		// As if screenshots had come for months.
		w.ok(w.db.Write(t.Context(), func(tx *store.Tx) error {
			full := iam.SupportRequest{Organization: w.org, ID: tx.NewSupportRequestID(w.clock()), CreatedAt: w.clock(), SupportText: iam.SupportText{Subject: "full"}}
			full.Screenshot = iam.Screenshot{Type: "image/png", Bytes: 250 << 20}
			return tx.InsertSupportRequest(full, []byte("x"))
		}))
		w.refused(iam.KindTooMany, "send the request without one", send(aPicture(t)))
		w.ok(send(nil)())

		w.sleep(access.SupportRetention + time.Hour)
		w.ok(send(aPicture(t))())
		n, all := 0, 0
		for r, err := range w.EachSupportRequest(t.Context(), w.org) {
			w.ok(err)
			if n++; !r.CreatedAt.Equal(w.clock()) {
				t.Errorf("a request of %v is still there", r.CreatedAt)
			}
		}
		for _, err := range w.EachSupportRequest(t.Context(), "") {
			w.ok(err)
			all++
		}
		if n != 1 || all != 2 {
			t.Errorf("%d requests of the organization and %d of all, want 1 and 2", n, all)
		}
	})
}

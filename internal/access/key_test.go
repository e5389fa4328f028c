package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestCreateKey(t *testing.T) {
	each(t, func(w *world) {
		create := func(expires string) func() error {
			return func() error {
				_, err := w.CreateKey(t.Context(), iam.Operator, w.org, expires)
				return err
			}
		}
		first := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, ""))
		if !iam.IsKey(string(first.Key)) || len(first.Secret) != 43 || first.Bearer != string(first.Key)+":"+first.Secret ||
			!first.ExpiresAt.Equal(time.Date(2027, 3, 10, 23, 59, 59, 0, time.UTC)) {
			t.Errorf("key %+v, want one that expires in 12 months", first)
		}
		if strings.Contains(storetest.Dump(t, w.url), first.Secret) {
			t.Error("the database holds the secret")
		}
		week := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, "1w"))
		w.refused(iam.KindConflict, string(first.Key)+" and "+string(week.Key)+" are; revoke one first", create("never"))
		w.refused(iam.KindInvalid, "lies in the past", create("2026-03-09"))
		w.refused(iam.KindInvalid, "is not one of 1w", create("1 year"))

		w.sleep(8 * 24 * time.Hour) // the key of a week has expired and gives its slot free
		before := len(w.events(0))
		w.ok(create("never")())
		keys := must[[]access.KeyView](t)(w.Keys(t.Context(), w.org))
		if len(keys) != 3 || !keys[0].ExpiresAt.IsZero() || keys[0].Status != iam.KeyActive {
			t.Errorf("keys %+v, want the one without expiry first", keys)
		}
		if events := w.events(before); len(events) != 1 || events[0] != "key_create "+string(keys[0].ID) {
			t.Errorf("events %q, want one for the new key", events)
		}
		for _, k := range keys {
			if k.ID == week.Key && k.Status != iam.KeyExpired {
				t.Errorf("the key of a week is %s", k.Status)
			}
		}
		w.audited(func() error { return w.RevokeKey(t.Context(), iam.Operator, w.org, first.Key) }, "key_delete "+string(first.Key))
		w.ok(create("never")())
		w.refused(iam.KindConflict, "revoke one first", create("never"))
	})
}

func TestRevokeKey(t *testing.T) {
	each(t, func(w *world) {
		revoke := func(key string) func() error {
			return func() error { return w.RevokeKey(t.Context(), iam.Operator, w.org, iam.KeyID(key)) }
		}
		key := must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Operator, w.org, "never"))
		w.refused(iam.KindInvalid, "not a SCIM key", revoke(key.Bearer))
		w.refused(iam.KindInvalid, "not a SCIM key", revoke(key.Secret))
		w.refused(iam.KindNotFound, "there is no SCIM key scim_aaaaaaaaaaaaaaaaaaaa", revoke("scim_aaaaaaaaaaaaaaaaaaaa"))
		if err := revoke(key.Bearer)(); strings.Contains(err.Error(), key.Secret) {
			t.Error("the refusal repeats the secret")
		}
		other := must[access.Created](t)(w.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: "Other", AdminEmail: "a@other.example"}))
		w.refused(iam.KindNotFound, "there is no SCIM key", func() error {
			return w.RevokeKey(t.Context(), iam.Operator, other.Organization.ID, key.Key)
		})
		w.ok(revoke(string(key.Key))())
		w.idle(revoke(string(key.Key)))
	})
}

func TestKeys_makerLeft(t *testing.T) {
	each(t, func(w *world) {
		ann, ben := w.user("ann@example.com"), w.user("ben@example.com")
		for _, maker := range []iam.MemberID{ann, ben} {
			must[access.NewKey](t)(w.CreateKey(t.Context(), iam.Actor{Type: iam.ActorUser, ID: string(maker), Details: "maker"}, w.org, "never"))
		}
		w.ok(w.remove("ann@example.com"))
		for _, k := range must[[]access.KeyView](t)(w.Keys(t.Context(), w.org)) {
			if k.MakerLeft != (k.MakerID == ann) || k.Status != iam.KeyActive || k.CreatedBy != "maker" {
				t.Errorf("key %+v, want it active, and flagged only if Ann made it", k)
			}
		}
	})
}

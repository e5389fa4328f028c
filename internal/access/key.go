package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// NewKey is a SCIM key at the one moment when its secret is known.
type NewKey struct {
	Key       iam.KeyID
	Secret    string
	Bearer    string    // key:secret, the Secret Token of the identity provider
	ExpiresAt time.Time // zero: never
}

// KeyView is a SCIM key as lists show it.
type KeyView struct {
	iam.SCIMKey
	Status    iam.KeyStatus
	MakerLeft bool // a member made it who is no member any more: time to rotate (R105)
}

// CreateKey makes a SCIM key; at most two are active at once, whatever races
// (D12). expires is as iam.ParseExpiry takes it; "" is iam.DefaultExpiry.
func (s *Service) CreateKey(ctx context.Context, actor iam.Actor, org iam.OrganizationID, expires string) (NewKey, error) {
	if expires == "" {
		expires = iam.DefaultExpiry
	}
	until, err := iam.ParseExpiry(expires, s.now())
	if err != nil {
		return NewKey{}, err
	}
	id, secret, err := iam.NewKey(s.random())
	if err != nil {
		return NewKey{}, err
	}
	err = s.write(ctx, actor, org, func(w *change) error {
		key := iam.SCIMKey{ID: id, CreatedBy: actor.Details, CreatedAt: w.now, ExpiresAt: until}
		if actor.Type == iam.ActorUser {
			key.MakerID = iam.MemberID(actor.ID)
		}
		held, err := w.tx.FreeSlots(org, w.now)
		if err != nil {
			return fmt.Errorf("free the slots of keys: %w", err)
		}
		slot := freeSlot(held)
		if slot == 0 {
			return tooManyKeys(held)
		}
		added, err := w.tx.InsertKey(org, key, slot, iam.HashSecret(secret))
		if err != nil {
			return fmt.Errorf("insert SCIM key %s: %w", id, err)
		}
		if !added {
			return tooManyKeys(held)
		}
		return w.audit(iam.AuditEvent{
			Type: iam.KeyCreate, TargetType: "key", TargetID: string(id), TargetName: string(id), Details: map[string]any{"expiresAt": timeOrNever(until)},
		})
	})
	if err != nil {
		return NewKey{}, err
	}
	return NewKey{Key: id, Secret: secret, Bearer: string(id) + ":" + secret, ExpiresAt: until}, nil
}

// freeSlot returns the lowest slot that no key holds, 0 for none.
func freeSlot(held []store.KeySlot) int {
	taken := map[int]bool{}
	for _, h := range held {
		taken[h.Slot] = true
	}
	for slot := 1; slot <= iam.MaxActiveKeys; slot++ {
		if !taken[slot] {
			return slot
		}
	}
	return 0
}

func tooManyKeys(held []store.KeySlot) error {
	names := make([]string, 0, len(held))
	for _, h := range held {
		names = append(names, string(h.Key))
	}
	return iam.Errorf(iam.KindConflict, "at most %d SCIM keys can be active at once, and %s are; revoke one first",
		iam.MaxActiveKeys, strings.Join(names, " and "))
}

func timeOrNever(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}

// Keys returns all SCIM keys, revoked and expired ones too, the newest first.
func (s *Service) Keys(ctx context.Context, org iam.OrganizationID) ([]KeyView, error) {
	now := s.now()
	var views []KeyView
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		keys, err := r.Keys(org)
		if err != nil {
			return fmt.Errorf("list SCIM keys: %w", err)
		}
		missing, err := r.MissingMakers(org)
		if err != nil {
			return fmt.Errorf("list the makers of SCIM keys: %w", err)
		}
		left := make(map[iam.MemberID]bool, len(missing))
		for _, id := range missing {
			left[id] = true
		}
		for _, k := range keys {
			views = append(views, KeyView{SCIMKey: k, Status: k.Status(now), MakerLeft: left[k.MakerID]})
		}
		return nil
	})
	return views, err
}

// RevokeKey revokes a SCIM key at once, on every replica. Revoking again changes
// nothing.
func (s *Service) RevokeKey(ctx context.Context, actor iam.Actor, org iam.OrganizationID, key iam.KeyID) error {
	// What was pasted may hold the secret, which must not come back in a message
	// (S16): only what has the form of a key is looked up and echoed.
	if !iam.IsKey(string(key)) {
		return iam.Errorf(iam.KindInvalid, "this is not a SCIM key; give the key that the list shows: scim_ and 20 characters, without the secret").On("key")
	}
	return s.write(ctx, actor, org, func(w *change) error {
		if _, err := w.tx.Key(org, key); err != nil {
			if errors.Is(err, iam.ErrNotFound) {
				return iam.Errorf(iam.KindNotFound, "there is no SCIM key %s in this organization", key).On("key")
			}
			return fmt.Errorf("read SCIM key: %w", err)
		}
		return w.revoke(key)
	})
}

// revoke revokes a key that exists and tells the audit log if it was not yet.
func (w *change) revoke(key iam.KeyID) error {
	done, err := w.tx.RevokeKey(w.org.ID, key, w.now)
	if err != nil {
		return fmt.Errorf("revoke SCIM key %s: %w", key, err)
	}
	if !done {
		return nil
	}
	return w.audit(iam.AuditEvent{Type: iam.KeyDelete, TargetType: "key", TargetID: string(key), TargetName: string(key)})
}

package store

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

const keyColumns = `id, made_by, coalesce(maker_id, ''), created_at, expires_at, revoked_at, last_used_at, slot IS NULL AND revoked_at IS NULL`

func scanKey(row scanner) (iam.SCIMKey, error) {
	var k iam.SCIMKey
	var created int64
	var expires, revoked, used sql.NullInt64
	err := row.Scan(&k.ID, &k.CreatedBy, &k.MakerID, &created, &expires, &revoked, &used, &k.SlotFreed)
	k.CreatedAt, k.ExpiresAt = fromMicros(created), fromNullMicros(expires)
	k.RevokedAt, k.LastUsedAt = fromNullMicros(revoked), fromNullMicros(used)
	return k, err
}

// Key returns one SCIM key; iam.ErrNotFound.
func (r *Reader) Key(org iam.OrganizationID, id iam.KeyID) (iam.SCIMKey, error) {
	return one(r, scanKey, `SELECT `+keyColumns+` FROM scim_keys WHERE org_id = ? AND id = ?`, org, id)
}

// Keys returns all SCIM keys, revoked and expired ones too, the newest first.
func (r *Reader) Keys(org iam.OrganizationID) ([]iam.SCIMKey, error) {
	return list(r, scanKey, `SELECT `+keyColumns+` FROM scim_keys WHERE org_id = ? ORDER BY created_at DESC, id`, org)
}

// MissingMakers returns which makers of SCIM keys are members no more.
func (r *Reader) MissingMakers(org iam.OrganizationID) ([]iam.MemberID, error) {
	return list(r, scanOne[iam.MemberID], `
		SELECT DISTINCT k.maker_id FROM scim_keys k
		 WHERE k.org_id = ? AND k.maker_id IS NOT NULL
		   AND NOT EXISTS (SELECT 1 FROM users u WHERE u.org_id = k.org_id AND u.id = k.maker_id AND u.status <> ?)`,
		org, iam.StatusInactive)
}

// KeySlot is a slot that a key holds.
type KeySlot struct {
	Key  iam.KeyID
	Slot int
}

// FreeSlots takes the slots from revoked and expired keys and returns those that
// are still held (D12).
func (tx *Tx) FreeSlots(org iam.OrganizationID, now time.Time) ([]KeySlot, error) {
	if _, err := tx.exec(`UPDATE scim_keys SET slot = NULL
		WHERE org_id = ? AND slot IS NOT NULL AND (revoked_at IS NOT NULL OR expires_at <= ?)`, org, micros(now)); err != nil {
		return nil, err
	}
	scan := func(row scanner) (KeySlot, error) {
		var s KeySlot
		err := row.Scan(&s.Key, &s.Slot)
		return s, err
	}
	return list(tx.Reader, scan, `SELECT id, slot FROM scim_keys WHERE org_id = ? AND slot IS NOT NULL ORDER BY slot`, org)
}

// InsertKey adds a SCIM key in a slot. added is false, and nothing is changed,
// when another key has it.
func (tx *Tx) InsertKey(org iam.OrganizationID, k iam.SCIMKey, slot int, secret iam.SecretHash) (added bool, err error) {
	n, err := tx.exec(`
		INSERT INTO scim_keys (org_id, id, secret_hash, slot, made_by, maker_id, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		org, k.ID, hex.EncodeToString(secret[:]), slot, k.CreatedBy, nullText(k.MakerID), micros(k.CreatedAt), nullMicros(k.ExpiresAt))
	return n == 1, err
}

// RevokeKey revokes a key and frees its slot; done is false when it is unknown or
// revoked already.
func (tx *Tx) RevokeKey(org iam.OrganizationID, id iam.KeyID, now time.Time) (done bool, err error) {
	n, err := tx.exec(`UPDATE scim_keys SET slot = NULL, revoked_at = ? WHERE org_id = ? AND id = ? AND revoked_at IS NULL`, micros(now), org, id)
	return n == 1, err
}

// KeyCheck is what checking a SCIM key needs.
type KeyCheck struct {
	Organization iam.Organization
	Key          iam.SCIMKey
	Secret       iam.SecretHash
}

// CheckKey returns a key together with its organization by one statement. It
// answers iam.ErrNotFound alike for an unknown organization and for a key that
// is not the organization's (S2).
func (r *Reader) CheckKey(org iam.OrganizationID, id iam.KeyID) (KeyCheck, error) {
	scan := func(row scanner) (KeyCheck, error) {
		var c KeyCheck
		var secret string
		var madeAt, keyAt int64
		var expires, revoked, used sql.NullInt64
		o, k := &c.Organization, &c.Key
		if err := row.Scan(&o.ID, &o.Name, &o.Plan, &o.SCIMEnabled, &o.Identity, &o.UnmappedGroups, &madeAt,
			&secret, &k.ID, &k.CreatedBy, &k.MakerID, &keyAt, &expires, &revoked, &used, &k.SlotFreed); err != nil {
			return KeyCheck{}, err
		}
		o.CreatedAt, k.CreatedAt, k.ExpiresAt = fromMicros(madeAt), fromMicros(keyAt), fromNullMicros(expires)
		k.RevokedAt, k.LastUsedAt = fromNullMicros(revoked), fromNullMicros(used)
		if n, err := hex.Decode(c.Secret[:], []byte(secret)); err != nil || n != len(c.Secret) {
			return KeyCheck{}, fmt.Errorf("key %s has no secret hash", k.ID)
		}
		return c, nil
	}
	return one(r, scan, `
		SELECT o.org_id, o.name, o.plan, o.scim_enabled, o.identity_policy, o.unmapped_groups, o.created_at,
		       k.secret_hash, k.id, k.made_by, coalesce(k.maker_id, ''), k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
		       k.slot IS NULL AND k.revoked_at IS NULL
		  FROM organizations o JOIN scim_keys k ON k.org_id = o.org_id
		 WHERE o.org_id = ? AND k.id = ?`, org, id)
}

// TouchKey notes when a key was used last. An older time than the noted one
// changes nothing, so that several servers may report in any order.
func (tx *Tx) TouchKey(org iam.OrganizationID, id iam.KeyID, at time.Time) error {
	_, err := tx.exec(`UPDATE scim_keys SET last_used_at = ?
		WHERE org_id = ? AND id = ? AND (last_used_at IS NULL OR last_used_at < ?)`, micros(at), org, id, micros(at))
	return err
}

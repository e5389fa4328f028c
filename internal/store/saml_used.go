package store

import (
	"encoding/hex"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// UseOnce notes that something of SAML, known by its hash, is used. first is
// false when it was used before: the unique row decides, whichever servers try at
// once (S41). It must be remembered until expires.
func (tx *Tx) UseOnce(org iam.OrganizationID, what iam.SecretHash, expires time.Time) (first bool, err error) {
	n, err := tx.exec(`INSERT INTO saml_used (org_id, hash, expires_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		org, hex.EncodeToString(what[:]), micros(expires))
	return n == 1, err
}

// DeleteUsed deletes at most limit notes of what would be refused anyway since a
// time before, and returns how many.
func (tx *Tx) DeleteUsed(org iam.OrganizationID, before time.Time, limit int) (int64, error) {
	return tx.exec(`DELETE FROM saml_used WHERE org_id = ? AND hash IN (
		SELECT hash FROM saml_used WHERE org_id = ? AND expires_at < ? ORDER BY expires_at LIMIT ?)`, org, org, micros(before), limit)
}

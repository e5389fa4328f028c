package store

import (
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// LocalSignIn is the local sign-in of an Admin: its address, and how far it is
// set up. Password and link are stored hashed and not read back here.
type LocalSignIn struct {
	Member        iam.MemberID
	Email         string    // folded; its own, SCIM never changes it
	HasPassword   bool      // false until the one-time link was used
	LinkExpiresAt time.Time // zero: no link is waiting
	CreatedAt     time.Time
}

const signinColumns = `member_id, email, password_hash IS NOT NULL, link_expires_at, created_at`

func scanSignIn(row scanner) (LocalSignIn, error) {
	var l LocalSignIn
	var expires sql.NullInt64
	var created int64
	err := row.Scan(&l.Member, &l.Email, &l.HasPassword, &expires, &created)
	l.LinkExpiresAt, l.CreatedAt = fromNullMicros(expires), fromMicros(created)
	return l, err
}

// LocalSignIn returns the local sign-in of a member; iam.ErrNotFound.
func (r *Reader) LocalSignIn(org iam.OrganizationID, member iam.MemberID) (LocalSignIn, error) {
	return one(r, scanSignIn, `SELECT `+signinColumns+` FROM local_signins WHERE org_id = ? AND member_id = ?`, org, member)
}

// LocalSignInByEmail returns the local sign-in of a folded address; iam.ErrNotFound.
func (r *Reader) LocalSignInByEmail(org iam.OrganizationID, email string) (LocalSignIn, error) {
	return one(r, scanSignIn, `SELECT `+signinColumns+` FROM local_signins WHERE org_id = ? AND email = ?`, org, email)
}

// LocalPassword is what checking a password needs.
type LocalPassword struct {
	Org    iam.OrganizationID
	Member iam.MemberID
	Hash   string // argon2id, "" until the one-time link was used
}

func scanPassword(row scanner) (LocalPassword, error) {
	var p LocalPassword
	err := row.Scan(&p.Org, &p.Member, &p.Hash)
	return p, err
}

// LocalPassword returns the local sign-in of a folded address; iam.ErrNotFound.
func (r *Reader) LocalPassword(org iam.OrganizationID, email string) (LocalPassword, error) {
	return one(r, scanPassword, `SELECT org_id, member_id, coalesce(password_hash, '') FROM local_signins WHERE org_id = ? AND email = ?`, org, email)
}

// LocalPasswords returns the local sign-ins of a folded address in all organizations,
// the oldest first: for an Admin whose browser does not know his organization. It
// reads the whole table, which has a few rows for each organization.
func (r *Reader) LocalPasswords(email string, limit int) ([]LocalPassword, error) {
	return list(r, scanPassword, `SELECT org_id, member_id, coalesce(password_hash, '') FROM local_signins WHERE email = ? ORDER BY created_at, org_id LIMIT ?`, email, limit)
}

// HasPassword tells whether a member's local sign-in still has the password of a hash.
func (r *Reader) HasPassword(org iam.OrganizationID, member iam.MemberID, hash string) (bool, error) {
	return one(r, scanOne[bool], `SELECT count(*) > 0 FROM local_signins WHERE org_id = ? AND member_id = ? AND password_hash = ?`, org, member, hash)
}

// SignInByLink returns the local sign-in whose one-time link is waiting, also past
// its date; iam.ErrNotFound.
func (r *Reader) SignInByLink(org iam.OrganizationID, link iam.SecretHash) (LocalSignIn, error) {
	return one(r, scanSignIn, `SELECT `+signinColumns+` FROM local_signins WHERE org_id = ? AND link_hash = ?`, org, hex.EncodeToString(link[:]))
}

// UseSignInLink uses a one-time link up and sets the password; used is false, and
// nothing is changed, when the link is not the member's any more.
func (tx *Tx) UseSignInLink(org iam.OrganizationID, member iam.MemberID, link iam.SecretHash, password string) (used bool, err error) {
	n, err := tx.exec(`UPDATE local_signins SET password_hash = ?, link_hash = NULL, link_expires_at = NULL
		WHERE org_id = ? AND member_id = ? AND link_hash = ?`, password, org, member, hex.EncodeToString(link[:]))
	return n == 1, err
}

// InsertLocalSignIn gives a member a local sign-in with a password; added is false,
// and nothing is changed, when he has one or the address is taken.
func (tx *Tx) InsertLocalSignIn(org iam.OrganizationID, member iam.MemberID, email, password string, now time.Time) (added bool, err error) {
	n, err := tx.exec(`
		INSERT INTO local_signins (org_id, member_id, email, password_hash, created_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, org, member, email, password, micros(now))
	return n == 1, err
}

// PutSignInLink gives a member a new one-time link, and a local sign-in of that
// address if he has none. A former link is void from then on; a password stays.
// put is false, and nothing is changed, when another member's local sign-in has
// the address.
func (tx *Tx) PutSignInLink(org iam.OrganizationID, member iam.MemberID, email string, link iam.SecretHash, expires, now time.Time) (put bool, err error) {
	hash := hex.EncodeToString(link[:])
	n, err := tx.exec(`UPDATE local_signins SET link_hash = ?, link_expires_at = ? WHERE org_id = ? AND member_id = ?`,
		hash, micros(expires), org, member)
	if err != nil || n == 1 {
		return n == 1, err
	}
	n, err = tx.exec(`
		INSERT INTO local_signins (org_id, member_id, email, link_hash, link_expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, org, member, email, hash, micros(expires), micros(now))
	return n == 1, err
}

// MoveLocalSignIn hands a local sign-in over to another member of the organization.
func (tx *Tx) MoveLocalSignIn(org iam.OrganizationID, from, to iam.MemberID) error {
	_, err := tx.exec(`UPDATE local_signins SET member_id = ? WHERE org_id = ? AND member_id = ?`, to, org, from)
	return err
}

// DeleteLocalSignIn removes the local sign-in of a member and tells whether he had one.
func (tx *Tx) DeleteLocalSignIn(org iam.OrganizationID, member iam.MemberID) (had bool, err error) {
	n, err := tx.exec(`DELETE FROM local_signins WHERE org_id = ? AND member_id = ?`, org, member)
	return n == 1, err
}

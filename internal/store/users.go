package store

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// User is one row of users: a member, a SCIM user, or both. Doc is the canonical
// JSON of what the client sent, without id, meta, active, groups and schemas; the
// other texts are the columns that are looked up or sorted by.
type User struct {
	Org         iam.OrganizationID
	ID          iam.MemberID
	LoginKey    string // folded userName, or folded address of a member who is no SCIM user
	UserName    string
	ExternalID  string // "" for none
	DisplayName string
	GivenName   string
	FamilyName  string
	Status      iam.MemberStatus
	ManagedBy   iam.ManagedBy
	SCIM        bool
	Doc         string
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

const userColumns = `id, login_key, user_name, coalesce(external_id, ''), display_name, given_name, family_name,
	status, managed_by, is_scim, doc, version, created_at, updated_at`

func scanUser(org iam.OrganizationID) func(scanner) (User, error) {
	return func(row scanner) (User, error) {
		u := User{Org: org}
		var created, updated int64
		err := row.Scan(&u.ID, &u.LoginKey, &u.UserName, &u.ExternalID, &u.DisplayName, &u.GivenName, &u.FamilyName,
			&u.Status, &u.ManagedBy, &u.SCIM, &u.Doc, &u.Version, &created, &updated)
		u.CreatedAt, u.UpdatedAt = fromMicros(created), fromMicros(updated)
		return u, err
	}
}

// User returns one row of users by id, SCIM user or not; iam.ErrNotFound.
func (r *Reader) User(org iam.OrganizationID, id iam.MemberID) (User, error) {
	return one(r, scanUser(org), `SELECT `+userColumns+` FROM users WHERE org_id = ? AND id = ?`, org, id)
}

// UserByLogin returns the row that holds a login key; iam.ErrNotFound.
func (r *Reader) UserByLogin(org iam.OrganizationID, key string) (User, error) {
	return one(r, scanUser(org), `SELECT `+userColumns+` FROM users WHERE org_id = ? AND login_key = ?`, org, key)
}

// SCIMUserWithGroups returns a SCIM user and the groups he is in by one
// statement: one row of users and one range of an index, whatever their number.
func (r *Reader) SCIMUserWithGroups(org iam.OrganizationID, id iam.MemberID) (User, []GroupName, error) {
	rows, err := r.query(`
		SELECT 0, `+userColumns+` FROM users WHERE org_id = ? AND id = ? AND is_scim
		UNION ALL
		SELECT 1, g.id, g.display_name, '', '', '', '', '', '', '', FALSE, '', 0, 0, 0
		  FROM group_members m JOIN groups g ON g.org_id = m.org_id AND g.id = m.group_id
		 WHERE m.org_id = ? AND m.user_id = ?
		 ORDER BY 1, 2`, org, id, org, id)
	if err != nil {
		return User{}, nil, err
	}
	defer rows.Close()
	var user User
	groups := []GroupName{}
	found := false
	for rows.Next() {
		u := User{Org: org}
		var kind int
		var created, updated int64
		if err := rows.Scan(&kind, &u.ID, &u.LoginKey, &u.UserName, &u.ExternalID, &u.DisplayName, &u.GivenName, &u.FamilyName,
			&u.Status, &u.ManagedBy, &u.SCIM, &u.Doc, &u.Version, &created, &updated); err != nil {
			return User{}, nil, r.fail(err)
		}
		if kind == 0 {
			u.CreatedAt, u.UpdatedAt = fromMicros(created), fromMicros(updated)
			user, found = u, true
			continue
		}
		groups = append(groups, GroupName{ID: iam.GroupID(u.ID), DisplayName: u.LoginKey})
	}
	if err := rows.Err(); err != nil {
		return User{}, nil, r.fail(err)
	}
	if !found {
		return User{}, nil, iam.ErrNotFound
	}
	return user, groups, nil
}

// SCIMUsersByExternalID returns the SCIM users with an external id; it need not
// be unique.
func (r *Reader) SCIMUsersByExternalID(org iam.OrganizationID, externalID string) ([]User, error) {
	return list(r, scanUser(org), `SELECT `+userColumns+` FROM users
		WHERE org_id = ? AND external_id = ? AND is_scim ORDER BY id`, org, externalID)
}

// SCIMUsersAfter returns up to limit SCIM users whose ids follow after, in the
// order of their ids.
func (r *Reader) SCIMUsersAfter(org iam.OrganizationID, after iam.MemberID, limit int) ([]User, error) {
	return list(r, scanUser(org), `SELECT `+userColumns+` FROM users
		WHERE org_id = ? AND id > ? AND is_scim ORDER BY id LIMIT ?`, org, after, limit)
}

// SCIMUserIDAt returns the id of the SCIM user that stands at a 0-based position
// in the order of ids; iam.ErrNotFound behind the last.
func (r *Reader) SCIMUserIDAt(org iam.OrganizationID, position int) (iam.MemberID, error) {
	return one(r, scanOne[iam.MemberID], `SELECT id FROM users
		WHERE org_id = ? AND is_scim ORDER BY id LIMIT 1 OFFSET ?`, org, position)
}

// SCIMUsersByID returns those of the ids that are SCIM users, in no order.
func (r *Reader) SCIMUsersByID(org iam.OrganizationID, ids []iam.MemberID) ([]User, error) {
	return listIn(r, scanUser(org), `SELECT `+userColumns+` FROM users WHERE org_id = ? AND is_scim AND id IN `, org, ids)
}

// LockUser reads a row of users and holds it until the transaction ends;
// iam.ErrNotFound.
func (tx *Tx) LockUser(org iam.OrganizationID, id iam.MemberID) (User, error) {
	return one(tx.Reader, scanUser(org), `SELECT `+userColumns+` FROM users WHERE org_id = ? AND id = ?`+tx.forUpdate(), org, id)
}

// InsertUser adds a row. added is false, and nothing is changed, when the id or
// the login key is taken.
func (tx *Tx) InsertUser(u User) (added bool, err error) {
	n, err := tx.exec(`
		INSERT INTO users (org_id, id, login_key, user_name, external_id, display_name, given_name, family_name,
			status, managed_by, is_scim, doc, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		u.Org, u.ID, u.LoginKey, u.UserName, nullText(u.ExternalID), u.DisplayName, u.GivenName, u.FamilyName,
		u.Status, u.ManagedBy, u.SCIM, u.Doc, u.Version, micros(u.CreatedAt), micros(u.UpdatedAt))
	return n == 1, err
}

// UpdateUser writes a row that the transaction has locked. A login key that
// another row took meanwhile is a KindConflict.
func (tx *Tx) UpdateUser(u User) error {
	_, err := tx.exec(`
		UPDATE users SET login_key = ?, user_name = ?, external_id = ?, display_name = ?, given_name = ?, family_name = ?,
			status = ?, managed_by = ?, is_scim = ?, doc = ?, version = ?, updated_at = ?
		WHERE org_id = ? AND id = ?`,
		u.LoginKey, u.UserName, nullText(u.ExternalID), u.DisplayName, u.GivenName, u.FamilyName,
		u.Status, u.ManagedBy, u.SCIM, u.Doc, u.Version, micros(u.UpdatedAt), u.Org, u.ID)
	return err
}

// HoldLogin keeps a login key that nobody has from being taken until the
// transaction ends, and waits for whoever is just taking it; free is false when
// somebody has it. The unique index decides: a row that comes and goes within one
// transaction makes all others wait for its end.
func (tx *Tx) HoldLogin(org iam.OrganizationID, key string) (free bool, err error) {
	id := iam.MemberID(tx.NewID())
	free, err = tx.InsertUser(User{Org: org, ID: id, LoginKey: key, UserName: key, Status: iam.StatusInactive, ManagedBy: iam.ManagedByAdmin, Doc: "{}"})
	if err != nil || !free {
		return false, err
	}
	_, err = tx.exec(`DELETE FROM users WHERE org_id = ? AND id = ?`, org, id)
	return true, err
}

// FreeLogin gives up the login key of a row that is about to be deleted, so that
// another row may take it in the same transaction.
func (tx *Tx) FreeLogin(org iam.OrganizationID, id iam.MemberID) error {
	_, err := tx.exec(`UPDATE users SET login_key = ? WHERE org_id = ? AND id = ?`, "\x7f"+string(id), org, id)
	return err
}

// DeleteUser removes a row whose memberships, direct roles and local sign-in are
// gone, and keeps its id for good, so that it is never used again (D4, D11).
func (tx *Tx) DeleteUser(org iam.OrganizationID, id iam.MemberID, at time.Time) error {
	if _, err := tx.exec(`DELETE FROM users WHERE org_id = ? AND id = ?`, org, id); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO deleted_users (org_id, id, deleted_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, org, id, micros(at))
	return err
}

// DeletedUsers returns those of the ids that belonged to users deleted here.
func (r *Reader) DeletedUsers(org iam.OrganizationID, ids []iam.MemberID) ([]iam.MemberID, error) {
	return listIn(r, scanOne[iam.MemberID], `SELECT id FROM deleted_users WHERE org_id = ? AND id IN `, org, ids)
}

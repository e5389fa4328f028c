package store

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Group is one row of groups.
type Group struct {
	Org         iam.OrganizationID
	ID          iam.GroupID
	DisplayName string
	NameKey     string // folded
	ExternalID  string // "" for none
	Role        iam.RoleID
	Doc         string
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// GroupName is what a list shows of a group.
type GroupName struct {
	ID          iam.GroupID
	DisplayName string
}

const groupColumns = `id, display_name, name_key, coalesce(external_id, ''), coalesce(role_id, ''), doc, version, created_at, updated_at`

func scanGroup(org iam.OrganizationID) func(scanner) (Group, error) {
	return func(row scanner) (Group, error) {
		g := Group{Org: org}
		var created, updated int64
		err := row.Scan(&g.ID, &g.DisplayName, &g.NameKey, &g.ExternalID, &g.Role, &g.Doc, &g.Version, &created, &updated)
		g.CreatedAt, g.UpdatedAt = fromMicros(created), fromMicros(updated)
		return g, err
	}
}

// Group returns a group by id; iam.ErrNotFound.
func (r *Reader) Group(org iam.OrganizationID, id iam.GroupID) (Group, error) {
	return one(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups WHERE org_id = ? AND id = ?`, org, id)
}

// GroupByName returns the group whose displayName folds to key; iam.ErrNotFound.
func (r *Reader) GroupByName(org iam.OrganizationID, key string) (Group, error) {
	return one(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups WHERE org_id = ? AND name_key = ?`, org, key)
}

// GroupsByExternalID returns the groups with an external id; it need not be unique.
func (r *Reader) GroupsByExternalID(org iam.OrganizationID, externalID string) ([]Group, error) {
	return list(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups
		WHERE org_id = ? AND external_id = ? ORDER BY id`, org, externalID)
}

// GroupsOfRole returns the groups that are linked to a role, by name.
func (r *Reader) GroupsOfRole(org iam.OrganizationID, role iam.RoleID) ([]Group, error) {
	return list(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups
		WHERE org_id = ? AND role_id = ? ORDER BY display_name`, org, role)
}

// GroupsOfUser returns the groups a user is in, in the order of their ids.
func (r *Reader) GroupsOfUser(org iam.OrganizationID, user iam.MemberID) ([]Group, error) {
	return list(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups
		WHERE org_id = ? AND id IN (SELECT group_id FROM group_members WHERE org_id = ? AND user_id = ?)
		ORDER BY id`, org, org, user)
}

// GroupsAfter returns up to limit groups whose ids follow after.
func (r *Reader) GroupsAfter(org iam.OrganizationID, after iam.GroupID, limit int) ([]Group, error) {
	return list(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups
		WHERE org_id = ? AND id > ? ORDER BY id LIMIT ?`, org, after, limit)
}

// GroupIDAt returns the id of the group at a 0-based position in the order of
// ids; iam.ErrNotFound behind the last.
func (r *Reader) GroupIDAt(org iam.OrganizationID, position int) (iam.GroupID, error) {
	return one(r, scanOne[iam.GroupID], `SELECT id FROM groups WHERE org_id = ? ORDER BY id LIMIT 1 OFFSET ?`, org, position)
}

// GroupsByID returns those of the ids that are groups, in no order.
func (r *Reader) GroupsByID(org iam.OrganizationID, ids []iam.GroupID) ([]Group, error) {
	return listIn(r, scanGroup(org), `SELECT `+groupColumns+` FROM groups WHERE org_id = ? AND id IN `, org, ids)
}

// LockGroup reads a group and holds its row until the transaction ends;
// iam.ErrNotFound.
func (tx *Tx) LockGroup(org iam.OrganizationID, id iam.GroupID) (Group, error) {
	return one(tx.Reader, scanGroup(org), `SELECT `+groupColumns+` FROM groups WHERE org_id = ? AND id = ?`+tx.forUpdate(), org, id)
}

// InsertGroup adds a group. added is false, and nothing is changed, when the id
// or the folded name is taken.
func (tx *Tx) InsertGroup(g Group) (added bool, err error) {
	n, err := tx.exec(`
		INSERT INTO groups (org_id, id, display_name, name_key, external_id, role_id, doc, version, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`,
		g.Org, g.ID, g.DisplayName, g.NameKey, nullText(g.ExternalID), nullText(g.Role), g.Doc, g.Version,
		micros(g.CreatedAt), micros(g.UpdatedAt))
	return n == 1, err
}

// UpdateGroup writes a row that the transaction has locked. A name that another
// group took meanwhile is a KindConflict.
func (tx *Tx) UpdateGroup(g Group) error {
	_, err := tx.exec(`
		UPDATE groups SET display_name = ?, name_key = ?, external_id = ?, role_id = ?, doc = ?, version = ?, updated_at = ?
		WHERE org_id = ? AND id = ?`,
		g.DisplayName, g.NameKey, nullText(g.ExternalID), nullText(g.Role), g.Doc, g.Version, micros(g.UpdatedAt), g.Org, g.ID)
	return err
}

// TouchGroup counts a change of a group's members.
func (tx *Tx) TouchGroup(org iam.OrganizationID, id iam.GroupID, at time.Time) error {
	_, err := tx.exec(`UPDATE groups SET version = version + 1, updated_at = ? WHERE org_id = ? AND id = ?`, micros(at), org, id)
	return err
}

// LinkGroup sets or clears ("") the role of a group.
func (tx *Tx) LinkGroup(org iam.OrganizationID, id iam.GroupID, role iam.RoleID) error {
	_, err := tx.exec(`UPDATE groups SET role_id = ? WHERE org_id = ? AND id = ?`, nullText(role), org, id)
	return err
}

// DeleteGroup removes a group whose memberships are gone.
func (tx *Tx) DeleteGroup(org iam.OrganizationID, id iam.GroupID) error {
	_, err := tx.exec(`DELETE FROM groups WHERE org_id = ? AND id = ?`, org, id)
	return err
}

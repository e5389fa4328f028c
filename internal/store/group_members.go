package store

import (
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// GroupMember is one member of a group as SCIM shows him.
type GroupMember struct {
	ID          iam.MemberID
	DisplayName string // "" when his document has none
	UserName    string
}

// GroupMembersAfter returns up to limit members of a group whose ids follow
// after, in the order of their ids, active or not.
func (r *Reader) GroupMembersAfter(org iam.OrganizationID, group iam.GroupID, after iam.MemberID, limit int) ([]GroupMember, error) {
	scan := func(row scanner) (GroupMember, error) {
		var m GroupMember
		err := row.Scan(&m.ID, &m.DisplayName, &m.UserName)
		return m, err
	}
	return list(r, scan, `
		SELECT m.user_id, u.display_name, u.user_name
		  FROM group_members m JOIN users u ON u.org_id = m.org_id AND u.id = m.user_id
		 WHERE m.org_id = ? AND m.group_id = ? AND m.user_id > ?
		 ORDER BY m.user_id LIMIT ?`, org, group, after, limit)
}

// GroupMemberIDs returns the ids of all members of a group, in order.
func (r *Reader) GroupMemberIDs(org iam.OrganizationID, group iam.GroupID) ([]iam.MemberID, error) {
	return list(r, scanOne[iam.MemberID], `SELECT user_id FROM group_members
		WHERE org_id = ? AND group_id = ? ORDER BY user_id`, org, group)
}

// IsGroupMember tells whether a user is in a group.
func (r *Reader) IsGroupMember(org iam.OrganizationID, group iam.GroupID, user iam.MemberID) (bool, error) {
	found, err := list(r, scanOne[iam.MemberID], `SELECT user_id FROM group_members
		WHERE org_id = ? AND group_id = ? AND user_id = ?`, org, group, user)
	return len(found) == 1, err
}

// UserGroup is a group together with one of the users that were asked for.
type UserGroup struct {
	User  iam.MemberID
	Group GroupName
}

// GroupsOfUsers returns the groups of each of the users, ordered by user and group.
func (r *Reader) GroupsOfUsers(org iam.OrganizationID, users []iam.MemberID) ([]UserGroup, error) {
	scan := func(row scanner) (UserGroup, error) {
		var u UserGroup
		err := row.Scan(&u.User, &u.Group.ID, &u.Group.DisplayName)
		return u, err
	}
	return listIn(r, scan, `
		SELECT m.user_id, g.id, g.display_name
		  FROM group_members m JOIN groups g ON g.org_id = m.org_id AND g.id = m.group_id
		 WHERE m.org_id = ? AND m.user_id IN `, org, users)
}

// LockSCIMUsers returns those of the ids that are SCIM users, in order, and keeps
// them from being deleted until the transaction ends.
func (tx *Tx) LockSCIMUsers(org iam.OrganizationID, ids []iam.MemberID) ([]iam.MemberID, error) {
	return listIn(tx.Reader, scanOne[iam.MemberID], `SELECT id FROM users WHERE org_id = ? AND is_scim AND id IN `, org, ids,
		` ORDER BY id`+tx.forKeyShare())
}

// AddGroupMembers adds SCIM users to a group and returns those who were not in
// it. Each id must be a SCIM user that the transaction has locked.
func (tx *Tx) AddGroupMembers(org iam.OrganizationID, group iam.GroupID, ids []iam.MemberID) ([]iam.MemberID, error) {
	var added []iam.MemberID
	err := eachChunk(ids, func(chunk []iam.MemberID) error {
		args := make([]any, 0, 3*len(chunk))
		for _, id := range chunk {
			args = append(args, org, group, id)
		}
		got, err := list(tx.Reader, scanOne[iam.MemberID], `INSERT INTO group_members (org_id, group_id, user_id) VALUES `+
			valueLists(len(chunk), 3)+` ON CONFLICT DO NOTHING RETURNING user_id`, args...)
		added = append(added, got...)
		return err
	})
	return added, err
}

// RemoveGroupMembers takes users out of a group and returns those who were in it.
func (tx *Tx) RemoveGroupMembers(org iam.OrganizationID, group iam.GroupID, ids []iam.MemberID) ([]iam.MemberID, error) {
	var removed []iam.MemberID
	err := eachChunk(ids, func(chunk []iam.MemberID) error {
		args := make([]any, 0, 2+len(chunk))
		args = append(args, org, group)
		for _, id := range chunk {
			args = append(args, id)
		}
		got, err := list(tx.Reader, scanOne[iam.MemberID], `DELETE FROM group_members WHERE org_id = ? AND group_id = ? AND user_id IN (`+
			inList(len(chunk))+`) RETURNING user_id`, args...)
		removed = append(removed, got...)
		return err
	})
	return removed, err
}

// ClearGroup takes everybody out of a group and returns who was in it.
func (tx *Tx) ClearGroup(org iam.OrganizationID, group iam.GroupID) ([]iam.MemberID, error) {
	return list(tx.Reader, scanOne[iam.MemberID], `DELETE FROM group_members WHERE org_id = ? AND group_id = ? RETURNING user_id`, org, group)
}

// LeaveGroups takes a user out of all groups, counts the change on each, and
// returns them. It locks the groups before the caller locks the user, so that
// nobody waits in a circle, and touches no others; so it is called once more after
// that for groups he joined meanwhile.
func (tx *Tx) LeaveGroups(org iam.OrganizationID, user iam.MemberID, at time.Time) ([]GroupName, error) {
	scan := func(row scanner) (GroupName, error) {
		var g GroupName
		err := row.Scan(&g.ID, &g.DisplayName)
		return g, err
	}
	locked, err := list(tx.Reader, scan, `SELECT id, display_name FROM groups
		WHERE org_id = ? AND id IN (SELECT group_id FROM group_members WHERE org_id = ? AND user_id = ?)
		ORDER BY id`+tx.forUpdate(), org, org, user)
	if err != nil {
		return nil, err
	}
	var left []GroupName
	for some := range slices.Chunk(locked, maxInList) {
		args := []any{org, user}
		for _, g := range some {
			args = append(args, g.ID)
		}
		// He may have left one while its lock was waited for.
		gone, err := list(tx.Reader, scanOne[iam.GroupID], `DELETE FROM group_members WHERE org_id = ? AND user_id = ? AND group_id IN (`+
			inList(len(some))+`) RETURNING group_id`, args...)
		if err != nil {
			return nil, err
		}
		for _, g := range some {
			if slices.Contains(gone, g.ID) {
				left = append(left, g)
			}
		}
	}
	return left, tx.touchGroups(org, left, at)
}

// touchGroups counts a change of the members of groups that are locked.
func (tx *Tx) touchGroups(org iam.OrganizationID, groups []GroupName, at time.Time) error {
	return eachChunk(groups, func(chunk []GroupName) error {
		args := []any{micros(at), org}
		for _, g := range chunk {
			args = append(args, g.ID)
		}
		_, err := tx.exec(`UPDATE groups SET version = version + 1, updated_at = ? WHERE org_id = ? AND id IN (`+inList(len(chunk))+`)`, args...)
		return err
	})
}

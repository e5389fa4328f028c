package directory

import (
	"context"
	"fmt"
)

// position returns where a page begins: after a row, or after a number.
func position(since int64, after Position) (seq int64, id string) {
	if after.Seq > since {
		return after.Seq, string(after.ID)
	}
	return since + 1, "" // no id is empty, so this is before the first of that number
}

// ChangedUsers returns the users that were written after the number since, in the order of
// their last writes: live, soft-deleted and purged ones. after is the position (Seq, ID) of
// the last row of the page before, the zero Position for the first page. A page that is
// not full is the last.
//
// Microsoft Graph docs, "delta-query-overview".
func (db *DB) ChangedUsers(ctx context.Context, since int64, after Position, limit int) ([]UserChange, error) {
	seq, id := position(since, after)
	list, err := collect(ctx, db.reads, func(row scanner) (UserChange, error) {
		var purged bool
		u, err := scanUser(purgedRow{row, &purged})
		return UserChange{u, purged}, err
	}, `SELECT id, doc, created_at_us, deleted_at_us, seq, purged FROM (
		SELECT * FROM (SELECT id, doc, created_at_us, deleted_at_us, seq, 0 AS purged FROM users WHERE (seq, id) > (?1, ?2) ORDER BY seq, id LIMIT ?3)
		UNION ALL
		SELECT * FROM (SELECT id, '{}' AS doc, 0, 0, seq, 1 FROM tombstones WHERE kind = 'User' AND (seq, id) > (?1, ?2) ORDER BY seq, id LIMIT ?3)
	) ORDER BY seq, id LIMIT ?3`, seq, id, pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the users changed after %d: %w", since, err)
	}
	return list, nil
}

// ChangedGroups is [DB.ChangedUsers] for groups. A group is written when its members change.
func (db *DB) ChangedGroups(ctx context.Context, since int64, after Position, limit int) ([]GroupChange, error) {
	seq, id := position(since, after)
	list, err := collect(ctx, db.reads, func(row scanner) (GroupChange, error) {
		var purged bool
		g, err := scanGroup(purgedRow{row, &purged})
		return GroupChange{g, purged}, err
	}, `SELECT id, doc, created_at_us, deleted_at_us, seq, purged FROM (
		SELECT * FROM (SELECT id, doc, created_at_us, deleted_at_us, seq, 0 AS purged FROM groups WHERE (seq, id) > (?1, ?2) ORDER BY seq, id LIMIT ?3)
		UNION ALL
		SELECT * FROM (SELECT id, '{}' AS doc, 0, 0, seq, 1 FROM tombstones WHERE kind = 'Group' AND (seq, id) > (?1, ?2) ORDER BY seq, id LIMIT ?3)
	) ORDER BY seq, id LIMIT ?3`, seq, id, pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the groups changed after %d: %w", since, err)
	}
	return list, nil
}

// purgedRow scans one more column behind those of an object.
type purgedRow struct {
	row    scanner
	purged *bool
}

func (p purgedRow) Scan(values ...any) error { return p.row.Scan(append(values, p.purged)...) }

// MemberChanges returns the memberships of a group that began or ended after the number
// since, in the order of their writes; each member comes once, as it is now. Soft-deleted
// users are among them: they have not left the group.
func (db *DB) MemberChanges(ctx context.Context, group ID, since int64, after Position, limit int) ([]MemberChange, error) {
	seq, id := position(since, after)
	list, err := collect(ctx, db.reads, func(row scanner) (MemberChange, error) {
		var (
			member, kind string
			c            MemberChange
		)
		err := row.Scan(&member, &kind, &c.Removed, &c.Seq)
		c.Member = Member{ID(member), Kind(kind)}
		return c, err
	}, `SELECT member_id, kind, removed, seq FROM members WHERE group_id = ? AND (seq, member_id) > (?, ?) ORDER BY seq, member_id LIMIT ?`,
		string(group), seq, id, pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the members of group %s changed after %d: %w", group, since, err)
	}
	return list, nil
}

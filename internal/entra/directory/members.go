package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
)

// AddMember makes a user, or another group, a direct member of a group. The group and the
// member are written. Who is a member already stays one: added is false, nothing is written.
func (db *DB) AddMember(ctx context.Context, group, member ID) (added bool, err error) {
	n, err := db.AddMembers(ctx, group, []ID{member})
	return n == 1, err
}

// AddMembers adds all of them or none, and returns how many were no members before.
func (db *DB) AddMembers(ctx context.Context, group ID, members []ID) (added int, err error) {
	err = db.write(ctx, func(w *writer) error {
		g, err := w.liveGroup(ctx, group)
		if err != nil {
			return err
		}
		for _, member := range members {
			ok, err := w.addMember(ctx, g, member)
			if err != nil {
				return err
			}
			if ok {
				added++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

func (w *writer) addMember(ctx context.Context, g Group, member ID) (bool, error) {
	if member == g.ID {
		return false, refuse(Invalid, "The group %q cannot be a member of itself.", g.DisplayName)
	}
	kind := KindUser
	_, err := w.liveUser(ctx, member)
	if IsProblem(err, NotFound) {
		kind = KindGroup
		if _, groupErr := w.liveGroup(ctx, member); groupErr == nil {
			err = nil
		} else if !IsProblem(groupErr, NotFound) {
			err = groupErr
		}
	}
	if IsProblem(err, NotFound) {
		return false, refuse(NotFound, "There is no user or group with the object id %q to add to %q.", string(member), g.DisplayName)
	}
	if err != nil {
		return false, err
	}
	removed := true
	err = w.tx.QueryRowContext(ctx, `SELECT removed FROM members WHERE group_id = ? AND member_id = ?`, string(g.ID), string(member)).Scan(&removed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("look for member %s: %w", member, err)
	}
	if !removed {
		return false, nil
	}
	return true, w.putMember(ctx, g.ID, Member{member, kind}, false)
}

// putMember writes a membership, its group and its member.
func (w *writer) putMember(ctx context.Context, group ID, m Member, removed bool) error {
	seq, err := w.next(ctx)
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(ctx, `INSERT INTO members (group_id, member_id, kind, removed, seq) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (group_id, member_id) DO UPDATE SET kind = excluded.kind, removed = excluded.removed, seq = excluded.seq`,
		string(group), string(m.ID), string(m.Kind), removed, seq)
	if err != nil {
		return fmt.Errorf("write member %s of group %s: %w", m.ID, group, err)
	}
	if err := w.touch(ctx, group, KindGroup); err != nil {
		return err
	}
	return w.touch(ctx, m.ID, m.Kind)
}

// touch gives an object the next number.
func (w *writer) touch(ctx context.Context, id ID, kind Kind) error {
	seq, err := w.next(ctx)
	if err != nil {
		return err
	}
	statement := `UPDATE users SET seq = ? WHERE id = ?`
	if kind == KindGroup {
		statement = `UPDATE groups SET seq = ? WHERE id = ?`
	}
	if _, err := w.tx.ExecContext(ctx, statement, seq, string(id)); err != nil {
		return fmt.Errorf("mark %s as changed: %w", id, err)
	}
	return nil
}

// touchMembers gives the users of a group one number, in one statement.
func (w *writer) touchMembers(ctx context.Context, group ID) error {
	seq, err := w.next(ctx)
	if err != nil {
		return err
	}
	_, err = w.tx.ExecContext(ctx, `UPDATE users SET seq = ? WHERE id IN (SELECT member_id FROM members WHERE group_id = ? AND removed = 0)`, seq, string(group))
	if err != nil {
		return fmt.Errorf("mark the members of group %s as changed: %w", group, err)
	}
	return nil
}

// RemoveMember ends a direct membership. Who is no member is no error: removed is false.
func (db *DB) RemoveMember(ctx context.Context, group, member ID) (removed bool, err error) {
	err = db.write(ctx, func(w *writer) error {
		if _, err := w.liveGroup(ctx, group); err != nil {
			return err
		}
		var kind string
		err := w.tx.QueryRowContext(ctx, `SELECT kind FROM members WHERE group_id = ? AND member_id = ? AND removed = 0`, string(group), string(member)).Scan(&kind)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for member %s: %w", member, err)
		}
		removed = true
		return w.putMember(ctx, group, Member{member, Kind(kind)}, true)
	})
	return removed, err
}

// endMemberships ends those that an object has and, for a group, those in it.
func (w *writer) endMemberships(ctx context.Context, id ID) error {
	var kind string
	groups, err := collect(ctx, w.tx, func(row scanner) (ID, error) {
		var group string
		err := row.Scan(&group, &kind)
		return ID(group), err
	}, `SELECT group_id, kind FROM members WHERE member_id = ? AND removed = 0`, string(id))
	if err != nil {
		return fmt.Errorf("read the groups of %s: %w", id, err)
	}
	for _, group := range groups {
		if err := w.putMember(ctx, group, Member{id, Kind(kind)}, true); err != nil {
			return err
		}
	}
	return w.touchMembers(ctx, id)
}

// liveMember is the condition that the object of a row m of members is no deleted one.
const liveMember = `(m.kind = 'User' AND EXISTS (SELECT 1 FROM users u WHERE u.id = m.member_id AND u.deleted_at_us = 0)
	OR m.kind = 'Group' AND EXISTS (SELECT 1 FROM groups g WHERE g.id = m.member_id AND g.deleted_at_us = 0))`

// Members returns the direct members of a group by id, without soft-deleted ones; after is
// the ID of the last of the page before.
func (db *DB) Members(ctx context.Context, group, after ID, limit int) ([]Member, error) {
	list, err := collect(ctx, db.reads, func(row scanner) (Member, error) {
		var id, kind string
		err := row.Scan(&id, &kind)
		return Member{ID(id), Kind(kind)}, err
	}, `SELECT m.member_id, m.kind FROM members m WHERE m.group_id = ? AND m.member_id > ? AND m.removed = 0 AND `+liveMember+`
		ORDER BY m.member_id LIMIT ?`, string(group), string(after), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the members of group %s: %w", group, err)
	}
	return list, nil
}

// AllMembers iterates over [DB.Members].
func (db *DB) AllMembers(ctx context.Context, group ID) iter.Seq2[Member, error] {
	return pages("", func(after ID) ([]Member, error) { return db.Members(ctx, group, after, MostPerPage) }, func(m Member) ID { return m.ID })
}

// MemberUsers returns the users among the direct members by id, soft-deleted ones left out.
func (db *DB) MemberUsers(ctx context.Context, group, after ID, limit int) ([]User, error) {
	return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users WHERE deleted_at_us = 0 AND id IN (
		SELECT m.member_id FROM members m WHERE m.group_id = ? AND m.member_id > ? AND m.removed = 0 AND m.kind = 'User' AND `+liveMember+`
		ORDER BY m.member_id LIMIT ?) ORDER BY id`, string(group), string(after), pageSize(limit))
}

// CountMembers counts the direct members of a group, soft-deleted ones left out.
func (db *DB) CountMembers(ctx context.Context, group ID) (int, error) {
	var count int
	err := db.reads.QueryRowContext(ctx, `SELECT count(*) FROM members m WHERE m.group_id = ? AND m.removed = 0 AND `+liveMember, string(group)).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count the members of group %s: %w", group, err)
	}
	return count, nil
}

// IsMember tells whether the user or group is a direct member.
func (db *DB) IsMember(ctx context.Context, group, member ID) (bool, error) {
	var is bool
	err := db.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM members WHERE group_id = ? AND member_id = ? AND removed = 0)`, string(group), string(member)).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for member %s of group %s: %w", member, group, err)
	}
	return is, nil
}

// GroupsOf returns the live groups whose direct member the user or group is, by id.
func (db *DB) GroupsOf(ctx context.Context, member, after ID, limit int) ([]Group, error) {
	list, err := collect(ctx, db.reads, scanGroup, `SELECT `+userColumns+` FROM groups WHERE deleted_at_us = 0 AND id > ?
		AND id IN (SELECT group_id FROM members WHERE member_id = ? AND removed = 0) ORDER BY id LIMIT ?`, string(after), string(member), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the groups of %s: %w", member, err)
	}
	return list, nil
}

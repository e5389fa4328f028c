package directory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"
)

func scanGroup(row scanner) (Group, error) {
	var (
		id, doc          string
		created, deleted int64
		g                Group
		seq              int64
	)
	if err := row.Scan(&id, &doc, &created, &deleted, &seq); err != nil {
		return Group{}, err
	}
	if err := json.Unmarshal([]byte(doc), &g); err != nil {
		return Group{}, fmt.Errorf("read group %s: %w", id, err)
	}
	g.ID, g.CreatedAt, g.DeletedAt, g.Seq = ID(id), fromMoment(created), fromMoment(deleted), seq
	return g, nil
}

func (g Group) stored() string {
	g.ID, g.Seq = "", 0
	g.CreatedAt, g.DeletedAt = time.Time{}, time.Time{}
	doc, err := json.Marshal(g)
	if err != nil {
		panic(err) // a struct of strings and a boolean
	}
	return string(doc)
}

func groupArgs(g Group) []any {
	search := fold(g.DisplayName + "\n" + g.Description + "\n" + g.MailNickname)
	return []any{string(g.ID), fold(g.DisplayName), search, g.stored(), moment(g.CreatedAt), moment(g.DeletedAt), g.Seq}
}

const insertGroup = `INSERT INTO groups (id, display_fold, search, doc, created_at_us, deleted_at_us, seq) VALUES (?, ?, ?, ?, ?, ?, ?)`

func (g *Group) check() error {
	if strings.TrimSpace(g.DisplayName) == "" {
		return refuse(Invalid, "The group needs a display name.")
	}
	for _, a := range []struct {
		name, value string
		most        int
	}{{"displayName", g.DisplayName, 256}, {"description", g.Description, 1024}, {"mailNickname", g.MailNickname, 64}} {
		if err := checkText(a.name, a.value, a.most); err != nil {
			return err
		}
	}
	return nil
}

// nickname makes a mail nickname of what a display name has of letters and digits.
func nickname(displayName string) string {
	kept := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.') {
			return r
		}
		return -1
	}, displayName)
	if kept == "" {
		return "group"
	}
	return kept[:min(len(kept), 64)]
}

func groupByID(ctx context.Context, q queryer, id ID) (Group, error) {
	g, err := scanGroup(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM groups WHERE id = ?`, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Group{}, refuse(NotFound, "There is no group with the object id %q.", string(id))
	}
	return g, err
}

func (w *writer) liveGroup(ctx context.Context, id ID) (Group, error) {
	g, err := groupByID(ctx, w.tx, id)
	if err != nil {
		return Group{}, err
	}
	if !g.DeletedAt.IsZero() {
		return Group{}, refuse(NotFound, "The group %q is deleted; restore it first.", g.DisplayName)
	}
	return g, nil
}

func (w *writer) saveGroup(ctx context.Context, g Group) (Group, error) {
	seq, err := w.next(ctx)
	if err != nil {
		return Group{}, err
	}
	g.Seq = seq
	args := groupArgs(g)
	_, err = w.tx.ExecContext(ctx, `UPDATE groups SET display_fold = ?, search = ?, doc = ?, created_at_us = ?, deleted_at_us = ?, seq = ? WHERE id = ?`,
		append(args[1:], args[0])...)
	if err != nil {
		return Group{}, fmt.Errorf("save group %s: %w", g.ID, err)
	}
	return g, nil
}

// CreateGroup adds a group without members. Errors: Invalid; Conflict for a given id in use.
func (db *DB) CreateGroup(ctx context.Context, g Group) (Group, error) {
	err := db.write(ctx, func(w *writer) error {
		var err error
		g, err = db.createGroup(ctx, w, g)
		return err
	})
	if err != nil {
		return Group{}, err
	}
	return g, nil
}

func (db *DB) createGroup(ctx context.Context, w *writer, g Group) (Group, error) {
	id, err := db.checkedID(g.ID)
	if err != nil {
		return Group{}, err
	}
	g.ID, g.CreatedAt, g.DeletedAt = id, db.now().UTC().Truncate(time.Microsecond), time.Time{}
	if g.MailNickname == "" {
		g.MailNickname = nickname(g.DisplayName)
	}
	if err := g.check(); err != nil {
		return Group{}, err
	}
	if err := w.checkFree(ctx, g.ID); err != nil {
		return Group{}, err
	}
	if g.Seq, err = w.next(ctx); err != nil {
		return Group{}, err
	}
	if _, err := w.tx.ExecContext(ctx, insertGroup, groupArgs(g)...); err != nil {
		return Group{}, fmt.Errorf("create group %q: %w", g.DisplayName, err)
	}
	return g, nil
}

// UpdateGroup is [DB.UpdateUser] for a group.
func (db *DB) UpdateGroup(ctx context.Context, id ID, change func(*Group) error) (Group, error) {
	var g Group
	err := db.write(ctx, func(w *writer) error {
		old, err := w.liveGroup(ctx, id)
		if err != nil {
			return err
		}
		g = old
		if err := change(&g); err != nil {
			return err
		}
		g.ID, g.CreatedAt, g.DeletedAt, g.Seq = old.ID, old.CreatedAt, old.DeletedAt, old.Seq
		if g == old {
			return nil
		}
		if err := g.check(); err != nil {
			return err
		}
		g, err = w.saveGroup(ctx, g)
		return err
	})
	if err != nil {
		return Group{}, err
	}
	return g, nil
}

// DeleteGroup soft-deletes a group: its members and assignments rest until it is restored
// or purged. The members are written too, because what they had through it is gone.
func (db *DB) DeleteGroup(ctx context.Context, id ID) error {
	return db.write(ctx, func(w *writer) error {
		g, err := w.liveGroup(ctx, id)
		if err != nil {
			return err
		}
		g.DeletedAt = db.now().UTC()
		if _, err = w.saveGroup(ctx, g); err != nil {
			return err
		}
		return w.touchMembers(ctx, id)
	})
}

// RestoreGroup undoes DeleteGroup.
func (db *DB) RestoreGroup(ctx context.Context, id ID) (Group, error) {
	var g Group
	err := db.write(ctx, func(w *writer) error {
		var err error
		if g, err = groupByID(ctx, w.tx, id); err != nil {
			return err
		}
		if g.DeletedAt.IsZero() {
			return refuse(Invalid, "The group %q is not deleted.", g.DisplayName)
		}
		g.DeletedAt = time.Time{}
		if g, err = w.saveGroup(ctx, g); err != nil {
			return err
		}
		return w.touchMembers(ctx, id)
	})
	if err != nil {
		return Group{}, err
	}
	return g, nil
}

// PurgeGroup deletes a soft-deleted group for good, with its memberships and assignments.
func (db *DB) PurgeGroup(ctx context.Context, id ID) error {
	return db.write(ctx, func(w *writer) error {
		g, err := groupByID(ctx, w.tx, id)
		if err != nil {
			return err
		}
		if g.DeletedAt.IsZero() {
			return refuse(Invalid, "The group %q must be deleted before it can be deleted permanently.", g.DisplayName)
		}
		return w.purgeGroup(ctx, id)
	})
}

func (w *writer) purgeGroup(ctx context.Context, id ID) error {
	if err := w.endMemberships(ctx, id); err != nil {
		return err
	}
	return w.bury(ctx, id, KindGroup)
}

// Group returns a group by its object id, soft-deleted ones too (DeletedAt tells).
func (db *DB) Group(ctx context.Context, id ID) (Group, error) {
	return groupByID(ctx, db.reads, ID(fold(string(id))))
}

// GroupsNamed returns the live groups of exactly that display name, by id: it is not unique.
func (db *DB) GroupsNamed(ctx context.Context, displayName string) ([]Group, error) {
	return groupsNamed(ctx, db.reads, displayName)
}

func groupsNamed(ctx context.Context, q queryer, displayName string) ([]Group, error) {
	list, err := collect(ctx, q, scanGroup, `SELECT `+userColumns+` FROM groups WHERE display_fold = ? AND deleted_at_us = 0 ORDER BY id LIMIT ?`, fold(displayName), MostPerPage)
	if err != nil {
		return nil, fmt.Errorf("look for the group %q: %w", displayName, err)
	}
	exact := list[:0]
	for _, g := range list {
		if g.DisplayName == displayName {
			exact = append(exact, g)
		}
	}
	return exact, nil
}

// Groups iterates over the live groups by id.
func (db *DB) Groups(ctx context.Context) iter.Seq2[Group, error] {
	return pages("", func(after ID) ([]Group, error) {
		return collect(ctx, db.reads, scanGroup, `SELECT `+userColumns+` FROM groups WHERE id > ? AND deleted_at_us = 0 ORDER BY id LIMIT ?`, string(after), MostPerPage)
	}, func(g Group) ID { return g.ID })
}

// SearchGroups is [DB.SearchUsers] for groups: display name, description, mail nickname.
func (db *DB) SearchGroups(ctx context.Context, query string, after ID, limit int) ([]Group, error) {
	text, args := searchQuery("groups", query, after, limit)
	list, err := collect(ctx, db.reads, scanGroup, `SELECT `+userColumns+` FROM groups WHERE id IN (SELECT id`+text+`) ORDER BY display_fold, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("search groups: %w", err)
	}
	return list, nil
}

// DeletedGroups is [DB.DeletedUsers] for groups.
func (db *DB) DeletedGroups(ctx context.Context, after ID, limit int) ([]Group, error) {
	return collect(ctx, db.reads, scanGroup, `SELECT `+userColumns+` FROM groups WHERE deleted_at_us <> 0 AND id > ? ORDER BY id LIMIT ?`, string(after), pageSize(limit))
}

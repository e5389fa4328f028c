package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// MostPerPage bounds a page; a limit of 0 or beyond it means it.
const MostPerPage = 999

func pageSize(limit int) int {
	if limit <= 0 || limit > MostPerPage {
		return MostPerPage
	}
	return limit
}

// collect reads all rows of a statement that is bounded in itself.
func collect[T any](ctx context.Context, q queryer, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	var list []T
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, rows.Err()
}

func scanID(row scanner) (ID, error) {
	var id string
	err := row.Scan(&id)
	return ID(id), err
}

// pages iterates over what page returns after a value, page by page, so that no read is
// held open while the caller works.
func pages[T any, After any](from After, page func(After) ([]T, error), key func(T) After) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := from; ; {
			list, err := page(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, value := range list {
				if !yield(value, nil) {
					return
				}
			}
			if len(list) < MostPerPage {
				return
			}
			after = key(list[len(list)-1])
		}
	}
}

// User returns a user by his object id, soft-deleted ones too (DeletedAt tells).
func (db *DB) User(ctx context.Context, id ID) (User, error) {
	return userByID(ctx, db.reads, ID(fold(string(id))))
}

// UserByUPN returns the live user with the user principal name, whatever its case.
func (db *DB) UserByUPN(ctx context.Context, upn string) (User, error) {
	return userByUPN(ctx, db.reads, upn)
}

func userByUPN(ctx context.Context, q queryer, upn string) (User, error) {
	u, err := scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE upn_fold = ? AND deleted_at_us = 0`, fold(upn)))
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, refuse(NotFound, "There is no user with the user principal name %q.", upn)
	}
	return u, err
}

// UsersByMail returns the live users with that mail, whatever its case: mail is not unique.
func (db *DB) UsersByMail(ctx context.Context, mail string) ([]User, error) {
	return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users
		WHERE mail_fold = ? AND mail_fold <> '' AND deleted_at_us = 0 ORDER BY id LIMIT ?`, fold(mail), MostPerPage)
}

// Users iterates over the live users by id.
func (db *DB) Users(ctx context.Context) iter.Seq2[User, error] {
	return pages("", func(after ID) ([]User, error) {
		return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users WHERE id > ? AND deleted_at_us = 0 ORDER BY id LIMIT ?`, string(after), MostPerPage)
	}, func(u User) ID { return u.ID })
}

// terms are the words of a search, each of which must occur.
func terms(query string) []string { return strings.Fields(fold(query)) }

// searchQuery is the statement of a search in either table, without its columns.
func searchQuery(table, query string, after ID, limit int) (string, []any) {
	text, args := ` FROM `+table+` WHERE deleted_at_us = 0`, []any{}
	if after != "" {
		text += ` AND (display_fold, id) > (SELECT display_fold, id FROM ` + table + ` WHERE id = ?)`
		args = append(args, string(after))
	}
	words := terms(query)
	if len(words) == 1 && len(words[0]) == 36 && strings.Count(words[0], "-") == 4 {
		return text + ` AND id = ? LIMIT 1`, append(args, words[0])
	}
	for _, word := range words {
		text += ` AND instr(search, ?) > 0`
		args = append(args, word)
	}
	return text + ` ORDER BY display_fold, id LIMIT ?`, append(args, pageSize(limit))
}

// SearchUsers returns live users by display name: those in whose display, given or last
// name, user principal name or mail every word of the query occurs, or the one whose
// object id it is; an empty query finds all. after is the ID of the last user of the page before.
func (db *DB) SearchUsers(ctx context.Context, query string, after ID, limit int) ([]User, error) {
	text, args := searchQuery("users", query, after, limit)
	// The narrow index finds the ids; documents are read for one page only.
	list, err := collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users WHERE id IN (SELECT id`+text+`) ORDER BY display_fold, id`, args...)
	if err != nil {
		return nil, fmt.Errorf("search users: %w", err)
	}
	return list, nil
}

// DeletedUsers returns soft-deleted users by id; after is the ID of the last of the page before.
func (db *DB) DeletedUsers(ctx context.Context, after ID, limit int) ([]User, error) {
	return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users WHERE deleted_at_us <> 0 AND id > ? ORDER BY id LIMIT ?`, string(after), pageSize(limit))
}

// DirectReports returns the live users whose manager the user is, by id.
func (db *DB) DirectReports(ctx context.Context, manager, after ID, limit int) ([]User, error) {
	return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users
		WHERE manager_id = ? AND manager_id <> '' AND deleted_at_us = 0 AND id > ? ORDER BY id LIMIT ?`, string(manager), string(after), pageSize(limit))
}

// Counts are the sizes of the directory.
type Counts struct {
	Users, DeletedUsers, Groups, DeletedGroups, Memberships, Applications int
}

// Counts counts what there is.
func (db *DB) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := db.reads.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM users WHERE deleted_at_us = 0), (SELECT count(*) FROM users WHERE deleted_at_us <> 0),
		(SELECT count(*) FROM groups WHERE deleted_at_us = 0), (SELECT count(*) FROM groups WHERE deleted_at_us <> 0),
		(SELECT count(*) FROM members WHERE removed = 0), (SELECT count(*) FROM applications)`).
		Scan(&c.Users, &c.DeletedUsers, &c.Groups, &c.DeletedGroups, &c.Memberships, &c.Applications)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Counts{}, fmt.Errorf("count the directory: %w", err)
	}
	return c, nil
}

package directory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const userColumns = `id, doc, created_at_us, deleted_at_us, seq`

// scanner is a row of either kind.
type scanner interface{ Scan(...any) error }

func scanUser(row scanner) (User, error) {
	var (
		id, doc          string
		created, deleted int64
		u                User
		seq              int64
	)
	if err := row.Scan(&id, &doc, &created, &deleted, &seq); err != nil {
		return User{}, err
	}
	if err := json.Unmarshal([]byte(doc), &u); err != nil {
		return User{}, fmt.Errorf("read user %s: %w", id, err)
	}
	u.ID, u.CreatedAt, u.DeletedAt, u.Seq = ID(id), fromMoment(created), fromMoment(deleted), seq
	return u, nil
}

// stored is the user's document: what has columns of its own is left out.
func (u User) stored() string {
	u.ID, u.Seq = "", 0
	u.CreatedAt, u.DeletedAt = fromMoment(0), fromMoment(0)
	doc, err := json.Marshal(u)
	if err != nil {
		panic(err) // a struct of strings and booleans
	}
	return string(doc)
}

// searchText is what a search looks through.
func (u User) searchText() string {
	return fold(strings.Join([]string{u.DisplayName, u.GivenName, u.Surname, u.UserPrincipalName, u.Mail}, "\n"))
}

// userArgs are the values of a user's row in the order of its columns.
func userArgs(u User) []any {
	return []any{string(u.ID), fold(u.UserPrincipalName), fold(u.Mail), fold(u.DisplayName), u.searchText(), string(u.ManagerID),
		u.stored(), moment(u.CreatedAt), moment(u.DeletedAt), u.Seq}
}

const insertUser = `INSERT INTO users (id, upn_fold, mail_fold, display_fold, search, manager_id, doc, created_at_us, deleted_at_us, seq)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// userByID reads a user, soft-deleted ones too.
func userByID(ctx context.Context, q queryer, id ID) (User, error) {
	u, err := scanUser(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE id = ?`, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, refuse(NotFound, "There is no user with the object id %q.", string(id))
	}
	return u, err
}

// save writes the row of a user who exists, with the next number.
func (w *writer) saveUser(ctx context.Context, u User) (User, error) {
	seq, err := w.next(ctx)
	if err != nil {
		return User{}, err
	}
	u.Seq = seq
	args := userArgs(u)
	_, err = w.tx.ExecContext(ctx, `UPDATE users SET upn_fold = ?, mail_fold = ?, display_fold = ?, search = ?, manager_id = ?,
		doc = ?, created_at_us = ?, deleted_at_us = ?, seq = ? WHERE id = ?`, append(args[1:], args[0])...)
	if err != nil {
		return User{}, fmt.Errorf("save user %s: %w", u, err)
	}
	return u, nil
}

// checkUnique refuses a user principal name that another live user has. Soft-deleted users
// keep none from being used again (Microsoft Graph docs, "directory: restore").
func (w *writer) checkUnique(ctx context.Context, u User) error {
	var holder string
	err := w.tx.QueryRowContext(ctx, `SELECT id FROM users WHERE upn_fold = ? AND deleted_at_us = 0`, fold(u.UserPrincipalName)).Scan(&holder)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && ID(holder) == u.ID:
		return nil
	case err != nil:
		return fmt.Errorf("look for the user principal name: %w", err)
	}
	return refuse(Conflict, "Another object with the same value for property userPrincipalName already exists: %q is that of the user %s.", u.UserPrincipalName, holder)
}

// checkManager wants the manager to be a live user, and somebody else.
func (w *writer) checkManager(ctx context.Context, u User) error {
	if u.ManagerID == "" {
		return nil
	}
	if u.ManagerID == u.ID {
		return refuse(Invalid, "The user %q cannot be his own manager.", u.UserPrincipalName)
	}
	if _, err := w.liveUser(ctx, u.ManagerID); err != nil {
		if IsProblem(err, NotFound) {
			return refuse(Invalid, "The manager of %q is %q, but there is no user with that object id.", u.UserPrincipalName, string(u.ManagerID))
		}
		return err
	}
	return nil
}

func (w *writer) liveUser(ctx context.Context, id ID) (User, error) {
	u, err := userByID(ctx, w.tx, id)
	if err != nil {
		return User{}, err
	}
	if !u.DeletedAt.IsZero() {
		return User{}, refuse(NotFound, "The user %q is deleted; restore it first.", u.UserPrincipalName)
	}
	return u, nil
}

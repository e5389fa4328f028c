package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// RetentionOfDeleted is how long a soft-deleted object can be restored (Microsoft Entra
// docs, "users-restore": 30 days).
const RetentionOfDeleted = 30 * 24 * time.Hour

// CreateUser adds a user and returns him with his id. Errors: Invalid, Conflict (user
// principal name, or a given id, in use).
func (db *DB) CreateUser(ctx context.Context, u User) (User, error) {
	err := db.write(ctx, func(w *writer) error {
		var err error
		u, err = db.createUser(ctx, w, u)
		return err
	})
	if err != nil {
		return User{}, err
	}
	return u, nil
}

func (db *DB) createUser(ctx context.Context, w *writer, u User) (User, error) {
	id, err := db.checkedID(u.ID)
	if err != nil {
		return User{}, err
	}
	u.ID, u.CreatedAt, u.DeletedAt = id, db.now().UTC().Truncate(time.Microsecond), time.Time{}
	u.normalize()
	if err := u.check(); err != nil {
		return User{}, err
	}
	if err := w.checkFree(ctx, u.ID); err != nil {
		return User{}, err
	}
	if err := w.checkUnique(ctx, u); err != nil {
		return User{}, err
	}
	if err := w.checkManager(ctx, u); err != nil {
		return User{}, err
	}
	if u.Seq, err = w.next(ctx); err != nil {
		return User{}, err
	}
	if _, err := w.tx.ExecContext(ctx, insertUser, userArgs(u)...); err != nil {
		return User{}, fmt.Errorf("create user %s: %w", u, err)
	}
	return u, nil
}

// normalize fills in what the directory makes itself, and turns empty lists into none.
func (u *User) normalize() {
	if local, _, ok := strings.Cut(u.UserPrincipalName, "@"); ok && u.MailNickname == "" {
		u.MailNickname = local
	}
	if len(u.ProxyAddresses) == 0 {
		u.ProxyAddresses = nil
	}
	if len(u.OtherMails) == 0 {
		u.OtherMails = nil
	}
	if len(u.DirectoryRoles) == 0 {
		u.DirectoryRoles = nil
	}
	u.ProxyAddresses, u.OtherMails, u.DirectoryRoles = slices.Clone(u.ProxyAddresses), slices.Clone(u.OtherMails), slices.Clone(u.DirectoryRoles)
}

// checkedID returns the id in its usual form, or a new one for "".
func (db *DB) checkedID(id ID) (ID, error) {
	if id == "" {
		return db.NewID()
	}
	parsed, err := uuid.Parse(string(id))
	if err != nil || len(id) != 36 {
		return "", refuse(Invalid, "The object id %q is no GUID.", string(id))
	}
	return ID(parsed.String()), nil
}

// checkFree: ids are used once, also after a purge.
func (w *writer) checkFree(ctx context.Context, id ID) error {
	var used bool
	err := w.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1) OR EXISTS (SELECT 1 FROM groups WHERE id = ?1)
		OR EXISTS (SELECT 1 FROM tombstones WHERE id = ?1)`, string(id)).Scan(&used)
	if err != nil {
		return fmt.Errorf("look for the object id: %w", err)
	}
	if used {
		return refuse(Conflict, "Another object with the object id %q exists or existed.", string(id))
	}
	return nil
}

// UpdateUser lets change edit the live user and saves him. Id, times and number are not
// for change to set. A change of nothing writes nothing, so that the next delta is empty.
func (db *DB) UpdateUser(ctx context.Context, id ID, change func(*User) error) (User, error) {
	var u User
	err := db.write(ctx, func(w *writer) error {
		old, err := w.liveUser(ctx, id)
		if err != nil {
			return err
		}
		u = old
		u.normalize() // its lists become its own
		if err := change(&u); err != nil {
			return err
		}
		u.ID, u.CreatedAt, u.DeletedAt, u.Seq = old.ID, old.CreatedAt, old.DeletedAt, old.Seq
		u.normalize()
		if u.stored() == old.stored() {
			return nil
		}
		if err := u.check(); err != nil {
			return err
		}
		if err := w.checkUnique(ctx, u); err != nil {
			return err
		}
		if u.ManagerID != old.ManagerID {
			if err := w.checkManager(ctx, u); err != nil {
				return err
			}
		}
		u, err = w.saveUser(ctx, u)
		return err
	})
	if err != nil {
		return User{}, err
	}
	return u, nil
}

// DisableUser blocks sign-in; [DB.EnableUser] lets the user in again.
func (db *DB) DisableUser(ctx context.Context, id ID) (User, error) {
	return db.UpdateUser(ctx, id, func(u *User) error { u.AccountEnabled = false; return nil })
}

// EnableUser undoes DisableUser.
func (db *DB) EnableUser(ctx context.Context, id ID) (User, error) {
	return db.UpdateUser(ctx, id, func(u *User) error { u.AccountEnabled = true; return nil })
}

// DeleteUser soft-deletes a user: he is in no list but that of the deleted, and his
// memberships and assignments rest until he is restored or purged.
func (db *DB) DeleteUser(ctx context.Context, id ID) error {
	return db.write(ctx, func(w *writer) error {
		u, err := w.liveUser(ctx, id)
		if err != nil {
			return err
		}
		u.DeletedAt = db.now().UTC()
		_, err = w.saveUser(ctx, u)
		return err
	})
}

// RestoreUser undoes DeleteUser. It is a Conflict when another user has taken the user
// principal name meanwhile.
func (db *DB) RestoreUser(ctx context.Context, id ID) (User, error) {
	var u User
	err := db.write(ctx, func(w *writer) error {
		var err error
		if u, err = userByID(ctx, w.tx, id); err != nil {
			return err
		}
		if u.DeletedAt.IsZero() {
			return refuse(Invalid, "The user %q is not deleted.", u.UserPrincipalName)
		}
		u.DeletedAt = time.Time{}
		if err := w.checkUnique(ctx, u); err != nil {
			return err
		}
		u, err = w.saveUser(ctx, u)
		return err
	})
	if err != nil {
		return User{}, err
	}
	return u, nil
}

// PurgeUser deletes a soft-deleted user for good: his memberships and assignments end,
// who had him as manager has none, and the delta tells that he is gone.
func (db *DB) PurgeUser(ctx context.Context, id ID) error {
	return db.write(ctx, func(w *writer) error {
		u, err := userByID(ctx, w.tx, id)
		if err != nil {
			return err
		}
		if u.DeletedAt.IsZero() {
			return refuse(Invalid, "The user %q must be deleted before it can be deleted permanently.", u.UserPrincipalName)
		}
		return w.purgeUser(ctx, id)
	})
}

func (w *writer) purgeUser(ctx context.Context, id ID) error {
	if err := w.endMemberships(ctx, id); err != nil {
		return err
	}
	reports, err := collect(ctx, w.tx, scanUser, `SELECT `+userColumns+` FROM users WHERE manager_id = ?`, string(id))
	if err != nil {
		return fmt.Errorf("read the reports of user %s: %w", id, err)
	}
	for _, report := range reports {
		report.ManagerID = ""
		if _, err := w.saveUser(ctx, report); err != nil {
			return err
		}
	}
	return w.bury(ctx, id, KindUser)
}

// bury deletes the row of an object and its assignments, and leaves a tombstone.
func (w *writer) bury(ctx context.Context, id ID, kind Kind) error {
	seq, err := w.next(ctx)
	if err != nil {
		return err
	}
	statements := []string{`DELETE FROM assignments WHERE principal_id = ?`, `DELETE FROM users WHERE id = ?`}
	if kind == KindGroup {
		statements[1] = `DELETE FROM groups WHERE id = ?`
	}
	for _, statement := range statements {
		if _, err := w.tx.ExecContext(ctx, statement, string(id)); err != nil {
			return fmt.Errorf("purge %s: %w", id, err)
		}
	}
	if _, err := w.tx.ExecContext(ctx, `INSERT INTO tombstones (id, kind, seq) VALUES (?, ?, ?)`, string(id), string(kind), seq); err != nil {
		return fmt.Errorf("purge %s: %w", id, err)
	}
	return nil
}

// PurgeExpired purges the users and groups whose time to be restored is over, and returns
// how many they were.
func (db *DB) PurgeExpired(ctx context.Context) (int, error) {
	before := moment(db.now().Add(-RetentionOfDeleted))
	count := 0
	err := db.write(ctx, func(w *writer) error {
		users, err := collect(ctx, w.tx, scanID, `SELECT id FROM users WHERE deleted_at_us <> 0 AND deleted_at_us <= ?`, before)
		if err != nil {
			return fmt.Errorf("read the users to purge: %w", err)
		}
		for _, id := range users {
			if err := w.purgeUser(ctx, id); err != nil {
				return err
			}
		}
		groups, err := collect(ctx, w.tx, scanID, `SELECT id FROM groups WHERE deleted_at_us <> 0 AND deleted_at_us <= ?`, before)
		if err != nil {
			return fmt.Errorf("read the groups to purge: %w", err)
		}
		for _, id := range groups {
			if err := w.purgeGroup(ctx, id); err != nil {
				return err
			}
		}
		count = len(users) + len(groups)
		return nil
	})
	return count, err
}

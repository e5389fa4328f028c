package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Assign assigns a user or a group to an application. The principal is written and, of a
// group, its members. Errors: Conflict for who is assigned already; Unlicensed for a group
// without P1; Invalid for a group that is not security-enabled.
//
// Microsoft Entra docs, "assign-user-or-group-access-portal": groups need P1 or P2, must be
// security-enabled, and give access to their direct members only.
func (db *DB) Assign(ctx context.Context, application, principal ID) (Assignment, error) {
	var a Assignment
	err := db.write(ctx, func(w *writer) (err error) {
		a, err = db.assign(ctx, w, application, principal)
		return err
	})
	if err != nil {
		return Assignment{}, err
	}
	return a, nil
}

// AssignAll assigns all of them or none, and returns how many were not assigned before.
func (db *DB) AssignAll(ctx context.Context, application ID, principals []ID) (added int, err error) {
	err = db.write(ctx, func(w *writer) error {
		for _, principal := range principals {
			_, err := db.assign(ctx, w, application, principal)
			switch {
			case IsProblem(err, Conflict):
			case err != nil:
				return err
			default:
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

func (db *DB) assign(ctx context.Context, w *writer, application, principal ID) (Assignment, error) {
	app, err := applicationBy(ctx, w.tx, `id = ?`, string(application))
	if err != nil {
		return Assignment{}, err
	}
	a := Assignment{ApplicationID: application, PrincipalID: principal, AppRoleID: DefaultAppRole, CreatedAt: db.now().UTC().Truncate(time.Microsecond)}
	if a.ID, err = db.NewID(); err != nil {
		return Assignment{}, err
	}
	if a.PrincipalKind, err = w.assignable(ctx, principal); err != nil {
		return Assignment{}, err
	}
	_, err = assignmentBy(ctx, w.tx, `application_id = ?1 AND principal_id = ?2`, string(application), string(principal))
	if err == nil {
		return Assignment{}, refuse(Conflict, "Permission being assigned already exists on the object: %q is assigned to %q.", string(principal), app.DisplayName)
	}
	if !IsProblem(err, NotFound) {
		return Assignment{}, err
	}
	_, err = w.tx.ExecContext(ctx, `INSERT INTO assignments (application_id, principal_id, principal_kind, id, app_role_id, created_at_us) VALUES (?, ?, ?, ?, ?, ?)`,
		string(application), string(principal), string(a.PrincipalKind), string(a.ID), string(a.AppRoleID), moment(a.CreatedAt))
	if err != nil {
		return Assignment{}, fmt.Errorf("assign %s to application %s: %w", principal, application, err)
	}
	return a, w.touchPrincipal(ctx, a)
}

// assignable tells what kind of principal it is, and refuses one that cannot be assigned.
func (w *writer) assignable(ctx context.Context, principal ID) (Kind, error) {
	_, err := w.liveUser(ctx, principal)
	if !IsProblem(err, NotFound) {
		return KindUser, err
	}
	g, err := w.liveGroup(ctx, principal)
	if IsProblem(err, NotFound) {
		return "", refuse(NotFound, "There is no user or group with the object id %q to assign.", string(principal))
	}
	if err != nil {
		return "", err
	}
	licence, err := licenceOf(ctx, w.tx)
	if err != nil {
		return "", err
	}
	if licence == LicenceFree {
		return "", refuse(Unlicensed, "The group %q cannot be assigned: groups are not available for assignment due to your Active Directory plan level (%s). You can assign individual users to the application.", g.DisplayName, string(licence))
	}
	if !g.SecurityEnabled {
		return "", refuse(Invalid, "The group %q cannot be assigned: only security-enabled groups can.", g.DisplayName)
	}
	return KindGroup, nil
}

func (w *writer) touchPrincipal(ctx context.Context, a Assignment) error {
	if err := w.touch(ctx, a.PrincipalID, a.PrincipalKind); err != nil || a.PrincipalKind == KindUser {
		return err
	}
	return w.touchMembers(ctx, a.PrincipalID)
}

// Unassign ends an assignment; NotFound when there is none.
func (db *DB) Unassign(ctx context.Context, application, principal ID) error {
	return db.write(ctx, func(w *writer) error {
		a, err := assignmentBy(ctx, w.tx, `application_id = ?1 AND principal_id = ?2`, string(application), string(principal))
		if IsProblem(err, NotFound) {
			return refuse(NotFound, "%q is not assigned to the application %q.", string(principal), string(application))
		}
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, `DELETE FROM assignments WHERE id = ?`, string(a.ID)); err != nil {
			return fmt.Errorf("unassign %s from application %s: %w", principal, application, err)
		}
		return w.touchPrincipal(ctx, a)
	})
}

const assignmentColumns = `application_id, principal_id, principal_kind, id, app_role_id, created_at_us`

func scanAssignment(row scanner) (Assignment, error) {
	var (
		a       Assignment
		created int64
	)
	err := row.Scan(&a.ApplicationID, &a.PrincipalID, &a.PrincipalKind, &a.ID, &a.AppRoleID, &created)
	a.CreatedAt = fromMoment(created)
	return a, err
}

func assignmentBy(ctx context.Context, q queryer, condition string, args ...any) (Assignment, error) {
	a, err := scanAssignment(q.QueryRowContext(ctx, `SELECT `+assignmentColumns+` FROM assignments WHERE `+condition, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Assignment{}, refuse(NotFound, "There is no such assignment.")
	}
	return a, err
}

// Assignment returns an assignment by its id.
func (db *DB) Assignment(ctx context.Context, id ID) (Assignment, error) {
	return assignmentBy(ctx, db.reads, `id = ?`, fold(string(id)))
}

// Assignments returns who is assigned to an application, groups before users, each by id;
// after is the last of the page before, the zero value for the first page. Soft-deleted
// principals are among them: their assignments rest.
func (db *DB) Assignments(ctx context.Context, application ID, after Assignment, limit int) ([]Assignment, error) {
	list, err := collect(ctx, db.reads, scanAssignment, `SELECT `+assignmentColumns+` FROM assignments
		WHERE application_id = ? AND (principal_kind, principal_id) > (?, ?) ORDER BY principal_kind, principal_id LIMIT ?`,
		string(application), string(after.PrincipalKind), string(after.PrincipalID), pageSize(limit))
	if err != nil {
		return nil, fmt.Errorf("read the assignments of application %s: %w", application, err)
	}
	return list, nil
}

// AssignmentsOf returns the assignments of a user or group itself, by application.
func (db *DB) AssignmentsOf(ctx context.Context, principal ID) ([]Assignment, error) {
	list, err := collect(ctx, db.reads, scanAssignment, `SELECT `+assignmentColumns+` FROM assignments WHERE principal_id = ? ORDER BY application_id`, string(principal))
	if err != nil {
		return nil, fmt.Errorf("read the assignments of %s: %w", principal, err)
	}
	return list, nil
}

// CountAssignments counts the users and groups assigned to an application.
func (db *DB) CountAssignments(ctx context.Context, application ID) (users, groups int, err error) {
	err = db.reads.QueryRowContext(ctx, `SELECT coalesce(sum(principal_kind = 'User'), 0), coalesce(sum(principal_kind = 'Group'), 0) FROM assignments WHERE application_id = ?`,
		string(application)).Scan(&users, &groups)
	if err != nil {
		return 0, 0, fmt.Errorf("count the assignments of application %s: %w", application, err)
	}
	return users, groups, nil
}

// assignedGroups are the live groups g assigned to an application ?1 through which anybody
// has anything: none under the licence Free.
const assignedGroups = ` assignments a JOIN groups g ON g.id = a.principal_id AND g.deleted_at_us = 0
	WHERE a.application_id = ?1 AND a.principal_kind = 'Group'
	AND (SELECT value FROM settings WHERE name = 'licence') <> 'Microsoft Entra ID Free'`

// AssignedTo tells how a user has an application: directly, and through which live groups
// whose direct member he is. Under the licence Free groups count for nothing. Whether the
// user himself is live and enabled is another question.
func (db *DB) AssignedTo(ctx context.Context, application, user ID) (direct bool, viaGroups []ID, err error) {
	err = db.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM assignments WHERE application_id = ? AND principal_kind = 'User' AND principal_id = ?)`,
		string(application), string(user)).Scan(&direct)
	if err != nil {
		return false, nil, fmt.Errorf("look for the assignment of user %s: %w", user, err)
	}
	viaGroups, err = collect(ctx, db.reads, scanID, `SELECT m.group_id FROM members m WHERE m.member_id = ?2 AND m.removed = 0
		AND m.group_id IN (SELECT g.id FROM`+assignedGroups+`) ORDER BY m.group_id`, string(application), string(user))
	if err != nil {
		return false, nil, fmt.Errorf("look for the assigned groups of user %s: %w", user, err)
	}
	return direct, viaGroups, nil
}

// GroupAssigned tells whether the group itself is assigned to the application. It does not
// ask for the licence, so that its caller can say why a group is left out.
func (db *DB) GroupAssigned(ctx context.Context, application, group ID) (bool, error) {
	var is bool
	err := db.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM assignments WHERE application_id = ? AND principal_kind = 'Group' AND principal_id = ?)`,
		string(application), string(group)).Scan(&is)
	if err != nil {
		return false, fmt.Errorf("look for the assignment of group %s: %w", group, err)
	}
	return is, nil
}

// AssignedGroups iterates over the live groups assigned to an application, by id, whatever
// the licence.
func (db *DB) AssignedGroups(ctx context.Context, application ID) iter.Seq2[Group, error] {
	return pages("", func(after ID) ([]Group, error) {
		return collect(ctx, db.reads, scanGroup, `SELECT `+userColumns+` FROM groups WHERE deleted_at_us = 0 AND id > ?
			AND id IN (SELECT principal_id FROM assignments WHERE application_id = ? AND principal_kind = 'Group') ORDER BY id LIMIT ?`,
			string(after), string(application), MostPerPage)
	}, func(g Group) ID { return g.ID })
}

// AssignedUsers iterates over the live users who have the application, directly or through
// a group (see [DB.AssignedTo]), each once: first the direct ones, then group by group.
func (db *DB) AssignedUsers(ctx context.Context, application ID) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		direct := pages("", func(after ID) ([]User, error) {
			return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users WHERE deleted_at_us = 0 AND id IN (
				SELECT a.principal_id FROM assignments a JOIN users u ON u.id = a.principal_id AND u.deleted_at_us = 0
				WHERE a.application_id = ? AND a.principal_kind = 'User' AND a.principal_id > ? ORDER BY a.principal_id LIMIT ?) ORDER BY id`,
				string(application), string(after), MostPerPage)
		}, func(u User) ID { return u.ID })
		for u, err := range direct {
			if !yield(u, err) || err != nil {
				return
			}
		}
		groups, err := collect(ctx, db.reads, scanID, `SELECT g.id FROM`+assignedGroups+` ORDER BY g.id`, string(application))
		if err != nil {
			yield(User{}, fmt.Errorf("read the assigned groups of application %s: %w", application, err))
			return
		}
		for _, group := range groups {
			for u, err := range db.usersFirstVia(ctx, application, group) {
				if !yield(u, err) || err != nil {
					return
				}
			}
		}
	}
}

// usersFirstVia iterates over the members of an assigned group who are assigned neither
// directly nor through an assigned group before it.
func (db *DB) usersFirstVia(ctx context.Context, application, group ID) iter.Seq2[User, error] {
	return pages("", func(after ID) ([]User, error) {
		return collect(ctx, db.reads, scanUser, `SELECT `+userColumns+` FROM users WHERE id IN (
			SELECT m.member_id FROM members m JOIN users u ON u.id = m.member_id AND u.deleted_at_us = 0
			WHERE m.group_id = ?2 AND m.member_id > ?3 AND m.removed = 0
			AND NOT EXISTS (SELECT 1 FROM assignments d WHERE d.application_id = ?1 AND d.principal_kind = 'User' AND d.principal_id = m.member_id)
			AND NOT EXISTS (SELECT 1 FROM members e WHERE e.member_id = m.member_id AND e.removed = 0 AND e.group_id < ?2
				AND e.group_id IN (SELECT g.id FROM`+assignedGroups+`))
			ORDER BY m.member_id LIMIT ?4) ORDER BY id`, string(application), string(group), string(after), MostPerPage)
	}, func(u User) ID { return u.ID })
}

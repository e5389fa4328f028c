package directory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

const applicationColumns = `id, app_id, doc, created_at_us`

func scanApplication(row scanner) (Application, error) {
	var (
		id, appID, doc string
		created        int64
		a              Application
	)
	if err := row.Scan(&id, &appID, &doc, &created); err != nil {
		return Application{}, err
	}
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return Application{}, fmt.Errorf("read application %s: %w", id, err)
	}
	a.ID, a.AppID, a.CreatedAt = ID(id), ID(appID), fromMoment(created)
	return a, nil
}

func (a Application) stored() string {
	a.ID, a.AppID, a.CreatedAt = "", "", time.Time{}
	doc, err := json.Marshal(a)
	if err != nil {
		panic(err) // a struct of strings and booleans
	}
	return string(doc)
}

// CreateApplication adds an application that is none of the gallery, as "Create your own
// application" does: enabled, assignment required, the default claims, no certificate yet.
// Of the argument it takes the name, given ids, and SAML settings other than empty ones.
func (db *DB) CreateApplication(ctx context.Context, a Application) (Application, error) {
	var err error
	if a.ID, err = db.checkedID(a.ID); err != nil {
		return Application{}, err
	}
	if a.AppID, err = db.checkedID(a.AppID); err != nil {
		return Application{}, err
	}
	a.Enabled, a.AssignmentRequired, a.CreatedAt = true, true, db.now().UTC().Truncate(time.Microsecond)
	if a.SAML.NameIDSource == "" {
		a.SAML.NameIDSource = "user.userprincipalname"
	}
	if a.SAML.NameIDFormat == "" {
		a.SAML.NameIDFormat = NameIDEmailAddress
	}
	if a.SAML.SigningOption == "" {
		a.SAML.SigningOption = SignAssertion
	}
	if a.SAML.Claims == nil {
		a.SAML.Claims = DefaultClaims()
	}
	if err := a.check(); err != nil {
		return Application{}, err
	}
	err = db.Update(ctx, func(tx *sql.Tx) error {
		var used bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM applications WHERE id = ?1 OR app_id = ?2)`, string(a.ID), string(a.AppID)).Scan(&used); err != nil {
			return fmt.Errorf("look for the application's ids: %w", err)
		}
		if used {
			return refuse(Conflict, "Another application has the object id %q or the application id %q.", string(a.ID), string(a.AppID))
		}
		if err := checkIdentifier(ctx, tx, a); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO applications (id, app_id, identifier, display_fold, doc, created_at_us) VALUES (?, ?, ?, ?, ?, ?)`,
			string(a.ID), string(a.AppID), a.SAML.Identifier, fold(a.DisplayName), a.stored(), moment(a.CreatedAt))
		if err != nil {
			return fmt.Errorf("create application %q: %w", a.DisplayName, err)
		}
		return nil
	})
	if err != nil {
		return Application{}, err
	}
	return a, nil
}

// checkIdentifier: a request finds its application by the identifier, so each has its own.
func checkIdentifier(ctx context.Context, q queryer, a Application) error {
	if a.SAML.Identifier == "" {
		return nil
	}
	other, err := applicationBy(ctx, q, `identifier = ?`, a.SAML.Identifier)
	if IsProblem(err, NotFound) || err == nil && other.ID == a.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return refuse(Conflict, "The Identifier (Entity ID) %q is that of the application %q already; each needs its own.", a.SAML.Identifier, other.DisplayName)
}

func applicationBy(ctx context.Context, q queryer, condition, value string) (Application, error) {
	a, err := scanApplication(q.QueryRowContext(ctx, `SELECT `+applicationColumns+` FROM applications WHERE `+condition, value))
	if errors.Is(err, sql.ErrNoRows) {
		return Application{}, refuse(NotFound, "There is no application %q.", value)
	}
	return a, err
}

// UpdateApplication lets change edit the application and saves it. Ids and time are not
// for change to set.
func (db *DB) UpdateApplication(ctx context.Context, id ID, change func(*Application) error) (Application, error) {
	var a Application
	err := db.Update(ctx, func(tx *sql.Tx) error {
		old, err := applicationBy(ctx, tx, `id = ?`, string(id))
		if err != nil {
			return err
		}
		a = old
		a.SAML.Claims, a.SAML.MoreReplyURLs = slices.Clone(old.SAML.Claims), slices.Clone(old.SAML.MoreReplyURLs)
		if err := change(&a); err != nil {
			return err
		}
		a.ID, a.AppID, a.CreatedAt = old.ID, old.AppID, old.CreatedAt
		if err := a.check(); err != nil {
			return err
		}
		if err := checkIdentifier(ctx, tx, a); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE applications SET identifier = ?, display_fold = ?, doc = ? WHERE id = ?`,
			a.SAML.Identifier, fold(a.DisplayName), a.stored(), string(id))
		if err != nil {
			return fmt.Errorf("save application %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return Application{}, err
	}
	return a, nil
}

// DeleteApplication removes an application with its certificates and assignments. What the
// packages above keep for it is theirs to remove.
func (db *DB) DeleteApplication(ctx context.Context, id ID) error {
	return db.Update(ctx, func(tx *sql.Tx) error {
		if _, err := applicationBy(ctx, tx, `id = ?`, string(id)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM applications WHERE id = ?`, string(id)); err != nil {
			return fmt.Errorf("delete application %s: %w", id, err)
		}
		return nil
	})
}

// Application returns an application by the object id of its service principal.
func (db *DB) Application(ctx context.Context, id ID) (Application, error) {
	return applicationBy(ctx, db.reads, `id = ?`, fold(string(id)))
}

// ApplicationByAppID returns an application by its application (client) id.
func (db *DB) ApplicationByAppID(ctx context.Context, appID ID) (Application, error) {
	return applicationBy(ctx, db.reads, `app_id = ?`, fold(string(appID)))
}

// ApplicationByIdentifier returns an application by its SAML identifier, exactly.
func (db *DB) ApplicationByIdentifier(ctx context.Context, identifier string) (Application, error) {
	return applicationBy(ctx, db.reads, `identifier = ? AND identifier <> ''`, identifier)
}

// Applications returns all applications by name: there are few.
func (db *DB) Applications(ctx context.Context) ([]Application, error) {
	list, err := collect(ctx, db.reads, scanApplication, `SELECT `+applicationColumns+` FROM applications ORDER BY display_fold, id`)
	if err != nil {
		return nil, fmt.Errorf("read the applications: %w", err)
	}
	return list, nil
}

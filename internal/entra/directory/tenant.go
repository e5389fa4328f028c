package directory

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
)

// found writes the first rows of a new directory.
func (db *DB) found(ctx context.Context, tx *sql.Tx) error {
	id, err := db.NewID()
	if err != nil {
		return err
	}
	if err := saveTenant(ctx, tx, Tenant{ID: id, DisplayName: "Contoso (stand-in)", DefaultDomain: "example.com"}); err != nil {
		return err
	}
	return set(ctx, tx, "licence", string(LicenceP1))
}

func set(ctx context.Context, tx *sql.Tx, name string, value any) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("save the setting %s: %w", name, err)
	}
	return nil
}

func saveTenant(ctx context.Context, tx *sql.Tx, t Tenant) error {
	doc, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return set(ctx, tx, "tenant", string(doc))
}

// Tenant returns whose directory it is. Its id is made with the file and stays.
func (db *DB) Tenant(ctx context.Context) (Tenant, error) {
	var doc string
	if err := db.reads.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'tenant'`).Scan(&doc); err != nil {
		return Tenant{}, fmt.Errorf("read the tenant: %w", err)
	}
	var t Tenant
	if err := json.Unmarshal([]byte(doc), &t); err != nil {
		return Tenant{}, fmt.Errorf("read the tenant: %w", err)
	}
	return t, nil
}

// SetTenant changes the tenant's name and default domain; the id cannot be changed.
func (db *DB) SetTenant(ctx context.Context, displayName, defaultDomain string) error {
	if strings.TrimSpace(displayName) == "" {
		return refuse(Invalid, "The tenant needs a display name.")
	}
	if err := checkDomain(defaultDomain); err != nil {
		return err
	}
	t, err := db.Tenant(ctx)
	if err != nil {
		return err
	}
	t.DisplayName, t.DefaultDomain = displayName, defaultDomain
	return db.Update(ctx, func(tx *sql.Tx) error { return saveTenant(ctx, tx, t) })
}

// Licence returns what the tenant has bought; a new directory has P1.
func (db *DB) Licence(ctx context.Context) (Licence, error) {
	return licenceOf(ctx, db.reads)
}

func licenceOf(ctx context.Context, q queryer) (Licence, error) {
	var value string
	if err := q.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'licence'`).Scan(&value); err != nil {
		return "", fmt.Errorf("read the licence: %w", err)
	}
	return Licence(value), nil
}

// SetLicence changes the licence. It decides whether assignments of groups count, so every
// assigned group and its members are written anew.
func (db *DB) SetLicence(ctx context.Context, l Licence) error {
	if l != LicenceFree && l != LicenceP1 {
		return refuse(Invalid, "There is no licence %q; choose %q or %q.", string(l), string(LicenceFree), string(LicenceP1))
	}
	return db.write(ctx, func(w *writer) error {
		old, err := licenceOf(ctx, w.tx)
		if err != nil || old == l {
			return err
		}
		if err := set(ctx, w.tx, "licence", string(l)); err != nil {
			return err
		}
		seq, err := w.next(ctx)
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, `UPDATE groups SET seq = ? WHERE id IN (SELECT principal_id FROM assignments WHERE principal_kind = 'Group')`, seq); err != nil {
			return fmt.Errorf("mark the assigned groups: %w", err)
		}
		_, err = w.tx.ExecContext(ctx, `UPDATE users SET seq = ? WHERE id IN (
			SELECT m.member_id FROM assignments a JOIN members m ON m.group_id = a.principal_id
			WHERE a.principal_kind = 'Group' AND m.removed = 0)`, seq)
		if err != nil {
			return fmt.Errorf("mark the members of assigned groups: %w", err)
		}
		return nil
	})
}

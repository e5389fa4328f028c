package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// AddCertificate adds a signing certificate. The first of an application is active at once;
// a later one is not, until ActivateCertificate makes it so, whatever c.Active says.
func (db *DB) AddCertificate(ctx context.Context, application ID, c Certificate) (Certificate, error) {
	err := db.Update(ctx, func(tx *sql.Tx) error {
		if _, err := applicationBy(ctx, tx, `id = ?`, string(application)); err != nil {
			return err
		}
		existing, err := certificates(ctx, tx, application)
		if err != nil {
			return err
		}
		c.Active = true
		for _, other := range existing {
			if other.Thumbprint == c.Thumbprint {
				return refuse(Conflict, "The application has the certificate %s already.", c.Thumbprint)
			}
			c.Active = c.Active && !other.Active
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO certificates (application_id, thumbprint, der, private_key, not_before_us, not_after_us, active) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			string(application), c.Thumbprint, c.DER, c.PrivateKey, moment(c.NotBefore), moment(c.NotAfter), c.Active)
		if err != nil {
			return fmt.Errorf("add a certificate to application %s: %w", application, err)
		}
		return nil
	})
	return c, err
}

// ActivateCertificate makes the certificate the one that signs. The one before stays,
// inactive, so that it can be made active again.
func (db *DB) ActivateCertificate(ctx context.Context, application ID, thumbprint string) error {
	return db.Update(ctx, func(tx *sql.Tx) error {
		c, err := certificate(ctx, tx, application, thumbprint)
		if err != nil {
			return err
		}
		if !db.now().Before(c.NotAfter) {
			return refuse(Invalid, "The certificate %s expired on %s; make a new one.", thumbprint, c.NotAfter.Format("2 January 2006"))
		}
		for _, statement := range []string{`UPDATE certificates SET active = 0 WHERE application_id = ?1 AND active = 1 AND thumbprint <> ?2`,
			`UPDATE certificates SET active = 1 WHERE application_id = ?1 AND thumbprint = ?2`} {
			if _, err := tx.ExecContext(ctx, statement, string(application), thumbprint); err != nil {
				return fmt.Errorf("activate a certificate of application %s: %w", application, err)
			}
		}
		return nil
	})
}

// DeleteCertificate removes a certificate that is not active.
func (db *DB) DeleteCertificate(ctx context.Context, application ID, thumbprint string) error {
	return db.Update(ctx, func(tx *sql.Tx) error {
		c, err := certificate(ctx, tx, application, thumbprint)
		if err != nil {
			return err
		}
		if c.Active {
			return refuse(Invalid, "The certificate %s is active; make another one active before you delete it.", thumbprint)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM certificates WHERE application_id = ? AND thumbprint = ?`, string(application), thumbprint); err != nil {
			return fmt.Errorf("delete a certificate of application %s: %w", application, err)
		}
		return nil
	})
}

// Certificates returns the signing certificates of an application, the active one first.
func (db *DB) Certificates(ctx context.Context, application ID) ([]Certificate, error) {
	return certificates(ctx, db.reads, application)
}

const certificateColumns = `thumbprint, der, private_key, not_before_us, not_after_us, active`

func scanCertificate(row scanner) (Certificate, error) {
	var (
		c             Certificate
		before, after int64
	)
	err := row.Scan(&c.Thumbprint, &c.DER, &c.PrivateKey, &before, &after, &c.Active)
	c.NotBefore, c.NotAfter = fromMoment(before), fromMoment(after)
	return c, err
}

func certificates(ctx context.Context, q queryer, application ID) ([]Certificate, error) {
	list, err := collect(ctx, q, scanCertificate, `SELECT `+certificateColumns+` FROM certificates WHERE application_id = ?
		ORDER BY active DESC, not_after_us DESC, thumbprint`, string(application))
	if err != nil {
		return nil, fmt.Errorf("read the certificates of application %s: %w", application, err)
	}
	return list, nil
}

func certificate(ctx context.Context, q queryer, application ID, thumbprint string) (Certificate, error) {
	c, err := scanCertificate(q.QueryRowContext(ctx, `SELECT `+certificateColumns+` FROM certificates WHERE application_id = ? AND thumbprint = ?`, string(application), thumbprint))
	if errors.Is(err, sql.ErrNoRows) {
		return Certificate{}, refuse(NotFound, "The application has no certificate with the thumbprint %q.", thumbprint)
	}
	return c, err
}

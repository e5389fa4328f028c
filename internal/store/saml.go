package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// certificate is an iam.Certificate as the column certificates holds it.
type certificate struct {
	SHA256    string    `json:"sha256"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	DER       []byte    `json:"der"`
}

// Connection returns the SAML connection of an organization; iam.ErrNotFound.
func (r *Reader) Connection(org iam.OrganizationID) (iam.Connection, error) {
	return r.connection(org, "")
}

// HoldConnection is Connection, and nobody changes or removes it until the commit.
func (tx *Tx) HoldConnection(org iam.OrganizationID) (iam.Connection, error) {
	return tx.connection(org, tx.forShare())
}

func (r *Reader) connection(org iam.OrganizationID, lock string) (iam.Connection, error) {
	scan := func(row scanner) (iam.Connection, error) {
		c := iam.Connection{Organization: org}
		var metadata, certificates string
		var connected, updated int64
		var next, read, since, failed sql.NullInt64
		var why sql.NullString
		if err := row.Scan(&c.IdPEntityID, &c.SSOURL, &c.SSOBinding, &c.IDPInitiated, &metadata, &c.MetadataURL, &c.AllowPrivate, &certificates, &connected, &updated,
			&next, &read, &since, &failed, &why); err != nil {
			return iam.Connection{}, err
		}
		var stored []certificate
		if err := json.Unmarshal([]byte(certificates), &stored); err != nil {
			return iam.Connection{}, fmt.Errorf("certificates of the SAML connection of %s: %w", org, err)
		}
		for _, cert := range stored {
			c.Certificates = append(c.Certificates, iam.Certificate(cert))
		}
		c.Metadata, c.ConnectedAt, c.UpdatedAt = []byte(metadata), fromMicros(connected), fromMicros(updated)
		c.Refresh = iam.MetadataRefresh{
			NextAt: fromNullMicros(next), ReadAt: fromNullMicros(read),
			FailingSince: fromNullMicros(since), FailedAt: fromNullMicros(failed), Failure: why.String,
		}
		return c, nil
	}
	return one(r, scan, `
		SELECT idp_entity_id, sso_url, sso_binding, idp_initiated, metadata, metadata_url, allow_private, certificates, connected_at, updated_at,
		       metadata_next_at, metadata_read_at, metadata_failing_since, metadata_failed_at, metadata_failure
		  FROM saml_connections WHERE org_id = ?`+lock, org)
}

// PutConnection makes or replaces the SAML connection; the time of the first
// connecting stays, and so do the keys and whether IdP-initiated sign-in is allowed. Of
// Refresh it writes when the metadata was read and when it is read again; what failed
// before is forgotten.
func (tx *Tx) PutConnection(c iam.Connection) error {
	stored := make([]certificate, 0, len(c.Certificates))
	for _, cert := range c.Certificates {
		stored = append(stored, certificate(cert))
	}
	certificates, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("certificates of the SAML connection of %s: %w", c.Organization, err)
	}
	_, err = tx.exec(`
		INSERT INTO saml_connections (org_id, idp_entity_id, sso_url, sso_binding, metadata, metadata_url, allow_private, certificates, connected_at, updated_at,
			metadata_read_at, metadata_next_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (org_id) DO UPDATE SET idp_entity_id = excluded.idp_entity_id, sso_url = excluded.sso_url, sso_binding = excluded.sso_binding,
			metadata = excluded.metadata, metadata_url = excluded.metadata_url, allow_private = excluded.allow_private,
			certificates = excluded.certificates, updated_at = excluded.updated_at,
			metadata_read_at = excluded.metadata_read_at, metadata_next_at = excluded.metadata_next_at,
			metadata_failing_since = NULL, metadata_failed_at = NULL, metadata_failure = NULL`,
		c.Organization, c.IdPEntityID, c.SSOURL, c.SSOBinding, string(c.Metadata), c.MetadataURL, c.AllowPrivate, string(certificates),
		micros(c.ConnectedAt), micros(c.UpdatedAt), nullMicros(c.Refresh.ReadAt), nullMicros(c.Refresh.NextAt))
	return err
}

// SetIDPInitiated writes whether responses that answer no request are accepted.
func (tx *Tx) SetIDPInitiated(org iam.OrganizationID, allowed bool) error {
	_, err := tx.exec(`UPDATE saml_connections SET idp_initiated = ? WHERE org_id = ?`, allowed, org)
	return err
}

// SigningKey returns the key that the organization's requests are signed with, as
// PEM: a secret. It is nil until one was made, or without a connection.
func (r *Reader) SigningKey(org iam.OrganizationID) ([]byte, error) {
	key, err := one(r, scanOne[string], `SELECT signing_key FROM saml_connections WHERE org_id = ? AND signing_key IS NOT NULL`, org)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, nil
	}
	return []byte(key), err
}

// AddSigningKey gives the connection a signing key if it has none.
func (tx *Tx) AddSigningKey(org iam.OrganizationID, pem []byte) error {
	_, err := tx.exec(`UPDATE saml_connections SET signing_key = ? WHERE org_id = ? AND signing_key IS NULL`, string(pem), org)
	return err
}

// EncryptionKey returns the key that the organization's identity provider encrypts
// assertions for, as PEM: a secret. It is nil until one was made, or without a connection.
func (r *Reader) EncryptionKey(org iam.OrganizationID) ([]byte, error) {
	key, err := one(r, scanOne[string], `SELECT encryption_key FROM saml_connections WHERE org_id = ? AND encryption_key IS NOT NULL`, org)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, nil
	}
	return []byte(key), err
}

// AddEncryptionKey gives the connection an encryption key if it has none.
func (tx *Tx) AddEncryptionKey(org iam.OrganizationID, pem []byte) error {
	_, err := tx.exec(`UPDATE saml_connections SET encryption_key = ? WHERE org_id = ? AND encryption_key IS NULL`, string(pem), org)
	return err
}

// DeleteEncryptionKey takes the encryption key from the connection.
func (tx *Tx) DeleteEncryptionKey(org iam.OrganizationID) error {
	_, err := tx.exec(`UPDATE saml_connections SET encryption_key = NULL WHERE org_id = ?`, org)
	return err
}

// DeleteConnection removes the SAML connection.
func (tx *Tx) DeleteConnection(org iam.OrganizationID) error {
	_, err := tx.exec(`DELETE FROM saml_connections WHERE org_id = ?`, org)
	return err
}

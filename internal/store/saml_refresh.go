package store

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// DueMetadata is a connection whose metadata is to be read again.
type DueMetadata struct {
	Organization iam.OrganizationID
	At           time.Time // since when
}

// DueMetadata returns at most limit connections whose metadata is to be read again at
// now, of organizations behind after; "" begins.
func (r *Reader) DueMetadata(after iam.OrganizationID, now time.Time, limit int) ([]DueMetadata, error) {
	scan := func(row scanner) (d DueMetadata, err error) {
		var at int64
		err = row.Scan(&d.Organization, &at)
		d.At = fromMicros(at)
		return d, err
	}
	return list(r, scan, `SELECT org_id, metadata_next_at FROM saml_connections WHERE org_id > ? AND metadata_next_at <= ? ORDER BY org_id LIMIT ?`,
		string(after), micros(now), limit)
}

// TakeMetadata moves the next time of a connection that is due, so that no other
// replica reads its metadata as well; false when another one was first.
func (tx *Tx) TakeMetadata(d DueMetadata, until time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE saml_connections SET metadata_next_at = ? WHERE org_id = ? AND metadata_next_at = ?`, micros(until), d.Organization, micros(d.At))
	return n == 1, err
}

// MetadataRead notes that the metadata at an address was read and says what is stored.
// Nothing is noted when the connection has another address by now.
func (tx *Tx) MetadataRead(org iam.OrganizationID, url string, at, next time.Time) error {
	_, err := tx.exec(`
		UPDATE saml_connections SET metadata_read_at = ?, metadata_next_at = ?, metadata_failing_since = NULL, metadata_failed_at = NULL, metadata_failure = NULL
		 WHERE org_id = ? AND metadata_url = ?`, micros(at), micros(next), org, url)
	return err
}

// MetadataFailed notes that the metadata at an address could not be read or used.
func (tx *Tx) MetadataFailed(org iam.OrganizationID, url, why string, at, next time.Time) error {
	_, err := tx.exec(`
		UPDATE saml_connections SET metadata_failing_since = coalesce(metadata_failing_since, ?), metadata_failed_at = ?, metadata_failure = ?, metadata_next_at = ?
		 WHERE org_id = ? AND metadata_url = ?`, micros(at), micros(at), why, micros(next), org, url)
	return err
}

// MetadataLater puts reading the metadata at an address off.
func (tx *Tx) MetadataLater(org iam.OrganizationID, url string, next time.Time) error {
	_, err := tx.exec(`UPDATE saml_connections SET metadata_next_at = ? WHERE org_id = ? AND metadata_url = ?`, micros(next), org, url)
	return err
}

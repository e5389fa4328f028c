package store

import (
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
)

// publicURLName is the row of the table instance that holds the public URL.
const publicURLName = "public_url"

// PublicURL returns the base URL that serve stored last, "" when none did: what
// commands beside the server put into endpoints and links.
func (r *Reader) PublicURL() (string, error) {
	url, err := one(r, scanOne[string], `SELECT value FROM instance WHERE name = ?`, publicURLName)
	if errors.Is(err, iam.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the public URL: %w", err)
	}
	return url, nil
}

// SetPublicURL stores the base URL.
func (tx *Tx) SetPublicURL(url string) error {
	_, err := tx.exec(`INSERT INTO instance (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, publicURLName, url)
	if err != nil {
		return fmt.Errorf("store the public URL: %w", err)
	}
	return nil
}

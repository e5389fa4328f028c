package store

import (
	"database/sql"
	"errors"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// Domain is one row of domains.
type Domain struct {
	Domain     string // folded
	TXTValue   string
	ExpiresAt  time.Time // until when TXTValue may be used
	VerifiedAt time.Time // zero: pending
}

const domainColumns = `domain, txt_value, expires_at, verified_at`

func scanDomain(row scanner) (Domain, error) {
	var d Domain
	var expires int64
	var verified sql.NullInt64
	err := row.Scan(&d.Domain, &d.TXTValue, &expires, &verified)
	d.ExpiresAt, d.VerifiedAt = fromMicros(expires), fromNullMicros(verified)
	return d, err
}

// Domain returns one domain of an organization; iam.ErrNotFound.
func (r *Reader) Domain(org iam.OrganizationID, domain string) (Domain, error) {
	return one(r, scanDomain, `SELECT `+domainColumns+` FROM domains WHERE org_id = ? AND domain = ?`, org, domain)
}

// HoldVerifiedDomain tells whether the organization has verified a domain, and if so
// nobody removes it until the commit.
func (tx *Tx) HoldVerifiedDomain(org iam.OrganizationID, domain string) (bool, error) {
	_, err := one(tx.Reader, scanDomain, `SELECT `+domainColumns+` FROM domains
		WHERE org_id = ? AND domain = ? AND verified_at IS NOT NULL`+tx.forShare(), org, domain)
	if errors.Is(err, iam.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// FirstVerified returns the organization that verified a domain first; iam.ErrNotFound.
func (r *Reader) FirstVerified(domain string) (iam.OrganizationID, error) {
	return one(r, scanOne[iam.OrganizationID], `SELECT org_id FROM domains
		WHERE domain = ? AND verified_at IS NOT NULL ORDER BY verified_at, org_id LIMIT 1`, domain)
}

// Domains returns the domains of an organization by name.
func (r *Reader) Domains(org iam.OrganizationID) ([]Domain, error) {
	return list(r, scanDomain, `SELECT `+domainColumns+` FROM domains WHERE org_id = ? ORDER BY domain`, org)
}

// PutDomain adds a domain or writes it anew.
func (tx *Tx) PutDomain(org iam.OrganizationID, d Domain) error {
	_, err := tx.exec(`
		INSERT INTO domains (org_id, domain, txt_value, expires_at, verified_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (org_id, domain) DO UPDATE SET txt_value = excluded.txt_value, expires_at = excluded.expires_at, verified_at = excluded.verified_at`,
		org, d.Domain, d.TXTValue, micros(d.ExpiresAt), nullMicros(d.VerifiedAt))
	return err
}

// DeleteDomain removes a domain.
func (tx *Tx) DeleteDomain(org iam.OrganizationID, domain string) error {
	_, err := tx.exec(`DELETE FROM domains WHERE org_id = ? AND domain = ?`, org, domain)
	return err
}

// CountDomainMembers counts the members whose sign-in address lies in a domain
// and who have no local sign-in. It reads the organization's whole index of
// login keys: for a question that is asked before a domain is removed.
func (r *Reader) CountDomainMembers(org iam.OrganizationID, domain string) (int, error) {
	return one(r, scanOne[int], `SELECT count(*) FROM users u WHERE u.org_id = ? AND `+shutOut, append([]any{org}, shutOutArgs(domain)...)...)
}

// CountDomainSessions counts the sessions that Tx.EndSAMLSessions would end for a domain.
func (r *Reader) CountDomainSessions(org iam.OrganizationID, domain string, now time.Time) (int, error) {
	return one(r, scanOne[int], `SELECT count(*) FROM sessions s JOIN users u ON u.org_id = s.org_id AND u.id = s.member_id
		WHERE s.org_id = ? AND s.method = 'saml' AND s.ended_at IS NULL AND s.expires_at > ? AND u.login_key LIKE ?`,
		org, micros(now), "%@"+domain)
}

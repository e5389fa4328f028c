package store

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// What an organization has mailed on a day (UTC) is counted in the table counters, in all
// and for each address, of which a hash is kept. The counts of a day go when the first mail
// of a later one is counted.

const mailPrefix = "Mail "

func mailsOn(day time.Time) Resource { return Resource(mailPrefix + day.UTC().Format(time.DateOnly)) }

func mailsTo(day time.Time, email string) Resource {
	sum := sha256.Sum256([]byte(email))
	return mailsOn(day) + Resource(" "+hex.EncodeToString(sum[:16]))
}

// Mails returns how many mails of the day of at an organization has caused, in all and to
// a folded address.
func (r *Reader) Mails(org iam.OrganizationID, at time.Time, email string) (all, to int, err error) {
	if all, err = r.Count(org, mailsOn(at)); err != nil {
		return 0, 0, err
	}
	to, err = r.Count(org, mailsTo(at, email))
	return all, to, err
}

// AddMails counts n mails to a folded address. The organization's row has to be locked.
func (tx *Tx) AddMails(org iam.OrganizationID, at time.Time, email string, n int) error {
	if _, err := tx.exec(`DELETE FROM counters WHERE org_id = ? AND resource >= ? AND resource < ?`, org, mailPrefix, mailsOn(at)); err != nil {
		return err
	}
	if err := tx.AddCount(org, mailsOn(at), "", n); err != nil {
		return err
	}
	return tx.AddCount(org, mailsTo(at, email), "", n)
}

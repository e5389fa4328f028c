package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// generateKey makes a key and shows it, with its secret, in the answer to the POST: at no
// address of its own, and never again (S63). A form that is sent twice, by a reload of
// that page for instance, makes no second key: it names the newest key that its page
// showed.
func (c *Console) generateKey(x *exchange) error {
	p, err := c.scimPage(x)
	if err != nil {
		return err
	}
	expires := x.value("expires")
	p.Expiry, p.Date = expiryChoices(expires), x.value("date")
	if newest := iam.KeyID(x.value("newest")); newest != p.Newest {
		return x.again(p, iam.Errorf(iam.KindConflict,
			"the key %s was generated since you opened this page, perhaps by sending it twice, and its secret cannot be shown again; revoke it if nobody stored it, or generate another one", p.Newest))
	}
	switch expires {
	case "date":
		if expires = p.Date; expires == "" {
			return x.again(p, iam.Errorf(iam.KindInvalid, "choose the date on which the key expires"))
		}
	case "":
		return x.again(p, iam.Errorf(iam.KindInvalid, "choose when the key expires"))
	}
	made, err := c.access.CreateKey(x.r.Context(), x.session.Actor, x.org(), expires)
	if err != nil {
		return x.again(p, err)
	}
	x.now = c.now().UTC() // behind the key's time
	if p, err = c.scimPage(x); err != nil {
		return err
	}
	p.Once = &shownOnce{Key: string(made.Key), Secret: made.Secret, Joined: made.Bearer, ExpiresAt: made.ExpiresAt}
	if !made.ExpiresAt.IsZero() {
		p.Once.Calendar = reminderURL(made.Key)
	}
	return x.show(p)
}

// downloadCredentials gives the browser back, as a file, what the page of a new key
// holds: the server does not know the secret any more.
func (c *Console) downloadCredentials(x *exchange) error {
	key, secret := x.value("key"), x.value("secret")
	found, err := c.key(x, iam.KeyID(key))
	if err != nil {
		return err
	}
	if len(secret) == 0 || len(secret) > 100 || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r >= 0x7F }) {
		return iam.Errorf(iam.KindInvalid, "this is not the secret of a SCIM key")
	}
	view, err := c.access.SCIMSettings(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	expires := "never"
	if !found.ExpiresAt.IsZero() {
		expires = found.ExpiresAt.UTC().Format(time.RFC3339)
	}
	x.download(key+".txt", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(x.w, "Rollcall SCIM key\n\nOrganization ID: %s\nTenant URL:      %s\nSecret Token:    %s:%s\nKey:             %s\nSecret:          %s\nExpires:         %s\n",
		x.org(), view.Endpoint, key, secret, key, secret, expires) // the browser is gone: nobody is left to tell
	return nil
}

// key finds a key of the organization.
func (c *Console) key(x *exchange, id iam.KeyID) (access.KeyView, error) {
	keys, err := c.access.Keys(x.r.Context(), x.org())
	if err != nil {
		return access.KeyView{}, err
	}
	for _, k := range keys {
		if k.ID == id {
			return k, nil
		}
	}
	if !iam.IsKey(string(id)) {
		id = "of this form" // what was pasted may hold a secret (S16)
	}
	return access.KeyView{}, iam.Errorf(iam.KindNotFound, "there is no SCIM key %s in this organization", id)
}

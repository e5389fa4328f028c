package console

import (
	"fmt"
	"net/http"
	"net/url"
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

func reminderURL(key iam.KeyID) string {
	return "/settings/scim/keys/" + url.PathEscape(string(key)) + "/expiry.ics"
}

// keyReminder is an entry for a calendar on the day on which a key expires, which
// reminds a month and a week before (R29).
func (c *Console) keyReminder(x *exchange) error {
	k, err := c.key(x, iam.KeyID(x.r.PathValue("key")))
	if err != nil {
		return err
	}
	if k.ExpiresAt.IsZero() {
		return iam.Errorf(iam.KindNotFound, "the SCIM key %s never expires", k.ID)
	}
	x.download(string(k.ID)+".ics", "text/calendar; charset=utf-8")
	_, _ = x.w.Write([]byte(reminder(k.SCIMKey, x.session.Organization.Name, c.publicURL, x.now))) // as above
	return nil
}

// reminder writes an iCalendar object (RFC 5545).
func reminder(k iam.SCIMKey, organization, publicURL string, now time.Time) string {
	day := k.ExpiresAt.UTC()
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Rollcall//SCIM keys//EN", "METHOD:PUBLISH",
		"BEGIN:VEVENT",
		"UID:" + string(k.ID) + "@rollcall",
		"DTSTAMP:" + now.UTC().Format("20060102T150405Z"),
		"DTSTART;VALUE=DATE:" + day.Format("20060102"),
		"DTEND;VALUE=DATE:" + day.AddDate(0, 0, 1).Format("20060102"),
		"TRANSP:TRANSPARENT",
		"SUMMARY:" + calendarText("SCIM key of "+organization+" expires"),
		"DESCRIPTION:" + calendarText("Rotate the SCIM key "+string(k.ID)+" before: generate a new key, enter its Secret Token in Entra ID, confirm that provisioning works, then revoke this one.\n"+publicURL+"/settings/scim"),
		"URL:" + publicURL + "/settings/scim",
	}
	for _, before := range []string{"P30D", "P7D"} {
		lines = append(lines, "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-"+before, "DESCRIPTION:"+calendarText("The SCIM key of "+organization+" expires"), "END:VALARM")
	}
	lines = append(lines, "END:VEVENT", "END:VCALENDAR")
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(foldLine(line))
	}
	return b.String()
}

// calendarText escapes a text. RFC 5545 section 3.3.11.
func calendarText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// foldLine ends a line, and cuts it where it is longer than 75 bytes, between characters.
// RFC 5545 section 3.1.
func foldLine(line string) string {
	var b strings.Builder
	width := 0
	for _, r := range line {
		n := len(string(r))
		if width+n > 75 {
			b.WriteString("\r\n ")
			width = 1
		}
		b.WriteRune(r)
		width += n
	}
	b.WriteString("\r\n")
	return b.String()
}

// revokePage asks before a key is revoked.
type revokePage struct {
	frame
	Key    keyRow
	Others int // keys that stay active
	Action string
}

func (c *Console) revoke(x *exchange) error {
	p, err := c.revokePage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) revokePage(x *exchange) (*revokePage, error) {
	k, err := c.key(x, iam.KeyID(x.r.PathValue("key")))
	if err != nil {
		return nil, err
	}
	p := &revokePage{frame: x.frame("Revoke key"), Key: newKeyRow(k, x.now)}
	p.Here, p.Action = "/settings/scim", p.Key.Revoke
	keys, err := c.access.Keys(x.r.Context(), x.org())
	for _, other := range keys {
		if other.Status == iam.KeyActive && other.ID != k.ID {
			p.Others++
		}
	}
	if k.Status != iam.KeyActive {
		p.Status = http.StatusConflict
		p.Problem = sentence("the key " + string(k.ID) + " is " + string(k.Status) + " already")
	}
	return p, err
}

func (c *Console) revokeKey(x *exchange) error {
	p, err := c.revokePage(x)
	if err != nil || p.Problem != "" || x.value("sure") != "yes" {
		if err == nil {
			err = x.show(p)
		}
		return err
	}
	if err := c.access.RevokeKey(x.r.Context(), x.session.Actor, x.org(), p.Key.ID); err != nil {
		return x.again(p, err)
	}
	return x.done("/settings/scim", "The key "+string(p.Key.ID)+" is revoked.", "Calls with it are refused from now on.")
}

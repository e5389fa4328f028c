package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// reminderURL is where the calendar entry of a key is.
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

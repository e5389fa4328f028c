package console

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// scimOrg is an organization with SAML connected, SCIM enabled, and its first Admin
// signed in.
func scimOrg(t *testing.T, change ...func(*Config)) (*org, *browserTab) {
	t.Helper()
	o := newWorld(t, change...).org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.post("/settings/scim/enable", nil).leadsTo("/settings/scim")
	return o, b
}

var keyPattern = regexp.MustCompile(`scim_[a-z2-7]{20}`)

// newest is the newest key that the page of SCIM settings names in its form.
func (b *browserTab) newest() string {
	b.t.Helper()
	_, rest, found := strings.Cut(b.get("/settings/scim").body, `name="newest" value="`)
	if !found {
		b.t.Fatal("the page has no form for a key")
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// generate makes a key as a person does.
func (b *browserTab) generate(expires string) answer {
	b.t.Helper()
	return b.post("/settings/scim/keys", url.Values{"newest": {b.newest()}, "expires": {expires}})
}

// copied is the text of the element that a Copy button copies.
func (a answer) copied(id string) string {
	a.t.Helper()
	_, rest, found := strings.Cut(a.body, `<code id="`+id+`">`)
	if !found || !strings.Contains(a.body, `data-copy="`+id+`"`) {
		a.t.Fatalf("%s has nothing to copy called %s: %s", a.what, id, text(a.body))
	}
	value, _, _ := strings.Cut(rest, "</code>")
	return value
}

// R23, R40: the way there has the guide's labels.
func TestR23_navigation(t *testing.T) {
	t.Parallel()
	_, b := scimOrg(t)
	home := b.get("/dashboard").body
	for _, label := range []string{"Organization settings</h2>", "SAML and SCIM settings</a>", "Users and roles</a>", "Audit</a>"} {
		if !strings.Contains(home, label) {
			t.Errorf("the navigation has no %s", label)
		}
	}
	page := b.get("/settings/scim").is(http.StatusOK)
	page.has(`<a href="/settings/saml">SAML</a>`, `<a href="/settings/scim" aria-current="page">SCIM Configuration</a>`, `<a href="/settings/activity">Provisioning activity</a>`)
	page.has(`<a class="button" href="/roles">Map roles in "Users and roles"</a>`)
}

// R24, R25: the switch is greyed out with the reason until SAML is connected; on and off
// are kept and on record.
func TestR24_R25_enable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.get("/settings/scim").says("Enable SCIM", "SCIM is unlocked once SAML SSO is connected", "Finish your SAML setup first").
		has(`aria-checked="false" aria-labelledby="en" aria-describedby="why-locked" disabled`).saysNot("Paste it into Entra ID", "Generate new key", "Unmapped groups")
	before := storetest.Dump(t, w.url)
	b.post("/settings/scim/enable", nil).is(http.StatusConflict).says("Finish your SAML setup first")
	if storetest.Dump(t, w.url) != before {
		t.Error("a refused click changed something")
	}
	o.connect()
	b.get("/settings/scim").has(`aria-describedby="why-locked"></button>`).says("Off")
	b.post("/settings/scim/enable", nil).leadsTo("/settings/scim")
	b.get("/settings/scim").says("SCIM is enabled.", "On · no call received yet", "SCIM endpoint URL", "Generate new key", "No keys yet").has(`aria-checked="true"`)

	b.get("/settings/scim/disable").says("Disable SCIM?", "answered 403", "Nothing is deleted")
	b.post("/settings/scim/disable", nil).is(http.StatusOK).says("Disable SCIM?")
	b.post("/settings/scim/disable", url.Values{"sure": {"yes"}}).leadsTo("/settings/scim")
	b.get("/settings/scim").says("SCIM is disabled.", "Off").saysNot("Paste it into Entra ID")
	events := b.events(t)
	if !slices.Contains(events, iam.SCIMEnable) || !slices.Contains(events, iam.SCIMDisable) {
		t.Errorf("the events are %v", events)
	}
}

// Without an Admin who gets in by himself SCIM stays locked (D8).
func TestSCIM_needsBreakGlass(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.person("zoe@alpha.example")
	o.role("manager", iam.PermOrganizationManage, iam.PermOrganizationView)
	must[iam.Member](t)(w.access.SetMemberRoles(t.Context(), iam.Operator, o.id, "zoe@alpha.example", []string{"manager"}))
	first := must[[]string](t)(w.access.BreakGlassAdmins(t.Context(), o.id))
	o.write(func(tx *store.Tx) error { _, err := tx.DeleteLocalSignIn(o.id, o.find(first[0]).ID); return err })
	b.get("/settings/scim").says("SCIM needs an Admin who gets in without the identity provider").has(`disabled`)
	b.post("/settings/scim/enable", nil).is(http.StatusConflict).says("SCIM needs an Admin")
}

// R26, R27: the address is that of this organization alone, stays the same, and can be
// copied.
func TestR26_R27_endpoint(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	want := publicURL + "/v1/organizations/" + string(o.id) + "/scim"
	if got := b.get("/settings/scim").copied("endpoint"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.post("/settings/scim/disable", url.Values{"sure": {"yes"}}).is(http.StatusSeeOther)
	b.post("/settings/scim/enable", nil).is(http.StatusSeeOther)
	if got := b.get("/settings/scim").copied("endpoint"); got != want {
		t.Errorf("enabled again it is %s", got)
	}
}

// R28, R29, R32: the section, its choices with 12 months preselected, and what a key's
// expiry comes to; nothing else is taken.
func TestR28_R29_expiry(t *testing.T) {
	t.Parallel()
	_, b := scimOrg(t)
	b.get("/settings/scim").says("Generate new key", "Expires after 1 week 1 month 3 months 6 months 12 months On a date… Never", "After 12 months is recommended: until 10 March 2027").
		has(`value="12mo" checked>12 months`, `min="2026-03-10"`)
	newest := b.newest()
	for _, c := range []struct {
		form url.Values
		says string
	}{
		{url.Values{}, "Choose when the key expires"},
		{url.Values{"expires": {"date"}}, "Choose the date"},
		{url.Values{"expires": {"date"}, "date": {"2026-03-09"}}, "lies in the past"},
		{url.Values{"expires": {"date"}, "date": {"tomorrow"}}, "is not one of"},
		{url.Values{"expires": {"13mo"}}, "is not one of"},
	} {
		c.form.Set("newest", newest)
		b.refusesToChange(http.StatusBadRequest, "/settings/scim/keys", c.form).says(c.says).saysNot("Copy the new key now")
	}
	b.refusesToChange(http.StatusBadRequest, "/settings/scim/keys", url.Values{"newest": {newest}, "expires": {"date"}, "date": {"2026-01-01"}}).has(`value="date" checked`, `value="2026-01-01"`)
	made := b.post("/settings/scim/keys", url.Values{"newest": {newest}, "expires": {"date"}, "date": {"2026-04-01"}}).is(http.StatusOK).says("Wed, 1 Apr 2026 23:59:59 (UTC)")
	if !keyPattern.MatchString(made.copied("key")) {
		t.Errorf("the key is %q", made.copied("key"))
	}
	b.generate("never").is(http.StatusOK).says("The key never expires").saysNot("Add expiry to calendar")
}

// R29: a reminder for the calendar, and a warning from 30 days before.
func TestR29_reminder(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	made := b.generate("12mo").is(http.StatusOK)
	key := made.copied("key")
	made.has(`href="/settings/scim/keys/` + key + `/expiry.ics"`)
	file := b.get("/settings/scim/keys/" + key + "/expiry.ics").is(http.StatusOK)
	if file.header.Get("Content-Type") != "text/calendar; charset=utf-8" || file.header.Get("Content-Disposition") != "attachment; filename="+key+".ics" {
		t.Errorf("the headers are %v", file.header)
	}
	unfolded := strings.ReplaceAll(file.body, "\r\n ", "")
	for _, line := range []string{
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "DTSTART;VALUE=DATE:20270310\r\n", "DTEND;VALUE=DATE:20270311\r\n", "TRIGGER:-P30D\r\n", "TRIGGER:-P7D\r\n", "SUMMARY:SCIM key of Alpha expires\r\n", key, "END:VCALENDAR\r\n",
	} {
		if !strings.Contains(unfolded, line) {
			t.Errorf("the calendar has no %q: %s", line, unfolded)
		}
	}
	if strings.Contains(file.body, made.copied("secret")) {
		t.Error("the calendar holds the secret")
	}
	b.get("/settings/scim/keys/scim_aaaaaaaaaaaaaaaaaaaa/expiry.ics").is(http.StatusNotFound)
	b.get("/settings/scim").saysNot("less than 30 days")
	o.sleep(334 * 24 * time.Hour)
	b = o.again(b)
	b.get("/settings/scim").saysNot("less than 30 days")
	o.sleep(2 * 24 * time.Hour)
	o.again(b).get("/settings/scim").says("This key expires in less than 30 days", "in 29 days", "10 Mar 2027")
}

func TestReminder_escapesAndFolds(t *testing.T) {
	t.Parallel()
	name := "Ågren, Öberg; Søn\\s & " + strings.Repeat("é", 80) + "\nX:Y"
	text := reminder(iam.SCIMKey{ID: "scim_aaaaaaaaaaaaaaaaaaaa", ExpiresAt: start}, name, publicURL, start)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 {
			t.Errorf("%d bytes in %q", len(line), line)
		}
	}
	unfolded := strings.ReplaceAll(text, "\r\n ", "")
	if !strings.Contains(unfolded, `SUMMARY:SCIM key of Ågren\, Öberg\; Søn\\s & `+strings.Repeat("é", 80)+`\nX:Y expires`) || strings.Contains(unfolded, "\r\nX:Y") {
		t.Errorf("not escaped: %s", unfolded)
	}
}

// R30: a third key is refused in plain words, and possible again after one is revoked.
func TestR30_twoKeys(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	first := b.generate("12mo").copied("key")
	o.sleep(time.Minute)
	second := b.generate("12mo").says("Two keys are active, the most an organization can have. Revoke one to generate another.").copied("key")
	b.get("/settings/scim").has(`<fieldset class="stack" disabled>`)
	b.refusesToChange(http.StatusConflict, "/settings/scim/keys", url.Values{"newest": {second}, "expires": {"12mo"}}).
		says("At most 2 SCIM keys can be active at once", first, second, "revoke one first")
	b.post("/settings/scim/keys/"+first+"/revoke", url.Values{"sure": {"yes"}}).leadsTo("/settings/scim")
	b.generate("12mo").is(http.StatusOK).says("Copy the new key now")
}

// R31: of two keys the page says which is in use, and until when the other has to stay.
func TestR31_rotation(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	use := func(bearers ...string) {
		t.Helper()
		for _, bearer := range bearers {
			if _, err := o.signin.SCIM(t.Context(), string(o.id), []string{"Bearer " + bearer}, "192.0.2.1", "AADProvisioningService"); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.signin.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	page := func() answer { t.Helper(); return o.again(b).get("/settings/scim") }
	old := b.generate("12mo").copied("joined")
	page().says("Not used yet", "No call has shown this key yet. In Entra ID open Provisioning → Edit provisioning → Admin Credentials").saysNot("In use now")
	use(old)
	page().says("In use now just now", "last call").saysNot("Keep it")
	o.sleep(time.Minute)
	fresh := b.generate("12mo").copied("joined")
	page().says("Entra ID has not switched to this key.", "Keep it until the new key is in use.", "In use now 1 minute ago")

	// 09:32: Entra ID has the new one. The old one was last used within 09:30.
	o.sleep(time.Minute)
	use(fresh)
	page().says("Keep for now", "Keep it until 10:51 (UTC), in 1 hour: then it is safe to revoke, if it stays silent.", "The newer key was used just now, this one 2 minutes ago").saysNot("Entra ID has not switched", "Safe to revoke")
	key, _, _ := strings.Cut(old, ":")
	o.again(b).get("/settings/scim/keys/"+key+"/revoke").says("Revoke this key?", "Keep it until 10:51 (UTC)", "Make sure that Entra ID has that one")

	// A test of the new key alone shows nothing about who still has the old one.
	o.sleep(2 * time.Hour)
	page().says("Keep it: one more call with the newer key is missing.", "Not used for a while").saysNot("Safe to revoke", "In use now")
	use(fresh)
	page().says("Safe to revoke", "It can be revoked: the newer key has taken over. This one was used last 2 hours ago", "In use now just now")
	o.again(b).get("/settings/scim/keys/" + key + "/revoke").says("It can be revoked: the newer key has taken over.").saysNot("Make sure that Entra ID has that one")

	// Somebody still has the old one: both at once, and later the old one alone.
	use(old)
	page().says("Do not revoke it: both keys are in use at once.", "A second provisioning job or application still has the old Secret Token", "once it has been silent for 1 hour 20 minutes").saysNot("Safe to revoke")
	o.sleep(3 * time.Hour)
	use(old)
	page().says("Entra ID is back at the older key.", "Do not revoke it: Entra ID uses this key again.")
	o.sleep(5 * 24 * time.Hour)
	page().says("Silent 5 days ago", "Not used for a while: the last call with it was 5 days ago.", "Keep it all the same: it was used after the newer one.").saysNot("In use now")
}

func TestR31_neitherKeyUsed(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	b.generate("12mo")
	o.sleep(time.Minute)
	b.generate("12mo")
	a := b.get("/settings/scim")
	if n := strings.Count(text(a.body), "Neither key has been used."); n != 2 {
		t.Errorf("said %d times: %s", n, text(a.body))
	}
}

// R29: how much an expiry matters depends on whether the key is in use, and on the other.
func TestExpiryAdvice(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	view := func(id iam.KeyID, lasts, used time.Duration) access.KeyView {
		k := access.KeyView{SCIMKey: iam.SCIMKey{ID: id, CreatedAt: start.Add(-90 * day)}, Status: iam.KeyActive}
		if lasts > 0 {
			k.ExpiresAt = start.Add(lasts)
		}
		if used >= 0 {
			k.LastUsedAt = start.Add(-used)
		}
		return k
	}
	const never = -1
	for name, c := range map[string]struct {
		keys []access.KeyView // the newest first; the last one is judged
		kind string
		says string
	}{
		"lasts":                     {[]access.KeyView{view("a", 30*day, 0)}, "", ""},
		"never expires":             {[]access.KeyView{view("a", 0, 0)}, "", ""},
		"the only one, in use":      {[]access.KeyView{view("a", 12*day+time.Hour, 0)}, "bad", "The only key in use expires in 12 days, on 22 March 2026, and there is no second one."},
		"the only one, silent":      {[]access.KeyView{view("a", day, 9*day)}, "bad", "every call is answered 401"},
		"the only one, never used":  {[]access.KeyView{view("a", day, never)}, "warn", "This key expires in less than 30 days."},
		"in use, a second one":      {[]access.KeyView{view("b", 300*day, never), view("a", day, 0)}, "warn", "Swap Entra ID over to b before."},
		"in use, both expire":       {[]access.KeyView{view("b", 2*day, never), view("a", day, 0)}, "bad", "the other one expires soon, too"},
		"taken over":                {[]access.KeyView{view("b", 300*day, 0), view("a", day, 9*day)}, "", "It is not the one in use."},
		"two that were never used":  {[]access.KeyView{view("b", 300*day, never), view("a", day, never)}, "warn", "less than 30 days"},
		"used as late as the other": {[]access.KeyView{view("b", 300*day, 0), view("a", day, 0)}, "warn", "Swap Entra ID over to b"},
	} {
		advised := access.AdviseKeys(c.keys, start)
		got := expiryAdvice(advised[len(advised)-1], start)
		if c.says == "" {
			if got != nil {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got == nil || got.Kind != c.kind || !strings.Contains(got.Bold+" "+got.Text, c.says) {
			t.Errorf("%s: %+v, want %s: %q", name, got, c.kind, c.says)
		}
	}
}

// R33-R37, S63: key, secret and the joined value are shown once, in the answer to the
// POST, and nowhere afterwards; the joined value is what opens the endpoint.
func TestR33_R37_shownOnce(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	newest := b.newest()
	made := b.generate("12mo").is(http.StatusOK).says("The secret is shown once and cannot be retrieved later", "Download credentials", "Add expiry to calendar", "I have stored it")
	if made.header.Get("Cache-Control") != "no-store" || made.header.Get("Location") != "" {
		t.Errorf("the answer may be kept: %v", made.header)
	}
	key, secret, joined := made.copied("key"), made.copied("secret"), made.copied("joined")
	if joined != key+":"+secret || !strings.HasPrefix(key, "scim_") || len(secret) != 43 {
		t.Errorf("key %q, secret %q, joined %q", key, secret, joined)
	}
	if _, err := o.signin.SCIM(t.Context(), string(o.id), []string{"Bearer " + joined}, "192.0.2.1", ""); err != nil {
		t.Errorf("the joined value does not open the endpoint: %v", err)
	}
	list := b.get("/settings/scim").says(key, "admin@alpha.example", "10 Mar 2027", "just now").saysNot("Copy the new key now")
	for what, place := range map[string]string{
		"the page": list.body, "the audit log": b.get("/audit").body, "an export": b.get("/audit/export").body, "the database": storetest.Dump(t, o.url), "the server's log": o.log.String(),
	} {
		if strings.Contains(place, secret) {
			t.Errorf("%s holds the secret", what)
		}
	}
	// A reload sends the form again: no second key.
	b.refusesToChange(http.StatusConflict, "/settings/scim/keys", url.Values{"newest": {newest}, "expires": {"12mo"}}).
		says("The key "+key+" was generated since you opened this page").saysNot(secret, "Copy the new key now")
}

// R34: the credentials as a file, which the server gives back without knowing them.
func TestR34_download(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	made := b.generate("12mo")
	key, secret := made.copied("key"), made.copied("secret")
	made.has(`action="/settings/scim/keys/credentials"`, `name="secret" value="`+secret+`"`)
	file := b.post("/settings/scim/keys/credentials", url.Values{"key": {key}, "secret": {secret}}).is(http.StatusOK)
	if file.header.Get("Content-Disposition") != "attachment; filename="+key+".txt" || file.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", file.header)
	}
	for _, want := range []string{"Tenant URL:      " + publicURL + "/v1/organizations/" + string(o.id) + "/scim\n", "Secret Token:    " + key + ":" + secret + "\n", "Expires:         2027-03-10T23:59:59Z\n"} {
		if !strings.Contains(file.body, want) {
			t.Errorf("the file has no %q: %s", want, file.body)
		}
	}
	b.post("/settings/scim/keys/credentials", url.Values{"key": {"scim_aaaaaaaaaaaaaaaaaaaa"}, "secret": {secret}}).is(http.StatusNotFound)
	b.post("/settings/scim/keys/credentials", url.Values{"key": {key + ":" + secret}, "secret": {"x"}}).is(http.StatusNotFound).saysNot(secret)
	b.post("/settings/scim/keys/credentials", url.Values{"key": {key}, "secret": {"two\nlines"}}).is(http.StatusBadRequest)
}

// R36, R143: who has lost the secret revokes the key without it, at the guide's place, and
// makes another.
func TestR36_R143_revoke(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	made := b.generate("12mo")
	key, joined := made.copied("key"), made.copied("joined")
	at := "/settings/scim/keys/" + key + "/revoke"
	b.get("/settings/scim").has(`href="` + at + `"`)
	b.get(at).says("Revoke this key?", key, "No other key is active")
	b.refusesToChange(http.StatusOK, at, nil).says("Revoke this key?")
	b.post(at, url.Values{"sure": {"yes"}}).leadsTo("/settings/scim")
	b.get("/settings/scim").says("The key "+key+" is revoked.", "No key is active", "Revoked and expired keys")
	if _, err := o.signin.SCIM(t.Context(), string(o.id), []string{"Bearer " + joined}, "192.0.2.1", ""); signin.Cause(err) != iam.CauseRevoked {
		t.Errorf("the revoked key gets %v", err)
	}
	b.refusesToChange(http.StatusConflict, at, url.Values{"sure": {"yes"}}).says("is revoked already")
	b.get("/settings/scim/keys/scim_aaaaaaaaaaaaaaaaaaaa/revoke").is(http.StatusNotFound)
	b.get("/settings/scim/keys/" + url.PathEscape(joined) + "/revoke").is(http.StatusNotFound).saysNot(joined)
	b.generate("12mo").is(http.StatusOK).says("Copy the new key now")
}

// R105: a key whose maker has left is flagged.
func TestR105_makerLeft(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	o.user("zoe@alpha.example")
	must[iam.Member](t)(o.access.SetMemberRoles(t.Context(), iam.Operator, o.id, "zoe@alpha.example", []string{"system:Admin"}))
	zoe := o.browser()
	zoe.sso(o, "zoe@alpha.example")
	key := zoe.generate("12mo").copied("key")
	b.get("/settings/scim").says(key, "zoe@alpha.example").saysNot("is no member any more")
	if err := o.access.RemoveMember(t.Context(), iam.Operator, o.id, "zoe@alpha.example"); err != nil {
		t.Fatal(err)
	}
	b.get("/settings/scim").says("zoe@alpha.example, who made this key, is no member any more.")
}

// Unmapped groups and the identity policy; before strict the page says whom it refuses.
func TestSCIM_rules(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	o.user("fine@alpha.example", func(u *store.User) { u.Doc = `{"emails":[{"type":"work","value":"fine@alpha.example"}]}` })
	o.user("j.halvorsen", func(u *store.User) { u.LoginKey = "j.halvorsen" })
	b.get("/settings/scim").says("Unmapped groups", "Create a new role", "Identity policy").has(`name="unmapped" value="create" checked`, `name="identity" value="standard" checked`)
	b.post("/settings/scim/rules", url.Values{"unmapped": {"reject"}, "identity": {"standard"}}).leadsTo("/settings/scim")
	b.get("/settings/scim").says("The rules are saved.").has(`name="unmapped" value="reject" checked`)

	asked := b.refusesToChange(http.StatusOK, "/settings/scim/rules", url.Values{"unmapped": {"create"}, "identity": {"strict"}})
	asked.says("Switch to the identity policy Strict?", "j.halvorsen", "there is no work e-mail", "Nobody is changed by it").saysNot("fine@alpha.example").has(`name="unmapped" value="create"`)
	b.post("/settings/scim/rules", url.Values{"unmapped": {"create"}, "identity": {"strict"}, "sure": {"yes"}}).leadsTo("/settings/scim")
	b.get("/settings/scim").has(`name="unmapped" value="create" checked`, `name="identity" value="strict" checked`)
	// Once it is strict nothing is asked any more.
	b.post("/settings/scim/rules", url.Values{"unmapped": {"reject"}, "identity": {"strict"}}).leadsTo("/settings/scim")
	b.refusesToChange(http.StatusBadRequest, "/settings/scim/rules", url.Values{"unmapped": {"ask"}, "identity": {"strict"}}).says("is not one of create, reject")
}

// The list of those who would fail ends somewhere, and says how many more there are.
func TestSCIM_strictMany(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	for i := range maxWouldFail + 5 {
		name := "u" + strings.Repeat("x", i)
		o.user(name, func(u *store.User) { u.LoginKey = name })
	}
	b.post("/settings/scim/rules", url.Values{"unmapped": {"create"}, "identity": {"strict"}}).is(http.StatusOK).says("and 5 more")
}

// R115, R129: the Default role is shown where SCIM is set up.
func TestR129_defaultRole(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	b.get("/settings/scim").says("Default role", "Member System")
	role := o.role("Newcomer")
	must[[]iam.RoleRef](t)(o.access.SetDefaultRoles(t.Context(), iam.Operator, o.id, []string{string(role.ID)}))
	b.get("/settings/scim").says("Newcomer Custom")
	b.get("/settings/saml").says("Newcomer Custom")
}

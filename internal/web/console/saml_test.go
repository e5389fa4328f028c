package console

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// upload posts a form with a file.
func (b *browserTab) upload(path, field, name string, content []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part := must[interface{ Write([]byte) (int, error) }](b.t)(form.CreateFormFile(field, name))
	must[int](b.t)(part.Write(content))
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, publicURL+path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return answer{b.t, "POST " + path, w.Code, w.Header(), w.Body.String()}
}

// elsewhere is DNS and the web, as a test sets them.
type elsewhere struct {
	records   map[string][]string
	documents map[string][]byte
	away      error
}

func (e *elsewhere) config(c *Config) {
	c.LookupTXT = func(_ context.Context, name string) ([]string, error) { return e.records[name], e.away }
	c.FetchMetadata = func(_ context.Context, url string, private bool) ([]byte, error) {
		if e.away != nil {
			return nil, e.away
		}
		if strings.HasPrefix(url, "http:") && !private {
			return nil, iam.Errorf(iam.KindInvalid, "the address %q does not begin with https", url)
		}
		return e.documents[url], nil
	}
}

const metadataAt = "https://idp.example/metadata"

// The set-up of the guide's sister document, in its words and its order, with everything
// that can go wrong on the way; leaving and coming back loses nothing.
func TestR23_samlSetup(t *testing.T) {
	t.Parallel()
	outside := &elsewhere{records: map[string][]string{}, documents: map[string][]byte{}}
	w := newWorld(t, outside.config)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	provider := idp.New(t, "entra", w.clock())

	b.get("/settings/saml").is(http.StatusOK).says("SAML and SCIM settings", "Not connected", "Enable SAML single sign-on", "None yet").
		has(`action="/settings/saml/setup"`, `aria-checked="false"`).saysNot("Disable SAML")
	b.get("/settings/saml/setup").says("Single Sign-On URL", publicURL+"/saml/"+string(o.id)+"/acs", "Service Provider Entity ID", publicURL+"/saml/"+string(o.id)+"/metadata", "Next: Provide metadata URL").
		has(`data-copy="acs"`, `data-copy="entity-id"`, `href="/settings/saml/setup/metadata"`)
	b.get("/settings/saml/setup/metadata").says("Metadata URL", "Next: Verify your domains")

	connect := func(form url.Values) answer { return b.post("/settings/saml/setup/metadata", form) }
	b.refusesToChangeAnything(t, func() {
		connect(nil).is(http.StatusBadRequest).says("Enter the Metadata URL")
		connect(url.Values{"metadata-url": {"http://idp.example/metadata"}}).is(http.StatusConflict).says("does not begin with https").has(`value="http://idp.example/metadata"`)
		connect(url.Values{"metadata-url": {metadataAt}}).is(http.StatusBadRequest).says("Nothing was changed.")
		outside.away = iam.Errorf(iam.KindUnavailable, "idp.example does not answer")
		connect(url.Values{"metadata-url": {metadataAt}}).is(http.StatusConflict).says("Idp.example does not answer")
		outside.away = nil
		b.upload("/settings/saml/setup/metadata", "metadata-file", "m.xml", []byte("<html/>")).is(http.StatusBadRequest).says("Nothing was changed.")
	})
	outside.documents[metadataAt] = provider.Metadata()
	connect(url.Values{"metadata-url": {metadataAt}}).leadsTo("/settings/saml/setup/domains")

	// He leaves, and comes back.
	b.get("/settings/saml").says("Connected", provider.EntityID, metadataAt, "The set-up is not finished: no domain is verified")
	b.get("/settings/saml/setup/metadata").has(`value="`+metadataAt+`"`).says("Connected now", provider.EntityID)
	b.get("/settings/saml/setup/domains").says("Verify your domains", "Check domain", "Verify and Finish")
	b.post("/settings/saml/setup/finish", nil).is(http.StatusConflict).says("No domain is there yet")

	b.post("/settings/saml/setup/domains", url.Values{"domain": {"not a domain"}}).is(http.StatusBadRequest).says("is not a domain name").has(`value="not a domain"`)
	b.post("/settings/saml/setup/domains", url.Values{"domain": {"Alpha.Example"}}).leadsTo("/settings/saml/setup/domains#alpha-example")
	domain := must[access.SAMLView](t)(w.access.SAML(t.Context(), o.id)).Domains[0]
	page := b.get("/settings/saml/setup/domains").says("alpha.example was added", "TXT record name", domain.TXTName, "Value", domain.TXTValue, "Thu, 12 Mar 2026 09:30:20 (UTC)", "0 of 1 domain verified")
	page.has(`id="alpha-example"`, `data-copy="name-alpha-example"`)

	check := func() answer {
		return b.post("/settings/saml/setup/domains", url.Values{"domain": {"alpha.example"}})
	}
	check().is(http.StatusConflict).says("There is no TXT record " + domain.TXTName + " yet")
	outside.away = iam.Errorf(iam.KindUnavailable, "DNS gave no answer")
	check().is(http.StatusConflict).says("could not be looked up: DNS gave no answer", domain.TXTValue)
	outside.away = nil
	outside.records[domain.TXTName] = []string{"something else"}
	b.post("/settings/saml/setup/finish", nil).is(http.StatusConflict).says(`shows "something else"`)

	// The value is good for 48 hours; after them a new one is made.
	w.sleep(47*time.Hour + 59*time.Minute)
	b = o.again(b)
	b.get("/settings/saml/setup/domains").says(domain.TXTValue)
	w.sleep(time.Minute)
	b.get("/settings/saml/setup/domains").says("Its value expired", "Make a new value").saysNot(domain.TXTValue)
	check().leadsTo("/settings/saml/setup/domains#alpha-example")
	renewed := must[access.SAMLView](t)(w.access.SAML(t.Context(), o.id)).Domains[0]
	if renewed.TXTValue == domain.TXTValue {
		t.Error("the value is the old one")
	}
	outside.records[renewed.TXTName] = []string{"v=spf1 -all", renewed.TXTValue}
	b.post("/settings/saml/setup/finish", nil).leadsTo("/settings/saml")
	b.get("/settings/saml").says("SAML single sign-on is set up", "alpha.example Verified").saysNot("not finished")
	if b.post("/settings/saml/setup/finish", nil).status != http.StatusSeeOther {
		t.Error("finishing again is refused")
	}
	o.provider = provider
	if o.person("zoe@alpha.example").session() == "" {
		t.Error("nobody can sign in")
	}
}

// refusesToChangeAnything runs what must change nothing.
func (b *browserTab) refusesToChangeAnything(t *testing.T, run func()) {
	t.Helper()
	before := len(b.events(t))
	run()
	if after := b.events(t); len(after) != before {
		t.Errorf("%d events were written", len(after)-before)
	}
}

// events are the types of the audit log's events of the browser's organization.
func (b *browserTab) events(t *testing.T) []iam.ActivityType {
	t.Helper()
	session := must[signin.Session](t)(b.signin.Session(t.Context(), b.session(), signin.Client{}))
	var types []iam.ActivityType
	for e, err := range b.access.AuditEvents(t.Context(), session.Organization.ID, time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, e.Type)
	}
	return types
}

// again signs the first Admin in anew: sessions end.
func (o *org) again(*browserTab) *browserTab {
	o.t.Helper()
	b := o.browser()
	b.post("/sign-in/password", url.Values{"email": {"admin@" + o.domain}, "password": {password}, "connection": {string(o.id)}}).is(http.StatusSeeOther)
	return b
}

func TestSAML_file(t *testing.T) {
	t.Parallel()
	outside := &elsewhere{}
	w := newWorld(t, outside.config)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	first, second := idp.New(t, "one", w.clock()), idp.New(t, "two", w.clock())
	b.upload("/settings/saml/setup/metadata", "metadata-file", "m.xml", first.Metadata()).leadsTo("/settings/saml/setup/domains")
	b.get("/settings/saml").says(first.EntityID, "Its metadata came as a file", "Change metadata").saysNot("Refresh metadata")
	b.post("/settings/saml/refresh", nil).is(http.StatusConflict).says("The metadata came as a file")
	// Nothing new entered: on to the next step.
	b.post("/settings/saml/setup/metadata", nil).leadsTo("/settings/saml/setup/domains")
	b.upload("/settings/saml/setup/metadata", "metadata-file", "m.xml", second.Metadata()).leadsTo("/settings/saml/setup/domains")
	b.get("/settings/saml/setup/domains").says("Another identity provider is connected")
	b.upload("/settings/saml/setup/metadata", "metadata-file", "big.xml", bytes.Repeat([]byte(" "), 2<<20)).is(http.StatusRequestEntityTooLarge)
}

func TestSAML_refresh(t *testing.T) {
	t.Parallel()
	outside := &elsewhere{documents: map[string][]byte{}}
	w := newWorld(t, outside.config)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.post("/settings/saml/refresh", nil).is(http.StatusConflict).says("There is no SAML connection")
	provider := idp.New(t, "entra", w.clock())
	outside.documents[metadataAt] = provider.Metadata()
	b.post("/settings/saml/setup/metadata", url.Values{"metadata-url": {metadataAt}}).is(http.StatusSeeOther)
	b.post("/settings/saml/refresh", nil).leadsTo("/settings/saml")
	b.get("/settings/saml").says("Nothing in it has changed")
	renewed := idp.New(t, "entra", w.clock())
	outside.documents[metadataAt] = renewed.Metadata()
	b.post("/settings/saml/refresh", nil).leadsTo("/settings/saml")
	b.get("/settings/saml").says("The metadata was read and has changed")
	outside.documents[metadataAt] = idp.New(t, "stranger", w.clock()).Metadata()
	b.post("/settings/saml/refresh", nil).is(http.StatusConflict).says(`is that of "https://stranger.example.net/" now`)
	outside.away = iam.Errorf(iam.KindUnavailable, "idp.example does not answer")
	b.post("/settings/saml/refresh", nil).is(http.StatusConflict).says("Idp.example does not answer")
}

func TestSAML_certificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/settings/saml").says("Connected", "until 10 Mar 2027")
	w.sleep(340 * 24 * time.Hour)
	b = o.again(b)
	b.get("/settings/saml").says("expires in 25 days", "make a new one at the identity provider")
	w.sleep(30 * 24 * time.Hour)
	b = o.again(b)
	b.get("/settings/saml").says("No valid certificate", "Nobody can sign in by SSO", "expired on 10 Mar 2027")
	if rows := certificateRows([]iam.Certificate{{SHA256: "0afF", NotBefore: start.Add(time.Hour), NotAfter: start.AddDate(9, 0, 0)}}, start); !rows[0].Next || rows[0].SHA256 != "0A:FF" {
		t.Errorf("a certificate that is not valid yet: %+v", rows[0])
	}
}

// The cause that a person was not told is there for admins, with his request id.
func TestSAML_refusedSignIns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.get("/settings/saml").says("Refused sign-ins", "None.")
	stranger := o.browser()
	begun := stranger.get("/saml/" + string(o.id) + "/login").is(http.StatusSeeOther)
	response := o.provider.Respond(t, idp.Answer{To: idp.Read(t, begun.header.Get("Location")), Email: "zoe@elsewhere.example", Now: o.clock()})
	refused := stranger.do(http.MethodPost, "/saml/"+string(o.id)+"/acs", url.Values{"SAMLResponse": {response}}, http.Header{"Sec-Fetch-Site": {"cross-site"}}).is(http.StatusForbidden)
	refused.saysNot("elsewhere.example")
	request := refused.header.Get("X-Request-Id")
	if request == "" {
		t.Fatal("the person has no request id")
	}
	b.get("/settings/saml").says("zoe@elsewhere.example", `The domain "elsewhere.example" of the address`, "domain-not-verified", request).
		has(`href="/audit?type=user_login_failed"`)
	b.get("/audit?type=user_login_failed").says("1 activity", "Sign-in refused: zoe@elsewhere.example", "is not verified for this organization")
	w.sleep(8 * 24 * time.Hour)
	o.again(b).get("/settings/saml").saysNot("zoe@elsewhere.example")
	many := newRefusedRow(iam.AuditEvent{TargetName: "unknown", Details: map[string]any{"cause": "signature", "attempts": float64(12), "since": "2026-03-10T09:30:00Z"}})
	if many.More != "12 attempts since 2026-03-10T09:30:00Z" {
		t.Errorf("many: %q", many.More)
	}
}

func TestSAML_signInSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.get("/settings/saml").says("Session timeout", "Default role", "Member System").has(`<option value="60" selected>1 hour`, `<option value="720" selected>12 hours`).saysNot("Sign-in from the identity provider")
	b.post("/settings/saml/sign-in", url.Values{"idp-initiated": {"yes"}}).is(http.StatusConflict).says("There is no SAML connection")
	o.connect()
	b.post("/settings/saml/sign-in", url.Values{"idle": {"30"}, "life": {"240"}, "idp-initiated": {"yes"}}).leadsTo("/settings/saml")
	b.get("/settings/saml").says("The sign-in settings are saved").has(`<option value="30" selected>30 minutes`, `<option value="240" selected>4 hours`, `value="yes" checked`)
	// A value from the command line is among the choices.
	idle := 95 * time.Minute
	must[access.SignInSettings](t)(w.access.SetSignIn(t.Context(), iam.Operator, o.id, access.SignInChange{SessionIdle: &idle}))
	b.get("/settings/saml").has(`<option value="95" selected>1 hour 35 minutes`)
	b.refusesToChangeAnything(t, func() {
		for _, form := range []url.Values{{"idle": {"many"}}, {"idle": {"-1"}}, {"idle": {"99999999999999"}}, {"idle": {"1"}}, {"idle": {"480"}, "life": {"60"}}} {
			b.post("/settings/saml/sign-in", form).is(http.StatusBadRequest).says("Nothing was changed.")
		}
	})
}

// Disabling says first whom it locks out, and asks; then keys, SCIM and sessions end.
func TestSAML_disable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	b.get("/settings/saml/disable").is(http.StatusConflict).says("There is no SAML connection")
	o.connect()
	person := o.person("zoe@alpha.example")
	must[access.SCIMView](t)(w.access.EnableSCIM(t.Context(), iam.Operator, o.id))
	key := must[access.NewKey](t)(w.access.CreateKey(t.Context(), iam.Operator, o.id, ""))
	b.get("/settings/saml").says("Disable SAML", "1 member loses his way to sign in", "admin@alpha.example")
	asks := []string{"Disable SAML single sign-on?", "1 member loses his only way to sign in", "admin@alpha.example", string(key.Key), "SCIM is turned off"}
	b.get("/settings/saml/disable").says(asks...)
	b.refusesToChangeAnything(t, func() { b.post("/settings/saml/disable", nil).is(http.StatusOK).says(asks...) })
	b.post("/settings/saml/disable", url.Values{"sure": {"yes"}}).leadsTo("/settings/saml")
	b.get("/settings/saml").says("SAML single sign-on is disabled", "Not connected", "alpha.example Verified")
	b.get("/settings/scim").says("Finish your SAML setup first", "No key is active")
	person.get("/profile").leadsTo("/?to=%2Fprofile")
	events := b.events(t)
	for _, want := range []iam.ActivityType{iam.SAMLConnectionDelete, iam.KeyDelete, iam.SCIMDisable} {
		if !slices.Contains(events, want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestSAML_removeDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	person := o.person("zoe@alpha.example")
	b.get("/settings/saml").has(`href="/settings/saml/domains/alpha.example/remove"`)
	b.get("/settings/saml/domains/other.example/remove").is(http.StatusNotFound).says("is not among this organization's domains")
	b.get("/settings/saml/domains/alpha.example/remove").says("Remove alpha.example?", "1 member can no longer sign in.", "1 session ends at once.", "zoe@alpha.example")
	b.refusesToChangeAnything(t, func() { b.post("/settings/saml/domains/alpha.example/remove", nil).says("Remove alpha.example?") })
	b.post("/settings/saml/domains/alpha.example/remove", url.Values{"sure": {"yes"}}).leadsTo("/settings/saml")
	b.get("/settings/saml").says("alpha.example is removed", "1 member with an address in it can no longer sign in", "no domain is verified")
	person.get("/profile").leadsTo("/?to=%2Fprofile")
	must[access.Domain](t)(w.access.AddDomain(t.Context(), iam.Operator, o.id, "pending.example", false))
	b.get("/settings/saml/domains/pending.example/remove").says("Nobody is shut out.", "The domain is not verified,")
	b.post("/settings/saml/domains/pending.example/remove", url.Values{"sure": {"yes"}}).leadsTo("/settings/saml")
	b.get("/settings/saml").says("Nobody is shut out.")
}

// R2, R3: without the plan everything is locked, says so, and leads to the plans; after the
// upgrade it works at once.
func TestR2_R3_plan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	b.post("/plans", url.Values{"plan": {"scale"}}).is(http.StatusSeeOther)
	for _, path := range []string{"/settings/saml", "/settings/scim", "/settings/saml/setup"} {
		b.get(path).says("Enterprise plan feature", "Scale plan").has(`<a class="badge accent" href="/plans">`)
	}
	b.get("/settings/scim").has(`aria-describedby="why-locked" disabled`).saysNot("Rules")
	b.post("/settings/scim/enable", nil).is(http.StatusForbidden).says("SCIM is an Enterprise plan feature")
	b.post("/plans", url.Values{"plan": {"enterprise"}}).is(http.StatusSeeOther)
	b.post("/settings/scim/enable", nil).leadsTo("/settings/scim")
	b.post("/plans", url.Values{"plan": {"basic"}}).is(http.StatusSeeOther)
	b.get("/settings/scim").says("Calls are answered 403 until the plan is Enterprise again")
}

// R13: who may not manage the organization sees no controls and no tabs.
func TestR13_onlyWhoManages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example").connect()
	for name, permissions := range map[string][]iam.Permission{
		"reader": {iam.PermOrganizationView}, "billing": {iam.PermManageBilling}, "audit": {iam.PermOrganizationViewActivities}, "nothing": nil,
	} {
		o.role(name, permissions...)
		b := o.person(name+"@alpha.example", name)
		for _, path := range []string{"/settings/saml", "/settings/scim"} {
			b.get(path).is(http.StatusForbidden).says("control-plane:organization:manage").saysNot("Enable")
		}
		b.get("/settings/activity").is(http.StatusForbidden).says("the system role Admin")
		if strings.Contains(b.get("/profile").body, "SAML and SCIM settings") {
			t.Errorf("%s is led to the settings", name)
		}
	}
	// A custom role with every permission sees all but the request log.
	o.role("manager", iam.PermOrganizationManage)
	b := o.person("manager@alpha.example", "manager")
	b.get("/settings/scim").is(http.StatusOK).saysNot("Provisioning activity")
	b.get("/settings/activity").is(http.StatusForbidden)
}

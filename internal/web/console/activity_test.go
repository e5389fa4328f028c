package console

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

// provisioned is an organization with an identity provider that calls it, and with what
// it sends on record.
type provisioned struct {
	*org
	door   *scimapi.Door
	log    *housekeeping.RequestLog
	bearer string
}

func newProvisioned(t *testing.T) (*provisioned, *browserTab) {
	t.Helper()
	o, b := scimOrg(t)
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	p := &provisioned{org: o, log: housekeeping.NewRequestLog(o.db, quiet), bearer: b.generate("12mo").copied("joined")}
	p.door = scimapi.New(scimapi.Config{
		Provision: &provision.Service{DB: o.db, Now: o.clock, Log: quiet}, SignIn: o.signin, Log: p.log, PublicURL: publicURL, Now: o.clock,
	})
	return p, b
}

// send makes one request, writes the log, and goes on by a second.
func (p *provisioned) send(status int, method, path, body string) {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, publicURL+"/v1/organizations/"+string(p.id)+"/scim"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	r.Header.Set("Authorization", "Bearer "+p.bearer)
	r.Header.Set("User-Agent", "AADProvisioningService")
	w := httptest.NewRecorder()
	mux := http.NewServeMux()
	p.door.Mount(mux)
	mux.ServeHTTP(w, r)
	if w.Code != status {
		p.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if err := p.log.Flush(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.sleep(time.Second)
}

const userBody = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann@alpha.example","displayName":"Ann","password":"hunter2","mailNickname":"ann","emails":[{"type":"work","value":"ann@alpha.example"}]}`

// opened follows the list's first link whose row says something.
func (a answer) link(says string) string {
	a.t.Helper()
	for row := range strings.SplitSeq(a.body, "<li><a href=\"") {
		href, rest, _ := strings.Cut(row, `"`)
		if strings.HasPrefix(href, "/settings/activity") && strings.Contains(text("<main>"+rest), says) {
			return strings.ReplaceAll(strings.TrimSuffix(href, "#request"), "&amp;", "&")
		}
	}
	a.t.Fatalf("no request says %q: %s", says, text(a.body))
	return ""
}

func TestActivity(t *testing.T) {
	t.Parallel()
	p, b := newProvisioned(t)
	b.get("/settings/activity").is(http.StatusOK).says("No request yet", "Choose Test Connection in Entra ID", "Denied requests", "None in this time")
	p.send(200, "GET", `/Users?filter=userName+eq+%22ann%40alpha.example%22`, "")
	p.send(201, "POST", "/Users", userBody)
	p.send(409, "POST", "/Users", userBody)
	p.send(200, "GET", `/Users?filter=userName+eq+%22ann%40alpha.example%22`, "")

	list := b.get("/settings/activity").says("Tuesday, 10 March 2026", `/Users?filter=userName eq "ann@alpha.example"`, "no match", "1 result", `userName "ann@alpha.example" is taken by the user`, "1 applied, 1 ignored attribute", "4 requests on this page")
	if i, j := strings.Index(list.body, "1 result"), strings.Index(list.body, "no match"); i > j {
		t.Error("the newest is not the first")
	}

	refused := b.get(list.link("is taken by the user")).says("409 Conflict", "What to do: Another user has this userName. In Entra ID make userName the attribute with Matching precedence 1", "Request body", "ann@alpha.example", "AADProvisioningService", "uniqueness").
		has(`<span class="masked">&#34;(hidden)&#34;</span>`, `aria-current="true"`)
	refused.saysNot("hunter2", p.bearer)
	b.get(list.link("1 ignored attribute")).says("201 Created", "create mailNickname", "ignored attribute", "Nothing of it was stored. You can delete its row in the mappings of Entra ID")

	// Filters keep what was chosen, and can be combined.
	b.get("/settings/activity?result=4xx").says("is taken").saysNot("no match", "1 applied").has(`value="4xx" selected`)
	b.get("/settings/activity?result=409&method=POST").says("is taken").saysNot("no match")
	b.get("/settings/activity?result=noted").says("1 ignored attribute").saysNot("no match", "is taken")
	b.get("/settings/activity?method=GET").says("no match").saysNot("is taken").has(`value="GET" selected`)
	b.get("/settings/activity?q=MAILNICKNAME+post").is(http.StatusOK).says("No request matches “MAILNICKNAME post”", "4 requests were looked through")
	b.get("/settings/activity?q=MAILNICKNAME").says("1 ignored attribute").saysNot("no match")
	b.get("/settings/activity?q=" + url.QueryEscape(`"><script>`)).has(`value="&#34;&gt;&lt;script&gt;"`)
	b.get("/settings/activity?result=nonsense&method=TRACE&days=900").says("4 requests on this page").has(`value="30" selected`)
	p.sleep(25 * time.Hour)
	b = p.again(b)
	b.get("/settings/activity?days=1").says("No request is like that")
	b.get("/settings/activity?days=7").says("4 requests on this page")
	b.get("/settings/activity?open=01900000-0000-7000-8000-000000000000").is(http.StatusNotFound).says("requests are kept for 30 days")
}

// R136: a group that no role claims is refused when the organization wants that, and the
// entry says what to do about it.
func TestR136_nameMismatch(t *testing.T) {
	t.Parallel()
	p, b := newProvisioned(t)
	b.post("/settings/scim/rules", url.Values{"unmapped": {"reject"}, "identity": {"standard"}}).is(http.StatusSeeOther)
	p.send(400, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"ClickHouse-Admins"}`)
	list := b.get("/settings/activity").says("displayName not recognised: no custom role is named \"ClickHouse-Admins\"")
	b.get(list.link("displayName not recognised")).says("400 Bad Request", "What to do: Give a custom role this name, or set the SCIM group field of a role to it", "Provision on demand")
}

// R119: when the last call came, and when each key was used.
func TestR119_lastCall(t *testing.T) {
	t.Parallel()
	p, b := newProvisioned(t)
	b.get("/settings/scim").says("no call received yet", "Not used yet")
	p.send(200, "GET", "/Users?filter=userName+eq+%22x%22", "")
	if err := p.signin.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.sleep(7 * time.Minute)
	b.get("/settings/scim").says("On · last call 7 minutes ago", "Entra ID sends changes about every 40 minutes").has(`title="Tue, 10 Mar 2026 09:30:20 (UTC)"`)
}

// D15: requests of callers whom nobody knows are counted by the minute, with what to do.
func TestActivity_denied(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	var denials []store.SCIMDenial
	for i, cause := range []string{iam.CauseNone, iam.CauseForm, iam.CauseWrong, iam.CauseRevoked, iam.CauseExpired, "too many requests", "refused too often", "something new"} {
		denials = append(denials, store.SCIMDenial{Organization: o.id, Minute: o.clock().Add(-time.Duration(i) * time.Minute).Truncate(time.Minute), Cause: cause, Address: "192.0.2.1", Count: int64(1000 + i)})
	}
	other := o.world.org("Beta", "beta.example")
	denials = append(denials, store.SCIMDenial{Organization: other.id, Minute: o.clock().Truncate(time.Minute), Cause: iam.CauseWrong, Address: "203.0.113.9", Count: 1})
	o.write(func(tx *store.Tx) error { return tx.AddSCIMDenials(denials) })
	b.get("/settings/activity").says("No credentials", "Not key:secret", "Wrong key or secret", "The revoked key", "The expired key", "If nobody stored its secret, generate a new key", "Too many requests", "Refused too often", "Something new", "1,007", "192.0.2.1").
		saysNot("203.0.113.9")
}

func TestActivity_pages(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	var entries []store.SCIMRequest
	for i := range 120 {
		at := o.clock().Add(time.Duration(i-200) * time.Minute)
		entries = append(entries, store.SCIMRequest{Organization: o.id, ID: o.db.SCIMRequestID(at), At: at, Method: "GET", Path: "/Users/u" + strings.Repeat("i", i) + "e", Status: 200, Verdicts: "[]"})
	}
	entries = append(entries, store.SCIMRequest{
		Organization: o.id, ID: o.db.SCIMRequestID(o.clock()), At: o.clock(), Method: "LOG",
		Verdicts: `[{"op":"log","path":"","verdict":"dropped","note":"7 requests before this time are missing from this log"}]`,
	})
	o.write(func(tx *store.Tx) error { return tx.InsertSCIMRequests(entries) })
	next := func(a answer, rel string) string {
		t.Helper()
		for part := range strings.SplitSeq(a.body, `<a class="button" href="`) {
			if href, rest, _ := strings.Cut(part, `"`); strings.HasPrefix(strings.TrimSpace(rest), `rel="`+rel+`"`) {
				return strings.ReplaceAll(href, "&amp;", "&")
			}
		}
		return ""
	}
	first := b.get("/settings/activity?days=7").says("Requests are missing here", "7 requests before this time are missing from this log", "50 requests on this page")
	if next(first, "prev") != "" {
		t.Error("something is newer than the newest")
	}
	second := b.get(next(first, "next")).has(`value="7" selected`).saysNot("Requests are missing here")
	third := b.get(next(second, "next")).says("21 requests on this page", "/Users/ue")
	if next(third, "next") != "" {
		t.Error("something is older than the oldest")
	}
	b.get(next(third, "prev")).says("50 requests on this page")
	// What is opened stays beside its page of the list.
	open := b.get(second.link("GET")).has(`class="split"`)
	if next(open, "next") != next(second, "next") {
		t.Errorf("with a request opened the list goes on at %s", next(open, "next"))
	}
	b.get(first.link("Requests are missing")).is(http.StatusOK).says("7 requests before this time are missing")
}

func TestRequestHint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		detail string
		want   string
	}{
		{200, "", ""},
		{503, "the database is away", "tries again by itself"},
		{400, `displayName not recognised: no custom role is named "x"`, "SCIM group field"},
		{400, `userName "a" and the work e-mail "b@example.com" differ`, "Source attribute to mail"},
		{400, `userName "a" is not an e-mail address`, "A user without mail needs one"},
		{400, `the domain "example.org" is not verified for this organization`, "Verify the domain under SAML"},
		{409, `userName "a" is the address of a member who is not managed by SCIM, and the domain "b" is not verified`, "takes the member over"},
		{409, `userName "a" is taken by the inactive user 7; set active to true`, "Restart provisioning"},
		{409, `displayName "a" is taken by the group 7`, "Group names are unique"},
		{409, `userName "a" is taken by the user 7`, "Matching precedence 1"},
		{400, `member "x" is not the id of a user of this organization`, "Restart provisioning"},
		{404, `there is no user with the id "x"`, "still assigned"},
		{404, `there is no group with the id "x"`, "still assigned"},
		{403, "SCIM is an Enterprise plan feature", "Plans page"},
		{403, "SCIM is not enabled for this organization", "Enable SCIM"},
		{400, "invalid filter at position 3", "Matching precedence"},
		{412, "the resource is at version 3", "repeats the change"},
		{413, "too large", "fewer members"},
		{418, "a teapot", ""},
	} {
		r := access.SCIMRequest{Status: c.status, ResponseBody: `{"detail":` + quoteJSON(c.detail) + `}`}
		if got := requestHint(r); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%d %s: %q, want %q", c.status, c.detail, got, c.want)
		}
	}
}

func quoteJSON(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// A body is laid out, also when the log has cut it off or it is no JSON at all.
func TestNewBodyView(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]bodyPart{
		`{"a":"(hidden)","b":1}`: {{"{\n  \"a\": ", false}, {`"(hidden)"`, true}, {",\n  \"b\": 1\n}", false}},
		`{"a":1, … cut off`:      {{`{"a":1, … cut off`, false}},
		`"(hidden)"`:             {{`"(hidden)"`, true}},
		``:                       nil,
	} {
		if got := newBodyView(body); len(got.Parts) != len(want) {
			t.Errorf("%q: %v", body, got.Parts)
		} else {
			for i := range want {
				if got.Parts[i] != want[i] {
					t.Errorf("%q: %v, want %v", body, got.Parts, want)
				}
			}
		}
	}
	if v := newBodyView(strings.Repeat("x", 1234)); v.Size != "1.2 KB" {
		t.Errorf("the size is %q", v.Size)
	}
}

func TestRequestWords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/Users?filter=a%20eq%20%22b%22": `/Users?filter=a eq "b"`, "/Users/%zz": "/Users/%zz", "/Users/a%0Ab": "/Users/a%0Ab",
	} {
		if got := readablePath(in); got != want {
			t.Errorf("path %q: %q", in, got)
		}
	}
	for d, want := range map[time.Duration]string{7900 * time.Microsecond: "7.9 ms", 2340 * time.Millisecond: "2.3 s", 0: "0.0 ms"} {
		if got := durationOf(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
	for d, want := range map[time.Duration]string{time.Minute: "1 minute", 90 * time.Minute: "1 hour 30 minutes", 24 * time.Hour: "24 hours"} {
		if got := durationText(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
	warned := access.SCIMRequest{Status: 201, Verdicts: []access.Verdict{{Op: "create", Verdict: "applied", Note: `warning: cannot sign in: userName "k.berg" is not an e-mail address`}}}
	if got := requestSummary(warned); !strings.HasPrefix(got, "Cannot sign in") || statusKind(warned) != "warn" {
		t.Errorf("a warning: %q, %s", got, statusKind(warned))
	}
	if got := refusal(access.SCIMRequest{Status: 400, ResponseBody: "cut off"}); got != "Refused" {
		t.Errorf("no detail: %q", got)
	}
}

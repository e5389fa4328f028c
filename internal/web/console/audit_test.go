package console

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// record writes n events, the first an hour ago, each a second after the other.
func (o *org) record(n int, make func(i int) iam.AuditEvent) {
	o.t.Helper()
	o.write(func(tx *store.Tx) error {
		for i := range n {
			e := make(i)
			e.ID, e.Organization, e.At = iam.EventID(fmt.Sprintf("ffff%04d-0000-7000-8000-000000000000", i)), o.id, o.clock().Add(time.Duration(i)*time.Second-time.Hour)
			if err := tx.InsertAudit(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// R114: heading, search, filters, newest first.
func TestR114_audit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha", "alpha.example"), w.org("Beta", "beta.example")
	b := o.admin()
	zoe := iam.Actor{Type: iam.ActorUser, ID: "01900000-0000-7000-8000-00000000000a", Details: "zoe@alpha.example", Address: "192.0.2.44", UserAgent: "Browser/1"}
	key := iam.Actor{Type: iam.ActorAPI, ID: "scim_aaaaaaaaaaaaaaaaaaaa", Details: "scim_aaaaaaaaaaaaaaaaaaaa", Address: "198.51.100.7"}
	o.record(4, func(i int) iam.AuditEvent {
		return []iam.AuditEvent{
			{Type: iam.RoleCreate, Actor: zoe, TargetType: "role", TargetID: "r1", TargetName: "Operators <b>", Details: map[string]any{"permissions": []string{"a:b:c"}}},
			{Type: iam.SCIMGroupUpdate, Actor: key, TargetType: "group", TargetName: "fleet-ops", Details: map[string]any{"membersAddedCount": 2, "membersRemovedCount": 1}},
			{Type: iam.RoleUpdate, Actor: zoe, TargetType: "role", TargetID: "r1", TargetName: "Operators", Details: map[string]any{"name": map[string]any{"before": "Ops", "after": "Operators"}}},
			{Type: iam.UserLogin, Actor: zoe, TargetType: "user", TargetName: "zoe@alpha.example", Details: map[string]any{"method": "saml"}},
		}[i]
	})
	other.record(1, func(int) iam.AuditEvent { return iam.AuditEvent{Type: iam.RoleCreate, TargetName: "Foreign"} })

	all := b.get("/audit").is(http.StatusOK).says("Audit", "8 activities", "Export To CSV", "Activity", "User", "IP address", "Time", "Tuesday, 10 March 2026",
		"Role created: Operators <b>", "192.0.2.44", "SCIM group changed: fleet-ops 2 members added, 1 member removed.", "Role changed: Operators Name: Ops → Operators", "Signed in: zoe@alpha.example With SSO.", "08:30:20 (UTC)", "Organization created: Alpha", "command line System")
	all.has(`placeholder="Search activities"`, `aria-label="Search activities"`).saysNot("Foreign")
	if strings.Index(all.body, "Signed in: zoe") > strings.Index(all.body, "Role created: Operators") {
		t.Error("the newest is not the first")
	}

	b.get("/audit?q=OPERATORS").says("2 activities", "Role created", "Role changed").saysNot("fleet-ops")
	b.get("/audit?q=ops+operators").says("1 activity", "Role changed") // what changed is looked through too
	b.get("/audit?q=192.0.2.44").says("3 activities")
	b.get("/audit?q=nothing+like+it").says("0 activities", "No activity matches “nothing like it”", "8 activities were looked through")
	b.get("/audit?type=scim_group_update").says("1 activity", "fleet-ops").saysNot("Operators").has(`<option value="scim_group_update" selected>SCIM group changed`, `<optgroup label="SCIM">`)
	b.get("/audit?actor=api").says("1 activity", "fleet-ops").has(`value="api" selected`)
	b.get("/audit?actor=user&type=role_create").says("1 activity", "Role created")
	b.get("/audit?type=nonsense&actor=nonsense").says("8 activities")

	// One actor, by a click on his name.
	all.has(`href="/audit?actor-id=` + zoe.ID + `"`)
	b.get("/audit?actor-id="+zoe.ID).says("3 activities", "zoe@alpha.example").saysNot("fleet-ops").has(`name="actor-id" value="`+zoe.ID+`"`, `aria-label="Show all actors"`)
	b.get("/audit?actor-id=nobody").says("0 activities", "No activity is like that")

	b.get("/audit?from=2026-03-10&to=2026-03-10").says("8 activities").has(`value="2026-03-10"`)
	b.get("/audit?from=2026-03-11").says("0 activities")
	b.get("/audit?to=2026-03-09").says("0 activities")
	b.get("/audit?from=yesterday").is(http.StatusBadRequest).says(`"yesterday" is not a date such as 2026-11-30`)
	b.get("/audit?from=2026-03-11&to=2026-03-10").is(http.StatusBadRequest).says("lies behind the last")
}

func TestAudit_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	o.record(120, func(i int) iam.AuditEvent {
		return iam.AuditEvent{Type: iam.KeyCreate, TargetType: "key", TargetName: fmt.Sprintf("k%03d", i)}
	})
	link := func(a answer, rel string) string {
		t.Helper()
		for part := range strings.SplitSeq(a.body, `<a class="button" href="`) {
			if href, rest, _ := strings.Cut(part, `"`); strings.HasPrefix(strings.TrimSpace(rest), `rel="`+rel+`"`) {
				return strings.ReplaceAll(href, "&amp;", "&")
			}
		}
		return ""
	}
	first := b.get("/audit?type=key_create").says("120 activities", "k119", "k070").saysNot("k069")
	second := b.get(link(first, "next")).says("120 activities", "k069", "k020").saysNot("k070", "k019").has(`value="key_create" selected`)
	third := b.get(link(second, "next")).says("k019", "k000", "20 activities on this page")
	if link(third, "next") != "" || link(first, "prev") != "" {
		t.Error("there is something behind the ends")
	}
	b.get(link(third, "prev")).says("k069", "k020").saysNot("k070")
	b.get(link(b.get(link(third, "prev")), "prev")).says("k119", "k070")
	searched := b.get("/audit?q=KEY_CREATE").says("Activities", "50 activities on this page")
	b.get(link(searched, "next")).says("k069").has(`value="KEY_CREATE"`)
}

// Export To CSV has what the filter shows, all pages of it, and nothing that a spreadsheet
// takes for a formula (S57).
func TestR114_S57_export(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha", "alpha.example"), w.org("Beta", "beta.example")
	b := o.admin()
	o.record(1_200, func(i int) iam.AuditEvent {
		return iam.AuditEvent{Type: iam.KeyCreate, Actor: iam.Actor{Type: iam.ActorUser, Details: "@zoe"}, TargetType: "key", TargetName: fmt.Sprintf("=k%04d", i), Details: map[string]any{"note": "\"quoted\", and\nbroken"}}
	})
	other.record(1, func(int) iam.AuditEvent { return iam.AuditEvent{Type: iam.KeyCreate, TargetName: "Foreign"} })
	b.get("/audit?type=key_create&q=k11").has(`href="/audit/export?q=k11&amp;type=key_create"`)
	a := b.get("/audit/export?type=key_create").is(http.StatusOK)
	if a.header.Get("Content-Type") != "text/csv; charset=utf-8" || a.header.Get("Content-Disposition") != "attachment; filename=audit-2026-03-10.csv" {
		t.Errorf("the headers are %v", a.header)
	}
	rows := must[[][]string](t)(csv.NewReader(strings.NewReader(a.body)).ReadAll())
	if len(rows) != 1_201 {
		t.Fatalf("%d rows", len(rows))
	}
	want := []string{"2026-03-10T08:50:19.000000Z", "SCIM key created: =k1199", "key_create", "user", "", "'@zoe", "", "", "key", "", "'=k1199", `{"note":"\"quoted\", and\nbroken"}`}
	for i, cell := range want {
		if rows[1][i] != cell {
			t.Errorf("%s is %q, want %q", rows[0][i], rows[1][i], cell)
		}
	}
	if got := strings.Count(b.get("/audit/export?type=key_create&q=k11").body, "key_create"); got != 100 {
		t.Errorf("the filtered export has %d rows", got)
	}
	b.get("/audit/export?q=nothing+like+it").is(http.StatusOK).has("createdAt,activity,type")
	b.get("/audit/export?from=x").is(http.StatusBadRequest)
}

// One activity has a page with everything that is known of it.
func TestAudit_event(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o, other := w.org("Alpha", "alpha.example"), w.org("Beta", "beta.example")
	b := o.admin()
	admin := o.find("admin@alpha.example")
	o.record(1, func(int) iam.AuditEvent {
		return iam.AuditEvent{
			Type: iam.MemberUpdateRoles, Actor: iam.Actor{Type: iam.ActorUser, ID: "u1", Details: "zoe@alpha.example", Address: "192.0.2.44", UserAgent: "<Browser>"},
			TargetType: "user", TargetID: string(admin.ID), TargetName: "admin@alpha.example", Details: map[string]any{"before": []string{"Admin (system)"}, "after": []string{}},
		}
	})
	const path = "/audit/ffff0000-0000-7000-8000-000000000000"
	b.get("/audit").has(`href="` + path + `"`)
	b.get(path).is(http.StatusOK).says("Member roles changed: admin@alpha.example", "Tue, 10 Mar 2026 08:30:20.000 (UTC)", "organization_member_update_roles", "zoe@alpha.example", "192.0.2.44", "<Browser>", "Before Admin (system)", "After none").
		has(`<a href="/members/` + string(admin.ID) + `">`)
	other.admin().get(path).is(http.StatusNotFound).says("There is no activity").saysNot("zoe")
	b.get("/audit/" + url.PathEscape("<script>")).is(http.StatusNotFound)
}

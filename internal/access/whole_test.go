package access_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// D15: no event, no change. Every use case that writes is run once with an audit
// log that cannot be written, and must leave nothing behind; then it is run again
// and must succeed.
func TestUseCases_noEventNoChange(t *testing.T) {
	each(t, func(w *world) {
		ctx, by := t.Context(), iam.Operator
		w.enable()
		role := w.role("R", "")
		w.group("G", w.scimRole("Former"))
		w.user("ann@example.com")
		w.manual("ben@example.com")
		first := must[access.NewKey](t)(w.CreateKey(ctx, by, w.org, "never"))
		name := func(s string) access.RoleInput { return access.RoleInput{Name: &s} }
		for _, act := range []struct {
			what string
			run  func() error
		}{
			{"CreateOrganization", func() error {
				_, err := w.CreateOrganization(ctx, by, access.NewOrganization{Name: "X", AdminEmail: "x@x.example"})
				return err
			}},
			{"SetPlan", func() error { _, err := w.SetPlan(ctx, by, w.org, "scale"); return err }},
			{"SetPlan back", func() error { _, err := w.SetPlan(ctx, by, w.org, "enterprise"); return err }},
			{"SetDefaultRoles", func() error { _, err := w.SetDefaultRoles(ctx, by, w.org, []string{"R"}); return err }},
			{"SetDefaultRoles back", func() error { _, err := w.SetDefaultRoles(ctx, by, w.org, []string{"Member"}); return err }},
			{"AdminLink", func() error { _, _, err := w.AdminLink(ctx, by, w.org, "ada@example.com"); return err }},
			{"CreateKey", func() error { _, err := w.CreateKey(ctx, by, w.org, ""); return err }},
			{"RevokeKey", func() error { return w.RevokeKey(ctx, by, w.org, first.Key) }},
			{"SetSCIMPolicy", func() error {
				_, err := w.SetSCIMPolicy(ctx, by, w.org, access.Policy{Identity: text("strict")})
				return err
			}},
			{"DisableSCIM", func() error { _, err := w.DisableSCIM(ctx, by, w.org); return err }},
			{"EnableSCIM", func() error { return w.enableSCIM() }},
			{"AddDomain", func() error { _, err := w.AddDomain(ctx, by, w.org, "new.example", false); return err }},
			{"RemoveDomain", func() error { _, err := w.RemoveDomain(ctx, by, w.org, "new.example"); return err }},
			{"CreateRole", func() error { _, err := w.CreateRole(ctx, by, w.org, name("S")); return err }},
			{"UpdateRole", func() error { return w.update(role.ID, access.RoleInput{SCIMGroup: text("G")}) }},
			{"UnlinkRole", func() error { return w.unlink(role.ID) }},
			{"SetMemberRoles", func() error { return w.setRoles("ann@example.com", "R") }},
			{"DeleteRole", func() error { return w.DeleteRole(ctx, by, w.org, "R") }},
			{"Invite", func() error { _, err := w.Invite(ctx, by, w.org, "eve@example.com", []string{"Billing"}); return err }},
			{"Invite again", func() error { _, err := w.Invite(ctx, by, w.org, "eve@example.com", nil); return err }},
			{"RemoveMember of SCIM", func() error { return w.remove("ann@example.com") }},
			{"RemoveMember of others", func() error { return w.remove("ben@example.com") }},
			{"ConnectSAML", func() error {
				_, err := w.ConnectSAML(ctx, by, w.org, access.Connect{Metadata: metadata(t, "https://idp.example/2"), Domains: []string{"more.example"}})
				return err
			}},
			{"DisconnectSAML", func() error { return w.DisconnectSAML(ctx, by, w.org) }},
		} {
			before := storetest.Dump(t, w.url)
			w.sql.Inject(storetest.Fault{Match: storetest.SQL("INSERT INTO audit_events"), Err: storetest.SQLiteFull})
			if err := act.run(); err == nil {
				t.Errorf("%s succeeded without its audit event", act.what)
			}
			if after := storetest.Dump(t, w.url); after != before {
				t.Errorf("%s left something behind without its audit event:\n%s\nwas:\n%s", act.what, after, before)
			}
			if err := act.run(); err != nil {
				t.Errorf("%s, run again: %v", act.what, err)
			}
		}
	})
}

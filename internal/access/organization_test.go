package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func TestCreateOrganization(t *testing.T) {
	each(t, func(w *world) {
		created := must[access.Created](t)(w.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: "Second", AdminEmail: "Eve@second.example", Plan: "basic"}))
		org := created.Organization
		want := iam.Organization{ID: org.ID, Name: "Second", Plan: iam.PlanBasic, Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: start}
		if got := must[iam.Organization](t)(w.Organization(t.Context(), org.ID)); got != want || org != want {
			t.Errorf("organization %+v, stored %+v, want %+v", org, got, want)
		}
		if prefix := "https://rollcall.example/setup/" + string(org.ID) + "/"; !strings.HasPrefix(created.AdminSetupURL, prefix) || len(created.AdminSetupURL) != len(prefix)+43 {
			t.Errorf("set-up link %q, want %s and 43 characters", created.AdminSetupURL, prefix)
		}
		if want := start.Add(access.SetupLinkLifetime); !created.ExpiresAt.Equal(want) {
			t.Errorf("the link expires at %v, want %v", created.ExpiresAt, want)
		}
		members := must[[]iam.Member](t)(w.Members(t.Context(), org.ID, false))
		if len(members) != 1 || members[0].Email != "eve@second.example" || members[0].ManagedBy != iam.ManagedByAdmin || members[0].Warnings != nil ||
			len(members[0].Roles) != 1 || members[0].Roles[0].Role.ID != iam.RoleAdmin || members[0].Roles[0].Source != iam.HeldDirect {
			t.Errorf("members %+v, want Eve as direct Admin without warnings", members)
		}
		defaults := must[[]iam.RoleRef](t)(w.DefaultRoles(t.Context(), org.ID))
		if len(defaults) != 1 || defaults[0].ID != iam.RoleMember {
			t.Errorf("Default roles %v, want [Member]", defaults)
		}
		roles := must[[]access.RoleView](t)(w.Roles(t.Context(), org.ID))
		if len(roles) != 4 || roles[0].Name != "Admin" || len(roles[0].Permissions) != len(iam.EnforcedPermissions()) || !roles[3].Default {
			t.Errorf("roles %+v, want the four system roles", roles)
		}
		if all := must[[]iam.Organization](t)(w.Organizations(t.Context())); len(all) != 2 {
			t.Errorf("%d organizations, want 2", len(all))
		}
		if got := strings.Join(w.events(0), ", "); got != "create_organization Example, organization_member_add ada@example.com" {
			t.Errorf("audit events of the first organization: %s", got)
		}
	})
}

func TestCreateOrganization_enterpriseByDefault(t *testing.T) {
	each(t, func(w *world) {
		if o := must[iam.Organization](t)(w.Organization(t.Context(), w.org)); o.Plan != iam.PlanEnterprise {
			t.Errorf("plan %q, want enterprise", o.Plan)
		}
	})
}

func TestCreateOrganization_refused(t *testing.T) {
	each(t, func(w *world) {
		for _, test := range []struct {
			in   access.NewOrganization
			text string
		}{
			{access.NewOrganization{AdminEmail: "a@b.example"}, "name is empty"},
			{access.NewOrganization{Name: "X", AdminEmail: "nobody"}, `"nobody" is not an e-mail address`},
			{access.NewOrganization{Name: "X", AdminEmail: "a@b.example", Plan: "gold"}, `"gold" is not one of`},
		} {
			w.refused(iam.KindInvalid, test.text, func() error {
				_, err := w.CreateOrganization(t.Context(), iam.Operator, test.in)
				return err
			})
		}
	})
}

func TestOrganization_unknown(t *testing.T) {
	each(t, func(w *world) {
		for _, org := range []iam.OrganizationID{"", "x\x00y", "019aaaaa-0000-7000-8000-000000000000", "' OR 1=1 --"} {
			_, err := w.Organization(t.Context(), org)
			if iam.KindOf(err) != iam.KindNotFound || !strings.Contains(err.Error(), "there is no organization") {
				t.Errorf("Organization(%q) = %v, want not found", org, err)
			}
			w.refused(iam.KindNotFound, "there is no organization", func() error {
				_, err := w.SetPlan(t.Context(), iam.Operator, org, "basic")
				return err
			})
			for _, err := range w.EachMember(t.Context(), org, true) {
				if iam.KindOf(err) != iam.KindNotFound {
					t.Errorf("EachMember(%q) yields %v, want not found", org, err)
				}
			}
		}
	})
}

func TestSetPlan(t *testing.T) {
	each(t, func(w *world) {
		set := func(plan string) func() error {
			return func() error {
				_, err := w.SetPlan(t.Context(), iam.Operator, w.org, plan)
				return err
			}
		}
		w.enable()
		w.audited(set("scale"), "organization_update_tier Example")
		if o := must[iam.Organization](t)(w.Organization(t.Context(), w.org)); o.Plan != iam.PlanScale || !o.SCIMEnabled {
			t.Errorf("organization %+v, want plan scale with nothing deleted", o)
		}
		w.idle(set("scale"))
		w.refused(iam.KindInvalid, "not one of basic, scale, enterprise", set("Scale"))
		w.ok(set("enterprise")())
		w.withoutBreakGlass()
		w.refused(iam.KindConflict, "a plan without SAML needs an Admin", set("basic"))
	})
}

func TestSetDefaultRoles(t *testing.T) {
	each(t, func(w *world) {
		set := func(roles ...string) func() error {
			return func() error {
				_, err := w.SetDefaultRoles(t.Context(), iam.Operator, w.org, roles)
				return err
			}
		}
		w.user("ann@example.com")
		billing := w.role("Billing", "") // a custom role of a system role's name
		w.audited(set("Billing", "system:Billing", "Billing"), "organization_default_roles_update Example")
		got := must[[]iam.RoleRef](t)(w.DefaultRoles(t.Context(), w.org))
		if len(got) != 2 || got[0].ID != iam.RoleBilling || got[1].ID != billing.ID {
			t.Errorf("Default roles %v, want the system role Billing and the custom one", got)
		}
		if held := w.held("ann@example.com"); held != "Billing/default/ Billing/default/" {
			t.Errorf("a member without roles holds %q, want both Default roles", held)
		}
		w.idle(set(string(billing.ID), string(iam.RoleBilling)))
		w.refused(iam.KindInvalid, "cannot be empty", set())
		w.refused(iam.KindNotFound, `no role "Nobody"`, set("Member", "Nobody"))
	})
}

func TestAdminLink(t *testing.T) {
	each(t, func(w *world) {
		link := func(email string) func() error {
			return func() error {
				url, expires, err := w.AdminLink(t.Context(), iam.Operator, w.org, email)
				if err == nil && (!strings.HasPrefix(url, "https://rollcall.example/setup/"+string(w.org)+"/") || !expires.Equal(w.clock().Add(access.SetupLinkLifetime))) {
					t.Errorf("link %q until %v", url, expires)
				}
				return err
			}
		}
		w.sleep(time.Hour)
		w.audited(link("ADA@example.com"), "admin_link_create ada@example.com")
		signin := must[store.LocalSignIn](t)(w.db.Read(t.Context()).LocalSignInByEmail(w.org, "ada@example.com"))
		if want := start.Add(time.Hour + access.SetupLinkLifetime); !signin.LinkExpiresAt.Equal(want) || signin.HasPassword {
			t.Errorf("local sign-in %+v, want a link until %v", signin, want)
		}

		w.user("ben@example.com")
		w.refused(iam.KindInvalid, "not an e-mail address", link("ben"))
		w.refused(iam.KindNotFound, `no member "carl@example.com"`, link("carl@example.com"))
		w.refused(iam.KindConflict, "does not hold the role Admin directly", link("ben@example.com"))
		must[iam.Member](t)(w.SetMemberRoles(t.Context(), iam.Operator, w.org, "ben@example.com", []string{"Admin"}))
		w.audited(link("ben@example.com"), "admin_link_create ben@example.com")
		admins := must[[]iam.BreakGlass](t)(w.db.Read(t.Context()).BreakGlassAdmins(w.org))
		if len(admins) != 2 {
			t.Errorf("%d break-glass Admins, want Ada and Ben", len(admins))
		}
	})
}

func TestAuditEvents_range(t *testing.T) {
	each(t, func(w *world) {
		w.sleep(time.Hour)
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "scale"))
		w.sleep(time.Hour)
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, "basic"))
		count := func(from, to time.Time) int {
			n := 0
			for e, err := range w.AuditEvents(t.Context(), w.org, from, to) {
				w.ok(err)
				if e.Actor != iam.Operator {
					t.Errorf("event %s by %+v, want the operator", e.Type, e.Actor)
				}
				n++
			}
			return n
		}
		if n := count(start.Add(time.Hour), start.Add(2*time.Hour)); n != 1 {
			t.Errorf("%d events in the hour of the first change, want 1", n)
		}
		if n := count(start.Add(time.Hour), time.Time{}); n != 2 {
			t.Errorf("%d events from the first change on, want 2", n)
		}
		for range w.AuditEvents(t.Context(), w.org, time.Time{}, time.Time{}) {
			break // an export that is cut off ends quietly
		}
	})
}

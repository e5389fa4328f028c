package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// mapped makes the roles of the guide's example: Admin from ClickHouse-Admins, Read-only from ClickHouse-Read-only.
func (g *guide) mapped() {
	g.t.Helper()
	g.role("Admin", "ClickHouse-Admins", string(iam.PermOrganizationManage))
	g.role("Read-only", "ClickHouse-Read-only", string(iam.PermOrganizationView))
}

func TestR005_assignedUserIsMemberWithRole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		ada, bob := g.user("ada@example.com"), g.user("bob@example.com")
		g.group("ClickHouse-Admins", ada)
		g.group("ClickHouse-Read-only", ada, bob)
		equal(g.t, "members", g.addresses(), []string{"ada@example.com", "bob@example.com"})
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins), Read-only (group ClickHouse-Read-only)")
		g.holds("bob@example.com", "Read-only (group ClickHouse-Read-only)")
	})
}

func TestR006_profileUpdatesFlow(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		before, _ := g.member("ada@example.com")
		g.patchUser(ada,
			`{"op":"Replace","path":"displayName","value":"Ada Lovelace"}`, `{"op":"Replace","path":"name.familyName","value":"Lovelace"}`,
			`{"op":"Replace","path":"userName","value":"ada.lovelace@example.com"}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ada.lovelace@example.com"}`)
		after, ok := g.member("ada.lovelace@example.com")
		before.Email, before.DisplayName = "ada.lovelace@example.com", "Ada Lovelace"
		equal(g.t, "she is a member under her new address", ok, true)
		equal(g.t, "the member", after, before)
		g.holds("ada@example.com", "no member")
	})
}

func TestR007_removalTakesAccess(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		for name, remove := range map[string]func(id string){
			"disabled":   func(id string) { g.patchUser(id, `{"op":"replace","path":"active","value":false}`) },
			"unassigned": func(id string) { g.unassign(id) },
			"deleted":    func(id string) { g.scim(204, "DELETE", "/Users/"+id, "") },
			"replaced": func(id string) {
				g.scim(200, "PUT", "/Users/"+id, strings.Replace(userBody("replaced@example.com", "A", "B"), `"active":true`, `"active":false`, 1))
			},
		} {
			id := g.user(name + "@example.com")
			g.group("ClickHouse-Admins", id)
			g.holds(name+"@example.com", "Admin (group ClickHouse-Admins)")
			actor := g.signedIn(name + "@example.com")
			remove(id)
			g.holds(name+"@example.com", "no member")
			g.refuses(iam.KindForbidden, "", g.createRoleAs(actor, "Too late", string(iam.PermOrganizationManage)))
		}
		equal(g.t, "members", g.addresses(), []string{})
	})
}

// No invitation arises anywhere, and nobody is left over once every assignment is gone.
func TestR008_noInvitesNoOrphans(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		var ids []string
		for _, name := range []string{"ada", "bob", "carl"} {
			ids = append(ids, g.user(name+"@example.com"))
		}
		group := g.group("ClickHouse-Admins", ids...)
		g.unassign(ids[0])
		g.assign(ids[0])
		for _, id := range ids {
			g.leave(group, id)
			g.unassign(id)
		}
		g.scim(204, "DELETE", "/Groups/"+group, "")
		equal(g.t, "members", g.addresses(), []string{})
		invitations := must[[]store.Invitation](g.t)(g.db.Read(g.t.Context()).Invitations(g.org))
		equal(g.t, "invitations", len(invitations), 0)
		for _, e := range g.audit() {
			if e.Type == iam.InviteCreate || e.Type == iam.InviteDelete {
				g.t.Errorf("audit event %s", e.Type)
			}
		}
		for _, m := range must[[]iam.Member](g.t)(g.access.Members(g.t.Context(), g.org, true)) {
			if m.Status == iam.StatusInactive && len(m.Roles) > 0 {
				g.t.Errorf("%s is inactive and holds %+v", m.Email, m.Roles)
			}
		}
	})
}

func TestR081_assignmentAloneGivesRoles(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		for _, e := range g.during(func() { g.group("ClickHouse-Read-only", g.user("ada@example.com")) }) {
			equal(g.t, "who did "+string(e.Type), e.Actor.Type, iam.ActorAPI)
		}
		g.holds("ada@example.com", "Read-only (group ClickHouse-Read-only)")
	})
}

func TestR082_sameDisplayNameBinds(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		g.group("ClickHouse-Admins", g.user("ada@example.com"))
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Read-only=ClickHouse-Read-only")
		m, _ := g.member("ada@example.com")
		equal(g.t, "the role Admin is the custom one", m.Roles[0].Role, g.findRole("Admin").Ref())
	})
}

func TestR087_viaGroup(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		// A group that is created with its members, as some clients send it.
		ada := g.user("ada@example.com")
		g.scim(201, "POST", "/Groups", `{"displayName":"ClickHouse-Read-only","members":[{"value":"`+ada+`"}]}`)
		g.holds("ada@example.com", "Read-only (group ClickHouse-Read-only)")
	})
}

func TestR088_directlyHasDefaultRole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		g.role("Newcomers", "")
		g.defaults("Newcomers", "Member")
		g.user("direct@example.com")
		group := g.group("ClickHouse-Read-only", g.user("both@example.com"))
		g.holds("direct@example.com", "Member (default), Newcomers (default)")
		g.holds("both@example.com", "Read-only (group ClickHouse-Read-only)")
		// A group that grants nothing does not count.
		g.ok(g.access.UnlinkRole(g.t.Context(), iam.Operator, g.org, "Read-only"))
		g.holds("both@example.com", "Member (default), Newcomers (default)")
		g.scim(200, "GET", "/Groups/"+group, "")
	})
}

func TestR089_onlyTheMembershipChanges(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		ada, bob := g.user("ada@example.com"), g.user("bob@example.com")
		group := g.group("ClickHouse-Admins", bob)
		etags := func() []string {
			return []string{g.send("GET", "/Users/"+ada, "").Header.Get("ETag"), g.send("GET", "/Users/"+bob, "").Header.Get("ETag")}
		}
		before := etags()
		g.records("the change", func() { g.join(group, ada) }, iam.SCIMGroupUpdate)
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		g.holds("bob@example.com", "Admin (group ClickHouse-Admins)")
		equal(g.t, "ETags of the users", etags(), before)
		g.roles("Admin=ClickHouse-Admins <- ClickHouse-Admins", "Read-only=ClickHouse-Read-only")
	})
}

func TestR095_addedToAdmins(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		ada := g.user("ada@example.com")
		g.group("ClickHouse-Admins")      // the group is there from an earlier cycle
		g.group("ClickHouse-Admins", ada) // the group on demand, with her chosen
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		g.ok(g.createRoleAs(g.signedIn("ada@example.com"), "Made by Ada", string(iam.PermOrganizationManage))())
	})
}

func TestR097_firstNameUpdated(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		g.patchUser(ada, `{"op":"Replace","path":"name.givenName","value":"Augusta"}`, `{"op":"Replace","path":"displayName","value":"Augusta Example"}`)
		m, _ := g.member("ada@example.com")
		equal(g.t, "in Members", m.DisplayName, "Augusta Example")
		equal(g.t, "in SCIM", text(g.scim(200, "GET", "/Users/"+ada, ""), "name.givenName"), "Augusta")
	})
}

func TestR098_movedToReadOnly(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		for name, move := range map[string]func(id, admins, readers string){
			"removefirst": func(id, admins, readers string) { g.leave(admins, id); g.join(readers, id) },
			"addfirst":    func(id, admins, readers string) { g.join(readers, id); g.leave(admins, id) },
		} {
			email := name + "@example.com"
			id := g.user(email)
			admins, readers := g.group("ClickHouse-Admins", id), g.group("ClickHouse-Read-only")
			actor := g.signedIn(email)
			g.ok(g.createRoleAs(actor, "Made by "+name, string(iam.PermOrganizationManage))())
			move(id, admins, readers)
			g.holds(email, "Read-only (group ClickHouse-Read-only)")
			g.refuses(iam.KindForbidden, string(iam.PermOrganizationManage), g.createRoleAs(actor, "Too late", string(iam.PermOrganizationManage)))
			g.ok(g.createRoleAs(actor, "Still allowed to "+name, string(iam.PermOrganizationView))())
		}
	})
}

func TestR099_unassigned(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Admins", ada)
		g.unassign(ada)
		g.holds("ada@example.com", "no member")
		read := g.scim(200, "GET", "/Users/"+ada, "")
		equal(g.t, "the SCIM user", []any{text(read, "id"), at(read, "active"), text(read, "groups.0.value")}, []any{ada, false, group})
		equal(g.t, "found by the next match", g.match("ada@example.com"), ada)
	})
}

// In a cycle a disabled account is deactivated; nothing else of it changes.
func TestR100_accountDisabled(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		before := g.scim(200, "GET", "/Users/"+ada, "")
		g.patchUser(ada, `{"op":"replace","path":"active","value":false}`)
		g.holds("ada@example.com", "no member")
		after := g.scim(200, "GET", "/Users/"+ada, "")
		equal(g.t, "active", []any{before["active"], after["active"]}, []any{true, false})
		for _, o := range []scim.Object{before, after} {
			delete(o, "active")
			delete(o, "meta")
		}
		equal(g.t, "everything else", after, before)
	})
}

func TestR115_defaultRole(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		equal(g.t, "at first", must[[]iam.RoleRef](g.t)(g.access.DefaultRoles(g.t.Context(), g.org))[0].ID, iam.RoleMember)
		ada := g.user("ada@example.com")
		g.holds("ada@example.com", "Member (default)")
		g.role("Newcomers", "")
		g.records("the change", func() { g.defaults("Newcomers") }, iam.OrganizationUpdateRoles)
		g.holds("ada@example.com", "Newcomers (default)")
		group := g.group("ClickHouse-Admins", ada)
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		g.leave(group, ada)
		g.holds("ada@example.com", "Newcomers (default)")
		g.refuses(iam.KindInvalid, "cannot be empty", func() error {
			return second(g.access.SetDefaultRoles(g.t.Context(), iam.Operator, g.org, nil))
		})
		g.refuses(iam.KindConflict, "is a Default role", func() error { return g.access.DeleteRole(g.t.Context(), iam.Operator, g.org, "Newcomers") })
	})
}

func TestR147_visibleOnTheNextRead(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.mapped()
		other := g.replica()
		see := func(want string) {
			g.t.Helper()
			g.holds("ada@example.com", want)
			equal(g.t, "on the other server", other.held("ada@example.com"), want)
		}
		ada := g.user("ada@example.com")
		see("Member (default)")
		group := g.group("ClickHouse-Admins", ada)
		see("Admin (group ClickHouse-Admins)")
		g.rename(group, "CH-Admins")
		see("Admin (group CH-Admins)")
		g.unassign(ada)
		see("no member")
		g.assign(ada)
		see("Admin (group CH-Admins)")
		g.scim(204, "DELETE", "/Groups/"+group, "")
		see("Member (default)")
		g.scim(204, "DELETE", "/Users/"+ada, "")
		see("no member")
	})
}

// The last Admin who can get in without the identity provider cannot be lost, by nobody.
func TestX017_lastAdmin(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ctx := g.t.Context()
		const says = "last Admin who can get in without the identity provider"
		g.refuses(iam.KindConflict, says, func() error { return g.access.RemoveMember(ctx, iam.Operator, g.org, "admin@example.org") })
		g.refuses(iam.KindConflict, says, func() error {
			return second(g.access.SetMemberRoles(ctx, iam.Operator, g.org, "admin@example.org", []string{"Member"}))
		})
		// The identity provider takes him over and deactivates him: he stays, with local sign-in and Admin only.
		g.ok(second(g.access.AddDomain(ctx, iam.Operator, g.org, "example.org", true)))
		g.mapped()
		admin := text(g.scim(201, "POST", "/Users", userBody("admin@example.org", "First", "Admin")), "id")
		g.group("ClickHouse-Read-only", admin)
		g.records("the deactivation", func() { g.unassign(admin) }, iam.MemberDelete, iam.BreakGlassKept)
		m, ok := g.member("admin@example.org")
		equal(g.t, "he is there", []any{ok, m.Status}, []any{true, iam.StatusBreakGlass})
		g.holds("admin@example.org", "Admin (direct)")
		equal(g.t, "for the identity provider he is inactive", at(g.scim(200, "GET", "/Users/"+admin, ""), "active"), any(false))
		g.scim(204, "DELETE", "/Users/"+admin, "")
		g.holds("admin@example.org", "Admin (direct)")
		g.scim(404, "GET", "/Users/"+admin, "")
		_, _, err := g.access.AdminLink(ctx, iam.Operator, g.org, "admin@example.org")
		g.ok(err)
	})
}

// A role in use cannot be deleted.
func TestX017_roleInUse(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ctx := g.t.Context()
		g.role("Newcomers", "")
		g.ok(second(g.access.Invite(ctx, iam.Operator, g.org, "eve@example.com", []string{"Newcomers"})))
		g.refuses(iam.KindConflict, "eve@example.com", func() error { return g.access.DeleteRole(ctx, iam.Operator, g.org, "Newcomers") })
		g.refuses(iam.KindInvalid, "is a system role", func() error { return g.access.DeleteRole(ctx, iam.Operator, g.org, "system:Admin") })
		views := must[[]access.RoleView](g.t)(g.access.Roles(ctx, g.org))
		equal(g.t, "the role is there", slices.ContainsFunc(views, func(r access.RoleView) bool { return r.Name == "Newcomers" }), true)
	})
}

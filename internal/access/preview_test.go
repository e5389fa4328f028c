package access_test

import (
	"fmt"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

const manage = string(iam.PermOrganizationManage)

// brief writes the numbers and names of a preview in one line.
func brief(p access.Preview) string {
	line := fmt.Sprintf("%d change", p.Members)
	for _, n := range []struct {
		n    int
		what string
	}{{p.LoseAdmin, "lose admin"}, {p.GainAdmin, "gain admin"}, {p.NoPermissions, "powerless"}, {p.LoseAll, "lose all"}, {p.Sessions, "sessions"}} {
		if n.n > 0 {
			line += fmt.Sprintf(", %d %s", n.n, n.what)
		}
	}
	for _, r := range p.Roles {
		line += fmt.Sprintf("; %s +%d -%d", r.Role.Name, r.Gain, r.Lose)
	}
	for _, g := range p.Groups {
		from, to := "none", "none"
		if g.From != nil {
			from = g.From.Name
		}
		if g.To != nil {
			to = g.To.Name
		}
		line += fmt.Sprintf("; %s (%d) %s>%s", g.DisplayName, g.Members, from, to)
	}
	for _, r := range p.Gone {
		line += "; " + r.Name + " goes"
	}
	if p.Waiting != "" {
		line += "; waits for " + p.Waiting
	}
	for _, e := range p.Examples {
		line += "; " + e.DisplayName
	}
	return line
}

func (w *world) previews(want string) func(access.Preview, error) {
	return func(p access.Preview, err error) {
		w.t.Helper()
		w.ok(err)
		if got := brief(p); got != want {
			w.t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestPreview_role(t *testing.T) {
	each(t, func(w *world) {
		ann, ben, cid := w.user("ann@example.com"), w.user("ben@example.com"), w.user("cid@example.com")
		gone := w.user("gone@example.com")
		w.deactivate(gone)
		from, to := w.scimRole("G"), w.role("Target", "", "a:b:c")
		w.group("G", from, ann, ben, cid, gone)
		w.ok(w.setRoles("ben@example.com", "Target", string(from)))
		update := func(in access.RoleInput) (access.Preview, error) {
			return w.PreviewUpdateRole(t.Context(), iam.Operator, w.org, string(to.ID), in)
		}
		// Ben keeps both: he holds them directly.
		w.previews("2 change; G +0 -2; Target +2 -0; G (3) G>Target; ann@example.com; cid@example.com")(update(access.RoleInput{SCIMGroup: text("G")}))
		// Then the role that SCIM made has nothing but the group.
		w.ok(w.setRoles("ben@example.com", "Target"))
		w.previews("3 change; G +0 -3; Target +2 -0; G (3) G>Target; G goes; ann@example.com; ben@example.com; cid@example.com")(update(access.RoleInput{SCIMGroup: text("G")}))
		// With the permissions replaced he gains nothing and changes all the same.
		p := must[access.Preview](t)(update(access.RoleInput{Permissions: &[]string{"a:b:d", manage}}))
		if got := brief(p); got != "1 change, 1 gain admin; ben@example.com" || fmt.Sprint(p.Given, p.Taken) != "[a:b:d "+manage+"] [a:b:c]" {
			t.Errorf("%s, given %s, taken %s", got, p.Given, p.Taken)
		}
		w.previews("0 change; waits for g")(update(access.RoleInput{SCIMGroup: text("g")}))
		w.previews("0 change")(update(access.RoleInput{Name: text("G2")}))
		w.previews("0 change")(update(access.RoleInput{}))

		w.group("free", "", ann)
		create := func(in access.RoleInput) (access.Preview, error) {
			return w.PreviewCreateRole(t.Context(), iam.Operator, w.org, in)
		}
		// Held through a group, the Default role is held no more: but she has another.
		p = must[access.Preview](t)(create(access.RoleInput{Name: text("free")}))
		if got := brief(p); got != "1 change, 1 powerless; free +1 -0; free (1) none>free; ann@example.com" || !p.Roles[0].New {
			t.Errorf("%s, %+v", got, p.Roles)
		}
		w.group("taken", to.ID, ann)
		w.previews("0 change")(create(access.RoleInput{Name: text("taken")})) // the group has a role, and a name takes it from none
	})
}

func TestPreview_unlinkAndDelete(t *testing.T) {
	each(t, func(w *world) {
		ann, ben := w.user("ann@example.com"), w.user("ben@example.com")
		made, kept := w.scimRole("made"), w.role("Kept", "kept", manage)
		w.group("made", made, ann)
		w.group("kept", kept.ID, ann, ben)
		w.previews("1 change; made +0 -1; made (1) made>none; made goes; ann@example.com")(w.PreviewUnlinkRole(t.Context(), iam.Operator, w.org, "made"))
		w.previews("2 change, 2 lose admin, 2 powerless, 2 lose all; Member +1 -0; Kept +0 -2; kept (2) Kept>none; ann@example.com; ben@example.com")(
			w.PreviewUnlinkRole(t.Context(), iam.Operator, w.org, "Kept"))
		w.ok(w.setRoles("ben@example.com", "Kept"))
		w.previews("1 change, 1 lose admin, 1 powerless, 1 lose all; Kept +0 -1; kept (2) Kept>none; ann@example.com")(w.PreviewUnlinkRole(t.Context(), iam.Operator, w.org, "Kept"))
		w.previews("2 change, 2 lose admin, 2 powerless, 2 lose all; Member +1 -0; Kept +0 -2; kept (2) Kept>none; ann@example.com; ben@example.com")(
			w.PreviewDeleteRole(t.Context(), iam.Operator, w.org, string(kept.ID)))
		w.ok(w.unlink(kept.ID))
		w.ok(w.unlink(made))
		w.role("Nothing", "")
		for _, of := range []func() (access.Preview, error){
			func() (access.Preview, error) {
				return w.PreviewUnlinkRole(t.Context(), iam.Operator, w.org, "Nothing")
			},
			func() (access.Preview, error) {
				return w.PreviewDeleteRole(t.Context(), iam.Operator, w.org, "Nothing")
			},
		} {
			w.previews("0 change")(of())
		}
	})
}

func TestPreview_defaultRoles(t *testing.T) {
	each(t, func(w *world) {
		for i := range access.ShownExamples + 2 {
			w.user(fmt.Sprintf("m%d@example.com", i))
		}
		w.group("nothing", "", w.user("n@example.com"))
		w.group("linked", w.role("R", "", "a:b:c").ID, w.user("r@example.com"))
		w.previews("8 change, 8 gain admin; Admin +8 -0; Member +0 -8; m0@example.com; m1@example.com; m2@example.com; m3@example.com; m4@example.com")(
			w.PreviewDefaultRoles(t.Context(), iam.Operator, w.org, []string{"Admin"}))
		w.previews("0 change")(w.PreviewDefaultRoles(t.Context(), iam.Operator, w.org, []string{"system:Member"}))
	})
}

// Whoever asks is told first what it does to himself.
func TestPreview_you(t *testing.T) {
	each(t, func(w *world) {
		var others []iam.MemberID
		for i := range access.ShownExamples {
			others = append(others, w.user(fmt.Sprintf("a%d@example.com", i)))
		}
		manager := w.manager("max@example.com")
		w.group("more", w.member("max@example.com").Roles[0].Role.ID, others...)
		p := must[access.Preview](t)(w.PreviewUpdateRole(t.Context(), manager, w.org, "Managers", access.RoleInput{Permissions: &[]string{}}))
		if p.LoseAdmin != access.ShownExamples+1 || len(p.Examples) != access.ShownExamples || !p.Examples[0].You || p.Examples[1].You || !p.Examples[0].LosesAdmin {
			t.Errorf("%+v", p)
		}
	})
}

// A preview refuses what the act would refuse, with the same words.
func TestPreview_refuses(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		manager := w.manager("max@example.com", "a:b:c")
		target, strong := w.role("Target", "G"), w.role("Strong", "", "x:y:z")
		w.group("G", target.ID, w.user("ann@example.com"))
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(ctx, iam.Operator, w.org, []string{"Strong"}))
		create := func(actor iam.Actor, in access.RoleInput) func() error {
			return func() error {
				_, err := w.PreviewCreateRole(ctx, actor, w.org, in)
				return err
			}
		}
		update := func(actor iam.Actor, role string, in access.RoleInput) func() error {
			return func() error {
				_, err := w.PreviewUpdateRole(ctx, actor, w.org, role, in)
				return err
			}
		}
		first := func(_ access.Preview, err error) func() error { return func() error { return err } }
		for _, try := range []struct {
			kind iam.Kind
			text string
			act  func() error
		}{
			{iam.KindConflict, "unlink it first", update(iam.Operator, "Target", access.RoleInput{SCIMGroup: text("other")})},
			{iam.KindConflict, `a custom role "Target" alr`, create(iam.Operator, access.RoleInput{Name: text("Target")})},
			{iam.KindInvalid, "needs a name", create(iam.Operator, access.RoleInput{})},
			{iam.KindInvalid, "name is empty", create(iam.Operator, access.RoleInput{Name: text("")})},
			{iam.KindInvalid, "is a system role", update(iam.Operator, string(iam.RoleBilling), access.RoleInput{Name: text("X")})},
			{iam.KindNotFound, "no role", update(iam.Operator, w.db.NewID(), access.RoleInput{Name: text("X")})},
			{iam.KindInvalid, "does not exist", update(iam.Operator, "Target", access.RoleInput{Permissions: &[]string{"control-plane:organization:x"}})},
			{iam.KindConflict, `mapped to the role "Target"`, create(iam.Operator, access.RoleInput{Name: text("X"), SCIMGroup: text("G")})},
			{iam.KindForbidden, "x:y:z", update(manager, "Strong", access.RoleInput{SCIMGroup: text("later")})},
			{iam.KindForbidden, "x:y:z", create(manager, access.RoleInput{Name: text("X"), Permissions: &[]string{"x:y:z"}})},
			{iam.KindForbidden, "the Default role", first(w.PreviewUnlinkRole(ctx, manager, w.org, "Target"))},
			{iam.KindForbidden, "the Default role", first(w.PreviewDeleteRole(ctx, manager, w.org, "Target"))},
			{iam.KindConflict, "is a Default role", first(w.PreviewDeleteRole(ctx, iam.Operator, w.org, string(strong.ID)))},
			{iam.KindInvalid, "cannot be empty", first(w.PreviewDefaultRoles(ctx, iam.Operator, w.org, nil))},
			{iam.KindForbidden, "only an Admin", first(w.PreviewDefaultRoles(ctx, manager, w.org, []string{"Admin"}))},
			{iam.KindNotFound, "is not among", first(w.PreviewRemoveDomain(ctx, iam.Operator, w.org, "nowhere.example"))},
			{iam.KindInvalid, "not a domain name", first(w.PreviewRemoveDomain(ctx, iam.Operator, w.org, "no domain"))},
			{iam.KindNotFound, "no organization", first(w.PreviewDeleteRole(ctx, iam.Operator, iam.OrganizationID(w.db.NewID()), "Target"))},
		} {
			w.refused(try.kind, try.text, try.act)
		}
	})
}

// A preview reads the members concerned, not the organization: what it costs is the same
// with many others beside them, and pages of them do not make it read anybody twice.
func TestPreview_costIsThatOfTheMembersConcerned(t *testing.T) {
	each(t, func(w *world) {
		w.enable()
		ids := []iam.MemberID{w.user("ann@other.example"), w.user("ben@other.example")}
		must[access.Domain](t)(w.AddDomain(t.Context(), iam.Operator, w.org, "other.example", true))
		old, role := w.role("Old", "", "a:b:c"), w.role("Role", "", "a:b:d")
		w.group("G", old.ID, ids...)
		w.ok(w.setRoles("ann@other.example", "Role"))
		previews := map[string]func() (access.Preview, error){
			"field": func() (access.Preview, error) {
				return w.PreviewUpdateRole(t.Context(), iam.Operator, w.org, string(role.ID), access.RoleInput{SCIMGroup: text("G")})
			},
			"permissions": func() (access.Preview, error) {
				return w.PreviewUpdateRole(t.Context(), iam.Operator, w.org, string(old.ID), access.RoleInput{Permissions: &[]string{}})
			},
			"unlink": func() (access.Preview, error) {
				return w.PreviewUnlinkRole(t.Context(), iam.Operator, w.org, string(old.ID))
			},
			"delete": func() (access.Preview, error) {
				return w.PreviewDeleteRole(t.Context(), iam.Operator, w.org, string(role.ID))
			},
			"domain": func() (access.Preview, error) {
				return w.PreviewRemoveDomain(t.Context(), iam.Operator, w.org, "other.example")
			},
			"name": func() (access.Preview, error) {
				return w.PreviewCreateRole(t.Context(), iam.Operator, w.org, access.RoleInput{Name: text("nobody's")})
			},
		}
		type cost struct{ statements, rows int }
		measure := func() map[string]cost {
			costs := map[string]cost{}
			for name, preview := range previews {
				w.sql.Reset()
				must[access.Preview](t)(preview())
				costs[name] = cost{w.sql.Statements(), w.sql.Rows()}
			}
			return costs
		}
		before := measure()
		w.people(300, nil)
		for name, after := range measure() {
			if after != before[name] {
				t.Errorf("%s: with 300 members more it costs %+v, before %+v", name, after, before[name])
			}
			if after.statements > 16 || after.rows > 40 {
				t.Errorf("%s costs %+v", name, after)
			}
		}
		// Of the Default role's change, whoever has a role of his own is not read.
		defaults := func() cost {
			w.sql.Reset()
			must[access.Preview](t)(w.PreviewDefaultRoles(t.Context(), iam.Operator, w.org, []string{"Old"}))
			return cost{w.sql.Statements(), w.sql.Rows()}
		}
		one := defaults()
		var linked []iam.MemberID
		for i := range 100 {
			linked = append(linked, w.user(fmt.Sprintf("linked%03d@example.com", i)))
		}
		w.group("L", old.ID, linked...)
		if two := defaults(); two != one {
			t.Errorf("with 100 members more who have a role it costs %+v, before %+v", two, one)
		}
	})
}

// A group of more members than a page is counted to the last, whoever else is concerned.
func TestPreview_manyMembers(t *testing.T) {
	each(t, func(w *world) {
		const members = 4_100
		ids := make([]iam.MemberID, 0, members)
		w.write(func(tx *store.Tx) error {
			ids = ids[:0]
			for i := range members {
				name := fmt.Sprintf("m%05d@example.com", i)
				u := store.User{
					Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: name, UserName: name, Status: iam.StatusActive,
					ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: w.clock(), UpdatedAt: w.clock(),
				}
				if _, err := tx.InsertUser(u); err != nil {
					return err
				}
				ids = append(ids, u.ID)
			}
			return nil
		})
		role := w.role("R", "", "a:b:c")
		w.group("all", role.ID, ids...)
		w.group("half", role.ID, ids[:members/2]...)
		w.ok(w.setRoles("m00000@example.com", "R"))
		w.ok(w.setRoles("ada@example.com", "Admin", "R"))
		w.sql.Reset()
		p := must[access.Preview](t)(w.PreviewDeleteRole(t.Context(), iam.Operator, w.org, "R"))
		if p.Members != members+1 || p.NoPermissions != members || p.Groups[0].Members != members || p.Groups[1].Members != members/2 {
			t.Errorf("%+v", p)
		}
		if n := w.sql.Statements(); n > 40 {
			t.Errorf("%d statements", n)
		}
	})
}

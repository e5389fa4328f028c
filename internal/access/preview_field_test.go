package access_test

import (
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// field is a random organization.
type field struct {
	*world
	rand  *mrand.Rand
	users []string       // sign-in addresses
	ids   []iam.MemberID // theirs, and those of the others
	kept  iam.MemberID
	seen  map[string]int
}

// anAct is an act with its preview.
type anAct struct {
	kind    string
	actor   iam.Actor
	preview func() (access.Preview, error)
	do      func() (made iam.RoleID, err error)
	deletes iam.RoleID
	domain  string
}

var fieldNames = []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

func pick[T any](f *field, list []T) T { return list[f.rand.IntN(len(list))] }

func (f *field) chance(percent int) bool { return f.rand.IntN(100) < percent }

// plant makes the people: members with and without local sign-in, of two domains and
// none, an inactive one, one who is kept as break-glass, and sessions.
func (f *field) plant() {
	f.t.Helper()
	f.enable()
	must[access.Domain](f.t)(f.AddDomain(f.t.Context(), iam.Operator, f.org, "other.example", true))
	for i := range 14 {
		domain := pick(f, []string{"example.com", "other.example", "third.example"})
		f.users = append(f.users, fmt.Sprintf("m%02d@%s", i, domain))
		f.ids = append(f.ids, f.user(f.users[i]))
	}
	gone, kept := f.user("gone@example.com"), f.user("kept@example.com")
	f.deactivate(gone)
	f.ids, f.kept = append(f.ids, f.user("no address"), gone, kept), kept
	f.ok(f.setRoles("kept@example.com", "system:Admin"))
	f.write(func(tx *store.Tx) error {
		u, err := tx.LockUser(f.org, kept)
		if err != nil {
			return err
		}
		u.Status = iam.StatusBreakGlass
		return tx.UpdateUser(u)
	})
}

func (f *field) someGroups() []access.GroupView {
	return must[[]access.GroupView](f.t)(f.Groups(f.t.Context(), f.org))
}

func (f *field) someRole() string {
	views := must[[]access.RoleView](f.t)(f.Roles(f.t.Context(), f.org))
	if len(views) > 4 && f.chance(95) {
		views = views[4:]
	}
	bySCIM := slices.DeleteFunc(slices.Clone(views), func(r access.RoleView) bool { return r.Source != iam.SourceSCIM })
	if len(bySCIM) > 0 && f.chance(30) {
		views = bySCIM
	}
	return string(pick(f, views).ID)
}

func (f *field) somePermissions() []string {
	all := []string{manage, string(iam.PermOrganizationView), "a:b:c", "x:y:z"}
	return slices.DeleteFunc(all, func(string) bool { return f.chance(60) })
}

// stir changes the organization as people, and the identity provider, do.
func (f *field) stir() {
	f.t.Helper()
	ctx := f.t.Context()
	for range 1 + f.rand.IntN(4) {
		switch f.rand.IntN(7) {
		case 0, 1: // a group comes, linked to a role that SCIM made, to another, or to none
			name := pick(f, fieldNames)
			if slices.ContainsFunc(f.someGroups(), func(g access.GroupView) bool { return g.DisplayName == name }) {
				continue
			}
			role := iam.RoleID("")
			taken := slices.ContainsFunc(must[[]access.RoleView](f.t)(f.Roles(ctx, f.org)), func(r access.RoleView) bool { return r.Name == name })
			switch {
			case f.chance(40) && !taken:
				role = f.scimRole(name)
			case f.chance(40):
				if id := iam.RoleID(f.someRole()); !iam.IsSystemRole(id) {
					role = id
				}
			}
			f.group(name, role)
		case 2, 3: // memberships
			groups := f.someGroups()
			if len(groups) == 0 {
				continue
			}
			group := pick(f, groups).ID
			var ids []iam.MemberID
			for range 4 {
				ids = append(ids, pick(f, f.ids))
			}
			slices.Sort(ids)
			ids = slices.Compact(ids)
			clear := f.chance(40)
			f.write(func(tx *store.Tx) (err error) {
				if clear {
					_, err = tx.ClearGroup(f.org, group)
				} else {
					_, err = tx.AddGroupMembers(f.org, group, ids)
				}
				return err
			})
		case 4: // direct roles
			user := pick(f, f.users)
			var roles []string
			for range f.rand.IntN(6) - 3 {
				roles = append(roles, f.someRole())
			}
			f.ok(f.setRoles(user, roles...))
		case 5: // a role of an admin, seldom
			if f.chance(70) {
				continue
			}
			name := pick(f, fieldNames)
			permissions := f.somePermissions()
			if _, err := f.CreateRole(ctx, iam.Operator, f.org, access.RoleInput{Name: &name, Permissions: &permissions}); err != nil && iam.KindOf(err) != iam.KindConflict {
				f.t.Fatal(err)
			}
		case 6: // a session
			session := store.Session{
				ID: f.db.NewID(), Member: pick(f, f.ids[:len(f.users)]), Method: pick(f, []string{"saml", "local"}),
				CreatedAt: f.clock(), LastSeenAt: f.clock(), ExpiresAt: f.clock().Add(time.Hour),
			}
			var secret iam.SecretHash
			_, _ = rand.Read(secret[:])
			f.write(func(tx *store.Tx) error { return tx.InsertSession(f.org, session, secret) })
		}
	}
}

// act picks an act.
func (f *field) act() (string, anAct) {
	ctx := f.t.Context()
	a := anAct{actor: iam.Operator}
	if f.chance(40) {
		i := f.rand.IntN(len(f.users))
		a.actor = iam.Actor{Type: iam.ActorUser, ID: string(f.ids[i]), Details: f.users[i]}
	}
	role := f.someRole()
	none := func(err error) (iam.RoleID, error) { return "", err }
	switch f.rand.IntN(8) {
	case 0, 1:
		in := f.input()
		in.Name = text(pick(f, fieldNames))
		a.kind = "create"
		a.preview = func() (access.Preview, error) { return f.PreviewCreateRole(ctx, a.actor, f.org, in) }
		a.do = func() (iam.RoleID, error) {
			view, err := f.CreateRole(ctx, a.actor, f.org, in)
			return view.ID, err
		}
	case 2, 3:
		in := f.input()
		a.kind = "update"
		a.preview = func() (access.Preview, error) { return f.PreviewUpdateRole(ctx, a.actor, f.org, role, in) }
		a.do = func() (iam.RoleID, error) {
			_, err := f.UpdateRole(ctx, a.actor, f.org, role, in)
			return none(err)
		}
	case 4:
		a.kind = "unlink"
		a.preview = func() (access.Preview, error) { return f.PreviewUnlinkRole(ctx, a.actor, f.org, role) }
		a.do = func() (iam.RoleID, error) { return none(f.UnlinkRole(ctx, a.actor, f.org, role)) }
	case 5:
		a.kind, a.deletes = "delete", iam.RoleID(role)
		a.preview = func() (access.Preview, error) { return f.PreviewDeleteRole(ctx, a.actor, f.org, role) }
		a.do = func() (iam.RoleID, error) { return none(f.DeleteRole(ctx, a.actor, f.org, role)) }
	case 6:
		list := []string{role}
		if f.chance(50) {
			list = append(list, f.someRole())
		}
		if f.chance(50) {
			list = []string{"system:Member"}
		}
		a.kind = "defaults"
		a.preview = func() (access.Preview, error) { return f.PreviewDefaultRoles(ctx, a.actor, f.org, list) }
		a.do = func() (iam.RoleID, error) {
			_, err := f.SetDefaultRoles(ctx, a.actor, f.org, list)
			return none(err)
		}
	default:
		a.kind, a.domain = "domain", pick(f, []string{"example.com", "other.example"})
		a.preview = func() (access.Preview, error) { return f.PreviewRemoveDomain(ctx, a.actor, f.org, a.domain) }
		a.do = func() (iam.RoleID, error) {
			_, err := f.RemoveDomain(ctx, a.actor, f.org, a.domain)
			return none(err)
		}
	}
	return fmt.Sprintf("%s of %s by %s", a.kind, role, a.actor.Details), a
}

func (f *field) input() access.RoleInput {
	var in access.RoleInput
	if f.chance(60) {
		in.Name = text(pick(f, fieldNames))
	}
	switch groups := f.someGroups(); {
	case f.chance(40):
	case len(groups) > 0 && f.chance(70):
		in.SCIMGroup = text(pick(f, groups).DisplayName)
	default:
		in.SCIMGroup = text(pick(f, append(fieldNames, "", "")))
	}
	if f.chance(40) {
		permissions := f.somePermissions()
		in.Permissions = &permissions
	}
	return in
}

package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// judgeCreate decides whether a custom role may be made, and returns it with this id.
func (j *judge) judgeCreate(id iam.RoleID, in RoleInput, permissions []iam.Permission) (iam.Role, error) {
	if in.Name == nil {
		return iam.Role{}, iam.Errorf(iam.KindInvalid, "a new role needs a name").On("name")
	}
	role := iam.Role{ID: id, Name: *in.Name, Type: iam.RoleCustom, Source: iam.SourceAdmin, Permissions: permissions}
	if in.SCIMGroup != nil {
		role.SCIMGroup = *in.SCIMGroup
	}
	if err := iam.CheckRole(j.roles, role); err != nil {
		return iam.Role{}, err
	}
	return role, j.mayGive(role)
}

// roleChange is a custom role before and after an act on it, and what of it changes.
type roleChange struct {
	before, after           iam.Role
	named, fielded, granted bool
}

func (c roleChange) none() bool { return !c.named && !c.fielded && !c.granted }

// judgeUpdate decides whether a custom role may be changed so.
func (j *judge) judgeUpdate(role string, in RoleInput, permissions []iam.Permission) (roleChange, error) {
	before, err := j.customRole(role)
	if err != nil {
		return roleChange{}, err
	}
	groups, err := j.groupsOf(before.ID)
	if err != nil {
		return roleChange{}, err
	}
	if err := fieldFree(before, in, groups); err != nil {
		return roleChange{}, err
	}
	after := in.apply(before, permissions)
	c := roleChange{
		before: before, after: after, named: after.Name != before.Name, fielded: after.SCIMGroup != before.SCIMGroup,
		granted: !slices.Equal(after.Permissions, before.Permissions),
	}
	if c.none() {
		return c, nil
	}
	if err := iam.CheckRole(j.roles, after); err != nil {
		return roleChange{}, err
	}
	// A name or a SCIM group field that is set can bring in a group, now or later, and so
	// gives it all that the role holds. Permissions alone reach whoever holds the role:
	// what is added to them is given, and what is taken away needs nobody's right.
	given := after
	if !c.named && (!c.fielded || after.SCIMGroup == "") {
		given.Permissions = without(after.Permissions, before.Permissions)
	}
	return c, j.mayGive(given)
}

// judgeUnlink decides whether a custom role may be unlinked from its groups.
func (j *judge) judgeUnlink(role string) (iam.Role, error) {
	target, err := j.customRole(role)
	if err != nil {
		return iam.Role{}, err
	}
	return target, j.mayTakeAway(target)
}

// judgeDelete decides whether a custom role may be deleted.
func (j *judge) judgeDelete(role string) (iam.Role, error) {
	target, err := j.customRole(role)
	if err != nil {
		return iam.Role{}, err
	}
	if err := j.roleFree(target); err != nil {
		return iam.Role{}, err
	}
	return target, j.mayTakeAway(target)
}

// fieldFree refuses to change a SCIM group field through which a group is linked (D2).
func fieldFree(role iam.Role, in RoleInput, groups []store.Group) error {
	if in.SCIMGroup == nil || *in.SCIMGroup == role.SCIMGroup {
		return nil
	}
	names := make([]string, 0, len(groups))
	for _, g := range groups {
		names = append(names, g.DisplayName)
	}
	if !iam.FieldLinked(role, names) {
		return nil
	}
	return iam.Errorf(iam.KindConflict, "the SCIM group %q is linked to the role %q through its SCIM group field; unlink it first", iam.Clip(role.SCIMGroup), iam.Clip(role.Name)).On("scim-group")
}

// mayTakeAway refuses to take a role from members who hold no other, when the actor may
// not give the Default roles that they hold then (D1).
func (j *judge) mayTakeAway(role iam.Role) error {
	err := j.mayGiveDefault()
	if iam.KindOf(err) != iam.KindForbidden {
		return err
	}
	sole, failed := j.reader.CountSoleHolders(j.org.ID, role.ID)
	if failed != nil {
		return fmt.Errorf("count the holders of role %s: %w", role.ID, failed)
	}
	if sole == 0 {
		return nil
	}
	return err
}

// roleFree refuses to delete a role that a list still names (D3).
func (j *judge) roleFree(role iam.Role) error {
	use, err := j.reader.RoleUse(j.org.ID, role.ID)
	if err != nil {
		return fmt.Errorf("read the use of role %s: %w", role.ID, err)
	}
	if use.Default {
		return iam.Errorf(iam.KindConflict, "the role %q is a Default role; take it out of the Default role list first", iam.Clip(role.Name)).On("role")
	}
	if use.Invitations == 0 {
		return nil
	}
	invited, err := j.reader.InvitationsWithRole(j.org.ID, role.ID)
	if err != nil {
		return fmt.Errorf("read the invitations with role %s: %w", role.ID, err)
	}
	const most = 3
	names := strings.Join(invited[:min(len(invited), most)], ", ")
	if more := len(invited) - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return iam.Errorf(iam.KindConflict, "the role %q is used by the pending invitation of %s; invite again with another role first", iam.Clip(role.Name), names).On("role")
}

// without returns what list holds and other does not.
func without(list, other []iam.Permission) []iam.Permission {
	var rest []iam.Permission
	for _, p := range list {
		if !slices.Contains(other, p) {
			rest = append(rest, p)
		}
	}
	return rest
}

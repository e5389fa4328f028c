package console

import (
	"slices"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// rolesPage is Users and roles, Roles: which SCIM group gives which role, under the guide's
// name "Map roles" (R40-R48, R127, R128).
type rolesPage struct {
	frame
	SCIM     bool // it is enabled
	Reject   bool // Unmapped groups is reject
	Custom   []roleRow
	System   []roleRow
	Defaults []iam.RoleRef
	// ByDefault is how many members hold the Default roles, as they have no other.
	ByDefault int
	Groups    int
	NoRole    []access.GroupView // SCIM groups without a role
}

// roleRow is a role as lists show it.
type roleRow struct {
	ID          iam.RoleID
	Name        string
	System      bool
	BySCIM      bool // SCIM made it for a group that no role claimed
	Default     bool
	Field       string // the SCIM group field, "" for none
	Waiting     bool   // no group of the field's name is linked
	Groups      []access.GroupRef
	Permissions string // "3", "All", "None"
	Powerless   bool   // it has holders or groups, and no permissions
	Members     int
	Hints       []string
}

func (c *Console) roles(x *exchange) error {
	ctx := x.r.Context()
	views, err := c.access.Roles(ctx, x.org())
	if err != nil {
		return err
	}
	held, err := c.access.CountRoleHolders(ctx, x.org())
	if err != nil {
		return err
	}
	groups, err := c.access.Groups(ctx, x.org())
	if err != nil {
		return err
	}
	o := x.session.Organization
	p := &rolesPage{
		frame: x.frame("Users and roles"), SCIM: o.SCIMEnabled, Reject: o.UnmappedGroups == iam.UnmappedReject,
		ByDefault: held.Default, Groups: len(groups),
	}
	for _, view := range views {
		row := newRoleRow(view, held.ByRole[view.ID])
		if row.System {
			p.System = append(p.System, row)
		} else {
			p.Custom = append(p.Custom, row)
		}
		if view.Default {
			p.Defaults = append(p.Defaults, view.Ref())
		}
	}
	for _, g := range groups {
		if g.Role == nil {
			p.NoRole = append(p.NoRole, g)
		}
	}
	if err := c.peopleTabs(x, &p.frame, len(views)); err != nil {
		return err
	}
	return x.show(p)
}

func newRoleRow(v access.RoleView, members int) roleRow {
	row := roleRow{
		ID: v.ID, Name: v.Name, System: v.Type == iam.RoleSystem, BySCIM: v.Source == iam.SourceSCIM, Default: v.Default,
		Field: v.SCIMGroup, Groups: v.Groups, Members: members, Hints: v.Hints,
	}
	row.Waiting = v.SCIMGroup != "" && !slices.ContainsFunc(v.Groups, func(g access.GroupRef) bool { return g.DisplayName == v.SCIMGroup })
	switch {
	case v.ID == iam.RoleAdmin:
		row.Permissions = "All"
	case len(v.Permissions) == 0:
		row.Permissions = "None"
		row.Powerless = !row.System && (members > 0 || len(v.Groups) > 0)
	default:
		row.Permissions = words.Count(len(v.Permissions))
	}
	return row
}

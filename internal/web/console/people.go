package console

import (
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web/words"
)

// peopleRoutes are the pages of Users and roles. Who may see the organization sees who is
// in it and why; who may manage it changes that, as far as he may give it himself (D1).
func (c *Console) peopleRoutes() []route {
	view, manage := holders(iam.PermOrganizationView), holders(iam.PermOrganizationManage)
	return []route{
		show("/members", view, c.members, "members.html", membersPage{}, "list the members, their roles and why they hold them"),
		get("/members/export", view, c.exportMembers, "export that list as a file"),
		show("/members/{member}", view, c.member, "member.html", memberPage{}, "see one member; his history takes organization:view-activities too"),
		show("/members/{member}/roles", manage, c.memberRoles, "memberroles.html", memberRolesPage{}, "see the roles that can be given to a member directly"),
		act("/members/{member}/roles", manage, c.setMemberRoles, "set the direct roles of a member"),
		show("/members/{member}/remove", manage, c.removal, "removal.html", removalPage{}, "see what removing a member does"),
		act("/members/{member}/remove", manage, c.removeMember, "remove a member"),

		show("/roles", view, c.roles, "roles.html", rolesPage{}, "list the roles and the SCIM groups they are linked to"),
		show("/roles/{role}", view, c.role, "role.html", rolePage{}, "see what a role permits and who holds it"),
		show("/roles/new", manage, c.newRole, "roleedit.html", roleEditPage{}, "open the form for a new role"),
		act("/roles/new", manage, c.createRole, "create a custom role"),
		show("/roles/{role}/edit", manage, c.editRole, "roleedit.html", roleEditPage{}, "open the form of a custom role"),
		act("/roles/{role}/edit", manage, c.updateRole, "change a custom role and its SCIM group"),
		show("/roles/{role}/unlink", manage, c.unlinking, "unlinking.html", unlinkingPage{}, "see what unlinking a role from its SCIM groups does"),
		act("/roles/{role}/unlink", manage, c.unlinkRole, "unlink a role from its SCIM groups"),
		show("/roles/{role}/delete", manage, c.roleDeletion, "roledeletion.html", roleDeletionPage{}, "see what deleting a role does"),
		act("/roles/{role}/delete", manage, c.deleteRole, "delete a custom role"),
		show("/roles/default", manage, c.defaultRoles, "defaultroles.html", defaultRolesPage{}, "open the form of the Default role"),
		act("/roles/default", manage, c.setDefaultRoles, "choose the Default role"),
		show("/groups", view, c.groups, "groups.html", groupsPage{}, "list the SCIM groups and the roles they give"),
		show("/groups/{group}", view, c.group, "group.html", groupPage{}, "see who is in a SCIM group"),

		show("/invitations", view, c.invitations, "invitations.html", invitationsPage{}, "list the pending invitations"),
		show("/invitations/new", manage, c.newInvitation, "invite.html", invitePage{}, "open the form for an invitation"),
		act("/invitations", manage, c.invite, "invite somebody").shows("invited.html", invitedPage{}),
		show("/invitations/{invitation}/delete", manage, c.invitationDeletion, "invitationdeletion.html", invitationDeletionPage{}, "be asked whether to delete an invitation"),
		act("/invitations/{invitation}/delete", manage, c.deleteInvitation, "delete an invitation"),
	}
}

// peopleTabs fills in the counts beside the tabs of Users and roles.
func (c *Console) peopleTabs(x *exchange, f *frame, roles int) error {
	members, err := c.access.CountMembers(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	invitations, err := c.access.CountInvitations(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	f.Badges = map[string]string{"/members": words.Count(members.All), "/roles": words.Count(roles), "/invitations": words.Count(invitations)}
	return nil
}

// mayGive says why a member may not give a role to others; nil when he may (D1). It is
// for what a page offers: access decides when something is given.
func mayGive(s signin.Session, role iam.Role) error {
	holder := []iam.Role{{Permissions: s.Permissions}}
	for _, held := range s.Roles {
		holder = append(holder, iam.Role{ID: held.Role.ID})
	}
	return iam.MayGrant(holder, []iam.Role{role})
}

// roleOption is a role to choose.
type roleOption struct {
	ID     iam.RoleID
	Name   string
	System bool
	What   string // "all permissions", "3 permissions", "no permissions", and its SCIM groups
	Chosen bool
	Denied string // why it cannot be chosen; "" when it can
}

// roleOptions lists the roles to choose from. Chosen ones can always be taken back.
func (x *exchange) roleOptions(roles []access.RoleView, chosen []iam.RoleID) []roleOption {
	list := make([]roleOption, 0, len(roles))
	for _, r := range roles {
		o := roleOption{
			ID: r.ID, Name: r.Name, System: r.Type == iam.RoleSystem, What: words.Capital(permissionCount(r.Role)), Chosen: slices.Contains(chosen, r.ID),
		}
		if len(r.Groups) > 0 {
			o.What += ", through " + groupList(r.Groups)
		}
		if err := mayGive(x.session, r.Role); err != nil && !o.Chosen {
			o.Denied = words.Sentence(err.Error())
		}
		list = append(list, o)
	}
	return list
}

func groupList(groups []access.GroupRef) string {
	const most = 3
	var names []string
	for _, g := range groups[:min(len(groups), most)] {
		names = append(names, g.DisplayName)
	}
	if more := len(groups) - most; more > 0 {
		names = append(names, words.Count(more)+" more")
	}
	return strings.Join(names, ", ")
}

// permissionCount says how much a role permits.
func permissionCount(r iam.Role) string {
	switch {
	case r.ID == iam.RoleAdmin:
		return "all permissions"
	case len(r.Permissions) == 0:
		return "no permissions"
	}
	return words.Plural(len(r.Permissions), "permission", "permissions")
}

// chosenRoles are the ids of a form's checked roles.
func (x *exchange) chosenRoles() []iam.RoleID {
	var ids []iam.RoleID
	for _, id := range x.r.PostForm["role"] {
		ids = append(ids, iam.RoleID(id))
	}
	return ids
}

func roleRefNames(roles []iam.RoleRef) []string {
	var list []string
	for _, r := range roles {
		list = append(list, roleTitle(r))
	}
	return list
}

// roleTitle is a role's name and, of a system role, its type: a custom role may have the
// same name.
func roleTitle(r iam.RoleRef) string {
	if r.Type == iam.RoleSystem {
		return r.Name + " (System)"
	}
	return r.Name
}

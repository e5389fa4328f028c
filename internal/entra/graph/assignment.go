package graph

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// assigned is an assignment with the names that Graph shows with it.
type assigned struct {
	directory.Assignment
	principal, application string
}

// document is an appRoleAssignment (Microsoft Graph docs, "approleassignment").
func (a assigned) document() object {
	return object{
		"id": string(a.ID), "appRoleId": string(a.AppRoleID), "createdDateTime": moment(a.CreatedAt), "principalId": string(a.PrincipalID),
		"principalType": string(a.PrincipalKind), "principalDisplayName": nullable(a.principal), "resourceId": string(a.ApplicationID), "resourceDisplayName": a.application,
	}
}

var assignmentKinds = map[string]kind{
	"id": kindText, "appRoleId": kindText, "principalId": kindText, "principalType": kindText, "principalDisplayName": kindText,
	"resourceId": kindText, "resourceDisplayName": kindText, "createdDateTime": kindTime,
}

// named adds the names to an assignment.
func (x *exchange) named(a directory.Assignment, application string) (assigned, error) {
	one := assigned{a, "", application}
	var err error
	if a.PrincipalKind == directory.KindUser {
		var u user
		u, err = x.api.directory.User(x.r.Context(), a.PrincipalID)
		one.principal = u.DisplayName
	} else {
		var g group
		g, err = x.api.directory.Group(x.r.Context(), a.PrincipalID)
		one.principal = g.DisplayName
	}
	if directory.IsProblem(err, directory.NotFound) {
		err = nil // purged since
	}
	return one, err
}

// listAssigned: who is assigned to the application. Those of soft-deleted principals rest, and
// are among them.
func (x *exchange) listAssigned() error {
	q, err := x.query(options{properties: assignmentKinds})
	if err != nil {
		return err
	}
	a, err := x.application()
	if err != nil {
		return err
	}
	ctx := x.r.Context()
	return page(x, "appRoleAssignments", q, source[assigned]{
		key:      func(one assigned) string { return string(one.PrincipalKind) + "/" + string(one.PrincipalID) },
		document: assigned.document,
		total: func() (int, error) {
			users, groups, err := x.api.directory.CountAssignments(ctx, a.ID)
			return users + groups, err
		},
		read: func(after string, limit int) ([]assigned, error) {
			kind, id, _ := strings.Cut(after, "/")
			list, err := x.api.directory.Assignments(ctx, a.ID, directory.Assignment{PrincipalKind: directory.Kind(kind), PrincipalID: directory.ID(id)}, limit)
			if err != nil {
				return nil, err
			}
			all := make([]assigned, 0, len(list))
			for _, one := range list {
				named, err := x.named(one, a.DisplayName)
				if err != nil {
					return nil, err
				}
				all = append(all, named)
			}
			return all, nil
		},
	})
}

// assign makes an appRoleAssignment. The object of the path is the application, the principal,
// or both must agree (Microsoft Graph docs, "serviceprincipal-post-approleassignedto",
// "user-post-approleassignments", "group-post-approleassignments").
func (x *exchange) assign(application, principal directory.ID, set string) error {
	f, err := x.body("AppRoleAssignment", maxBody)
	if err != nil {
		return err
	}
	given := map[string]directory.ID{}
	for _, name := range []string{"principalId", "resourceId", "appRoleId"} {
		id, err := f.needText(name)
		if err != nil {
			return err
		}
		given[name] = directory.ID(strings.ToLower(id))
	}
	if err := f.done(); err != nil {
		return err
	}
	switch {
	case application != "" && given["resourceId"] != application:
		return bad("The resourceId %q is not the service principal %q of the address.", words.Clip(string(given["resourceId"])), application)
	case principal != "" && given["principalId"] != principal:
		return bad("The principalId %q is not the object %q of the address.", words.Clip(string(given["principalId"])), principal)
	// The role of zeros is Graph's "default access" of an application without roles.
	case given["appRoleId"] != directory.DefaultAppRole && strings.Trim(string(given["appRoleId"]), "0-") != "":
		return bad("Permission being assigned was not found on application: the application has the one app role %s (User).", directory.DefaultAppRole)
	}
	a, err := x.api.directory.Assign(x.r.Context(), given["resourceId"], given["principalId"])
	if err != nil {
		return err
	}
	app, err := x.api.directory.Application(x.r.Context(), a.ApplicationID)
	if err != nil {
		return err
	}
	named, err := x.named(a, app.DisplayName)
	if err != nil {
		return err
	}
	return x.one(http.StatusCreated, set+"/$entity", named.document())
}

func (x *exchange) assignTo() error {
	a, err := x.application()
	if err != nil {
		return err
	}
	return x.assign(a.ID, "", "appRoleAssignments")
}

func (x *exchange) assignUser() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return x.assign("", u.ID, "appRoleAssignments")
}

func (x *exchange) assignGroup() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	return x.assign("", g.ID, "appRoleAssignments")
}

// getAssigned is one assignment of the application.
func (x *exchange) getAssigned() error {
	a, one, err := x.assignment()
	if err != nil {
		return err
	}
	named, err := x.named(one, a.DisplayName)
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "appRoleAssignments/$entity", named.document())
}

func (x *exchange) assignment() (directory.Application, directory.Assignment, error) {
	a, err := x.application()
	if err != nil {
		return a, directory.Assignment{}, err
	}
	one, err := x.api.directory.Assignment(x.r.Context(), x.id("assignment"))
	if directory.IsProblem(err, directory.NotFound) || err == nil && one.ApplicationID != a.ID {
		err = noObject(x.r.PathValue("assignment"))
	}
	return a, one, err
}

func (x *exchange) unassign() error {
	_, one, err := x.assignment()
	if err != nil {
		return err
	}
	return x.endAssignment(one)
}

func (x *exchange) endAssignment(one directory.Assignment) error {
	if err := x.api.directory.Unassign(x.r.Context(), one.ApplicationID, one.PrincipalID); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) userAssignments() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return x.assignmentsOf(u.ID)
}

func (x *exchange) groupAssignments() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	return x.assignmentsOf(g.ID)
}

func (x *exchange) assignmentsOf(principal directory.ID) error {
	q, err := x.query(options{properties: assignmentKinds})
	if err != nil {
		return err
	}
	list, err := x.api.directory.AssignmentsOf(x.r.Context(), principal)
	if err != nil {
		return err
	}
	all := make([]assigned, 0, len(list))
	for _, one := range list {
		a, err := x.api.directory.Application(x.r.Context(), one.ApplicationID)
		if err != nil {
			return err
		}
		named, err := x.named(one, a.DisplayName)
		if err != nil {
			return err
		}
		all = append(all, named)
	}
	key := func(one assigned) string { return string(one.ID) }
	return page(x, "appRoleAssignments", q, source[assigned]{key: key, document: assigned.document, read: once(all, key)})
}

func (x *exchange) unassignUser() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return x.unassignOf(u.ID)
}

func (x *exchange) unassignGroup() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	return x.unassignOf(g.ID)
}

func (x *exchange) unassignOf(principal directory.ID) error {
	one, err := x.api.directory.Assignment(x.r.Context(), x.id("assignment"))
	if directory.IsProblem(err, directory.NotFound) || err == nil && one.PrincipalID != principal {
		err = noObject(x.r.PathValue("assignment"))
	}
	if err != nil {
		return err
	}
	return x.endAssignment(one)
}

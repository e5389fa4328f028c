package iam

import "strings"

// systemPrefix before a name says that the system role is meant. It wins over a
// custom role of that very name, which an identity provider could make.
const systemPrefix = "system:"

// FindRole finds the role that an admin named: an id, "system:" and the name of
// a system role, or an exact name, custom roles before system roles.
func FindRole(roles []Role, arg string) (Role, error) {
	for _, r := range roles {
		if string(r.ID) == arg {
			return r, nil
		}
	}
	name, system := strings.CutPrefix(arg, systemPrefix)
	var found *Role
	var near string
	for i, r := range roles {
		switch {
		case system && r.Type == RoleSystem && r.Name == name:
			return r, nil
		case system:
		case r.Name == arg && (found == nil || r.Type == RoleCustom):
			found = &roles[i]
		case NearMiss(r.Name, arg):
			near = r.Name
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case system:
		return Role{}, Errorf(KindNotFound, "there is no system role %q; the system roles are Admin, Billing, Org API reader and Member", Clip(name)).On("role")
	case near != "":
		return Role{}, Errorf(KindNotFound, "there is no role %q in this organization; did you mean %q?", Clip(arg), near).On("role")
	}
	return Role{}, Errorf(KindNotFound, "there is no role %q in this organization; the list of roles shows names and ids", Clip(arg)).On("role")
}

// FindRoles finds each of the roles, without repetitions, in the order given.
func FindRoles(roles []Role, args []string) ([]Role, error) {
	found := make([]Role, 0, len(args))
	seen := map[RoleID]bool{}
	for _, arg := range args {
		r, err := FindRole(roles, arg)
		if err != nil {
			return nil, err
		}
		if !seen[r.ID] {
			seen[r.ID] = true
			found = append(found, r)
		}
	}
	return found, nil
}

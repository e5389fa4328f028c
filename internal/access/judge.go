package access

import (
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// judge decides whether an act may be done, and refuses it in words. An act asks it under
// the organization's lock; a preview asks the same judge beside the lock, and so refuses
// what the act would.
type judge struct {
	reader *store.Reader
	org    iam.Organization // as it stands
	actor  iam.Actor
	roles  []iam.Role // all of them, after readRoles
}

func (j *judge) readRoles() (err error) {
	if j.roles, err = j.reader.Roles(j.org.ID); err != nil {
		return fmt.Errorf("read the roles: %w", err)
	}
	return nil
}

// mayGive refuses a signed-in member who gives what he does not hold (D1).
// Whoever runs the command line can open the database and may give everything.
func (j *judge) mayGive(given ...iam.Role) error {
	switch j.actor.Type {
	case iam.ActorSystem:
		return nil
	case iam.ActorUser:
	default:
		return iam.Errorf(iam.KindForbidden, "only a signed-in member may give roles")
	}
	m, err := j.reader.Member(j.org.ID, iam.MemberID(j.actor.ID))
	if errors.Is(err, iam.ErrNotFound) || err == nil && m.Status == iam.StatusInactive {
		return iam.Errorf(iam.KindForbidden, "you are not a member of this organization any more")
	}
	if err != nil {
		return fmt.Errorf("read the roles of %s: %w", j.actor.ID, err)
	}
	defaults, err := j.reader.DefaultRoles(j.org.ID)
	if err != nil {
		return fmt.Errorf("read the Default roles: %w", err)
	}
	var holder []iam.Role
	for _, held := range iam.EffectiveRoles(m.Status, m.Direct, m.Groups, defaults) {
		role, err := j.reader.Role(j.org.ID, held.Role.ID)
		if err != nil {
			return fmt.Errorf("read role %s: %w", held.Role.ID, err)
		}
		holder = append(holder, role)
	}
	return iam.MayGrant(holder, given)
}

// mayGiveDefault refuses an actor who may not give the Default roles.
func (j *judge) mayGiveDefault() error {
	defaults, err := j.reader.DefaultRoles(j.org.ID)
	if err != nil {
		return fmt.Errorf("read the Default roles: %w", err)
	}
	list := make([]iam.RoleID, 0, len(defaults))
	for _, d := range defaults {
		list = append(list, d.ID)
	}
	roles, err := j.reader.RolesByID(j.org.ID, list)
	if err != nil {
		return fmt.Errorf("read the Default roles: %w", err)
	}
	err = j.mayGive(roles...)
	if iam.KindOf(err) == iam.KindForbidden {
		return iam.Errorf(iam.KindForbidden, "this leaves members without a role of their own, who then hold the Default role: %w", err)
	}
	return err
}

// judgeDefaults decides whether these roles may be the Default role list, and returns the
// list as it is and as it is to be. At least one; they are given to whoever has no other.
func (j *judge) judgeDefaults(roles []string) (before []iam.RoleRef, chosen []iam.Role, err error) {
	if len(roles) == 0 {
		return nil, nil, iam.Errorf(iam.KindInvalid, "the Default role list cannot be empty; give at least one role (the most restrictive one is Member)").On("role")
	}
	if chosen, err = j.findRoles(roles); err != nil {
		return nil, nil, err
	}
	if before, err = j.reader.DefaultRoles(j.org.ID); err != nil {
		return nil, nil, fmt.Errorf("read the Default roles: %w", err)
	}
	if sameRoles(before, chosen) {
		return before, chosen, nil
	}
	return before, chosen, j.mayGive(notHeld(before, chosen)...)
}

// findRoles finds the roles that an admin named.
func (j *judge) findRoles(args []string) ([]iam.Role, error) {
	all, err := j.reader.Roles(j.org.ID)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	return iam.FindRoles(all, args)
}

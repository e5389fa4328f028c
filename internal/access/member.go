package access

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// memberPage is how many members one read fetches.
const memberPage = 500

// Members returns the members by sign-in address; with all also the SCIM users
// who are inactive and so no members.
func (s *Service) Members(ctx context.Context, org iam.OrganizationID, all bool) ([]iam.Member, error) {
	var list []iam.Member
	for m, err := range s.EachMember(ctx, org, all) {
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// errStop ends a walk whose receiver has enough.
var errStop = errors.New("enough")

// EachMember yields the members as Members lists them, page by page: two
// statements for each page, and no snapshot is held between pages. An error is
// the last thing yielded.
func (s *Service) EachMember(ctx context.Context, org iam.OrganizationID, all bool) iter.Seq2[iam.Member, error] {
	return func(yield func(iam.Member, error) bool) {
		for m, err := range s.eachEntry(ctx, org, all) {
			if !yield(m.Member, err) {
				return
			}
		}
	}
}

// EachMemberEntry yields the members as MemberPage lists them, in the way of EachMember.
func (s *Service) EachMemberEntry(ctx context.Context, org iam.OrganizationID) iter.Seq2[MemberEntry, error] {
	return s.eachEntry(ctx, org, false)
}

func (s *Service) eachEntry(ctx context.Context, org iam.OrganizationID, all bool) iter.Seq2[MemberEntry, error] {
	return func(yield func(MemberEntry, error) bool) {
		err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
			v, err := newMemberViewer(r, org)
			if err != nil {
				return err
			}
			return eachPage(r, org, all, func(m store.Member) error {
				if !yield(MemberEntry{Member: v.view(m), LocalSignIn: m.LocalSignIn}, nil) {
					return errStop
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(MemberEntry{}, err)
		}
	}
}

// eachPage calls visit for each person in the order of login keys.
func eachPage(r *store.Reader, org iam.OrganizationID, inactive bool, visit func(store.Member) error) error {
	after := ""
	for {
		page, err := r.MembersAfter(org, after, memberPage, inactive)
		if err != nil {
			return fmt.Errorf("list members: %w", err)
		}
		for _, m := range page {
			if err := visit(m); err != nil {
				return err
			}
		}
		if len(page) < memberPage {
			return nil
		}
		after = page[len(page)-1].LoginKey
	}
}

// findMember finds a member by id or sign-in address and locks his row.
func (w *change) findMember(arg string) (store.User, error) {
	missing := iam.Errorf(iam.KindNotFound, "there is no member %q in this organization; give the id or the e-mail address that the list of members shows", iam.Clip(arg)).On("member")
	if iam.CheckName("member", arg) != nil {
		return store.User{}, missing
	}
	id := iam.MemberID(arg)
	user, err := w.tx.LockUser(w.org.ID, id)
	if errors.Is(err, iam.ErrNotFound) {
		if user, err = w.tx.UserByLogin(w.org.ID, iam.LookupKey(arg)); err == nil {
			user, err = w.tx.LockUser(w.org.ID, user.ID)
		}
	}
	switch {
	case errors.Is(err, iam.ErrNotFound):
		return store.User{}, missing
	case err != nil:
		return store.User{}, fmt.Errorf("read member %q: %w", iam.Clip(arg), err)
	case user.Status == iam.StatusInactive:
		return store.User{}, iam.Errorf(iam.KindNotFound, "%q is not a member: the identity provider's user is deactivated, and only the identity provider can bring him back", iam.Clip(arg)).On("member")
	}
	return user, nil
}

// SetMemberRoles replaces the direct roles of a member; none leaves him with the
// roles of his groups, or the Default roles. roles are as iam.FindRole takes them.
func (s *Service) SetMemberRoles(ctx context.Context, actor iam.Actor, org iam.OrganizationID, member string, roles []string) (iam.Member, error) {
	var after iam.Member
	err := s.write(ctx, actor, org, func(w *change) error {
		chosen, err := w.findRoles(roles)
		if err != nil {
			return err
		}
		user, err := w.findMember(member)
		if err != nil {
			return err
		}
		if err := w.setRoles(user, chosen); err != nil {
			return err
		}
		after, err = w.memberView(user.ID)
		return err
	})
	if err != nil {
		return iam.Member{}, err
	}
	return after, nil
}

func (w *change) setRoles(user store.User, chosen []iam.Role) error {
	before, err := w.tx.DirectRoles(w.org.ID, user.ID)
	if err != nil {
		return fmt.Errorf("read the direct roles of %s: %w", user.ID, err)
	}
	if sameRoles(before, chosen) {
		return nil
	}
	if user.Status == iam.StatusBreakGlass {
		return iam.Errorf(iam.KindConflict, "the identity provider deactivated %q, who is kept as the last Admin who can get in without it; give another Admin local sign-in (admin link) and remove this member, or activate him in the identity provider", user.UserName).On("member")
	}
	added := notHeld(before, chosen)
	if err := w.mayGive(added...); err != nil {
		return err
	}
	details := map[string]any{"before": iam.RoleNames(before), "after": iam.RoleNames(refs(chosen))}
	if holds(before, iam.RoleAdmin) && !holds(refs(chosen), iam.RoleAdmin) {
		if err := w.notLastBreakGlass(user, "cannot lose the role Admin"); err != nil {
			return err
		}
		// Local sign-in is for who holds Admin directly. Ended for good: the role given
		// back must not bring the sessions back.
		ended, err := w.tx.EndMemberSessions(w.org.ID, user.ID, signInLocal, store.EndedNotAdmin, w.tx.Now())
		if err != nil {
			return fmt.Errorf("end the sessions of %s: %w", user.ID, err)
		}
		noteSessions(details, ended)
	}
	if len(chosen) == 0 {
		if err := w.mayLeaveToDefault(user.ID); err != nil {
			return err
		}
	}
	if err := w.tx.SetDirectRoles(w.org.ID, user.ID, ids(chosen)); err != nil {
		return fmt.Errorf("set the direct roles of %s: %w", user.ID, err)
	}
	what := iam.MemberUpdateRoles
	if len(added) == 0 {
		what = iam.MemberRemoveRoles
	}
	return w.audit(iam.AuditEvent{
		Type: what, TargetType: "user", TargetID: string(user.ID), TargetName: user.UserName, Details: details,
	})
}

// signInLocal is the method of sessions that began with a password.
const signInLocal = "local"

// mayLeaveToDefault refuses to take the direct roles from a member who has no role
// through a group, when the Default roles that he holds then are more than the actor may
// give: least of all may the actor come by them himself (D1).
func (w *change) mayLeaveToDefault(member iam.MemberID) error {
	m, err := w.tx.Member(w.org.ID, member)
	if err != nil {
		return fmt.Errorf("read the roles of %s: %w", member, err)
	}
	if len(m.Groups) > 0 {
		return nil
	}
	return w.mayGiveDefault()
}

// notHeld returns those of the chosen roles that a list does not hold yet: what is given.
func notHeld(before []iam.RoleRef, chosen []iam.Role) []iam.Role {
	var added []iam.Role
	for _, r := range chosen {
		if !holds(before, r.ID) {
			added = append(added, r)
		}
	}
	return added
}

// notLastBreakGlass refuses what would take away the last Admin who can get in
// without the identity provider (D8).
func (w *change) notLastBreakGlass(user store.User, what string) error {
	admins, err := w.breakGlass()
	if err != nil {
		return err
	}
	if iam.LastBreakGlass(admins, user.ID) {
		return iam.Errorf(iam.KindConflict, "%q is the last Admin who can get in without the identity provider and %s; give another Admin local sign-in first (admin link)", user.UserName, what).On("member")
	}
	return nil
}

// memberView reads a member as lists show him.
func (w *change) memberView(id iam.MemberID) (iam.Member, error) {
	v, err := newMemberViewer(w.tx.Reader, w.org.ID)
	if err != nil {
		return iam.Member{}, err
	}
	m, err := w.tx.Member(w.org.ID, id)
	if err != nil {
		return iam.Member{}, fmt.Errorf("read member %s: %w", id, err)
	}
	return v.view(m), nil
}

// RemoveMember takes a member out. A SCIM user is deactivated, as the identity
// provider would do it, so that it can bring him back (D4); anybody else is
// deleted. The last break-glass Admin stays.
func (s *Service) RemoveMember(ctx context.Context, actor iam.Actor, org iam.OrganizationID, member string) error {
	return s.write(ctx, actor, org, func(w *change) error {
		user, err := w.findMember(member)
		if err != nil {
			return err
		}
		if err := w.notLastBreakGlass(user, "cannot be removed"); err != nil {
			return err
		}
		lost, err := w.takeOut(user)
		if err != nil {
			return err
		}
		details := map[string]any{"deactivated": user.SCIM}
		lost.Describe(details)
		if err := w.auditDropped(lost.Invitation, user.LoginKey, "the member was removed"); err != nil {
			return err
		}
		noteSessions(details, lost.Sessions)
		return w.audit(iam.AuditEvent{
			Type: iam.MemberDelete, TargetType: "user", TargetID: string(user.ID), TargetName: user.UserName, Details: details,
		})
	})
}

// noteSessions adds to an audit event how many sessions the change ended.
func noteSessions(details map[string]any, ended int) {
	if ended > 0 {
		details["sessionsEnded"] = ended
	}
}

func (w *change) takeOut(user store.User) (store.Dropped, error) {
	if user.SCIM {
		lost, err := w.tx.Deactivate(w.org.ID, user.ID, w.now)
		if err != nil {
			return store.Dropped{}, fmt.Errorf("deactivate member %s: %w", user.ID, err)
		}
		return lost, nil
	}
	lost, err := w.tx.DropAccess(w.org.ID, user.ID, user.LoginKey)
	if err != nil {
		return store.Dropped{}, fmt.Errorf("drop the access of member %s: %w", user.ID, err)
	}
	if err := w.tx.DeleteUser(w.org.ID, user.ID, w.now); err != nil {
		return store.Dropped{}, fmt.Errorf("delete member %s: %w", user.ID, err)
	}
	return lost, nil
}

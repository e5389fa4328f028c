package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Invitation is an invitation whose link was opened.
type Invitation struct {
	Email            string
	OrganizationName string
	InvitedBy        string
	Roles            []iam.RoleRef // that he will hold directly
	ExpiresAt        time.Time
	Way              Way
}

// Way is how an invited person will sign in; the package comment says which it is.
type Way string

// The ways. With WayNone accepting is refused, until there is single sign-on for the
// address.
const (
	WaySAML     Way = "saml"     // the identity provider
	WayPassword Way = "password" // he sets a password
	WayNone     Way = "none"
)

// Accepted is an accepted invitation. With WaySAML nobody is signed in yet: BeginSAML
// comes next.
type Accepted struct {
	Way      Way
	SignedIn SignedIn // with WayPassword
}

// Invitation looks at an invitation and changes nothing. One that cannot be used is a
// refusal, in the same words for an unknown, a used, a replaced and an expired one.
func (s *Service) Invitation(ctx context.Context, org iam.OrganizationID, id iam.InvitationID, token string) (Invitation, error) {
	if !iam.IsID(string(org)) {
		org = nobody
	}
	r := s.DB.Read(ctx)
	invited, err := usableInvitation(r, org, id, token, s.now())
	if err != nil {
		return Invitation{}, trouble(err)
	}
	o, err := r.Organization(org)
	if err != nil {
		return Invitation{}, trouble(err)
	}
	roles, err := r.InvitationRoles(org, invited.ID)
	if err != nil {
		return Invitation{}, trouble(err)
	}
	way, err := s.way(r, o, invited.Email, roles)
	if err != nil {
		return Invitation{}, trouble(err)
	}
	return Invitation{
		Email: invited.Email, OrganizationName: o.Name, InvitedBy: invited.InvitedBy, Roles: roles,
		ExpiresAt: invited.ExpiresAt, Way: way,
	}, nil
}

func usableInvitation(r *store.Reader, org iam.OrganizationID, id iam.InvitationID, token string, now time.Time) (store.Invitation, error) {
	if !iam.IsID(string(id)) {
		id = iam.InvitationID(nobody)
	}
	found, err := r.InvitationByToken(org, id, iam.HashSecret(token))
	if errors.Is(err, iam.ErrNotFound) {
		return store.Invitation{}, refusal(CauseLink, sentenceLink, "the invitation is unknown, was used, was deleted, or was replaced by a newer one")
	}
	if err != nil {
		return store.Invitation{}, fmt.Errorf("read the invitation: %w", err)
	}
	if !now.Before(found.ExpiresAt) {
		return found, refusal(CauseLink, sentenceLink, "the invitation of %s ended at %s; invite the address again", found.Email, found.ExpiresAt.Format(time.RFC3339))
	}
	return found, nil
}

// way decides how an address that was invited will sign in.
func (s *Service) way(r *store.Reader, org iam.Organization, email string, roles []iam.RoleRef) (Way, error) {
	connection, err := r.Connection(org.ID)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return "", fmt.Errorf("read the SAML connection: %w", err)
	}
	connected := err == nil && connection.Connected(s.now()) && org.Plan.HasSCIM()
	domain, err := r.Domain(org.ID, iam.DomainOf(email))
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return "", fmt.Errorf("read domain %s: %w", iam.DomainOf(email), err)
	}
	switch {
	case connected && err == nil && !domain.VerifiedAt.IsZero():
		return WaySAML, nil
	case slices.ContainsFunc(roles, func(r iam.RoleRef) bool { return r.ID == iam.RoleAdmin }):
		return WayPassword, nil
	}
	return WayNone, nil
}

// AcceptInvitation uses an invitation up: whoever has its link becomes a member with
// its roles, exactly those, in its organization and no other (S60). password is for
// WayPassword alone. A refused acceptance leaves the invitation as it is.
func (s *Service) AcceptInvitation(ctx context.Context, org iam.OrganizationID, id iam.InvitationID, token, password string, c Client) (Accepted, error) {
	shown, err := s.Invitation(ctx, org, id, token)
	if err != nil {
		return Accepted{}, err
	}
	in := acceptance{service: s, org: org, id: id, token: token, way: shown.Way, member: iam.MemberID(s.DB.NewID())}
	if shown.Way == WayPassword {
		if err := CheckPassword(password, shown.Email); err != nil {
			return Accepted{}, err
		}
		if in.password, err = s.hashPassword(ctx, password); err != nil {
			return Accepted{}, err
		}
	}
	if in.draft, err = s.draft(org, MethodLocal, c); err != nil {
		return Accepted{}, err
	}
	accepted := Accepted{Way: shown.Way}
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		accepted.SignedIn, err = in.accept(tx)
		return err
	})
	if err != nil {
		return Accepted{}, trouble(err)
	}
	return accepted, nil
}

// acceptance is an invitation on its way to a member.
type acceptance struct {
	service  *Service
	org      iam.OrganizationID
	id       iam.InvitationID
	token    string
	way      Way          // as it was shown
	member   iam.MemberID // of a new member
	password string       // hash, with WayPassword
	draft    draft
}

// accept runs under the organization's row lock, as everything that gives roles does.
func (in acceptance) accept(tx *store.Tx) (SignedIn, error) {
	org, err := tx.LockOrganization(in.org)
	if err != nil {
		return SignedIn{}, fmt.Errorf("lock organization %s: %w", in.org, err)
	}
	invited, err := usableInvitation(tx.Reader, in.org, in.id, in.token, in.draft.now)
	if err != nil {
		return SignedIn{}, err
	}
	roles, err := tx.InvitationRoles(in.org, in.id)
	if err != nil {
		return SignedIn{}, fmt.Errorf("read the roles of the invitation: %w", err)
	}
	way, err := in.service.way(tx.Reader, org, invited.Email, roles)
	if err != nil {
		return SignedIn{}, err
	}
	if way == WayNone {
		return SignedIn{}, iam.Errorf(iam.KindConflict, "single sign-on does not work for %s yet; your invitation stays, so try again when your administrator has set it up", invited.Email)
	}
	if way != in.way {
		return SignedIn{}, iam.Errorf(iam.KindConflict, "how people sign in to this organization has just changed; open the link again")
	}
	user, err := in.join(tx, org, invited.Email)
	if err != nil {
		return SignedIn{}, err
	}
	if err := in.giveRoles(tx, user.ID, roles); err != nil {
		return SignedIn{}, err
	}
	if _, err := tx.DropInvitation(in.org, invited.Email); err != nil {
		return SignedIn{}, fmt.Errorf("delete the invitation: %w", err)
	}
	err = tx.InsertAudit(iam.AuditEvent{
		Organization: in.org, At: in.draft.now, Type: iam.MemberJoin, Actor: in.draft.client.actor(user.ID, invited.Email),
		TargetType: "user", TargetID: string(user.ID), TargetName: user.UserName,
		Details: map[string]any{"invitation": in.id, "invitedBy": invited.InvitedBy, "roles": namesOf(roles), "localSignIn": way == WayPassword},
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("write the audit event %s: %w", iam.MemberJoin, err)
	}
	if way != WayPassword {
		return SignedIn{}, nil
	}
	added, err := tx.InsertLocalSignIn(in.org, user.ID, invited.Email, in.password, in.draft.now)
	if err != nil {
		return SignedIn{}, fmt.Errorf("add the local sign-in: %w", err)
	}
	if !added {
		return SignedIn{}, iam.Errorf(iam.KindConflict, "%s has a sign-in by password already; sign in with it, and ask your administrator for the roles", invited.Email)
	}
	return in.draft.open(tx, user, time.Time{}, nil)
}

// join makes the member, or finds the one that the address has become meanwhile, and
// holds his row. An inactive SCIM user whom an admin invited while SCIM is off is a
// member again.
func (in acceptance) join(tx *store.Tx, org iam.Organization, email string) (store.User, error) {
	now := in.draft.now
	user := store.User{
		Org: in.org, ID: in.member, LoginKey: email, UserName: email,
		Status: iam.StatusActive, ManagedBy: iam.ManagedByAdmin, Doc: "{}", Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	added, err := tx.InsertUser(user)
	if err != nil || added {
		return user, err
	}
	found, err := tx.UserByLogin(in.org, email)
	if err == nil {
		user, err = tx.LockUser(in.org, found.ID)
	}
	if errors.Is(err, iam.ErrNotFound) || err == nil && user.LoginKey != email {
		return store.User{}, iam.Errorf(iam.KindConflict, "the user of %s was changed at this very moment; try again", email)
	}
	if err != nil {
		return store.User{}, fmt.Errorf("read the user of %q: %w", email, err)
	}
	switch {
	case user.SCIM && org.SCIMEnabled:
		return store.User{}, iam.Errorf(iam.KindConflict, "%s is managed by your organization's identity provider; sign in with single sign-on, or ask your administrator to assign you there", email)
	case user.Status == iam.StatusBreakGlass:
		return store.User{}, iam.Errorf(iam.KindConflict, "%s was deactivated by the identity provider; ask your administrator", email)
	case user.Status == iam.StatusInactive:
		user.Status, user.Version, user.UpdatedAt = iam.StatusActive, user.Version+1, now
		if err := tx.UpdateUser(user); err != nil {
			return store.User{}, fmt.Errorf("restore the user of %q: %w", email, err)
		}
	}
	return user, nil
}

// giveRoles adds the invitation's roles to the direct roles.
func (in acceptance) giveRoles(tx *store.Tx, member iam.MemberID, roles []iam.RoleRef) error {
	held, err := tx.DirectRoles(in.org, member)
	if err != nil {
		return fmt.Errorf("read the direct roles of %s: %w", member, err)
	}
	var all []iam.RoleID
	for _, role := range append(held, roles...) {
		all = append(all, role.ID)
	}
	slices.Sort(all)
	if err := tx.SetDirectRoles(in.org, member, slices.Compact(all)); err != nil {
		return fmt.Errorf("set the direct roles of %s: %w", member, err)
	}
	return nil
}

// namesOf is how the audit log tells roles: the name, and of a system role its type,
// because a custom role may have its name.
func namesOf(roles []iam.RoleRef) []string {
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		if r.Type == iam.RoleSystem {
			names = append(names, r.Name+" (system)")
			continue
		}
		names = append(names, r.Name)
	}
	return names
}

package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// MemberDetail is one person with all that decides what he may, and what an admin should
// know before he changes it.
type MemberDetail struct {
	MemberEntry
	SCIMUser       bool // the identity provider knows him: removing him is deactivating him (D4)
	ExternalID     string
	UpdatedAt      time.Time
	Direct         []iam.RoleRef     // that an admin, or an invitation, gave him
	Groups         []GroupMembership // every SCIM group he is in, by name
	WithoutDirect  []iam.HeldRole    // what he would hold without Direct
	OnlyBreakGlass bool              // nobody else gets in without the identity provider (D8)
	Sessions       int               // live ones
	Keys           []iam.KeyID       // active SCIM keys that he made (R105)
	Invited        bool              // an invitation for his address is pending, although he is here
}

// GroupMembership is a group that somebody is in.
type GroupMembership struct {
	GroupRef
	Role *iam.RoleRef // nil: the group has no role and gives nothing
}

// Member returns one person by id. A SCIM user who is inactive is found too, with his
// status: he is no member, but his groups are kept (D4).
func (s *Service) Member(ctx context.Context, org iam.OrganizationID, id iam.MemberID) (MemberDetail, error) {
	var detail MemberDetail
	now := s.now()
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		detail = MemberDetail{}
		m, err := readPerson(r, org, id)
		if err != nil {
			return err
		}
		viewer, err := newMemberViewer(r, org)
		if err != nil {
			return err
		}
		detail.MemberEntry = MemberEntry{Member: viewer.view(m), LocalSignIn: m.LocalSignIn}
		detail.SCIMUser, detail.Direct = m.SCIM, m.Direct
		if m.Status == iam.StatusActive {
			detail.WithoutDirect = iam.EffectiveRoles(m.Status, nil, m.Groups, viewer.defaults)
		}
		return detail.complete(r, org, m, now)
	})
	return detail, err
}

func readPerson(r *store.Reader, org iam.OrganizationID, id iam.MemberID) (store.Member, error) {
	missing := iam.Errorf(iam.KindNotFound, "there is no member %q in this organization; he may have been removed", iam.Clip(string(id))).On("member")
	if !iam.IsID(string(id)) {
		return store.Member{}, missing
	}
	m, err := r.Member(org, id)
	if errors.Is(err, iam.ErrNotFound) {
		return store.Member{}, missing
	}
	if err != nil {
		return store.Member{}, fmt.Errorf("read member %s: %w", id, err)
	}
	return m, nil
}

// complete reads what stands around a person.
func (d *MemberDetail) complete(r *store.Reader, org iam.OrganizationID, m store.Member, now time.Time) error {
	user, err := r.User(org, m.ID)
	if err != nil && !errors.Is(err, iam.ErrNotFound) { // gone in this very moment: nothing more is known of him
		return fmt.Errorf("read user %s: %w", m.ID, err)
	}
	d.ExternalID, d.UpdatedAt = user.ExternalID, user.UpdatedAt
	if d.Groups, err = membershipsOf(r, org, m.ID); err != nil {
		return err
	}
	admins, err := r.BreakGlassAdmins(org)
	if err != nil {
		return fmt.Errorf("read the break-glass Admins: %w", err)
	}
	d.OnlyBreakGlass = iam.LastBreakGlass(admins, m.ID)
	sessions, err := r.MemberSessions(org, m.ID, now)
	if err != nil {
		return fmt.Errorf("read the sessions of %s: %w", m.ID, err)
	}
	d.Sessions = len(sessions)
	keys, err := r.Keys(org)
	if err != nil {
		return fmt.Errorf("list SCIM keys: %w", err)
	}
	for _, k := range keys {
		if k.MakerID == m.ID && k.Status(now) == iam.KeyActive {
			d.Keys = append(d.Keys, k.ID)
		}
	}
	_, err = r.InvitationFor(org, m.LoginKey)
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return fmt.Errorf("read the invitation for %q: %w", m.LoginKey, err)
	}
	d.Invited = err == nil
	return nil
}

// membershipsOf returns the groups of a person by name, those without a role too.
func membershipsOf(r *store.Reader, org iam.OrganizationID, id iam.MemberID) ([]GroupMembership, error) {
	groups, err := r.GroupsOfUser(org, id)
	if err != nil {
		return nil, fmt.Errorf("read the groups of %s: %w", id, err)
	}
	var linked []iam.RoleID
	for _, g := range groups {
		if g.Role != "" {
			linked = append(linked, g.Role)
		}
	}
	roles, err := r.RolesByID(org, linked)
	if err != nil {
		return nil, fmt.Errorf("read the roles of groups: %w", err)
	}
	byID := map[iam.RoleID]iam.RoleRef{}
	for _, role := range roles {
		byID[role.ID] = role.Ref()
	}
	var list []GroupMembership
	for _, g := range groups {
		m := GroupMembership{GroupRef: GroupRef{ID: g.ID, DisplayName: g.DisplayName}}
		if role, ok := byID[g.Role]; ok {
			m.Role = &role
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b GroupMembership) int {
		return strings.Compare(iam.Fold(a.DisplayName), iam.Fold(b.DisplayName))
	})
	return list, nil
}

package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Preview is what an act would do to the members if it were done now. It takes what the
// act takes, refuses what the act would refuse, and changes nothing. Somebody else may act
// between the two: then the act does what it was asked for all the same.
//
// One that looks at many members may have to wait, and can end in ErrBusy.
//
// Nobody is in it who is no member: an inactive SCIM user holds nothing, now or then.
type Preview struct {
	Members       int // whose roles or permissions change, or, with ShutsOut, who can no longer sign in
	LoseAdmin     int // of Members: those who lose admin access, the permission organization:manage
	GainAdmin     int // of Members
	NoPermissions int // of Members: those who hold no permission at all afterwards
	LoseAll       int // of NoPermissions: those who hold some now

	ShutsOut bool // a domain is removed: members are shut out, and their roles stay
	Sessions int  // that end, with ShutsOut

	Roles    []RoleEffect     // roles that members gain or lose, in the order of Service.Roles, a new one last
	Groups   []GroupEffect    // SCIM groups that are linked otherwise afterwards
	Gone     []iam.RoleRef    // roles that SCIM made, which go with their last group (D10)
	Waiting  string           // a SCIM group field that is set, while there is no group of that name yet
	Given    []iam.Permission // to the role
	Taken    []iam.Permission // from the role
	Examples []MemberEffect   // at most ShownExamples of Members, those first whom it hits hardest
}

// RoleEffect is a role that members gain or lose.
type RoleEffect struct {
	Role       iam.RoleRef
	New        bool // the act makes it: Role.ID is no id yet
	Gain, Lose int  // members
}

// GroupEffect is a SCIM group that is linked to another role afterwards.
type GroupEffect struct {
	GroupRef
	From, To *iam.RoleRef // nil: no role
	Members  int          // active members of the group: those whom its role reaches
}

// MemberEffect is what the act does to one member.
type MemberEffect struct {
	ID            iam.MemberID
	Email         string // the sign-in address, or the userName when that is no address
	DisplayName   string
	You           bool // it is the actor himself
	Gains, Loses  []iam.RoleRef
	LosesAdmin    bool
	GainsAdmin    bool
	NoPermissions bool // holds none afterwards
}

// ShownExamples is how many members a Preview names.
const ShownExamples = 5

// newRole is the id of a role that a preview makes: none has it, and no group.
const newRole iam.RoleID = "new"

// plan is what an act comes to, as far as members' roles follow from it, and where the
// members are whom it can affect. No others are read.
type plan struct {
	before, after picture
	groups        []GroupEffect // that are linked otherwise
	reaches       []iam.GroupID // further groups whose members are concerned
	direct        iam.RoleID    // whose direct holders are concerned; "" for none
	byDefault     bool          // the members who hold the Default roles are concerned
	domain        string        // whose members are shut out
}

// preview runs plan under a reader and looks at everybody whom it concerns.
func (s *Service) preview(ctx context.Context, actor iam.Actor, org iam.OrganizationID, decide func(j *judge, p *plan, result *Preview) error) (Preview, error) {
	var result Preview
	err := s.read(ctx, org, func(r *store.Reader, found iam.Organization) error {
		j := &judge{reader: r, org: found, actor: actor}
		if err := j.readRoles(); err != nil {
			return err
		}
		defaults, err := r.DefaultRoles(org)
		if err != nil {
			return fmt.Errorf("read the Default roles: %w", err)
		}
		p := &plan{before: newPicture(j.roles, defaults), after: newPicture(j.roles, defaults)}
		if err := decide(j, p, &result); err != nil {
			return err
		}
		turn := s.large(ctx)
		defer turn.end()
		t := newTally(j, p)
		if err := t.run(turn); err != nil {
			return err
		}
		return t.report(&result)
	})
	if err != nil {
		return Preview{}, err
	}
	return result, nil
}

// PreviewCreateRole tells what CreateRole would do.
func (s *Service) PreviewCreateRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in RoleInput) (Preview, error) {
	permissions, err := in.permissions()
	if err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, actor, org, func(j *judge, p *plan, result *Preview) error {
		role, err := j.judgeCreate(newRole, in, permissions)
		if err != nil {
			return err
		}
		result.Given = role.Permissions
		return j.planRole(p, result, roleChange{after: role, named: true, fielded: true, granted: true})
	})
}

// PreviewUpdateRole tells what UpdateRole would do.
func (s *Service) PreviewUpdateRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string, in RoleInput) (Preview, error) {
	permissions, err := in.permissions()
	if err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, actor, org, func(j *judge, p *plan, result *Preview) error {
		c, err := j.judgeUpdate(role, in, permissions)
		if err != nil || c.none() {
			return err
		}
		result.Given, result.Taken = without(c.after.Permissions, c.before.Permissions), without(c.before.Permissions, c.after.Permissions)
		if c.granted {
			if err := j.planHolders(p, c.before.ID); err != nil {
				return err
			}
		}
		return j.planRole(p, result, c)
	})
}

// PreviewUnlinkRole tells what UnlinkRole would do.
func (s *Service) PreviewUnlinkRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string) (Preview, error) {
	return s.preview(ctx, actor, org, func(j *judge, p *plan, result *Preview) error {
		target, err := j.judgeUnlink(role)
		if err != nil {
			return err
		}
		groups, err := j.groupsOf(target.ID)
		if err != nil {
			return err
		}
		p.unlink(target, groups)
		return j.planGone(result, groups)
	})
}

// PreviewDeleteRole tells what DeleteRole would do.
func (s *Service) PreviewDeleteRole(ctx context.Context, actor iam.Actor, org iam.OrganizationID, role string) (Preview, error) {
	return s.preview(ctx, actor, org, func(j *judge, p *plan, result *Preview) error {
		target, err := j.judgeDelete(role)
		if err != nil {
			return err
		}
		groups, err := j.groupsOf(target.ID)
		if err != nil {
			return err
		}
		p.unlink(target, groups)
		p.direct = target.ID
		delete(p.after.roles, target.ID)
		return nil
	})
}

// PreviewDefaultRoles tells what SetDefaultRoles would do.
func (s *Service) PreviewDefaultRoles(ctx context.Context, actor iam.Actor, org iam.OrganizationID, roles []string) (Preview, error) {
	return s.preview(ctx, actor, org, func(j *judge, p *plan, _ *Preview) error {
		before, chosen, err := j.judgeDefaults(roles)
		if err != nil {
			return err
		}
		p.byDefault = !sameRoles(before, chosen)
		p.before.defaults, p.after.defaults = before, refs(chosen)
		return nil
	})
}

// PreviewRemoveDomain tells whom RemoveDomain would shut out, and how many sessions end.
func (s *Service) PreviewRemoveDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string) (Preview, error) {
	key, err := domainKey(domain)
	if err != nil {
		return Preview{}, err
	}
	return s.preview(ctx, actor, org, func(j *judge, p *plan, result *Preview) error {
		d, err := findDomain(j.reader, org, key)
		if err != nil {
			return err
		}
		result.ShutsOut = true
		if !d.VerifiedAt.IsZero() {
			p.domain = key
		}
		if result.Sessions, err = j.reader.CountDomainSessions(org, key, j.reader.Now()); err != nil {
			return fmt.Errorf("count the sessions of %s: %w", key, err)
		}
		return nil
	})
}

// planHolders makes a plan concern everybody who holds a role.
func (j *judge) planHolders(p *plan, role iam.RoleID) error {
	groups, err := j.groupsOf(role)
	if err != nil {
		return err
	}
	for _, g := range groups {
		p.reaches = append(p.reaches, g.ID)
	}
	p.direct, p.byDefault = role, holds(p.before.defaults, role)
	return nil
}

// planRole adds to a plan what a role becomes, and the groups that it takes thereby.
func (j *judge) planRole(p *plan, result *Preview, c roleChange) error {
	role := c.after
	p.after.roles[role.ID] = role
	if role.ID == newRole {
		j.roles = append(j.roles, role)
	} else {
		j.replace(role)
	}
	taken, err := j.claimedGroups(role, c.fielded, c.named)
	if err != nil {
		return err
	}
	to := role.Ref()
	for _, g := range taken {
		p.relink(g, &to)
	}
	if c.fielded && role.SCIMGroup != "" {
		if result.Waiting, err = j.waiting(role.SCIMGroup); err != nil {
			return err
		}
	}
	return j.planGone(result, taken)
}

// waiting returns the name of a group if there is none of exactly that name.
func (j *judge) waiting(name string) (string, error) {
	g, err := j.reader.GroupByName(j.org.ID, iam.Fold(name))
	switch {
	case errors.Is(err, iam.ErrNotFound) || err == nil && g.DisplayName != name:
		return name, nil
	case err != nil:
		return "", fmt.Errorf("read the group %q: %w", iam.Clip(name), err)
	}
	return "", nil
}

// planGone finds the roles that go because they lose these groups.
func (j *judge) planGone(result *Preview, lost []store.Group) error {
	left := map[iam.RoleID]int{}
	for _, g := range lost {
		if g.Role != "" {
			left[g.Role]++
		}
	}
	for _, role := range j.roles {
		if left[role.ID] == 0 {
			continue
		}
		use, err := j.reader.RoleUse(j.org.ID, role.ID)
		if err != nil {
			return fmt.Errorf("read the use of role %s: %w", role.ID, err)
		}
		use.Groups -= left[role.ID]
		if iam.GoesWithLastGroup(role, use) {
			result.Gone = append(result.Gone, role.Ref())
		}
	}
	return nil
}

// unlink takes a role from its groups.
func (p *plan) unlink(role iam.Role, groups []store.Group) {
	for _, g := range groups {
		g.Role = role.ID
		p.relink(g, nil)
	}
}

// relink links a group otherwise than it is, nil to no role.
func (p *plan) relink(g store.Group, to *iam.RoleRef) {
	effect := GroupEffect{GroupRef: GroupRef{ID: g.ID, DisplayName: g.DisplayName}, To: to}
	if from, known := p.before.roles[g.Role]; known {
		ref := from.Ref()
		effect.From = &ref
	}
	p.after.links[g.ID] = ""
	if to != nil {
		p.after.links[g.ID] = to.ID
	}
	p.groups = append(p.groups, effect)
}

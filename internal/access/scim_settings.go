package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// SCIMView is the SCIM configuration.
type SCIMView struct {
	Enabled        bool
	Endpoint       string // the Tenant URL; the same however often SCIM is turned off and on
	Identity       iam.IdentityPolicy
	UnmappedGroups iam.UnmappedGroups
}

// Policy is what to change of the SCIM settings; nil leaves.
type Policy struct {
	Identity       *string // standard, strict
	UnmappedGroups *string // create, reject
}

// PolicyChange is the SCIM configuration afterwards, and the SCIM users whom the
// policy strict would refuse if they were provisioned again.
type PolicyChange struct {
	SCIMView
	WouldFail []PolicyFailure // empty unless the policy was switched to strict
}

// PolicyFailure is a SCIM user whom the policy strict would refuse.
type PolicyFailure struct {
	ID       iam.MemberID
	UserName string
	Reason   string
}

func (s *Service) scimView(o iam.Organization) SCIMView {
	return SCIMView{
		Enabled:  o.SCIMEnabled,
		Endpoint: s.url("v1", "organizations", string(o.ID), "scim"),
		Identity: o.Identity, UnmappedGroups: o.UnmappedGroups,
	}
}

// SCIMSettings returns the SCIM configuration, also while SCIM is off.
func (s *Service) SCIMSettings(ctx context.Context, org iam.OrganizationID) (SCIMView, error) {
	o, err := s.Organization(ctx, org)
	if err != nil {
		return SCIMView{}, err
	}
	return s.scimView(o), nil
}

// EnableSCIM turns SCIM on. It needs the enterprise plan, a connected SAML
// connection, and an Admin who can get in without the identity provider.
func (s *Service) EnableSCIM(ctx context.Context, actor iam.Actor, org iam.OrganizationID) (SCIMView, error) {
	var after iam.Organization
	err := s.write(ctx, actor, org, func(w *change) error {
		after = w.org
		if after.SCIMEnabled {
			return nil
		}
		if !after.Plan.HasSCIM() {
			return iam.Errorf(iam.KindForbidden, "SCIM is an Enterprise plan feature and this organization is on the plan %s; change the plan first", after.Plan)
		}
		connection, err := w.tx.Connection(org)
		if err != nil && !errors.Is(err, iam.ErrNotFound) {
			return fmt.Errorf("read the SAML connection: %w", err)
		}
		if err != nil || !connection.Connected(w.now) {
			return iam.Errorf(iam.KindConflict, "finish your SAML setup first: SCIM creates accounts that sign in through SAML, and no SAML connection with a valid certificate is there")
		}
		if err := w.needBreakGlass("SCIM"); err != nil {
			return err
		}
		after.SCIMEnabled = true
		return w.switchSCIM(after)
	})
	if err != nil {
		return SCIMView{}, err
	}
	return s.scimView(after), nil
}

// DisableSCIM turns SCIM off: calls are answered 403 from then on; keys, users,
// groups, links and roles stay (D9).
func (s *Service) DisableSCIM(ctx context.Context, actor iam.Actor, org iam.OrganizationID) (SCIMView, error) {
	var after iam.Organization
	err := s.write(ctx, actor, org, func(w *change) error {
		after = w.org
		if !after.SCIMEnabled {
			return nil
		}
		after.SCIMEnabled = false
		return w.switchSCIM(after)
	})
	if err != nil {
		return SCIMView{}, err
	}
	return s.scimView(after), nil
}

func (w *change) switchSCIM(after iam.Organization) error {
	if err := w.tx.UpdateOrganization(after); err != nil {
		return fmt.Errorf("switch SCIM: %w", err)
	}
	what := iam.SCIMDisable
	if after.SCIMEnabled {
		what = iam.SCIMEnable
	}
	return w.audit(iam.AuditEvent{Type: what, TargetType: "organization", TargetID: string(w.org.ID), TargetName: w.org.Name})
}

// SetSCIMPolicy changes the identity policy and what happens to unmapped groups.
// Switching to strict changes nobody, and returns who would fail (D7).
func (s *Service) SetSCIMPolicy(ctx context.Context, actor iam.Actor, org iam.OrganizationID, p Policy) (PolicyChange, error) {
	set, err := p.parse()
	if err != nil {
		return PolicyChange{}, err
	}
	var after iam.Organization
	toStrict := false
	err = s.write(ctx, actor, org, func(w *change) error {
		after, toStrict = w.org, false
		set(&after)
		if after == w.org {
			return nil
		}
		toStrict = after.Identity == iam.PolicyStrict && w.org.Identity != iam.PolicyStrict
		if err := w.tx.UpdateOrganization(after); err != nil {
			return fmt.Errorf("change the SCIM settings: %w", err)
		}
		details := map[string]any{}
		if after.Identity != w.org.Identity {
			details["identity"] = map[string]any{"before": w.org.Identity, "after": after.Identity}
		}
		if after.UnmappedGroups != w.org.UnmappedGroups {
			details["unmappedGroups"] = map[string]any{"before": w.org.UnmappedGroups, "after": after.UnmappedGroups}
		}
		return w.audit(iam.AuditEvent{
			Type: iam.SCIMSettingsUpdate, TargetType: "organization", TargetID: string(w.org.ID), TargetName: w.org.Name, Details: details,
		})
	})
	if err != nil {
		return PolicyChange{}, err
	}
	result := PolicyChange{SCIMView: s.scimView(after)}
	if toStrict {
		turn := s.large(ctx)
		turn.wait = 0 // the change is made: its answer is not to say that nothing was
		result.WouldFail, err = s.wouldFailStrict(ctx, org, turn)
	}
	return result, err
}

// parse checks both settings and returns what sets them.
func (p Policy) parse() (func(*iam.Organization), error) {
	var identity iam.IdentityPolicy
	var unmapped iam.UnmappedGroups
	if p.Identity != nil {
		switch identity = iam.IdentityPolicy(*p.Identity); identity {
		case iam.PolicyStandard, iam.PolicyStrict:
		default:
			return nil, iam.Errorf(iam.KindInvalid, "identity policy %q is not one of standard, strict", iam.Clip(*p.Identity)).On("identity")
		}
	}
	if p.UnmappedGroups != nil {
		switch unmapped = iam.UnmappedGroups(*p.UnmappedGroups); unmapped {
		case iam.UnmappedCreate, iam.UnmappedReject:
		default:
			return nil, iam.Errorf(iam.KindInvalid, "unmapped groups %q is not one of create, reject", iam.Clip(*p.UnmappedGroups)).On("unmapped-groups")
		}
	}
	return func(o *iam.Organization) {
		if p.Identity != nil {
			o.Identity = identity
		}
		if p.UnmappedGroups != nil {
			o.UnmappedGroups = unmapped
		}
	}, nil
}

// WouldFailStrict returns the SCIM users whom the policy strict would refuse if
// they were provisioned again, by login name. Deactivated users are left out:
// nothing is asked of them until they come back. With many members it may have to wait, and
// can end in ErrBusy.
func (s *Service) WouldFailStrict(ctx context.Context, org iam.OrganizationID) ([]PolicyFailure, error) {
	return s.wouldFailStrict(ctx, org, s.large(ctx))
}

func (s *Service) wouldFailStrict(ctx context.Context, org iam.OrganizationID, turn *large) ([]PolicyFailure, error) {
	defer turn.end()
	seen := 0
	var failures []PolicyFailure
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		verified, err := verifiedDomains(r, org)
		if err != nil {
			return err
		}
		return eachPage(r, org, false, func(m store.Member) error {
			if seen++; seen > memberPage {
				if err := turn.begin(); err != nil {
					return err
				}
			}
			if !m.SCIM {
				return nil
			}
			if err := iam.CheckIdentity(iam.PolicyStrict, identityOf(m), verified); err != nil {
				failures = append(failures, PolicyFailure{ID: m.ID, UserName: m.UserName, Reason: err.Error()})
			}
			return nil
		})
	})
	return failures, err
}

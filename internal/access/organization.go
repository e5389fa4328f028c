package access

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// NewOrganization is an organization to make. Plan "" means enterprise (D13).
type NewOrganization struct {
	Name       string
	AdminEmail string // the first Admin's address
	Plan       string
}

// Created is a new organization and the one-time link with which its first
// Admin sets up local sign-in. The link is shown here and nowhere else.
type Created struct {
	Organization  iam.Organization
	AdminSetupURL string
	ExpiresAt     time.Time // of the link
}

// CreateOrganization makes an organization with the system roles, the Default
// role list [Member], and its first member: an Admin with local sign-in, who from
// now on can get in without an identity provider (D8).
func (s *Service) CreateOrganization(ctx context.Context, actor iam.Actor, in NewOrganization) (Created, error) {
	if err := iam.CheckName("name", in.Name); err != nil {
		return Created{}, err.On("name")
	}
	email, ok := iam.EmailKey(in.AdminEmail)
	if !ok {
		return Created{}, badAddress(in.AdminEmail, "admin-email")
	}
	plan := iam.PlanEnterprise
	if in.Plan != "" {
		parsed, err := iam.ParsePlan(in.Plan)
		if err != nil {
			return Created{}, err
		}
		plan = parsed
	}
	token, hash, err := s.token()
	if err != nil {
		return Created{}, err
	}
	now := s.now()
	org := iam.Organization{
		ID: iam.OrganizationID(s.DB.NewID()), Name: in.Name, Plan: plan,
		Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: now,
	}
	admin := store.User{
		Org: org.ID, ID: iam.MemberID(s.DB.NewID()), LoginKey: email, UserName: email,
		Status: iam.StatusActive, ManagedBy: iam.ManagedByAdmin, Doc: "{}", Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	expires := now.Add(SetupLinkLifetime)
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		w := newChange(tx, org, actor, now)
		return w.createOrganization(admin, hash, expires)
	})
	if err != nil {
		return Created{}, fmt.Errorf("create organization %q: %w", iam.Clip(in.Name), err)
	}
	return Created{Organization: org, AdminSetupURL: s.setupURL(org.ID, token), ExpiresAt: expires}, nil
}

func (w *change) createOrganization(admin store.User, link iam.SecretHash, expires time.Time) error {
	if err := w.tx.InsertOrganization(w.org); err != nil {
		return err
	}
	if _, err := w.tx.InsertUser(admin); err != nil {
		return err
	}
	if err := w.tx.SetDirectRoles(w.org.ID, admin.ID, []iam.RoleID{iam.RoleAdmin}); err != nil {
		return err
	}
	if _, err := w.tx.PutSignInLink(w.org.ID, admin.ID, admin.LoginKey, link, expires, w.now); err != nil {
		return err
	}
	if err := w.audit(iam.AuditEvent{
		Type: iam.CreateOrganization, TargetType: "organization", TargetID: string(w.org.ID), TargetName: w.org.Name,
		Details: map[string]any{"plan": w.org.Plan},
	}); err != nil {
		return err
	}
	return w.audit(iam.AuditEvent{
		Type: iam.MemberAdd, TargetType: "user", TargetID: string(admin.ID), TargetName: admin.UserName,
		Details: map[string]any{"roles": []string{"Admin (system)"}, "localSignIn": true, "linkExpiresAt": expires.Format(time.RFC3339)},
	})
}

func (s *Service) setupURL(org iam.OrganizationID, token string) string {
	return s.url("setup", string(org), token)
}

func badAddress(address, field string) error {
	return iam.Errorf(iam.KindInvalid, "%q is not an e-mail address (ASCII, one @, no blanks)", iam.Clip(address)).On(field)
}

// Organizations returns all organizations, the oldest first. It is for the operator.
func (s *Service) Organizations(ctx context.Context) ([]iam.Organization, error) {
	all, err := s.DB.Read(ctx).Organizations()
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	return all, nil
}

// Organization returns one organization.
func (s *Service) Organization(ctx context.Context, org iam.OrganizationID) (iam.Organization, error) {
	var found iam.Organization
	err := s.read(ctx, org, func(_ *store.Reader, o iam.Organization) error {
		found = o
		return nil
	})
	return found, err
}

// SetPlan changes the plan (D13). Nothing is deleted when it goes below
// enterprise: SCIM then answers 403 and SAML sign-in is refused, so it takes an
// Admin who gets in without.
func (s *Service) SetPlan(ctx context.Context, actor iam.Actor, org iam.OrganizationID, plan string) (iam.Organization, error) {
	to, err := iam.ParsePlan(plan)
	if err != nil {
		return iam.Organization{}, err
	}
	var after iam.Organization
	err = s.write(ctx, actor, org, func(w *change) error {
		after = w.org
		if after.Plan == to {
			return nil
		}
		if !to.HasSCIM() {
			if err := w.needBreakGlass("a plan without SAML"); err != nil {
				return err
			}
		}
		after.Plan = to
		if err := w.tx.UpdateOrganization(after); err != nil {
			return fmt.Errorf("change the plan: %w", err)
		}
		return w.audit(iam.AuditEvent{
			Type: iam.OrganizationUpdateTier, TargetType: "organization", TargetID: string(w.org.ID), TargetName: w.org.Name,
			Details: map[string]any{"before": w.org.Plan, "after": to},
		})
	})
	if err != nil {
		return iam.Organization{}, err
	}
	return after, nil
}

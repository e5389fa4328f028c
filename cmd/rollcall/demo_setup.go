package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

const (
	demoName   = "Example"
	demoAdmin  = "admin@example.com"
	demoDomain = "example.com"
	// demoIssuer was connected by demos of versions that had no stand-in.
	demoIssuer = "https://idp.example.com/demo"
)

// demoRoles are there before any group comes, so that a group finds the role of its
// name. The product permissions stand for those of somebody's product.
var demoRoles = []struct {
	name        string
	permissions []string
}{
	{"Admins", []string{string(iam.PermOrganizationView), string(iam.PermOrganizationManage), string(iam.PermOrganizationViewActivities), "shop:orders:manage"}},
	{"Developers", []string{string(iam.PermOrganizationView), "shop:orders:view", "shop:api:use"}},
	{"Read-only", []string{string(iam.PermOrganizationView), "shop:orders:view"}},
}

// demoSetUp brings an organization to where SCIM works, and an enterprise application of
// the stand-in with it. Each step looks first whether it is done, so that a demo that was
// interrupted anywhere goes on, and leaves alone what its user has changed.
type demoSetUp struct {
	access *access.Service
	people *signin.Service
	entra  *standIn
	file   string // of demoKept
	now    func() time.Time
}

// demoKept lies beside the demo's databases, readable by its owner alone: the secrets that
// are shown once, and where both sides were the last time.
type demoKept struct {
	Organization  iam.OrganizationID `json:"organization"`
	Bearer        string             `json:"bearer"`
	AdminEmail    string             `json:"adminEmail"`
	AdminPassword string             `json:"adminPassword"`
	Server        string             `json:"server,omitempty"`      // Rollcall's URL, as the stand-in was told
	Issuer        string             `json:"issuer,omitempty"`      // of the stand-in's assertions
	Application   directory.ID       `json:"application,omitempty"` // in the stand-in, once it was set up
}

func (d demoSetUp) run(ctx context.Context) (demoMade, error) {
	kept, err := d.load()
	if err != nil {
		return demoMade{}, err
	}
	before := kept
	org, err := d.organization(ctx, &kept)
	if err != nil {
		return demoMade{}, err
	}
	if err := d.signIn(ctx, org, &kept); err != nil {
		return demoMade{}, err
	}
	if org != before.Organization {
		before.Application = "" // it belongs to an organization that is gone
	}
	app, err := d.application(ctx, org, before)
	if err != nil {
		return demoMade{}, err
	}
	kept.Issuer = d.entra.provider.Endpoints(app).Identifier
	if err := d.connect(ctx, org, app, before.Issuer); err != nil {
		return demoMade{}, err
	}
	view, err := d.access.EnableSCIM(ctx, iam.Operator, org)
	if err != nil {
		return demoMade{}, err
	}
	if err := d.roles(ctx, org); err != nil {
		return demoMade{}, err
	}
	if err := d.key(ctx, org, &kept); err != nil {
		return demoMade{}, err
	}
	made := demoMade{Organization: org, Endpoint: view.Endpoint, Bearer: kept.Bearer, AdminEmail: kept.AdminEmail, AdminPassword: kept.AdminPassword}
	if made.Entra, err = d.provisioning(ctx, app, before, view.Endpoint, kept.Bearer); err != nil {
		return demoMade{}, err
	}
	kept.Application, kept.Server = app.ID, d.access.PublicURL
	return made, d.save(kept)
}

func (d demoSetUp) load() (kept demoKept, err error) {
	data, err := os.ReadFile(d.file)
	if errors.Is(err, os.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		return kept, fmt.Errorf("read %s: %w", d.file, err)
	}
	return kept, nil
}

func (d demoSetUp) save(kept demoKept) error {
	data, err := json.MarshalIndent(kept, "", "  ")
	if err == nil {
		err = os.WriteFile(d.file, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.file, err)
	}
	return nil
}

// organization finds the demo's organization or makes it.
func (d demoSetUp) organization(ctx context.Context, kept *demoKept) (iam.OrganizationID, error) {
	all, err := d.access.Organizations(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(o iam.Organization) bool { return o.ID == kept.Organization || o.Name == demoName })
	if i < 0 {
		created, err := d.access.CreateOrganization(ctx, iam.Operator, access.NewOrganization{Name: demoName, AdminEmail: demoAdmin})
		if err != nil {
			return "", err
		}
		*kept = demoKept{Organization: created.Organization.ID, AdminEmail: demoAdmin}
		return kept.Organization, nil
	}
	if kept.Organization != all[i].ID {
		*kept = demoKept{Organization: all[i].ID, AdminEmail: demoAdmin}
	}
	return kept.Organization, nil
}

// connect makes the SAML connection that SCIM needs, by the metadata of the stand-in's
// application, read from where it serves. A connection that the demo did not make, to an
// identity provider other than lastIssuer, stays.
func (d demoSetUp) connect(ctx context.Context, org iam.OrganizationID, app directory.Application, lastIssuer string) error {
	view, err := d.access.SAML(ctx, org)
	if err != nil {
		return err
	}
	ends := d.entra.provider.Endpoints(app)
	if view.Connected && (view.IdPEntityID == ends.Identifier || view.IdPEntityID != lastIssuer && view.IdPEntityID != demoIssuer) {
		return nil
	}
	metadata, err := fetchMetadata(ctx, ends.MetadataURL, true)
	if err != nil {
		return err
	}
	_, err = d.access.ConnectSAML(ctx, iam.Operator, org, access.Connect{
		Metadata: metadata, URL: ends.MetadataURL, AllowPrivate: true, Domains: []string{demoDomain}, TrustDomains: true,
	})
	return err
}

func (d demoSetUp) roles(ctx context.Context, org iam.OrganizationID) error {
	have, err := d.access.Roles(ctx, org)
	if err != nil {
		return err
	}
	for _, role := range demoRoles {
		if slices.ContainsFunc(have, func(r access.RoleView) bool { return r.Type == iam.RoleCustom && r.Name == role.name }) {
			continue
		}
		if _, err := d.access.CreateRole(ctx, iam.Operator, org, access.RoleInput{Name: &role.name, Permissions: &role.permissions}); err != nil {
			return err
		}
	}
	return nil
}

// key keeps the key of the last time while it works, else makes one. When two others
// are active, one of them whose secret is lost has to go.
func (d demoSetUp) key(ctx context.Context, org iam.OrganizationID, kept *demoKept) error {
	keys, err := d.access.Keys(ctx, org)
	if err != nil {
		return err
	}
	id, _, _ := strings.Cut(kept.Bearer, ":")
	var active []iam.KeyID
	for _, k := range keys {
		if k.Status != iam.KeyActive {
			continue
		}
		if string(k.ID) == id {
			return nil
		}
		active = append(active, k.ID)
	}
	if len(active) >= iam.MaxActiveKeys {
		if err := d.access.RevokeKey(ctx, iam.Operator, org, active[0]); err != nil {
			return err
		}
	}
	made, err := d.access.CreateKey(ctx, iam.Operator, org, iam.DefaultExpiry)
	if err != nil {
		return err
	}
	kept.Bearer = made.Bearer
	return nil
}

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/signin"
)

const (
	demoName   = "Example"
	demoAdmin  = "admin@example.com"
	demoDomain = "example.com"
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

// demoSetUp brings an organization to where SCIM works. Each step looks first whether
// it is done, so that a demo that was interrupted anywhere goes on.
type demoSetUp struct {
	access *access.Service
	people *signin.Service
	file   string // what the database does not know any more: the secrets that are shown once
	now    func() time.Time
}

// demoSecrets are kept beside the demo's database, readable by its owner alone.
type demoSecrets struct {
	Organization  iam.OrganizationID `json:"organization"`
	Bearer        string             `json:"bearer"`
	AdminEmail    string             `json:"adminEmail"`
	AdminPassword string             `json:"adminPassword"`
}

func (d demoSetUp) run(ctx context.Context) (demoMade, error) {
	secrets, err := d.load()
	if err != nil {
		return demoMade{}, err
	}
	org, err := d.organization(ctx, &secrets)
	if err != nil {
		return demoMade{}, err
	}
	if err := d.signIn(ctx, org, &secrets); err != nil {
		return demoMade{}, err
	}
	if err := d.connect(ctx, org); err != nil {
		return demoMade{}, err
	}
	view, err := d.access.EnableSCIM(ctx, iam.Operator, org)
	if err != nil {
		return demoMade{}, err
	}
	if err := d.roles(ctx, org); err != nil {
		return demoMade{}, err
	}
	if err := d.key(ctx, org, &secrets); err != nil {
		return demoMade{}, err
	}
	if err := d.save(secrets); err != nil {
		return demoMade{}, err
	}
	return demoMade{Organization: org, Endpoint: view.Endpoint, Bearer: secrets.Bearer, AdminEmail: secrets.AdminEmail, AdminPassword: secrets.AdminPassword}, nil
}

func (d demoSetUp) load() (secrets demoSecrets, err error) {
	data, err := os.ReadFile(d.file)
	if errors.Is(err, os.ErrNotExist) {
		return secrets, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &secrets)
	}
	if err != nil {
		return secrets, fmt.Errorf("read %s: %w", d.file, err)
	}
	return secrets, nil
}

func (d demoSetUp) save(secrets demoSecrets) error {
	data, err := json.MarshalIndent(secrets, "", "  ")
	if err == nil {
		err = os.WriteFile(d.file, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.file, err)
	}
	return nil
}

// organization finds the demo's organization or makes it.
func (d demoSetUp) organization(ctx context.Context, secrets *demoSecrets) (iam.OrganizationID, error) {
	all, err := d.access.Organizations(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(o iam.Organization) bool { return o.ID == secrets.Organization || o.Name == demoName })
	if i < 0 {
		created, err := d.access.CreateOrganization(ctx, iam.Operator, access.NewOrganization{Name: demoName, AdminEmail: demoAdmin})
		if err != nil {
			return "", err
		}
		*secrets = demoSecrets{Organization: created.Organization.ID, AdminEmail: demoAdmin}
		return secrets.Organization, nil
	}
	if secrets.Organization != all[i].ID {
		*secrets = demoSecrets{Organization: all[i].ID, AdminEmail: demoAdmin}
	}
	return secrets.Organization, nil
}

// connect makes a SAML connection of metadata that no identity provider stands
// behind: SCIM needs one. The demo's Admin signs in with a password.
func (d demoSetUp) connect(ctx context.Context, org iam.OrganizationID) error {
	view, err := d.access.SAML(ctx, org)
	if err != nil || view.Connected {
		return err
	}
	metadata, err := demoMetadata(d.now())
	if err != nil {
		return err
	}
	_, err = d.access.ConnectSAML(ctx, iam.Operator, org, access.Connect{Metadata: metadata, Domains: []string{demoDomain}, TrustDomains: true})
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
func (d demoSetUp) key(ctx context.Context, org iam.OrganizationID, secrets *demoSecrets) error {
	keys, err := d.access.Keys(ctx, org)
	if err != nil {
		return err
	}
	id, _, _ := strings.Cut(secrets.Bearer, ":")
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
	secrets.Bearer = made.Bearer
	return nil
}

// demoMetadata is the metadata of an identity provider that does not exist, with a
// certificate made for it. Its key is thrown away.
func demoMetadata(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the demo's certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Rollcall demo"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the demo's certificate: %w", err)
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/demo">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing">
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>
    <SingleSignOnService Binding="%s" Location="https://idp.example.com/demo/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>
`, base64.StdEncoding.EncodeToString(der), saml.BindingRedirect), nil
}

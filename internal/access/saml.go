package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// SAMLView is what an admin sees of the SAML connection, also before connecting.
type SAMLView struct {
	Connected    bool   // metadata with a certificate that is valid now is stored
	IDPInitiated bool   // sign-ins that begin at the identity provider are accepted
	ACSURL       string // what the identity provider is told: Reply URL
	EntityID     string // Identifier
	MetadataURL  string // this side's metadata
	SignInURL    string // Sign on URL
	LogoutURL    string // Logout URL, of single logout
	IdPEntityID  string // "" before connecting
	SSOURL       string
	SourceURL    string // where the identity provider's metadata came from; "" for a file
	AllowPrivate bool
	ConnectedAt  time.Time
	Refresh      iam.MetadataRefresh // with SourceURL
	Certificates []iam.Certificate
	Encryption   iam.Certificate // what assertions may be encrypted for; the zero value for nothing
	Domains      []Domain
}

// Connect is a SAML connection to make or to replace in place.
type Connect struct {
	Metadata     []byte   // the identity provider's metadata, XML; parsed and checked here
	URL          string   // where it was fetched from; "" for a file
	AllowPrivate bool     // the operator lets URL be a private address
	Domains      []string // added in the same transaction
	TrustDomains bool     // the operator vouches for Domains: verified at once
}

// SAML returns the connection. What the identity provider must be told is known
// before connecting: it follows from the public URL and the organization's id.
func (s *Service) SAML(ctx context.Context, org iam.OrganizationID) (SAMLView, error) {
	view := SAMLView{
		ACSURL:      s.url("saml", string(org), "acs"),
		EntityID:    s.url("saml", string(org), "metadata"),
		MetadataURL: s.url("saml", string(org), "metadata"),
		SignInURL:   s.url("?connection=" + string(org)),
		LogoutURL:   s.url("saml", string(org), "logout"),
	}
	now := s.now()
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		domains, err := r.Domains(org)
		if err != nil {
			return fmt.Errorf("list domains: %w", err)
		}
		for _, d := range domains {
			view.Domains = append(view.Domains, domainView(d))
		}
		c, err := r.Connection(org)
		if errors.Is(err, iam.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the SAML connection: %w", err)
		}
		view.Connected, view.IDPInitiated = c.Connected(now), c.IDPInitiated
		view.IdPEntityID, view.SSOURL, view.SourceURL, view.AllowPrivate = c.IdPEntityID, c.SSOURL, c.MetadataURL, c.AllowPrivate
		view.Certificates, view.ConnectedAt, view.Refresh = c.Certificates, c.ConnectedAt, c.Refresh
		view.Encryption, err = encryptionCertificate(r, org)
		return err
	})
	if err != nil {
		return SAMLView{}, err
	}
	return view, nil
}

// ConnectSAML stores the identity provider's metadata and adds the domains.
// Connecting again replaces the metadata in place (D9): SCIM, keys and members
// stay as they are; sessions that began by SAML end if it is another identity
// provider.
//
// Whose word counts decides who can be whom: a signed-in member has to be an Admin to
// change it, whatever his permissions (D1).
func (s *Service) ConnectSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in Connect) (SAMLView, error) {
	return s.connectSAML(ctx, actor, org, in, func(w *change, before, after iam.Connection) error {
		if sameTrust(before, after) {
			return nil
		}
		return w.needAdmin("saying which identity provider signs people in")
	})
}

// sameTrust tells whether a connection believes the same identity provider, read from the
// same place.
func sameTrust(a, b iam.Connection) bool {
	return a.IdPEntityID == b.IdPEntityID && a.SSOURL == b.SSOURL && a.SSOBinding == b.SSOBinding && a.MetadataURL == b.MetadataURL &&
		a.AllowPrivate == b.AllowPrivate && slices.Equal(fingerprints(a), fingerprints(b))
}

// connectSAML asks allowed, under the organization's lock, with the connection before, the
// zero value for none.
func (s *Service) connectSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID, in Connect, allowed func(w *change, before, after iam.Connection) error) (SAMLView, error) {
	now := s.now()
	metadata, err := saml.ParseMetadata(in.Metadata, now)
	if err != nil {
		return SAMLView{}, err
	}
	if in.URL != "" {
		if err := iam.CheckName("metadata URL", in.URL); err != nil {
			return SAMLView{}, err.On("metadata-url")
		}
	}
	added, err := s.newDomains(in.Domains, in.TrustDomains, now)
	if err != nil {
		return SAMLView{}, err
	}
	connection := iam.Connection{
		Organization: org, IdPEntityID: metadata.EntityID, SSOURL: metadata.SSOURL, SSOBinding: metadata.SSOBinding,
		Metadata: in.Metadata, MetadataURL: in.URL, AllowPrivate: in.AllowPrivate,
	}
	connection.Refresh.ReadAt = now
	if in.URL != "" {
		connection.Refresh.NextAt = nextRead(metadata, now, s.spread())
	}
	for _, c := range metadata.Certificates {
		connection.Certificates = append(connection.Certificates, iam.Certificate(c))
	}
	key, err := s.newSigningKey(ctx, org, now)
	if err != nil {
		return SAMLView{}, err
	}
	err = s.write(ctx, actor, org, func(w *change) error {
		if !w.org.Plan.HasSCIM() {
			return iam.Errorf(iam.KindForbidden, "SAML single sign-on is an Enterprise plan feature and this organization is on the plan %s; change the plan first", w.org.Plan)
		}
		if err := w.connect(connection, allowed); err != nil {
			return err
		}
		if key != nil {
			if err := w.tx.AddSigningKey(org, key); err != nil {
				return fmt.Errorf("store the signing key: %w", err)
			}
		}
		for _, d := range added {
			if _, err := w.addDomain(d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return SAMLView{}, err
	}
	return s.SAML(ctx, org)
}

// newSigningKey makes the key that requests to the identity provider are signed with,
// as PEM; nil when the organization has one. Making it takes time, so it is not done
// while the organization is locked.
func (s *Service) newSigningKey(ctx context.Context, org iam.OrganizationID, now time.Time) ([]byte, error) {
	var have []byte
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		if have, err = r.SigningKey(org); err != nil {
			return fmt.Errorf("read the signing key: %w", err)
		}
		return nil
	})
	if err != nil || have != nil {
		return nil, err
	}
	key, err := saml.NewSigningKey(s.random(), now)
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	pem, err := key.PEM()
	if err != nil {
		return nil, fmt.Errorf("write the signing key: %w", err)
	}
	return pem, nil
}

func (w *change) connect(c iam.Connection, allowed func(w *change, before, after iam.Connection) error) error {
	c.ConnectedAt, c.UpdatedAt = w.now, w.now
	before, err := w.tx.Connection(w.org.ID)
	first := errors.Is(err, iam.ErrNotFound)
	if err != nil && !first {
		return fmt.Errorf("read the SAML connection: %w", err)
	}
	if !first && bytes.Equal(before.Metadata, c.Metadata) && before.MetadataURL == c.MetadataURL && before.AllowPrivate == c.AllowPrivate {
		if c.MetadataURL == "" {
			return nil
		}
		return w.tx.MetadataRead(w.org.ID, c.MetadataURL, c.Refresh.ReadAt, c.Refresh.NextAt)
	}
	if err := allowed(w, before, c); err != nil {
		return err
	}
	if err := w.tx.PutConnection(c); err != nil {
		return fmt.Errorf("store the SAML connection: %w", err)
	}
	what, details := iam.SAMLConnectionCreate, map[string]any{"metadataURL": c.MetadataURL, "certificates": fingerprints(c)}
	if !first {
		what = iam.SAMLConnectionUpdate
		if before.IdPEntityID != c.IdPEntityID {
			details["entityIDBefore"] = before.IdPEntityID
			ended, err := w.tx.EndSAMLSessions(w.org.ID, "", store.EndedEntityID, w.tx.Now())
			if err != nil {
				return fmt.Errorf("end the sessions: %w", err)
			}
			noteSessions(details, ended)
		}
	}
	return w.audit(iam.AuditEvent{Type: what, TargetType: "saml", TargetID: string(w.org.ID), TargetName: c.IdPEntityID, Details: details})
}

func fingerprints(c iam.Connection) []string {
	list := make([]string, 0, len(c.Certificates))
	for _, cert := range c.Certificates {
		list = append(list, cert.SHA256)
	}
	return list
}

// DisconnectSAML removes the connection, ends the sessions that began by it, revokes
// every SCIM key and turns SCIM off (D12). It takes an Admin who gets in without the identity provider. Domains
// stay.
func (s *Service) DisconnectSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID) error {
	return s.write(ctx, actor, org, func(w *change) error {
		before, err := w.tx.Connection(org)
		if errors.Is(err, iam.ErrNotFound) {
			return iam.Errorf(iam.KindConflict, "there is no SAML connection to remove")
		}
		if err != nil {
			return fmt.Errorf("read the SAML connection: %w", err)
		}
		if err := w.needBreakGlass("removing the SAML connection"); err != nil {
			return err
		}
		if err := w.tx.DeleteConnection(org); err != nil {
			return fmt.Errorf("delete the SAML connection: %w", err)
		}
		ended, err := w.tx.EndSAMLSessions(org, "", store.EndedNoSAML, w.tx.Now())
		if err != nil {
			return fmt.Errorf("end the sessions: %w", err)
		}
		keys, err := w.tx.Keys(org)
		if err != nil {
			return fmt.Errorf("list SCIM keys: %w", err)
		}
		for _, k := range keys {
			if err := w.revoke(k.ID); err != nil {
				return err
			}
		}
		if w.org.SCIMEnabled {
			after := w.org
			after.SCIMEnabled = false
			if err := w.switchSCIM(after); err != nil {
				return err
			}
		}
		details := map[string]any{}
		noteSessions(details, ended)
		return w.audit(iam.AuditEvent{Type: iam.SAMLConnectionDelete, TargetType: "saml", TargetID: string(org), TargetName: before.IdPEntityID, Details: details})
	})
}

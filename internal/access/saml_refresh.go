package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// Fetch reads the document at an address. allowPrivate is what the operator said of it.
type Fetch func(ctx context.Context, url string, allowPrivate bool) ([]byte, error)

// RefreshSAML reads the identity provider's metadata again from where it came, and tells
// whether it has changed. The address may bring new certificates and a new sign-in URL,
// but no other identity provider: that is for an Admin to decide, with ConnectSAML. The
// metadata is fetched outside of any transaction, and an Admin who connects another
// identity provider meanwhile is not overruled.
func (s *Service) RefreshSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID, fetch Fetch) (changed bool, err error) {
	var before iam.Connection
	err = s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		before, err = r.Connection(org)
		if errors.Is(err, iam.ErrNotFound) {
			return iam.Errorf(iam.KindConflict, "there is no SAML connection; connect the identity provider first")
		}
		if err != nil {
			return fmt.Errorf("read the SAML connection: %w", err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if before.MetadataURL == "" {
		return false, iam.Errorf(iam.KindConflict, "the metadata came as a file; import a newer file, or the address of the metadata")
	}
	data, err := fetch(ctx, before.MetadataURL, before.AllowPrivate)
	if err != nil {
		return false, err
	}
	metadata, err := saml.ParseMetadata(data, s.now())
	if err != nil {
		return false, err
	}
	if metadata.EntityID != before.IdPEntityID {
		return false, iam.Errorf(iam.KindConflict, "the metadata at %s is that of %q now, and the connection is to %q; if that is meant, import it as new metadata",
			iam.Clip(before.MetadataURL), iam.Clip(metadata.EntityID), iam.Clip(before.IdPEntityID))
	}
	if saysTheSame(metadata, before) {
		return false, nil
	}
	in := Connect{Metadata: data, URL: before.MetadataURL, AllowPrivate: before.AllowPrivate}
	_, err = s.connectSAML(ctx, actor, org, in, func(_ *change, current, _ iam.Connection) error {
		if !sameTrust(current, before) {
			return iam.Errorf(iam.KindConflict, "the SAML connection was changed while its metadata was read; look at it again")
		}
		return nil
	})
	return err == nil, err
}

// saysTheSame compares what metadata says, and not its bytes: Entra ID signs it anew
// for each who asks.
func saysTheSame(m saml.Metadata, c iam.Connection) bool {
	return m.SSOURL == c.SSOURL && m.SSOBinding == c.SSOBinding &&
		slices.EqualFunc(m.Certificates, c.Certificates, func(a saml.Certificate, b iam.Certificate) bool { return a.SHA256 == b.SHA256 })
}

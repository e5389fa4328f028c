package signin

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// signingKey returns the key that the organization's requests are signed with. It is
// made when the identity provider is connected; here only for a connection that is
// older than that.
func (s *Service) signingKey(ctx context.Context, org iam.OrganizationID) (*saml.SigningKey, error) {
	text, err := s.DB.Read(ctx).SigningKey(org)
	if err != nil {
		return nil, unavailable(err)
	}
	if text == nil {
		if text, err = s.addSigningKey(ctx, org); err != nil {
			return nil, err
		}
	}
	key, err := saml.ParseSigningKey(text)
	if err != nil {
		return nil, iam.Errorf(iam.KindInternal, "read the signing key of %s: %w", org, err)
	}
	return key, nil
}

func (s *Service) addSigningKey(ctx context.Context, org iam.OrganizationID) ([]byte, error) {
	key, err := saml.NewSigningKey(s.random(), s.now())
	if err != nil {
		return nil, iam.Errorf(iam.KindInternal, "make a signing key: %w", err)
	}
	text, err := key.PEM()
	if err != nil {
		return nil, iam.Errorf(iam.KindInternal, "write a signing key: %w", err)
	}
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AddSigningKey(org, text); err != nil {
			return err
		}
		// Another server may have been first.
		text, err = tx.SigningKey(org)
		return err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("store the signing key of %s: %w", org, err))
	}
	return text, nil
}

// Metadata returns what an identity provider imports of this side, also before
// anything is connected; it then names no certificate, because none is made before. It
// writes nothing. An unknown organization is KindNotFound.
func (s *Service) Metadata(ctx context.Context, org iam.OrganizationID) ([]byte, error) {
	missing := iam.Errorf(iam.KindNotFound, "there is no such organization; compare the address with the one under SAML settings")
	if !iam.IsID(string(org)) {
		return nil, missing
	}
	r := s.DB.Read(ctx)
	if _, err := r.Organization(org); errors.Is(err, iam.ErrNotFound) {
		return nil, missing
	} else if err != nil {
		return nil, unavailable(err)
	}
	text, err := r.SigningKey(org)
	if err != nil {
		return nil, unavailable(err)
	}
	var key *saml.SigningKey
	if text != nil {
		if key, err = saml.ParseSigningKey(text); err != nil {
			return nil, iam.Errorf(iam.KindInternal, "read the signing key of %s: %w", org, err)
		}
	}
	encryption, err := s.encryptionKey(ctx, org)
	if err != nil {
		return nil, err
	}
	return saml.SPMetadata(s.provider(org), key, encryption), nil
}

// encryptionKey returns the key that assertions are encrypted for; nil unless an Admin has
// asked for one. Reading metadata never makes it.
func (s *Service) encryptionKey(ctx context.Context, org iam.OrganizationID) (*saml.EncryptionKey, error) {
	text, err := s.DB.Read(ctx).EncryptionKey(org)
	if err != nil {
		return nil, unavailable(err)
	}
	if text == nil {
		return nil, nil
	}
	key, err := saml.ParseEncryptionKey(text)
	if err != nil {
		return nil, iam.Errorf(iam.KindInternal, "read the encryption key of %s: %w", org, err)
	}
	return key, nil
}

package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// EnableEncryption makes the certificate that the identity provider encrypts assertions
// for, and returns it; the one that is there stays. From then on it stands in this side's
// metadata.
//
// It is never made unasked: AD FS and others encrypt as soon as they find such a
// certificate in the metadata that they import, some by algorithms that are refused here,
// and then nobody gets in.
func (s *Service) EnableEncryption(ctx context.Context, actor iam.Actor, org iam.OrganizationID) (iam.Certificate, error) {
	var made iam.Certificate
	key, err := s.newEncryptionKey(ctx, org, s.now())
	if err != nil {
		return made, err
	}
	err = s.write(ctx, actor, org, func(w *change) error {
		c, err := mayEncrypt(w.tx.Reader, w.org)
		if err != nil {
			return err
		}
		if made, err = encryptionCertificate(w.tx.Reader, org); err != nil || made.SHA256 != "" {
			return err
		}
		if key == nil { // it was taken away since
			return iam.Errorf(iam.KindConflict, "the encryption certificate was removed by somebody else at this very moment; make it again")
		}
		if err := w.tx.AddEncryptionKey(org, key); err != nil {
			return fmt.Errorf("store the encryption key: %w", err)
		}
		if made, err = encryptionCertificate(w.tx.Reader, org); err != nil {
			return err
		}
		return w.auditEncryption(c, nil, made.SHA256)
	})
	if err != nil {
		return iam.Certificate{}, err
	}
	return made, nil
}

// DisableEncryption deletes the key: what is encrypted for it cannot be read any more,
// and such sign-ins are refused. It does nothing when there is none.
func (s *Service) DisableEncryption(ctx context.Context, actor iam.Actor, org iam.OrganizationID) error {
	return s.write(ctx, actor, org, func(w *change) error {
		had, err := encryptionCertificate(w.tx.Reader, org)
		if err != nil || had.SHA256 == "" {
			return err
		}
		c, err := w.tx.Connection(org)
		if err != nil {
			return fmt.Errorf("read the SAML connection: %w", err)
		}
		if err := w.tx.DeleteEncryptionKey(org); err != nil {
			return fmt.Errorf("delete the encryption key: %w", err)
		}
		return w.auditEncryption(c, had.SHA256, nil)
	})
}

// auditEncryption notes the certificate before and after, nil for none.
func (w *change) auditEncryption(c iam.Connection, before, after any) error {
	return w.audit(iam.AuditEvent{
		Type: iam.SAMLConnectionUpdate, TargetType: "saml", TargetID: string(w.org.ID), TargetName: c.IdPEntityID,
		Details: map[string]any{"encryptionCertificate": map[string]any{"before": before, "after": after}},
	})
}

// newEncryptionKey makes a key as PEM; nil when the organization has one. An RSA key takes
// a good part of a second to make, so it is not done while the organization is locked, nor
// for whoever would be refused.
func (s *Service) newEncryptionKey(ctx context.Context, org iam.OrganizationID, now time.Time) ([]byte, error) {
	var have iam.Certificate
	err := s.read(ctx, org, func(r *store.Reader, o iam.Organization) (err error) {
		if _, err = mayEncrypt(r, o); err == nil {
			have, err = encryptionCertificate(r, org)
		}
		return err
	})
	if err != nil || have.SHA256 != "" {
		return nil, err
	}
	key, err := saml.NewEncryptionKey(s.random(), now)
	if err != nil {
		return nil, fmt.Errorf("make the encryption key: %w", err)
	}
	pem, err := key.PEM()
	if err != nil {
		return nil, fmt.Errorf("write the encryption key: %w", err)
	}
	return pem, nil
}

// mayEncrypt returns the connection that a certificate for encryption belongs to.
func mayEncrypt(r *store.Reader, org iam.Organization) (iam.Connection, error) {
	if !org.Plan.HasSCIM() {
		return iam.Connection{}, iam.Errorf(iam.KindForbidden, "SAML single sign-on is an Enterprise plan feature and this organization is on the plan %s; change the plan first", org.Plan)
	}
	c, err := r.Connection(org.ID)
	if errors.Is(err, iam.ErrNotFound) {
		return iam.Connection{}, iam.Errorf(iam.KindConflict, "there is no SAML connection; connect the identity provider first")
	}
	if err != nil {
		return iam.Connection{}, fmt.Errorf("read the SAML connection: %w", err)
	}
	return c, nil
}

// encryptionCertificate returns what assertions are encrypted for; the zero value for
// none.
func encryptionCertificate(r *store.Reader, org iam.OrganizationID) (iam.Certificate, error) {
	text, err := r.EncryptionKey(org)
	if err != nil {
		return iam.Certificate{}, fmt.Errorf("read the encryption key: %w", err)
	}
	if text == nil {
		return iam.Certificate{}, nil
	}
	key, err := saml.ParseEncryptionKey(text)
	if err != nil {
		return iam.Certificate{}, iam.Errorf(iam.KindInternal, "read the encryption key of %s: %w", org, err)
	}
	return iam.Certificate(key.Certificate()), nil
}

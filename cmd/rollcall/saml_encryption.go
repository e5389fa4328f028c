package main

import (
	"fmt"
	"io"

	"github.com/rollcall/rollcall/internal/iam"
)

type encryptionCommands struct {
	Enable  encryptionEnable  `cmd:"" help:"Make a certificate for it, unless there is one, and publish it in Rollcall's metadata. AD FS then encrypts by itself, in a way that is refused."`
	Disable encryptionDisable `cmd:"" help:"Remove the certificate: assertions that are encrypted for it are refused."`
}

type encryptionEnable struct{ orgFlag }

func (c *encryptionEnable) Run(a *app) error {
	return a.with(func(s *session) error {
		made, err := s.access.EnableEncryption(a.ctx, iam.Operator, c.organization())
		if err != nil {
			return err
		}
		v, err := s.access.SAML(a.ctx, c.organization())
		if err != nil {
			return err
		}
		return a.show(viewSAML(v), func(w io.Writer) {
			_, _ = fmt.Fprintln(w, "Assertions may be encrypted, by AES-GCM and RSA-OAEP. The identity provider has to take Rollcall's metadata again:")
			facts(w, "  Metadata", v.MetadataURL, "  Certificate", made.SHA256+", until "+rfc3339(made.NotAfter))
		})
	})
}

type encryptionDisable struct{ orgFlag }

func (c *encryptionDisable) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.access.DisableEncryption(a.ctx, iam.Operator, c.organization()); err != nil {
			return err
		}
		v, err := s.access.SAML(a.ctx, c.organization())
		if err != nil {
			return err
		}
		return a.show(viewSAML(v), func(w io.Writer) {
			_, _ = fmt.Fprintln(w, "There is no encryption certificate any more: encrypted assertions are refused.")
		})
	})
}

package console

import "github.com/rollcall/rollcall/internal/iam"

// encryptionRemovePage asks before the certificate is removed that assertions may be
// encrypted for.
type encryptionRemovePage struct {
	frame
	SHA256 string
}

// enableEncryption makes that certificate.
func (c *Console) enableEncryption(x *exchange) error {
	if _, err := c.access.EnableEncryption(x.r.Context(), x.session.Actor, x.org()); err != nil {
		return c.samlAgain(x, err)
	}
	return x.done("/settings/saml", "The encryption certificate is there.", "Your identity provider does not know it until it takes Rollcall’s metadata again.")
}

func (c *Console) encryptionRemove(x *exchange) error {
	p, err := c.encryptionRemovePage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) encryptionRemovePage(x *exchange) (*encryptionRemovePage, error) {
	p := &encryptionRemovePage{frame: x.frame("Remove encryption certificate")}
	p.Here = "/settings/saml"
	view, err := c.access.SAML(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	if p.SHA256 = fingerprint(view.Encryption.SHA256); p.SHA256 == "" {
		return nil, iam.Errorf(iam.KindConflict, "there is no encryption certificate to remove")
	}
	return p, nil
}

// removeEncryption removes it. A form without the button of the page that asks is asked
// once more.
func (c *Console) removeEncryption(x *exchange) error {
	p, err := c.encryptionRemovePage(x)
	if err != nil {
		return err
	}
	if x.value("sure") != "yes" {
		return x.show(p)
	}
	if err := c.access.DisableEncryption(x.r.Context(), x.session.Actor, x.org()); err != nil {
		return x.again(p, err)
	}
	return x.done("/settings/saml", "The encryption certificate is removed.", "Encrypted assertions are refused from now on.")
}

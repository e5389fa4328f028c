package console

import (
	"net/url"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// domainRemovePage asks before a domain is removed.
type domainRemovePage struct {
	frame
	Domain   string
	Verified bool
	Preview  *access.Preview
	Action   string
}

func (c *Console) domainRemove(x *exchange) error {
	p, err := c.domainRemovePage(x)
	if err != nil {
		return err
	}
	return c.askDomainRemoval(x, p)
}

// askDomainRemoval shows what the removal would do.
func (c *Console) askDomainRemoval(x *exchange, p *domainRemovePage) error {
	preview, err := c.access.PreviewRemoveDomain(x.r.Context(), x.session.Actor, x.org(), p.Domain)
	if err != nil {
		return err
	}
	p.Preview = x.preview(preview)
	return x.show(p)
}

func (c *Console) domainRemovePage(x *exchange) (*domainRemovePage, error) {
	view, err := c.access.SAML(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	for _, d := range view.Domains {
		if d.Domain != x.r.PathValue("domain") {
			continue
		}
		p := &domainRemovePage{frame: x.frame("Remove domain"), Domain: d.Domain, Verified: d.Status == access.DomainVerified, Action: domainURL(d.Domain)}
		p.Here = "/settings/saml"
		return p, nil
	}
	return nil, iam.Errorf(iam.KindNotFound, "the domain %q is not among this organization's domains", iam.Clip(x.r.PathValue("domain")))
}

func domainURL(domain string) string {
	return "/settings/saml/domains/" + url.PathEscape(domain) + "/remove"
}

func (c *Console) removeDomain(x *exchange) error {
	p, err := c.domainRemovePage(x)
	if err != nil {
		return err
	}
	if x.value("sure") != "yes" {
		return c.askDomainRemoval(x, p)
	}
	shutOut, err := c.access.RemoveDomain(x.r.Context(), x.session.Actor, x.org(), p.Domain)
	if err != nil {
		return x.again(p, err)
	}
	detail := "Nobody is shut out."
	if shutOut > 0 {
		detail = words.Plural(shutOut, "member", "members") + " with an address in it can no longer sign in. SCIM data is unchanged."
	}
	return x.done("/settings/saml", p.Domain+" is removed.", detail)
}

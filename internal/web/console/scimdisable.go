package console

import "github.com/rollcall/rollcall/internal/iam"

// scimDisablePage asks before SCIM is turned off.
type scimDisablePage struct {
	frame
	Members int // whom SCIM manages
	Keys    int // active ones
}

func (c *Console) scimDisable(x *exchange) error {
	p, err := c.scimDisablePage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) scimDisablePage(x *exchange) (*scimDisablePage, error) {
	p := &scimDisablePage{frame: x.frame("Disable SCIM")}
	p.Here = "/settings/scim"
	counted, err := c.access.CountMembers(x.r.Context(), x.org())
	if err != nil {
		return nil, err
	}
	p.Members = counted.SCIM
	keys, err := c.access.Keys(x.r.Context(), x.org())
	for _, k := range keys {
		if k.Status == iam.KeyActive {
			p.Keys++
		}
	}
	return p, err
}

func (c *Console) disableSCIM(x *exchange) error {
	if x.value("sure") != "yes" {
		return c.scimDisable(x)
	}
	if _, err := c.access.DisableSCIM(x.r.Context(), x.session.Actor, x.org()); err != nil {
		return c.scimAgain(x, err)
	}
	return x.done("/settings/scim", "SCIM is disabled.", "Calls are answered 403. Keys, members, groups and roles stay.")
}

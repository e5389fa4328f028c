package console

import "github.com/rollcall/rollcall/internal/iam"

// samlDisablePage asks before the connection is removed.
type samlDisablePage struct {
	frame
	IdPEntityID string
	Members     int // who lose their sign-in
	Keys        []iam.KeyID
	SCIM        bool // it is on
	BreakGlass  []string
}

func (c *Console) samlDisable(x *exchange) error {
	p, err := c.samlDisablePage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) samlDisablePage(x *exchange) (*samlDisablePage, error) {
	ctx, org := x.r.Context(), x.org()
	p := &samlDisablePage{frame: x.frame("Disable SAML"), SCIM: x.session.Organization.SCIMEnabled}
	p.Here = "/settings/saml"
	view, err := c.access.SAML(ctx, org)
	if err != nil {
		return nil, err
	}
	if p.IdPEntityID = view.IdPEntityID; p.IdPEntityID == "" {
		return nil, iam.Errorf(iam.KindConflict, "there is no SAML connection to disable")
	}
	if p.BreakGlass, err = c.access.BreakGlassAdmins(ctx, org); err != nil {
		return nil, err
	}
	counted, err := c.access.CountMembers(ctx, org)
	if err != nil {
		return nil, err
	}
	p.Members = max(counted.All-len(p.BreakGlass), 0)
	keys, err := c.access.Keys(ctx, org)
	for _, k := range keys {
		if k.Status == iam.KeyActive {
			p.Keys = append(p.Keys, k.ID)
		}
	}
	return p, err
}

// disableSAML removes the connection. The button of the page that asks says so: a form
// without it is asked once more.
func (c *Console) disableSAML(x *exchange) error {
	p, err := c.samlDisablePage(x)
	if err != nil {
		return err
	}
	if x.value("sure") != "yes" {
		return x.show(p)
	}
	if err := c.access.DisconnectSAML(x.r.Context(), x.session.Actor, x.org()); err != nil {
		return x.again(p, err)
	}
	return x.done("/settings/saml", "SAML single sign-on is disabled.", "Every SCIM key is revoked and SCIM is off. Members, groups and roles stay.")
}

package console

import (
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
)

// detailsPage is what an organization is called and where things of it are: what
// support asks for, and what people paste elsewhere.
type detailsPage struct {
	frame
	Created    time.Time
	SignInURL  string
	SCIM       access.SCIMView
	Members    int
	BreakGlass []string // addresses of the Admins who get in without the identity provider
	PlansURL   string   // "" for whoever may not see it
}

func (c *Console) details(x *exchange) error {
	ctx := x.r.Context()
	p := &detailsPage{
		frame: x.frame("Details"), Created: x.session.Organization.CreatedAt,
		SignInURL: c.publicURL + "/?connection=" + string(x.org()), PlansURL: c.linkTo(x, "/plans"),
	}
	var err error
	if p.SCIM, err = c.access.SCIMSettings(ctx, x.org()); err != nil {
		return err
	}
	counted, err := c.access.CountMembers(ctx, x.org())
	if err != nil {
		return err
	}
	p.Members = counted.All
	if p.BreakGlass, err = c.access.BreakGlassAdmins(ctx, x.org()); err != nil {
		return err
	}
	return x.show(p)
}

// linkTo is the URL of a page, "" when there is none or the person may not see it. What
// stands behind ? or # is kept.
func (c *Console) linkTo(x *exchange, url string) string {
	path, _, _ := strings.Cut(url, "?")
	path, _, _ = strings.Cut(path, "#")
	if c.maySee(x.session, path) {
		return url
	}
	return ""
}

package console

import (
	"net/http"
	"slices"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// strictPage asks before the identity policy becomes strict, and says whom it would
// refuse (D7).
type strictPage struct {
	frame
	Unmapped  iam.UnmappedGroups // what else was to be saved
	WouldFail []access.PolicyFailure
	More      int // beyond those that are listed
	Users     int // whom SCIM manages
}

// maxWouldFail is how many of those who would fail are listed.
const maxWouldFail = 100

// saveRules changes what happens to unmapped groups, and the identity policy. Before that
// becomes strict the page with those who would fail is shown.
func (c *Console) saveRules(x *exchange) error {
	unmapped, identity := x.value("unmapped"), x.value("identity")
	now := x.session.Organization
	if identity == string(iam.PolicyStrict) && now.Identity != iam.PolicyStrict && x.value("sure") != "yes" {
		return c.askStrict(x, iam.UnmappedGroups(unmapped))
	}
	if _, err := c.access.SetSCIMPolicy(x.r.Context(), x.session.Actor, x.org(), access.Policy{Identity: &identity, UnmappedGroups: &unmapped}); err != nil {
		return c.scimAgain(x, err)
	}
	return x.done("/settings/scim", "The rules are saved.", "They hold from the next call on. Nobody was changed.")
}

func (c *Console) askStrict(x *exchange, unmapped iam.UnmappedGroups) error {
	p := &strictPage{frame: x.frame("Strict identity policy"), Unmapped: unmapped}
	p.Here = "/settings/scim"
	var err error
	if p.WouldFail, err = c.access.WouldFailStrict(x.r.Context(), x.org()); err != nil {
		return err
	}
	if n := len(p.WouldFail); n > maxWouldFail {
		p.WouldFail, p.More = slices.Clip(p.WouldFail[:maxWouldFail]), n-maxWouldFail
	}
	counted, err := c.access.CountMembers(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	p.Users, p.Status = counted.SCIM, http.StatusOK
	return x.show(p)
}

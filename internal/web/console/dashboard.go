package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// warnBefore is how long before a key or a certificate expires the dashboard warns (R29).
const warnBefore = 30 * 24 * time.Hour

// dashboardPage is where an admin lands: what is done of the set-up, how provisioning
// does, and what needs him.
type dashboardPage struct {
	frame
	Notices   []notice
	Steps     []step
	Done      int
	Health    healthPanel
	Attention []attention
	Chart     *chart // nil for whoever may not see the request log
}

// notice is a condition of the whole page with one action.
type notice struct {
	Kind         string // "warn", "bad"
	Text, Detail string
	Link, Label  string
}

// step is one of the set-up, in the order of the guide. The first that is not done is the
// one to take now; it alone explains itself.
type step struct {
	Number      int
	Title       string
	Done        bool
	Now         bool
	When        time.Time // it was done; zero where that is not known
	Text        string
	Link, Label string
}

// healthPanel is SCIM health.
type healthPanel struct {
	Word, Kind, Icon string
	Why              string // "" when all is well
	On               bool
	LastCall         time.Time
	Requests         string
	Refused          string
	Members          access.MemberCount
	KeyExpires       time.Time // of the active key that lasts longest; zero for never
	HasKey           bool
	Activity         string // URL of the request log, "" for whoever may not see it
}

// attention is something that an admin can mend.
type attention struct {
	Text string
	Warn bool
	Link string
}

// overview is what the dashboard is made from.
type overview struct {
	saml     access.SAMLView
	keys     []access.KeyView
	roles    []access.RoleView
	health   access.SCIMHealth
	members  access.MemberCount
	troubles access.MemberTroubles
	login    time.Time // the first of a SCIM user
}

func (c *Console) dashboard(x *exchange) error {
	o, err := c.overview(x)
	if err != nil {
		return err
	}
	p := &dashboardPage{frame: x.frame("Dashboard"), Health: c.healthPanel(x, o)}
	p.Notices = c.notices(x, o)
	p.Steps = c.steps(x, o)
	for _, s := range p.Steps {
		if s.Done {
			p.Done++
		}
	}
	p.Attention = c.attention(x, o)
	if p.Chart, err = c.provisioningChart(x, defaultSpan, nil); err != nil {
		return err
	}
	if p.Chart != nil {
		p.Chart.Spans = nil // the page of the log has the others
	}
	return x.show(p)
}

func (c *Console) overview(x *exchange) (o overview, err error) {
	ctx, org := x.r.Context(), x.org()
	if o.saml, err = c.access.SAML(ctx, org); err != nil {
		return o, err
	}
	if o.keys, err = c.access.Keys(ctx, org); err != nil {
		return o, err
	}
	if o.roles, err = c.access.Roles(ctx, org); err != nil {
		return o, err
	}
	if o.health, err = c.access.SCIMHealth(ctx, org); err != nil {
		return o, err
	}
	if o.members, err = c.access.CountMembers(ctx, org); err != nil {
		return o, err
	}
	if o.troubles, err = c.access.MemberTroubles(ctx, org); err != nil {
		return o, err
	}
	o.login, err = c.access.FirstSCIMLogin(ctx, org)
	return o, err
}

// active returns the active key that lasts longest.
func (o overview) active() (access.KeyView, bool) {
	var best access.KeyView
	found := false
	for _, k := range o.keys {
		if k.Status == iam.KeyActive && (!found || lastsLonger(k, best)) {
			best, found = k, true
		}
	}
	return best, found
}

func lastsLonger(a, b access.KeyView) bool {
	return !b.ExpiresAt.IsZero() && (a.ExpiresAt.IsZero() || a.ExpiresAt.After(b.ExpiresAt))
}

// notices tells of what is about to stop provisioning or sign-in, or has.
func (c *Console) notices(x *exchange, o overview) []notice {
	var list []notice
	scim := c.linkTo(x, "/settings/scim")
	best, any := o.active()
	switch {
	case o.health.State == access.HealthOff:
	case !any && len(o.keys) > 0:
		list = append(list, notice{"bad", "No SCIM key is active.", "Every call of the identity provider is refused, so nobody is created, updated or removed.", scim, "Generate new key"})
	case any && !best.ExpiresAt.IsZero() && best.ExpiresAt.Sub(x.now) < warnBefore:
		list = append(list, notice{
			"warn", "Your SCIM key expires " + due(x.now, best.ExpiresAt).Text + ", on " + best.ExpiresAt.UTC().Format("2 January 2006") + ".",
			"Generate a new key, swap Entra ID over, confirm provisioning still works, then revoke the old key.", scim, "Generate new key",
		})
	}
	if ends, ok := lastCertificate(o.saml, x.now); ok && ends.Sub(x.now) < warnBefore {
		list = append(list, notice{
			"warn", "The identity provider's signing certificate expires " + due(x.now, ends).Text + ", on " + ends.UTC().Format("2 January 2006") + ".",
			"After that nobody can sign in by SSO. Make a new one there, and import its metadata here.", c.linkTo(x, "/settings/saml"), "SAML",
		})
	}
	return list
}

// lastCertificate is when the last valid certificate of the connection ends.
func lastCertificate(s access.SAMLView, now time.Time) (ends time.Time, ok bool) {
	for _, cert := range s.Certificates {
		if !now.Before(cert.NotBefore) && !now.After(cert.NotAfter) && cert.NotAfter.After(ends) {
			ends, ok = cert.NotAfter, true
		}
	}
	return ends, ok
}

// steps is the set-up in the order of the guide.
func (c *Console) steps(x *exchange, o overview) []step {
	saml, scim := c.linkTo(x, "/settings/saml"), c.linkTo(x, "/settings/scim")
	verified := time.Time{}
	for _, d := range o.saml.Domains {
		if d.Status == access.DomainVerified && (verified.IsZero() || d.VerifiedAt.Before(verified)) {
			verified = d.VerifiedAt
		}
	}
	best, hasKey := o.active()
	mapped, mapping := o.mapping()
	list := []step{
		{Title: "Connect SAML single sign-on", Done: o.saml.Connected, When: o.saml.ConnectedAt, Link: saml, Label: "SAML",
			Text: "SCIM creates the accounts, SAML signs them in. Give Entra ID the two addresses, and Rollcall its metadata."},
		{Title: "Verify your domains", Done: !verified.IsZero(), When: verified, Link: saml, Label: "SAML",
			Text: "People sign in with addresses of domains that a DNS TXT record shows to be yours."},
		{Title: "Enable SCIM", Done: x.session.Organization.SCIMEnabled, Link: scim, Label: "SCIM Configuration",
			Text: "Makes the SCIM endpoint URL answer that Entra ID calls Tenant URL."},
		{Title: "Generate a SCIM key", Done: hasKey, When: best.CreatedAt, Link: scim, Label: "SCIM Configuration",
			Text: "The key and its secret, joined by a colon, are the Secret Token in Entra ID."},
		{Title: "Test Connection from Entra ID", Done: o.health.FirstUsed, Link: scim, Label: "SCIM Configuration",
			Text: "Turns green with the first call that shows the key."},
		{Title: "Define the role mapping", Done: mapped, Link: c.linkTo(x, "/roles"), Label: "Map roles", Text: mapping},
		{Title: "First provisioned member signs in", Done: !o.login.IsZero(), When: o.login, Link: c.linkTo(x, "/members?source=scim"), Label: "Members",
			Text: "Turns green after the first sign-in of a member that SCIM created."},
	}
	now := false
	for i := range list {
		list[i].Number = i + 1
		list[i].Now = !list[i].Done && !now
		now = now || list[i].Now
	}
	return list
}

// mapping tells whether groups give roles that are worth something, and what is missing.
func (o overview) mapping() (done bool, text string) {
	groups, empty := 0, 0
	for _, r := range o.roles {
		if r.SCIMGroup != "" || len(r.Groups) > 0 {
			groups++
			if len(r.Permissions) == 0 {
				empty++
			}
		}
	}
	switch {
	case groups == 0:
		return false, "Make a custom role for each SCIM group, with the permissions its members should have. A role of the group's name is linked by itself."
	case empty > 0:
		return false, words.Plural(empty, "role that a SCIM group gives has", "roles that SCIM groups give have") + " no permissions yet: members who hold nothing else can sign in but do nothing."
	}
	return true, ""
}

func (c *Console) healthPanel(x *exchange, o overview) healthPanel {
	h := o.health
	best, any := o.active()
	p := healthPanel{
		On: h.State != access.HealthOff, LastCall: h.LastCall, Members: o.members, HasKey: any, KeyExpires: best.ExpiresAt,
		Requests: counted(h.Requests), Refused: counted(h.Refused), Activity: c.linkTo(x, "/settings/activity"),
	}
	switch h.State {
	case access.HealthOff:
		p.Word, p.Icon, p.Why = "Not enabled", "skip", "Calls of an identity provider are answered 403."
	case access.HealthWaiting:
		p.Word, p.Kind, p.Icon, p.Why = "Waiting", "accent", "clock", "No call has come yet. Choose Test Connection in Entra ID."
	case access.HealthDenied:
		p.Word, p.Kind, p.Icon = "Denied", "bad", "error"
		if p.Activity == "" { // why is for those who may see the request log: a caller is not told
			p.Why = "The last call was denied, " + words.At(x.now, h.DeniedAt).Text + ". Members with the system role Admin see why."
			break
		}
		p.Why = "The last call came " + howDenied(h.Denied) + ", " + words.At(x.now, h.DeniedAt).Text + ". Compare Tenant URL and Secret Token in Entra ID."
	case access.HealthSilent:
		p.Word, p.Kind, p.Icon, p.Why = "Silent", "warn", "clock", "Entra ID calls about every 40 minutes. Look whether Provisioning Status is On there."
	case access.HealthRefused:
		p.Word, p.Kind, p.Icon, p.Why = "Refusing", "warn", "alert", "At least half of the last day's requests were refused."
	default:
		p.Word, p.Kind, p.Icon = "Healthy", "ok", "check-circle"
	}
	return p
}

// counted writes a number that access counts only so far.
func counted(n int) string {
	if n >= access.MaxCounted {
		return words.Count(access.MaxCounted) + " or more"
	}
	return words.Count(n)
}

func (c *Console) attention(x *exchange, o overview) []attention {
	var list []attention
	add := func(warn bool, text, link string) { list = append(list, attention{text, warn, c.linkTo(x, link)}) }
	of := ""
	if o.troubles.Partly {
		of = " of those looked through"
	}
	if n := o.troubles.NoSignIn; n > 0 {
		add(true, words.Plural(n, "member", "members")+of+" may not be able to sign in", "/members?state=no-sign-in")
	}
	if n := o.troubles.NoPermissions; n > 0 {
		add(true, words.Plural(n, "member", "members")+of+" without any permission", "/members?state=no-permissions")
	}
	empty, near := 0, 0
	for _, r := range o.roles {
		if len(r.Groups) > 0 && len(r.Permissions) == 0 {
			empty++
		}
		if len(r.Hints) > 0 {
			near++
		}
	}
	if empty > 0 {
		add(true, words.Plural(empty, "role of a SCIM group has", "roles of SCIM groups have")+" no permissions", "/roles")
	}
	if near > 0 {
		add(false, words.Plural(near, "role nearly has", "roles nearly have")+" the name of a SCIM group", "/roles")
	}
	for _, k := range o.keys {
		if k.Status == iam.KeyActive && k.MakerLeft {
			add(true, "Rotate the key "+string(k.ID)+": who made it has left", "/settings/scim")
		}
	}
	return list
}

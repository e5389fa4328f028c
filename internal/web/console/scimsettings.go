package console

import (
	"net/url"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// scimPage is Organization settings, SAML and SCIM settings, SCIM Configuration: where
// the identity provider calls, with which keys, and what holds for what it sends.
type scimPage struct {
	frame
	Gate       planGate
	Connected  bool // SAML: without it SCIM stays locked (R25)
	BreakGlass bool // somebody gets in without the identity provider
	SCIM       access.SCIMView
	Health     access.SCIMHealth
	Activity   string // URL of the request log, "" for whoever may not see it
	Refused    []refusedCalls

	RolesURL     string
	Linked       int // groups
	Unlinked     int // groups without a role
	Empty, Near  int // roles without permissions, and with nearly a group's name
	DefaultRoles []iam.RoleRef
	DefaultURL   string

	Once    *shownOnce
	Keys    []keyRow // active ones
	Old     []keyRow // revoked and expired
	Full    bool     // as many are active as can be
	Newest  iam.KeyID
	Expiry  []choice
	Date    string // as entered
	Today   string
	Expires time.Time // with the choice that is preselected
}

// shownOnce is a key at the only time when its secret is shown.
type shownOnce struct {
	Key, Secret, Joined string
	ExpiresAt           time.Time
	Calendar            string // URL of a reminder; "" for a key that never expires
}

// keyRow is a key in the list.
type keyRow struct {
	ID             iam.KeyID
	State          string
	Kind, Icon     string
	Advice, Expiry *keyNote // what to do with it; nil for nothing
	CreatedBy      string
	MakerLeft      bool // who made it has left (R105)
	Soon           bool // it expires within 30 days (R29)
	Created        time.Time
	Expires        time.Time
	LastUsed       time.Time
	Ended          time.Time // it was revoked or has expired
	Revoke, Remind string    // URLs
}

// oldKeys is how many revoked and expired keys are listed.
const oldKeys = 20

func (c *Console) scimSettings(x *exchange) error {
	p, err := c.scimPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) scimPage(x *exchange) (*scimPage, error) {
	ctx, org := x.r.Context(), x.org()
	p := &scimPage{
		frame: x.frame(settingsTitle), Gate: c.planGate(x), RolesURL: c.linkTo(x, "/roles"), DefaultURL: c.linkTo(x, "/roles/default"),
		Activity: c.linkTo(x, "/settings/activity"), Today: x.now.Format(time.DateOnly), Expiry: expiryChoices(iam.DefaultExpiry),
	}
	p.Here = "/settings/scim"
	connection, err := c.access.SAML(ctx, org)
	if err != nil {
		return nil, err
	}
	p.Connected = connection.Connected
	admins, err := c.access.BreakGlassAdmins(ctx, org)
	if err != nil {
		return nil, err
	}
	p.BreakGlass = len(admins) > 0
	if p.SCIM, err = c.access.SCIMSettings(ctx, org); err != nil {
		return nil, err
	}
	if p.Health, err = c.access.SCIMHealth(ctx, org); err != nil {
		return nil, err
	}
	if err := c.countMapping(x, p); err != nil {
		return nil, err
	}
	if p.DefaultRoles, err = c.access.DefaultRoles(ctx, org); err != nil {
		return nil, err
	}
	keys, err := c.access.Keys(ctx, org)
	if err != nil {
		return nil, err
	}
	p.list(keys, x.now)
	if p.Activity != "" {
		if err := c.listRefused(x, p, keys); err != nil {
			return nil, err
		}
	}
	p.Expires, err = iam.ParseExpiry(iam.DefaultExpiry, x.now)
	return p, err
}

// refusedSince is how far back refused calls are explained.
const refusedSince = 7 * access.Day

// listRefused explains the calls that were refused lately.
func (c *Console) listRefused(x *exchange, p *scimPage, keys []access.KeyView) error {
	list, partly, err := c.access.Refusals(x.r.Context(), x.org(), x.now.Add(-refusedSince))
	known := c.circumstances(x, keys)
	for _, r := range list {
		p.Refused = append(p.Refused, known.refusedCalls(r, partly))
	}
	return err
}

// countMapping counts what the role mapping comes to.
func (c *Console) countMapping(x *exchange, p *scimPage) error {
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	for _, r := range roles {
		p.Linked += len(r.Groups)
		if len(r.Groups) > 0 && len(r.Permissions) == 0 {
			p.Empty++
		}
		if len(r.Hints) > 0 {
			p.Near++
		}
	}
	groups, err := c.access.Groups(x.r.Context(), x.org())
	p.Unlinked = len(groups) - p.Linked
	return err
}

func expiryChoices(chosen string) []choice {
	list := []choice{
		{Value: "1w", Label: "1 week"}, {Value: "1mo", Label: "1 month"}, {Value: "3mo", Label: "3 months"}, {Value: "6mo", Label: "6 months"},
		{Value: "12mo", Label: "12 months"}, {Value: "date", Label: "On a date…"}, {Value: "never", Label: "Never"},
	}
	choose(list, chosen)
	return list
}

// list fills the lists of keys, the newest first.
func (p *scimPage) list(keys []access.KeyView, now time.Time) {
	if len(keys) > 0 {
		p.Newest = keys[0].ID
	}
	for _, k := range keys {
		if k.Status != iam.KeyActive && len(p.Old) < oldKeys {
			p.Old = append(p.Old, newKeyRow(k))
		}
	}
	active := access.AdviseKeys(keys, now)
	p.Full = len(active) >= iam.MaxActiveKeys
	for _, a := range active {
		p.Keys = append(p.Keys, activeKeyRow(a, now))
	}
}

// newKeyRow is the row of a key that has ended.
func newKeyRow(k access.KeyView) keyRow {
	row := keyRow{
		ID: k.ID, CreatedBy: k.CreatedBy, Created: k.CreatedAt, Expires: k.ExpiresAt, LastUsed: k.LastUsedAt,
		Revoke: "/settings/scim/keys/" + url.PathEscape(string(k.ID)) + "/revoke",
	}
	switch k.Status {
	case iam.KeyRevoked:
		row.State, row.Icon, row.Ended = "Revoked", "close", k.RevokedAt
	case iam.KeyExpired:
		row.State, row.Icon, row.Ended = "Expired", "clock", k.ExpiresAt
	}
	return row
}

// activeKeyRow is the row of a key that works, with where it stands in a rotation, so that
// nobody revokes the one that is in use (R31).
func activeKeyRow(a access.KeyAdvice, now time.Time) keyRow {
	row := newKeyRow(a.KeyView)
	row.State, row.Kind, row.Icon = keyState(a)
	row.Advice, row.Expiry = keyAdvice(a, now), expiryAdvice(a, now)
	row.MakerLeft, row.Soon = a.MakerLeft, expiresSoon(a.KeyView, now)
	if !a.ExpiresAt.IsZero() {
		row.Remind = reminderURL(a.ID)
	}
	return row
}

// scimAgain shows the page with why something was refused.
func (c *Console) scimAgain(x *exchange, refused error) error {
	p, err := c.scimPage(x)
	if err != nil {
		return err
	}
	return x.again(p, refused)
}

func (c *Console) enableSCIM(x *exchange) error {
	if _, err := c.access.EnableSCIM(x.r.Context(), x.session.Actor, x.org()); err != nil {
		return c.scimAgain(x, err)
	}
	return x.done("/settings/scim", "SCIM is enabled.", "Copy the SCIM endpoint URL, generate a key, and enter both in Entra ID.")
}

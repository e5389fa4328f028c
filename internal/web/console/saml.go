package console

import (
	"slices"
	"strconv"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// samlPage is Organization settings, SAML and SCIM settings, SAML: how the connection
// stands, who refuses whom, and what holds for those who sign in.
type samlPage struct {
	frame
	Gate         planGate
	SAML         access.SAMLView
	Stored       bool // metadata is there, if only with certificates that are not valid now
	Certificates []certificateRow
	Failure      string // why the metadata could not be refreshed
	Encryption   string // SHA-256 of the certificate for encryption; "" for none
	Verified     int    // domains
	Unfinished   bool
	IDPInitiated bool
	Idle, Life   []choice
	DefaultRoles []iam.RoleRef
	DefaultURL   string // where the Default role is changed; "" for nowhere
	Refused      []refusedRow
	Audit        string // URL of all refused sign-ins, "" for whoever may not see it
	Members      int    // who lose their sign-in when SAML is disabled
	BreakGlass   []string
}

// certificateRow is a signing certificate of the identity provider.
type certificateRow struct {
	SHA256        string
	NotBefore     time.Time
	NotAfter      time.Time
	Expired, Next bool
	Soon          bool // it expires within 30 days
}

// refusedRow is a sign-in that was refused, with the cause that the person did not see.
type refusedRow struct {
	Who, Cause, Detail, RequestID, Address string
	More                                   string // how many further ones were like it
	At                                     time.Time
}

// How far back and how many refused sign-ins the page shows.
const (
	refusedSpan = 7 * 24 * time.Hour
	refusedMost = 10
)

func (c *Console) saml(x *exchange) error {
	p, err := c.samlPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) samlPage(x *exchange) (*samlPage, error) {
	ctx, org := x.r.Context(), x.org()
	p := &samlPage{frame: x.frame(settingsTitle), Gate: c.planGate(x), Audit: c.linkTo(x, "/audit?type="+string(iam.UserLoginFailed)), DefaultURL: c.linkTo(x, "/roles/default")}
	p.Here = "/settings/saml"
	var err error
	if p.SAML, err = c.access.SAML(ctx, org); err != nil {
		return nil, err
	}
	p.Stored, p.Failure = p.SAML.IdPEntityID != "", words.Sentence(p.SAML.Refresh.Failure)
	p.Encryption = fingerprint(p.SAML.Encryption.SHA256)
	for _, d := range p.SAML.Domains {
		if d.Status == access.DomainVerified {
			p.Verified++
		}
	}
	p.Unfinished = p.Stored && p.Verified == 0
	p.Certificates = certificateRows(p.SAML.Certificates, x.now)
	settings, err := c.access.SignInSettings(ctx, org)
	if err != nil {
		return nil, err
	}
	p.IDPInitiated = settings.IDPInitiated
	p.Idle = durationChoices(settings.SessionIdle, 15*time.Minute, 30*time.Minute, time.Hour, 2*time.Hour, 4*time.Hour, 8*time.Hour, 12*time.Hour)
	p.Life = durationChoices(settings.SessionLife, time.Hour, 4*time.Hour, 8*time.Hour, 12*time.Hour, 24*time.Hour)
	if p.DefaultRoles, err = c.access.DefaultRoles(ctx, org); err != nil {
		return nil, err
	}
	if p.BreakGlass, err = c.access.BreakGlassAdmins(ctx, org); err != nil {
		return nil, err
	}
	counted, err := c.access.CountMembers(ctx, org)
	if err != nil {
		return nil, err
	}
	p.Members = max(counted.All-len(p.BreakGlass), 0)
	p.Refused, err = c.refusedSignIns(x)
	return p, err
}

// certificateRows puts the certificates in the order in which they end.
func certificateRows(list []iam.Certificate, now time.Time) []certificateRow {
	rows := make([]certificateRow, 0, len(list))
	for _, cert := range list {
		rows = append(rows, certificateRow{
			SHA256: fingerprint(cert.SHA256), NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
			Expired: now.After(cert.NotAfter), Next: now.Before(cert.NotBefore), Soon: !now.After(cert.NotAfter) && cert.NotAfter.Sub(now) < warnBefore,
		})
	}
	slices.SortStableFunc(rows, func(a, b certificateRow) int { return a.NotAfter.Compare(b.NotAfter) })
	return rows
}

// fingerprint writes a SHA-256 as identity providers show it: pairs with colons.
func fingerprint(hex string) string {
	var pairs []byte
	for i := range len(hex) {
		if i > 0 && i%2 == 0 {
			pairs = append(pairs, ':')
		}
		c := hex[i]
		if 'a' <= c && c <= 'f' {
			c -= 'a' - 'A'
		}
		pairs = append(pairs, c)
	}
	return string(pairs)
}

// durationChoices lists times to choose from, with the one that holds now among them.
func durationChoices(now time.Duration, list ...time.Duration) []choice {
	if !slices.Contains(list, now) {
		list = append(list, now)
		slices.Sort(list)
	}
	choices := make([]choice, 0, len(list))
	for _, d := range list {
		choices = append(choices, choice{Value: strconv.Itoa(int(d / time.Minute)), Label: durationText(d), Chosen: d == now})
	}
	return choices
}

// durationText writes whole minutes in words: "1 hour 30 minutes".
func durationText(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case minutes == 0 && hours > 0:
		return words.Plural(hours, "hour", "hours")
	case hours == 0:
		return words.Plural(minutes, "minute", "minutes")
	}
	return words.Plural(hours, "hour", "hours") + " " + words.Plural(minutes, "minute", "minutes")
}

func (c *Console) refusedSignIns(x *exchange) ([]refusedRow, error) {
	page, err := c.access.Activities(x.r.Context(), x.org(), access.ActivityQuery{
		Types: []iam.ActivityType{iam.UserLoginFailed}, From: x.now.Add(-refusedSpan), Limit: refusedMost,
	})
	rows := make([]refusedRow, 0, len(page.Events))
	for _, e := range page.Events {
		rows = append(rows, newRefusedRow(e))
	}
	return rows, err
}

func newRefusedRow(e iam.AuditEvent) refusedRow {
	text := func(key string) string { s, _ := e.Details[key].(string); return s }
	row := refusedRow{Who: e.TargetName, Cause: text("cause"), Detail: words.Sentence(text("detail")), RequestID: text("requestId"), Address: e.Actor.Address, At: e.At}
	if n, ok := e.Details["attempts"].(float64); ok && n > 1 {
		row.More = words.Plural(int(n), "attempt", "attempts") + " since " + text("since")
	}
	return row
}

// saveSignIn changes how long sessions last, and whether sign-ins that begin at the
// identity provider are accepted.
func (c *Console) saveSignIn(x *exchange) error {
	change := access.SignInChange{}
	idpInitiated := x.value("idp-initiated") == "yes"
	if x.r.PostForm.Has("idp-initiated") {
		change.IDPInitiated = &idpInitiated
	}
	for field, to := range map[string]**time.Duration{"idle": &change.SessionIdle, "life": &change.SessionLife} {
		if !x.r.PostForm.Has(field) {
			continue
		}
		minutes, err := strconv.Atoi(x.value(field))
		if err != nil || minutes < 0 || minutes > 1<<20 {
			return c.samlAgain(x, iam.Errorf(iam.KindInvalid, "%q is not a number of minutes", iam.Clip(x.value(field))))
		}
		d := time.Duration(minutes) * time.Minute
		*to = &d
	}
	if _, err := c.access.SetSignIn(x.r.Context(), x.session.Actor, x.org(), change); err != nil {
		return c.samlAgain(x, err)
	}
	return x.done("/settings/saml", "The sign-in settings are saved.", "A shorter timeout holds for the sessions there are, a shorter session for those that begin.")
}

// samlAgain shows the page with why something was refused.
func (c *Console) samlAgain(x *exchange, refused error) error {
	p, err := c.samlPage(x)
	if err != nil {
		return err
	}
	return x.again(p, refused)
}

// refreshSAML reads the identity provider's metadata again.
func (c *Console) refreshSAML(x *exchange) error {
	changed, err := c.access.RefreshSAML(x.r.Context(), x.session.Actor, x.org(), c.outside.metadata)
	if err != nil {
		return c.samlAgain(x, err)
	}
	if !changed {
		return x.done("/settings/saml", "The metadata was read.", "Nothing in it has changed.")
	}
	return x.done("/settings/saml", "The metadata was read and has changed.", "Certificates and sign-in URL are those that it lists now.")
}

package console

import (
	"net/url"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// eventPage is one activity with everything that is known of it.
type eventPage struct {
	frame
	Text      string
	Type      iam.ActivityType
	At        time.Time
	Exact     string
	Actor     string
	Kind      string
	Address   string
	UserAgent string
	Target    string
	TargetID  string
	MemberURL string // of the target, when it is a member
	Facts     []fact
	ID        iam.EventID
}

func (c *Console) event(x *exchange) error {
	e, err := c.access.Activity(x.r.Context(), x.org(), iam.EventID(x.r.PathValue("event")))
	if err != nil {
		return err
	}
	p := &eventPage{
		frame: x.frame("Activity"), Text: iam.Clip(activityText(e)), Type: e.Type, At: e.At, Exact: e.At.UTC().Format("Mon, 2 Jan 2006 15:04:05.000 (UTC)"),
		Actor: actorText(e.Actor), Kind: actorKind(e.Actor), Address: e.Actor.Address, UserAgent: e.Actor.UserAgent,
		Target: e.TargetName, TargetID: e.TargetID, Facts: activityFacts(e), ID: e.ID,
	}
	p.Here = "/audit"
	if e.TargetType == "user" && e.TargetID != "" {
		p.MemberURL = c.memberURL(x, e.TargetID)
	}
	return x.show(p)
}

// memberURL is the page of a member, "" when there is none or he may not be seen.
func (c *Console) memberURL(x *exchange, id string) string {
	const pattern = "/members/{member}"
	if c.linkTo(x, pattern) == "" {
		return ""
	}
	if _, err := c.access.Member(x.r.Context(), x.org(), iam.MemberID(id)); err != nil {
		return ""
	}
	return strings.Replace(pattern, "{member}", url.PathEscape(id), 1)
}

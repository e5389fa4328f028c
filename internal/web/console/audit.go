package console

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// auditPage is Audit: everything that was changed, and every sign-in (R114).
type auditPage struct {
	frame
	Heading  string // "1,846 activities"
	Search   string
	Areas    []typeArea
	Actors   []choice
	From, To string // dates
	// ActorID is the one actor whose activities are shown, ActorName who that is; "" for
	// all.
	ActorID, ActorName string
	Filtered           bool
	Rows               []auditRow
	Looked             int
	Pager              pager
	Export             string // URL
	WithoutActor       string // URL of the same list of all actors
}

// typeArea is a group of types in the filter.
type typeArea struct {
	Label string
	Types []choice
}

// auditRow is an activity in the list.
type auditRow struct {
	Day       string // above the row, as with requests
	Text      string
	Type      iam.ActivityType
	Note      string // a few words that tell it from its like
	Actor     string
	Kind      string // of the actor
	ActorURL  string // what else he did; "" for the system
	Address   string
	Time      time.Time
	URL       string
	ActorCode bool // the actor is a key
}

const auditPerPage = 50

func auditActors() []choice {
	return []choice{
		{Value: string(iam.ActorUser), Label: "People"}, {Value: string(iam.ActorAPI), Label: "SCIM keys"}, {Value: string(iam.ActorSystem), Label: "System"},
	}
}

func (c *Console) audit(x *exchange) error {
	query := x.r.URL.Query()
	p := &auditPage{frame: x.frame("Audit"), Areas: typeAreas(query.Get("type")), Actors: auditActors()}
	choose(p.Actors, query.Get("actor"))
	asked, err := p.asked(query)
	if err != nil {
		return x.again(p, err)
	}
	asked.Older, asked.Newer, asked.Limit = iam.EventID(logCursor(query, "older")), iam.EventID(logCursor(query, "newer")), auditPerPage
	found, err := c.access.Activities(x.r.Context(), x.org(), asked)
	if err != nil {
		return err
	}
	p.list(found, query, x.now)
	return x.show(p)
}

// list fills the page with what was found.
func (p *auditPage) list(found access.ActivityPage, query url.Values, now time.Time) {
	last := ""
	for _, e := range found.Events {
		row := newAuditRow(e, query)
		if day := dayText(e.At); day != last {
			row.Day, last = day, day
		}
		if p.ActorID != "" {
			p.ActorName = row.Actor
		}
		p.Rows = append(p.Rows, row)
	}
	if p.ActorID != "" && p.ActorName == "" {
		p.ActorName = p.ActorID
	}
	p.Looked = found.Looked
	p.Heading = activityCount(found, p.Search != "")
	p.Pager = logPager("/audit", query, string(found.Newer), string(found.Older), words.Plural(len(p.Rows), "activity", "activities")+" on this page")
	p.Export = pathWith("/audit/export", without(query, "older", "newer"))
	p.WithoutActor = pathWith("/audit", without(query, "older", "newer", "actor-id"))
}

// activityCount is the heading. A search is counted only when it was looked through to
// the end.
func activityCount(found access.ActivityPage, search bool) string {
	switch {
	case !search && found.Total >= access.MaxCounted:
		return words.Count(access.MaxCounted) + " or more activities"
	case !search:
		return words.Plural(found.Total, "activity", "activities")
	case found.Older == "" && found.Newer == "":
		return words.Plural(len(found.Events), "activity", "activities")
	}
	return "Activities"
}

// asked is the query of the audit log that the filter comes to.
func (p *auditPage) asked(query url.Values) (access.ActivityQuery, error) {
	p.Search, p.From, p.To = iam.Clip(strings.TrimSpace(query.Get("q"))), iam.Clip(query.Get("from")), iam.Clip(query.Get("to"))
	if p.ActorID = query.Get("actor-id"); len(p.ActorID) > 100 {
		p.ActorID = ""
	}
	asked := access.ActivityQuery{ActorType: iam.ActorType(chosen(p.Actors)), Actor: p.ActorID}
	for _, area := range p.Areas {
		if t := chosen(area.Types); t != "" {
			asked.Types = []iam.ActivityType{iam.ActivityType(t)}
		}
	}
	p.Filtered = p.Search != "" || p.From != "" || p.To != "" || asked.ActorType != "" || p.ActorID != "" || len(asked.Types) > 0
	sought := strings.Fields(strings.ToLower(p.Search))
	if len(sought) > 0 {
		asked.Match = func(e iam.AuditEvent) bool { return activityHas(e, sought) }
	}
	var err error
	if asked.From, err = parseDay(p.From); err != nil {
		return asked, err
	}
	if asked.To, err = parseDay(p.To); err != nil {
		return asked, err
	}
	if !asked.To.IsZero() {
		asked.To = asked.To.AddDate(0, 0, 1) // to the end of that day
	}
	if !asked.To.IsZero() && !asked.From.Before(asked.To) {
		return asked, iam.Errorf(iam.KindInvalid, "the first day, %s, lies behind the last, %s", p.From, p.To)
	}
	return asked, nil
}

// parseDay reads a date; the zero time for none.
func parseDay(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return day, iam.Errorf(iam.KindInvalid, "%q is not a date such as 2026-11-30", s)
	}
	return day, nil
}

// activityHas tells whether each word stands in what the audit log shows of an event.
func activityHas(e iam.AuditEvent, sought []string) bool {
	texts := []string{
		activityText(e), string(e.Type), actorText(e.Actor), e.Actor.ID, e.Actor.Address, e.TargetID, e.TargetName, string(e.ID),
	}
	for _, f := range activityFacts(e) {
		texts = append(texts, f.Name+" "+f.Value)
	}
	return hasWords(sought, texts...)
}

// typeAreas lists the types for the filter.
func typeAreas(value string) []typeArea {
	var areas []typeArea
	for _, kind := range activityKinds {
		i := slices.IndexFunc(areas, func(a typeArea) bool { return a.Label == kind.area })
		if i < 0 {
			areas = append(areas, typeArea{Label: kind.area})
			i = len(areas) - 1
		}
		areas[i].Types = append(areas[i].Types, choice{Value: string(kind.what), Label: kind.text, Chosen: string(kind.what) == value})
	}
	return areas
}

func newAuditRow(e iam.AuditEvent, query url.Values) auditRow {
	row := auditRow{
		Text: iam.Clip(activityText(e)), Type: e.Type, Note: activityNote(e), Actor: actorText(e.Actor), Address: e.Actor.Address, Time: e.At,
		URL: "/audit/" + url.PathEscape(string(e.ID)), ActorCode: e.Actor.Type == iam.ActorAPI,
	}
	if row.ActorCode {
		row.Actor = e.Actor.Details
	}
	row.Kind = actorKind(e.Actor)
	if e.Actor.ID != "" {
		to := without(query, "older", "newer", "actor")
		to.Set("actor-id", e.Actor.ID)
		row.ActorURL = pathWith("/audit", to)
	}
	return row
}

func actorKind(a iam.Actor) string {
	switch a.Type {
	case iam.ActorAPI:
		return "SCIM key"
	case iam.ActorSystem:
		return "System"
	}
	return ""
}

// activityNote tells in a few words what the text of an activity leaves open.
func activityNote(e iam.AuditEvent) string {
	text := func(key string) string { s, _ := e.Details[key].(string); return s }
	switch e.Type {
	case iam.UserLoginFailed, iam.UserLogoutFailed:
		return words.Sentence(text("detail"))
	case iam.UserLogin:
		if text("method") == "local" {
			return "With a password."
		}
		return "With SSO."
	case iam.SCIMGroupUpdate:
		return memberChange(e)
	case iam.RoleUpdate, iam.SCIMUserProfileUpdate, iam.SCIMSettingsUpdate, iam.OrganizationUpdateTier, iam.MemberUpdateRoles, iam.OrganizationUpdateRoles:
		return changeText(e)
	}
	return ""
}

// memberChange counts whom a group gained and lost.
func memberChange(e iam.AuditEvent) string {
	var parts []string
	for _, change := range [][2]string{{"membersAddedCount", "added"}, {"membersRemovedCount", "removed"}} {
		if n, ok := e.Details[change[0]].(float64); ok {
			parts = append(parts, words.Plural(int(n), "member", "members")+" "+change[1])
		}
	}
	return words.Sentence(strings.Join(parts, ", "))
}

// maxNote bounds what a list shows of a change; the activity's own page has all of it.
const maxNote = 160

// changeText lists what was changed.
func changeText(e iam.AuditEvent) string {
	before, had := e.Details["before"]
	after, has := e.Details["after"]
	if had && has {
		return iam.Clip(detailText(before) + " → " + detailText(after))
	}
	var parts []string
	for _, f := range activityFacts(e) {
		parts = append(parts, f.Name+": "+f.Value)
	}
	text := strings.Join(parts, "; ")
	if runes := []rune(text); len(runes) > maxNote {
		return string(runes[:maxNote]) + "…"
	}
	return text
}

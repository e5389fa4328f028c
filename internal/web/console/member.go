package console

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// historyPerPage is how many events of a member's history one page shows.
const historyPerPage = 20

// memberPage is one person: what he may and why, what keeps him from it, and what happened
// to him.
type memberPage struct {
	frame
	Member     memberRow
	Address    string // sign-in address, or the userName when that is no address
	ExternalID string
	Inactive   bool // a SCIM user who is no member (D4)
	BreakGlass bool // kept, although the identity provider deactivated him (D8)
	Self       bool
	Direct     []iam.RoleRef
	Groups     []access.GroupMembership
	Local      bool // he has a local sign-in
	Sessions   int
	Changed    time.Time
	Keys       []iam.KeyID
	KeysURL    string

	ShowsHistory bool // whoever may see the audit log
	History      []historyRow
	Older, Newer string
}

// historyRow is an event of the audit log.
type historyRow struct {
	Text    string
	Details []fact
	Who     string
	Address string
	At      time.Time
}

func (c *Console) member(x *exchange) error {
	d, err := c.access.Member(x.r.Context(), x.org(), iam.MemberID(x.r.PathValue("member")))
	if err != nil {
		return err
	}
	p := &memberPage{
		frame: x.frame(d.DisplayName), Member: newMemberRow(d.MemberEntry), Address: d.Email, ExternalID: d.ExternalID,
		Inactive: d.Status == iam.StatusInactive, BreakGlass: d.Status == iam.StatusBreakGlass, Self: d.ID == x.session.Member,
		Direct: d.Direct, Groups: d.Groups, Local: d.LocalSignIn, Sessions: d.Sessions, Changed: d.UpdatedAt,
		Keys: d.Keys, KeysURL: c.linkTo(x, "/settings/scim"),
	}
	p.Here = "/members"
	p.Member.OnlyBreakGlass = d.OnlyBreakGlass
	if p.ShowsHistory = x.session.May(iam.PermOrganizationViewActivities); p.ShowsHistory {
		if err := c.addHistory(x, p); err != nil {
			return err
		}
	}
	return x.show(p)
}

// addHistory reads a page of what the audit log holds of the person.
func (c *Console) addHistory(x *exchange, p *memberPage) error {
	query := x.r.URL.Query()
	asked := access.ActivityQuery{Target: string(p.Member.ID), Limit: historyPerPage}
	if id := query.Get("older"); iam.IsID(id) {
		asked.Older = iam.EventID(id)
	}
	if id := query.Get("newer"); iam.IsID(id) {
		asked.Newer = iam.EventID(id)
	}
	found, err := c.access.Activities(x.r.Context(), x.org(), asked)
	if err != nil {
		return err
	}
	for _, e := range found.Events {
		row := historyRow{Text: activityText(e), Who: actorText(e.Actor), Address: e.Actor.Address, At: e.At}
		if text := groupText(e, p.Member.ID); text != "" {
			row.Text = text
		} else if e.TargetID == string(p.Member.ID) {
			row.Details = activityFacts(e)
		}
		p.History = append(p.History, row)
	}
	link := func(key string, id iam.EventID) string {
		if id == "" {
			return ""
		}
		return "/members/" + string(p.Member.ID) + "?" + url.Values{key: {string(id)}}.Encode() + "#history"
	}
	p.Older, p.Newer = link("older", found.Older), link("newer", found.Newer)
	return nil
}

// groupText says what a change of a group was to one person; "" for other events, and for
// one so large that it does not name everybody. Who else it concerned is no matter here.
func groupText(e iam.AuditEvent, id iam.MemberID) string {
	if e.TargetType != "group" {
		return ""
	}
	names := func(key string) bool {
		list, _ := e.Details[key].([]any)
		return slices.Contains(list, any(string(id)))
	}
	switch {
	case names("membersAdded"):
		return "Added to the SCIM group " + e.TargetName
	case names("membersRemoved"):
		return "Taken out of the SCIM group " + e.TargetName
	}
	return ""
}

// exportMembers answers with the members, a row for each reason why one holds a role: what
// an access review starts from (R109).
func (c *Console) exportMembers(x *exchange) error {
	head := []string{"Name", "Email", "Role", "Role type", "Source", "SCIM group", "Provider", "Managed by", "Status", "Warnings", "Member since", "Member ID", "Role ID"}
	rows := func(yield func([]string, error) bool) {
		for m, err := range c.access.EachMemberEntry(x.r.Context(), x.org()) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, row := range exportRows(m) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
	return x.exportCSV("rollcall-members-"+x.now.Format("2006-01-02")+".csv", head, rows)
}

// exportRows are the rows of one member; one without a role has one too.
func exportRows(m access.MemberEntry) [][]string {
	held := m.Roles
	if len(held) == 0 {
		held = []iam.HeldRole{{}}
	}
	rows := make([][]string, 0, len(held))
	for _, h := range held {
		rows = append(rows, []string{
			m.DisplayName, m.Email, h.Role.Name, string(h.Role.Type), string(h.Source), h.Group, provider(m), string(m.ManagedBy), string(m.Status),
			strings.Join(m.Warnings, "; "), m.CreatedAt.UTC().Format(time.RFC3339), string(m.ID), string(h.Role.ID),
		})
	}
	return rows
}

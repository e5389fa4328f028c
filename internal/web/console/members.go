package console

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// membersPerPage is how many members one page shows.
const membersPerPage = 50

// membersPage is Users and roles, Members: everybody who belongs to the organization,
// with each role and why he has it (D3, R93, R108), and what keeps him from signing in.
type membersPage struct {
	frame
	SCIM          bool // the identity provider manages members
	Search        string
	RoleChoices   []choice
	SourceChoices []choice
	StateChoices  []choice
	Filtered      bool
	Members       []memberRow
	Looked        int // how many were looked through
	Pager         pager
}

// choice is an option of a list to choose from.
type choice struct {
	Value, Label string
	Chosen       bool
}

// pager leads through a list. Its links are "" where there is nothing more.
type pager struct {
	Text           string // "51–100 of 10,284 members"
	Previous, Next string
}

// memberRow is one member as the list shows him.
type memberRow struct {
	ID       iam.MemberID
	Name     string
	Mail     string // "" when Name is his address already
	Roles    []roleMark
	Provider string // "SSO", "Local", "SSO and local"
	SCIM     bool
	Since    time.Time
	Warnings []warning
	// OnlyBreakGlass says that nobody else gets in without the identity provider, so that
	// he can neither be removed nor lose the role Admin (D8).
	OnlyBreakGlass bool
}

// warning is what is wrong with a member. Cause is its first words, to stand in bold.
type warning struct{ Cause, Text string }

// newWarning takes a sentence apart that begins with its cause: "cannot sign in: the
// domain …".
func newWarning(text string) warning {
	const longest = 20 // a cause is a few words; further on a colon belongs to the sentence
	if cause, rest, found := strings.Cut(text, ": "); found && len(cause) <= longest {
		return warning{words.Capital(cause), words.Sentence(rest)}
	}
	return warning{"", words.Sentence(text)}
}

// roleMark is a role and why somebody has it.
type roleMark struct {
	ID     iam.RoleID
	Name   string
	System bool
	Why    string // the group's name, "direct", "default"
	Icon   string
}

func (c *Console) members(x *exchange) error {
	query := x.r.URL.Query()
	p := &membersPage{
		frame: x.frame("Users and roles"), SCIM: x.session.Organization.SCIMEnabled, Search: iam.Clip(query.Get("q")),
	}
	roles, err := c.access.Roles(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	p.choices(roles, query)
	asked := access.MemberQuery{
		Search: p.Search, Role: iam.RoleID(chosen(p.RoleChoices)), ManagedBy: iam.ManagedBy(chosen(p.SourceChoices)),
		State: access.MemberState(chosen(p.StateChoices)),
		After: query.Get("after"), Before: query.Get("before"), Limit: membersPerPage,
	}
	p.Filtered = asked.Filtered()
	found, err := c.access.MemberPage(x.r.Context(), x.org(), asked)
	if err != nil {
		return err
	}
	admins, err := c.access.BreakGlassAdmins(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	for _, m := range found.Members {
		row := newMemberRow(m)
		row.OnlyBreakGlass = len(admins) == 1 && admins[0] == m.Email
		p.Members = append(p.Members, row)
	}
	p.Looked = found.Looked
	p.Pager = memberPager(query, found, p.Filtered)
	if err := c.peopleTabs(x, &p.frame, len(roles)); err != nil {
		return err
	}
	return x.show(p)
}

// choices fills the lists of the filter, and marks in each what is chosen. What is not
// in a list cannot be chosen.
func (p *membersPage) choices(roles []access.RoleView, query url.Values) {
	for _, r := range roles {
		label := r.Name
		if r.Type == iam.RoleSystem {
			label += " (System)"
		}
		p.RoleChoices = append(p.RoleChoices, choice{Value: string(r.ID), Label: label})
	}
	p.SourceChoices = []choice{
		{Value: string(iam.ManagedBySCIM), Label: "SCIM"}, {Value: string(iam.ManagedBySAML), Label: "First sign-in"}, {Value: string(iam.ManagedByAdmin), Label: "By hand"},
	}
	p.StateChoices = []choice{
		{Value: string(access.MemberFine), Label: "Nothing to do"}, {Value: string(access.MemberNoSignIn), Label: "Cannot sign in"}, {Value: string(access.MemberNoPermissions), Label: "No permissions"},
		{Value: string(access.MemberBreakGlass), Label: "Break-glass"},
	}
	choose(p.RoleChoices, query.Get("role"))
	choose(p.SourceChoices, query.Get("source"))
	choose(p.StateChoices, query.Get("state"))
}

func choose(list []choice, value string) {
	for i := range list {
		list[i].Chosen = list[i].Value == value
	}
}

func chosen(list []choice) string {
	for _, c := range list {
		if c.Chosen {
			return c.Value
		}
	}
	return ""
}

func newMemberRow(m access.MemberEntry) memberRow {
	row := memberRow{ID: m.ID, Name: m.DisplayName, SCIM: m.ManagedBy == iam.ManagedBySCIM, Since: m.CreatedAt, Provider: provider(m)}
	if m.Email != m.DisplayName {
		row.Mail = m.Email
	}
	for _, w := range m.Warnings {
		row.Warnings = append(row.Warnings, newWarning(w))
	}
	for _, held := range m.Roles {
		row.Roles = append(row.Roles, newRoleMark(held))
	}
	return row
}

// provider is how a member gets in.
func provider(m access.MemberEntry) string {
	switch {
	case !m.LocalSignIn:
		return "SSO"
	case m.ManagedBy == iam.ManagedByAdmin || m.Status == iam.StatusBreakGlass:
		return "Local"
	}
	return "SSO and local"
}

func newRoleMark(held iam.HeldRole) roleMark {
	mark := roleMark{ID: held.Role.ID, Name: held.Role.Name, System: held.Role.Type == iam.RoleSystem}
	switch held.Source {
	case iam.HeldGroup:
		mark.Why, mark.Icon = held.Group, "users"
	case iam.HeldDefault:
		mark.Why, mark.Icon = "default", "default"
	default:
		mark.Why, mark.Icon = "direct", "hand"
	}
	return mark
}

// memberPager makes the links to the pages before and behind. The number of the first
// row travels with them: it is for the reader only, and counting it would cost what the
// place in the list costs.
func memberPager(query url.Values, found access.MemberPage, filtered bool) pager {
	from, err := strconv.Atoi(query.Get("from"))
	if err != nil || from < 1 || from > found.Total || query.Get("after")+query.Get("before") == "" {
		from = 1
	}
	shown := len(found.Members)
	link := func(key, cursor string, first int) string {
		if cursor == "" {
			return ""
		}
		to := url.Values{key: {cursor}, "from": {strconv.Itoa(max(first, 1))}}
		for _, kept := range []string{"q", "role", "source", "state"} {
			if value := query.Get(kept); value != "" {
				to.Set(kept, value)
			}
		}
		return "/members?" + to.Encode()
	}
	p := pager{
		Previous: link("before", found.Previous, from-membersPerPage),
		Next:     link("after", found.Next, from+shown),
	}
	switch {
	case filtered:
		p.Text = words.Plural(shown, "member", "members") + " on this page"
		if found.Next == "" && found.Previous == "" {
			p.Text = words.Plural(shown, "member matches", "members match")
		}
	default:
		p.Text = words.Count(from) + "–" + words.Count(from+shown-1) + " of " + words.Plural(found.Total, "member", "members")
	}
	return p
}

package console

import "github.com/rollcall/rollcall/internal/signin"

// section is a part of the navigation. The labels are those of the guide, letter for
// letter.
type section struct {
	Label   string // "" for what stands above all sections
	Entries []entry
}

// entry leads to a page. It belongs to every page below one of its tabs.
type entry struct {
	Label, Icon string
	URL         string // of the first tab that may be seen
	Here        bool
	Tabs        []tab
}

// tab is one of the pages that stand side by side under one entry.
type tab struct {
	Label, URL string
	Badge      string // a count, where the page knows it
	Here       bool
}

// site is the whole navigation, in its order. Which of it is shown to whom follows
// from the routes.
func site() []section {
	return []section{
		{"", []entry{
			{Label: "Dashboard", Icon: "home", Tabs: []tab{{Label: "Dashboard", URL: "/dashboard"}}},
		}},
		{"Settings", []entry{
			{Label: "Users and roles", Icon: "users", Tabs: []tab{
				{Label: "Members", URL: "/members"},
				{Label: "Roles", URL: "/roles"},
				{Label: "Invitations", URL: "/invitations"},
			}},
		}},
		{"Organization settings", []entry{
			{Label: "SAML and SCIM settings", Icon: "shield", Tabs: []tab{
				{Label: "SAML", URL: "/settings/saml"},
				{Label: "SCIM Configuration", URL: "/settings/scim"},
				{Label: "Provisioning activity", URL: "/settings/activity"},
			}},
			{Label: "Audit", Icon: "list", Tabs: []tab{{Label: "Audit", URL: "/audit"}}},
			{Label: "Plans", Icon: "plans", Tabs: []tab{{Label: "Plans", URL: "/plans"}}},
			{Label: "Details", Icon: "details", Tabs: []tab{{Label: "Details", URL: "/details"}}},
		}},
		{"Help", []entry{
			{Label: "Contact support", Icon: "help", Tabs: []tab{{Label: "Contact support", URL: "/support"}}},
		}},
	}
}

// navigation is what a member sees of the site when he is at a tab's URL, or at a page
// that belongs to it; "" for a page outside of it. The second result are the tabs of
// that entry; none when it has only one.
func (c *Console) navigation(s signin.Session, here string) ([]section, []tab) {
	var shown []section
	var tabs []tab
	for _, sec := range site() {
		var entries []entry
		for _, e := range sec.Entries {
			var open []tab
			for _, t := range e.Tabs {
				if !c.maySee(s, t.URL) {
					continue
				}
				t.Here = t.URL == here
				e.Here = e.Here || t.Here
				open = append(open, t)
			}
			if len(open) == 0 {
				continue
			}
			e.URL, e.Tabs = open[0].URL, open
			entries = append(entries, e)
			if e.Here && len(open) > 1 {
				tabs = open
			}
		}
		if len(entries) > 0 {
			shown = append(shown, section{sec.Label, entries})
		}
	}
	return shown, tabs
}

// maySee tells whether a page is there and open to a member.
func (c *Console) maySee(s signin.Session, url string) bool {
	for _, r := range c.routes {
		if r.method == "GET" && r.pattern == url {
			return r.may.allows(s)
		}
	}
	return false
}

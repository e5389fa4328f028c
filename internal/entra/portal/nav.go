package portal

// section is a part of the navigation. The labels are those of the guide, letter for
// letter.
type section struct {
	Label   string // "" for what stands above all sections
	Entries []entry
}

// entry leads to a page.
type entry struct {
	Label, Icon string
	URL         string
	Here        bool
}

// navigation is what a page shows of the portal at its side: everything to those who
// may configure, My Apps to everybody. Within an application its own pages stand
// between: the guide speaks of "the application's left sidebar".
func (p *Portal) navigation(f *frame) []section {
	myApps := entry{Label: "My Apps", Icon: "home", URL: "/my-apps"}
	var all []section
	if f.Configures {
		all = append(all,
			section{"", []entry{{Label: "Overview", Icon: "directory", URL: "/"}, myApps}},
			section{"Identity", []entry{
				{Label: "Users", Icon: "user", URL: "/users"},
				{Label: "Groups", Icon: "users", URL: "/groups"},
			}},
			section{"Manage", []entry{
				{Label: "Enterprise applications", Icon: "apps", URL: "/applications"},
				{Label: "Licences", Icon: "plans", URL: "/licences"},
			}},
		)
		if f.App.ID != "" {
			all = append(all, section{f.App.Name, []entry{
				{Label: "Overview", Icon: "details", URL: f.App.URL("")},
				{Label: "Users and groups", Icon: "users", URL: f.App.URL("/assignments")},
				{Label: "Single sign-on", Icon: "shield", URL: f.App.URL("/sign-on")},
				{Label: "Provisioning", Icon: "sync", URL: f.App.URL("/provisioning")},
				{Label: "Provisioning logs", Icon: "list", URL: f.App.URL("/provisioning/logs")},
			}})
		}
		all = append(all,
			section{"Monitoring & health", []entry{
				{Label: "Provisioning logs", Icon: "pulse", URL: "/logs"},
				{Label: "Audit logs", Icon: "list", URL: "/audit"},
			}},
		)
	}
	if !f.Configures {
		all = []section{{"", []entry{myApps}}}
	}
	for i := range all {
		for j := range all[i].Entries {
			e := &all[i].Entries[j]
			e.Here = e.URL == f.Here
		}
	}
	return all
}

package browser

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// portalState is what the directory of a stand-in may look like.
type portalState struct {
	name string
	fill func(*standIn) map[string]string // returns what stands for {user}, {app}, …
	bare bool                             // every page is compared with itself without scripts
	long bool                             // only with axe-core
}

var portalStates = []portalState{
	{"empty", (*standIn).fillEmpty, false, true},
	{"usual", func(s *standIn) map[string]string { return s.fill(func(text string, _ int) string { return text }) }, false, true},
	{"longest", func(s *standIn) map[string]string {
		return s.fill(func(text string, most int) string {
			return longestRunes(text+" שלום Wolfeschlegelsteinhausenbergerdorff", most)
		})
	}, true, false},
}

// longestRunes repeats a text up to a number of characters.
func longestRunes(text string, most int) string {
	return strings.TrimSpace(string([]rune(strings.Repeat(text, most/len([]rune(text))+1))[:most]))
}

// Every page of the stand-in, in every state: nothing is wrong with it that can be found by
// looking.
func TestEntraPages(t *testing.T) {
	t.Parallel()
	axe, err := axeSource()
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range portalStates {
		if state.long && axe == "" {
			continue
		}
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			s := newPlainStandIn(t)
			admin := s.admin(true)
			places := state.fill(s)
			look := newLook(t)
			for _, pattern := range s.portal.Pages() {
				for _, path := range portalPaths(pattern, places) {
					if admin.open(s.url+path).document().Status >= http.StatusInternalServerError {
						t.Errorf("%s answers %d", path, admin.document().Status)
					}
					look.at(admin, pattern)
					if state.bare {
						look.withoutScripts(admin, pattern)
					}
				}
			}
			look.at(admin.open(s.url+"/nothing-is-here").status(http.StatusNotFound), "a page that is not there")
			if places["{app}"] != "" {
				s.formsOf(look, admin, places)
			}
			s.signInPages(look, places)
			look.at(admin.open(s.url+"/logout").says("is signed in"), "/logout, signed in")
			look.at(admin.press("Sign out"), "signed out")
		})
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// portalPaths fills in a pattern; a page that shows several things by its query is several
// pages. None for one that the state has nothing for.
func portalPaths(pattern string, places map[string]string) []string {
	missing := false
	path := placeholder.ReplaceAllStringFunc(strings.TrimSuffix(pattern, "{$}"), func(place string) string {
		if strings.HasPrefix(pattern, "/deleted") {
			place = strings.TrimSuffix(place, "}") + ", deleted}"
		}
		missing = missing || places[place] == ""
		return places[place]
	})
	switch {
	case missing:
		return nil
	case strings.HasSuffix(path, "/attribute"), strings.HasSuffix(path, "/attribute/delete"):
		return []string{path + "?target=userName"}
	case strings.HasSuffix(path, "/claims/edit"):
		return []string{path + "?claim=0"}
	case strings.HasSuffix(path, "/scope/edit"):
		return []string{path + "?filter=0"}
	case strings.HasSuffix(path, "/logs") && places["{entry}"] != "":
		entry := path + "?" + url.Values{"entry": {places["{entry}"]}}.Encode()
		return []string{path, path + "?identity=nobody", entry, entry + "&tab=troubleshooting", entry + "&tab=modified", entry + "&tab=summary"}
	case strings.HasSuffix(path, "/on-demand"):
		return []string{path, path + "?kind=User&q=nobody+at+all", path + "?kind=User&q=" + url.QueryEscape(places["{upn}"]), path + "?group=" + places["{group}"]}
	case strings.HasSuffix(path, "/provisioning") && places["{app, in quarantine}"] != "":
		return []string{path, strings.Replace(path, places["{app}"], places["{app, in quarantine}"], 1), strings.Replace(path, places["{app}"], places["{app, new}"], 1)}
	case path == "/users", path == "/groups":
		return []string{path, path + "?q=nobody+at+all"}
	}
	return []string{path}
}

// fillEmpty leaves the directory with its administrator, and an application that is not set
// up.
func (s *standIn) fillEmpty() map[string]string {
	s.t.Helper()
	people := need[[]directory.User](s.t)(s.directory.SearchUsers(s.t.Context(), "", "", 1))
	app := need[directory.Application](s.t)(s.directory.CreateApplication(s.t.Context(), directory.Application{DisplayName: "New"}))
	return map[string]string{"{user}": string(people[0].ID), "{app}": string(app.ID), "{set}": "users"}
}

// fill makes a directory as it is after some weeks, with names up to their limits: text is
// given a name and how long it may be. It provisions into a server of Rollcall that refuses
// one group, and into one that does not answer.
func (s *standIn) fill(text func(name string, most int) string) map[string]string {
	s.t.Helper()
	ctx, db, t := s.t.Context(), s.directory, s.t
	if _, err := db.Generate(ctx, directory.Plan{Users: 60, Groups: 55, Memberships: 120, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	address := strings.ReplaceAll(text("guide", 48), " ", "")
	local := regexp.MustCompile(`[^a-z]`).ReplaceAllString(address, "")
	manager := s.hire("Manager", "Example", "manager")
	user := need[directory.User](t)(db.CreateUser(ctx, directory.User{
		UserPrincipalName: "guide" + local + "@corp.example.com", Mail: "guide" + local + "@example.com", GivenName: text("Ada", 64), Surname: text("Lovelace", 64),
		DisplayName: text("Ada Lovelace", 256), JobTitle: text("Countess", 128), Department: text("Engines", 64), AccountEnabled: true, ManagerID: manager.ID,
		ProxyAddresses: []string{"SMTP:guide" + local + "@example.com", "smtp:a@example.com"},
	}))
	gone, disabled := s.hire("Gone", text("Person", 64), "gone"), s.hire("Off", "Person", "off")
	group := need[directory.Group](t)(db.CreateGroup(ctx, directory.Group{DisplayName: text("ClickHouse-Admins", 256), Description: text("Who may do everything", 1024), SecurityEnabled: true}))
	goneGroup := need[directory.Group](t)(db.CreateGroup(ctx, directory.Group{DisplayName: text("Gone", 256), SecurityEnabled: true}))
	for _, one := range []directory.ID{user.ID, gone.ID, disabled.ID} {
		need[bool](t)(db.AddMember(ctx, group.ID, one))
	}
	need[directory.User](t)(db.DisableUser(ctx, disabled.ID))

	app := need[directory.Application](t)(db.CreateApplication(ctx, directory.Application{DisplayName: text("Rollcall", 120), SAML: directory.SAMLSettings{
		Identifier: "https://rollcall.example.com/" + local, ReplyURL: "https://rollcall.example.com/" + local + "/acs", NameIDSource: "user.mail", Claims: directory.DefaultClaims(),
	}}))
	for range 2 {
		need[directory.Certificate](t)(s.provider.CreateCertificate(ctx, app.ID, time.Now().AddDate(3, 0, 0)))
	}
	for _, principal := range []directory.ID{user.ID, group.ID, gone.ID} {
		need[directory.Assignment](t)(db.Assign(ctx, app.ID, principal))
	}
	server := live.Start(t, "sqlite:"+filepath.Join(t.TempDir(), "rollcall.db"))
	org := live.SetUp(t, server, "Example")
	if _, err := live.Run(ctx, t, server.Database, "scim", "policy", "--org", org.ID, "--unmapped-groups", "reject"); err != nil {
		t.Fatal(err)
	}
	s.provisions(app.ID, org.Endpoint, org.Key.Bearer, text("Everybody", 200))
	for _, err := range []error{db.DeleteUser(ctx, gone.ID), db.DeleteGroup(ctx, goneGroup.ID)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	silent := need[directory.Application](t)(db.CreateApplication(ctx, directory.Application{DisplayName: text("Silent", 120)}))
	s.provisions(silent.ID, "http://127.0.0.1:1/scim", "key:secret", "Everybody")
	unused := need[directory.Application](t)(db.CreateApplication(ctx, directory.Application{DisplayName: text("Unused", 120)}))

	failures, _, err := s.cycles.Logs(ctx, cycle.LogFilter{ApplicationID: app.ID, Statuses: []cycle.Result{cycle.Failure}})
	if err != nil || len(failures) == 0 {
		t.Fatalf("nothing was refused: %v", err)
	}
	return map[string]string{
		"{user}": string(user.ID), "{group}": string(group.ID), "{user, deleted}": string(gone.ID), "{group, deleted}": string(goneGroup.ID),
		"{app}": string(app.ID), "{app, in quarantine}": string(silent.ID), "{app, new}": string(unused.ID), "{app id}": string(app.AppID),
		"{set}": "users", "{entry}": failures[0].ChangeID, "{mail}": user.Mail, "{upn}": user.UserPrincipalName,
	}
}

// provisions sets provisioning up, switches it on, and runs a cycle.
func (s *standIn) provisions(app directory.ID, tenantURL, token, filter string) {
	s.t.Helper()
	ctx, by := s.t.Context(), cycle.Actor{Name: "adele@corp.example.com"}
	job := need[cycle.Job](s.t)(s.cycles.CreateJob(ctx, app, by))
	need[cycle.Job](s.t)(s.cycles.SaveCredentials(ctx, job.ID, tenantURL, token, by))
	users := job.Mapping(mapping.KindUser).Clone()
	users.Filters = []mapping.ScopingFilter{{Title: filter, Clauses: []mapping.Clause{{Attribute: "userPrincipalName", Operator: mapping.IsNotNull}}}}
	need[cycle.Job](s.t)(s.cycles.SaveMapping(ctx, job.ID, users, by))
	need[cycle.Job](s.t)(s.cycles.Start(ctx, job.ID, by))
	need[cycle.Cycle](s.t)(s.cycles.RunCycle(ctx, job.ID))
}

// formsOf looks at answers to forms that no address leads to.
func (s *standIn) formsOf(look *look, b *tab, places map[string]string) {
	s.t.Helper()
	at := s.url + "/applications/" + places["{app}"]
	b.open(s.url+"/users/new").enter("User principal name (required)", "no address").enter("Display name (required)", "X").press("Create")
	look.at(b.says("Nothing was changed."), "a user who cannot be")
	b.open(at + "/provisioning/edit")
	if box := b.find("Provisioning Mode", "combobox"); b.chosen(box) != "Automatic" {
		b.option("Provisioning Mode", "Automatic")
	}
	b.enter("Tenant URL", "http://127.0.0.1:1/scim").enter("Secret Token", "key:secret").press("Test Connection")
	look.at(b.says("failed"), "Test Connection that fails")
	b.enter("Secret Token", " key:secret ").press("Save")
	look.at(b.says("white space"), "a token with white space")
	if places["{entry}"] == "" {
		return
	}
	b.open(at + "/provisioning/on-demand?kind=User&q=" + url.QueryEscape(places["{upn}"])).press("Provision " + b.named("Provision "))
	look.at(b.says("Retry"), "Provision on demand, done")
	b.open(at+"/provisioning/mappings/users/expression").enter("Expression", `Join(" ", [givenName], [surname])`).enter("Select a user", places["{upn}"]).press("Test expression")
	look.at(b.says("Result"), "an expression that was tried")
	b.open(at+"/provisioning/mappings/users/expression").enter("Expression", `Join(`).press("Test expression")
	look.at(b.says("The expression gives no value."), "an expression that is none")
}

// named completes the beginning of a button's name.
func (b *tab) named(begin string) string {
	b.t.Helper()
	for _, th := range b.things() {
		if rest, ok := strings.CutPrefix(th.name, begin); ok && th.role == "button" {
			return rest
		}
	}
	b.t.Fatalf("%s has no button %s…: %s", b.where(), begin, short(b.text()))
	return ""
}

// signInPages looks at the pages of the identity provider.
func (s *standIn) signInPages(look *look, places map[string]string) {
	s.t.Helper()
	visitor := newTab(s.t, true)
	for _, path := range []string{"/login", "/login?q=nobody+at+all", "/logout", "/signin/nothing"} {
		visitor.open(s.url + path)
		look.at(visitor, path)
		look.withoutScripts(visitor, path)
	}
	visitor.open(s.url+"/login").enter("User principal name", "nobody@example.com").press("Next")
	look.at(visitor.says("AADSTS50034"), "an account that is not there")
	if places["{app id}"] == "" {
		return
	}
	launch := s.url + "/signin/" + places["{app id}"] + "?start=here"
	look.at(visitor.open(launch).says("Pick an account"), "the sign-in of an application")
	visitor.enter("User principal name", "manager@corp.example.com").press("Next")
	look.at(visitor.status(http.StatusForbidden).says("AADSTS50105"), "who is not assigned")

	visitor = newTab(s.t, true)
	visitor.open(s.url+"/login").enter("User principal name", places["{upn}"]).press("Next").at(s.url + "/my-apps")
	look.at(visitor, "/my-apps of somebody")
	look.at(visitor.open(s.url+"/users").status(http.StatusForbidden), "a page that he may not see")
	// The answer to an application leads on at once, so it is put, without its script, into
	// the page that is open.
	evaluate[bool](visitor, `fetch(`+quote(strings.TrimPrefix(launch, s.url))+`).then(r => r.text())
		.then(html => { document.open(); document.write(html.replace(/<script[^>]*><\/script>/, "")); document.close(); return true; })`)
	visitor.eventually(func() bool { return evaluate[bool](visitor, `document.readyState === "complete"`) })
	look.at(visitor.says("You are being signed in."), "the answer to an application")
}

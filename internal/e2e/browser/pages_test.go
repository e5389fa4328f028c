package browser

import (
	"context"
	_ "embed"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

//go:embed checks.js
var checks string

//go:embed fits.js
var fits string

//go:embed contrast.js
var contrast string

// pageOf is a page of the console: its address as the route table has it.
type pageOf struct {
	pattern string
	anybody bool // may open it who is not signed in
}

// consolePages reads the pages out of docs/permissions.md, which is made from the route
// table, and is held to it by a test of the console's.
func consolePages(t *testing.T) []pageOf {
	t.Helper()
	text, err := os.ReadFile("../../../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	var pages []pageOf
	for _, row := range regexp.MustCompile("(?m)^\\| `GET (/[^`]*)` \\|.*\\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		if _, file := downloads[row[1]]; !file {
			pages = append(pages, pageOf{row[1], row[2] == "anybody"})
		}
	}
	if len(pages) < 30 {
		t.Fatalf("docs/permissions.md lists %d pages", len(pages))
	}
	return pages
}

// downloads are answers to GET that are no pages, but files to keep.
var downloads = map[string]string{
	"/members/export":                      "text/csv",
	"/audit/export":                        "text/csv",
	"/settings/scim/keys/{key}/expiry.ics": "text/calendar",
	"/support/{ticket}/screenshot":         "image/png",
}

// further pages that no route of the console has, or that a route shows beside its first.
var furtherPages = []pageOf{
	{"/?with=email", true}, {"/?connection={org}", true}, {"/nothing-is-here", true}, {"/nothing-is-here", false},
	{"/saml/{org}/acs", true}, {"/saml/{org}/logout", true}, {"/saml/00000000-0000-7000-8000-000000000000/login", true},
	{"/members?q=nobody+is+called+so", false}, {"/members?q=a", false}, {"/roles/nothing", false},
	{"/settings/activity?chart=1", false}, {"/settings/activity?chart=30&result=refused", false},
}

// missing are pages that an organization has nothing for, by state.
var missing = map[string][]string{
	"empty": {
		"/groups/{group}", "/invitation/{org}/{invitation}/{token}", "/invitations/{invitation}/delete", "/settings/saml/domains/{domain}/remove",
		"/settings/scim/keys/{key}/revoke", "/settings/scim/keys/{key}/expiry.ics", "/settings/activity/{request}", "/audit/{event}", "/support/{ticket}",
	},
}

// Every page in every state: nothing is wrong with it that can be found by looking.
func TestPages(t *testing.T) {
	t.Parallel()
	pages := append(consolePages(t), furtherPages...)
	for _, state := range states {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, state.organization)
			admin, visitor := s.admin(), newTab(t, true)
			state.fill(s)
			admin.open(s.url + state.shows[0]).says(state.shows[1])
			look := newLook(t)
			for _, page := range pages {
				path, there := s.pathOf(page.pattern)
				if !there {
					if !slices.Contains(missing[state.name], page.pattern) {
						t.Errorf("nothing is known to open %s with", page.pattern)
					}
					continue
				}
				b := admin
				if page.anybody {
					b = visitor
				}
				b.open(s.url + path)
				if status := b.document().Status; status >= http.StatusInternalServerError {
					t.Errorf("%s answers %d", path, status)
				}
				look.at(b, page.pattern)
				if state.bare {
					look.withoutScripts(b, page.pattern)
				}
			}
			for pattern, kind := range downloads {
				if path, there := s.pathOf(pattern); there {
					s.downloads(admin, path, kind)
				}
			}
			if state.acts {
				for _, a := range acts {
					look.at(a.do(s, admin, visitor), a.name)
				}
			}
		})
	}
}

// downloads checks a file that a signed-in person gets.
func (s *site) downloads(b *tab, path, kind string) {
	s.t.Helper()
	got := evaluate[map[string]string](b, `fetch(`+quote(path)+`).then(async r => ({status: String(r.status), kind: r.headers.get("Content-Type"), as: r.headers.get("Content-Disposition"), size: String((await r.text()).length)}))`)
	if got["status"] != "200" || !strings.HasPrefix(got["kind"], kind) || !strings.HasPrefix(got["as"], "attachment") || got["size"] == "0" {
		s.t.Errorf("%s answers %v", path, got)
	}
}

// look judges pages.
type look struct {
	t   *testing.T
	axe string // its source; "" without it
}

// axeSource is axe-core, where somebody has fetched it: `make a11y` does.
var axeSource = sync.OnceValues(func() (string, error) {
	path := os.Getenv("ROLLCALL_AXE")
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	return string(text), err
})

func newLook(t *testing.T) *look {
	t.Helper()
	axe, err := axeSource()
	if err != nil {
		t.Fatal(err)
	}
	return &look{t, axe}
}

// at judges the page in the tab, light and dark, on a desktop and on a phone.
func (l *look) at(b *tab, page string) {
	l.t.Helper()
	say := func(how string, faults []string) {
		l.t.Helper()
		for _, fault := range faults {
			l.t.Errorf("%s (%s): %s", page, how, fault)
		}
	}
	say("structure", evaluate[[]string](b, checks))
	for _, s := range []size{desktop, phone} {
		b.size(s)
		say(s.name, evaluate[[]string](b, fits))
		for _, theme := range []string{"light", "dark"} {
			b.theme(theme)
			say(s.name+", "+theme, evaluate[[]string](b, contrast))
			if l.axe != "" {
				say(s.name+", "+theme+", axe-core", l.runAxe(b))
			}
		}
	}
	b.size(desktop)
	b.theme("light")
	say("console", b.takeFaults())
}

// withoutScripts checks that a page offers the same to a browser that runs no scripts.
func (l *look) withoutScripts(b *tab, page string) {
	l.t.Helper()
	offered := b.controls()
	b.scripts(false)
	b.open(b.where())
	if bare := b.controls(); !slices.Equal(bare, offered) {
		l.t.Errorf("%s offers %q with scripts, and %q without", page, offered, bare)
	}
	b.scripts(true)
	b.takeFaults() // said already
}

// controls are all things of the page that a person can use.
func (b *tab) controls() []string {
	b.t.Helper()
	var list []string
	for _, th := range b.things() {
		if slices.Contains(slices.Concat(pressable, fields, []string{"radio", "checkbox", "combobox", "DisclosureTriangle"}), th.role) {
			list = append(list, th.String())
		}
	}
	return list
}

// theme is what the person's system prefers.
func (b *tab) theme(theme string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
		return err
	}))
}

// runAxe runs every rule of axe-core that is not experimental.
func (l *look) runAxe(b *tab) []string {
	l.t.Helper()
	if !evaluate[bool](b, "typeof axe === 'object'") {
		evaluate[bool](b, l.axe+"\n;true")
	}
	got := evaluate[struct {
		Passes     int
		Violations []string
	}](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => ({Passes: r.passes.length,
		Violations: r.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + " (" + v.impact + "): " + n.html.slice(0, 160) + " – " + n.failureSummary.replace(/\s+/g, " ").slice(0, 240)))}))`)
	if got.Passes == 0 {
		l.t.Fatal("axe-core found nothing to judge")
	}
	return got.Violations
}

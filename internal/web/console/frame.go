package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
)

// frame is what every page has around its content: each page's struct embeds one. A
// handler gets it from exchange.frame; what stands below the line is filled in when
// the page is shown.
type frame struct {
	Title string
	// Here is the URL of the tab that the page belongs to, where it is not the
	// route's own pattern.
	Here string
	// Badges are counts beside tabs, by the tab's URL.
	Badges map[string]string
	// Status is the HTTP status; 0 is 200.
	Status int
	// Refresh is where the page leads on to by itself; "" for nowhere.
	Refresh string

	Now       time.Time
	SignedIn  bool
	Session   signin.Session // with SignedIn
	Sections  []section
	Tabs      []tab
	Flash     web.Flash
	Problem   string // why a form was refused; see exchange.again
	Theme     string // "" as the system has it, "light", "dark"
	URL       string // of this page, to come back to
	RequestID string
}

// page is a pointer to the struct of a page.
type page interface{ base() *frame }

func (f *frame) base() *frame { return f }

// Manages tells a template whether to offer what changes the organization.
func (f *frame) Manages() bool { return f.SignedIn && f.Session.May(iam.PermOrganizationManage) }

// frame begins a page.
func (x *exchange) frame(title string) frame { return frame{Title: title, Here: x.route.pattern} }

// complete fills in what is the same for every page.
func (x *exchange) complete(f *frame) {
	f.Now, f.SignedIn, f.Session = x.now, x.signedIn, x.session
	f.Theme, f.URL, f.RequestID = x.theme(), x.comeBackTo(), web.RequestID(x.r)
	if !x.signedIn {
		return
	}
	f.Sections, f.Tabs = x.console.navigation(x.session, f.Here)
	for i := range f.Tabs {
		f.Tabs[i].Badge = f.Badges[f.Tabs[i].URL]
	}
	f.Flash = x.takeFlash()
}

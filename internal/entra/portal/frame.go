package portal

import (
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/look"
	"github.com/rollcall/rollcall/internal/web"
)

// frame is what every page has around its content: each page's struct embeds one. A
// handler gets it from exchange.frame; what stands below the line is filled in when
// the page is shown.
type frame struct {
	Title  string
	Here   string  // the URL of the navigation's entry that the page belongs to
	Crumbs []crumb // the way to the page, in the guide's words
	App    appRef  // the application whose pages the navigation shows; zero outside of one
	Status int     // of HTTP; 0 is 200

	Now        time.Time
	SignedIn   bool
	Viewer     directory.User // with SignedIn
	Configures bool
	Tenant     string
	Licence    string // "P1", "Free"
	Sections   []section
	Flash      web.Flash
	Problem    string // why a form was refused; see exchange.again
	Theme      string // "" as the system has it, "light", "dark"
	URL        string // of this page, to come back to
	RequestID  string
}

// crumb is a step of the way to a page; one without a URL is a heading of the
// navigation.
type crumb struct{ Label, URL string }

// appRef is an application as the navigation and the crumbs name it.
type appRef struct {
	ID   directory.ID
	Name string
}

// URL is the path of a page of the application: "" for its overview.
func (a appRef) URL(below string) string { return "/applications/" + string(a.ID) + below }

// page is a pointer to the struct of a page.
type page interface{ base() *frame }

func (f *frame) base() *frame { return f }

// frame begins a page that belongs to the navigation's entry here.
func (x *exchange) frame(title, here string, crumbs ...crumb) frame {
	return frame{Title: title, Here: here, Crumbs: crumbs}
}

// complete fills in what is the same for every page.
func (x *exchange) complete(f *frame) error {
	f.Now, f.SignedIn, f.Viewer = x.now, x.signedIn, x.viewer
	f.Theme, f.URL, f.RequestID = look.Theme(x.r, x.portal.https), x.comeBackTo(), web.RequestID(x.r)
	if !x.signedIn {
		return nil
	}
	f.Configures = x.viewer.MayConfigure()
	f.Sections = x.portal.navigation(f)
	f.Flash = x.takeFlash()
	tenant, err := x.portal.directory.Tenant(x.r.Context())
	if err != nil {
		return err
	}
	licence, err := x.portal.directory.Licence(x.r.Context())
	if err != nil {
		return err
	}
	f.Tenant, f.Licence = tenant.DisplayName, shortLicence(licence)
	return nil
}

func shortLicence(l directory.Licence) string {
	if l == directory.LicenceFree {
		return "Free"
	}
	return "P1"
}

// ViewerRole is the directory role by which the viewer may configure, for the foot of
// the navigation.
func (f *frame) ViewerRole() string {
	if len(f.Viewer.DirectoryRoles) == 0 {
		return "User"
	}
	return string(f.Viewer.DirectoryRoles[0])
}

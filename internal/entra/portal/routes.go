package portal

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// route is one page or one act: where it is, who may, and what it is.
type route struct {
	method  string
	pattern string
	may     rule
	handle  func(*exchange) error
	limit   int64 // bytes of the request's body; 0 is maxForm
	// template and page are what a page is made of: a file of templates/ and the zero
	// value of the struct it is executed with. An act that shows the page of another
	// route, or none, has none.
	template string
	page     any
}

// show is a page.
func show(pattern string, may rule, handle func(*exchange) error, template string, page any) route {
	return route{method: http.MethodGet, pattern: pattern, may: may, handle: handle, template: template, page: page}
}

// get is an answer to GET that is no page of its own: a file, or a way on to a page.
func get(pattern string, may rule, handle func(*exchange) error) route {
	return route{method: http.MethodGet, pattern: pattern, may: may, handle: handle}
}

// act changes something, or tries something out.
func act(pattern string, may rule, handle func(*exchange) error) route {
	return route{method: http.MethodPost, pattern: pattern, may: may, handle: handle}
}

// rule says who may use a route. The zero value is no rule: New refuses it.
type rule uint8

const (
	nobody rule = iota // not decided
	// anyone need not be signed in.
	anyone
	// signedIn is every user of the directory.
	signedIn
	// configurers hold one of the directory roles that may configure applications. The
	// guide asks for them under "Before you begin"; what they may is in the Microsoft
	// Entra docs page "permissions-reference". The stand-in gives its whole portal to
	// them, and nothing of it but My Apps to others.
	configurers
)

// allows decides for a user who is signed in.
func (r rule) allows(u directory.User) bool {
	switch r {
	case anyone, signedIn:
		return true
	case configurers:
		return u.MayConfigure()
	}
	return false
}

// table lists every route of the portal. Nothing is served that is not in it.
func (p *Portal) table() []route {
	return slices.Concat([]route{
		show("/{$}", signedIn, p.overview, "overview.html", overviewPage{}),
		act("/preferences/theme", anyone, p.setTheme),
		show("/licences", configurers, p.licences, "licences.html", licencesPage{}),
		act("/licences", configurers, p.setLicence),
	}, p.userRoutes(), p.groupRoutes(), p.applicationRoutes(), p.signOnRoutes(), p.metadataRoutes(), p.myAppsRoutes(),
		p.provisioningRoutes(), p.mappingRoutes(), p.onDemandRoutes(), p.logRoutes(), p.importRoutes())
}

// check finds what makes a route unfit to be served.
func (r route) check() error {
	switch {
	case r.may == nobody:
		return fmt.Errorf("the route %s %s does not say who may use it", r.method, r.pattern)
	case r.handle == nil:
		return fmt.Errorf("the route %s %s does nothing", r.method, r.pattern)
	case (r.template == "") != (r.page == nil):
		return fmt.Errorf("the route %s %s has a template without a page, or a page without a template", r.method, r.pattern)
	}
	return nil
}

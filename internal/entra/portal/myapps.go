package portal

import (
	"net/url"
)

func (p *Portal) myAppsRoutes() []route {
	return []route{show("/my-apps", signedIn, p.myApps, "myapps.html", myAppsPage{})}
}

// myAppsPage is what everybody has: the applications that are assigned to him (Microsoft
// Entra docs, "myapps-overview").
type myAppsPage struct {
	frame
	Tiles []tile
}

// tile is an application on My Apps.
type tile struct {
	Name, How string
	URL       string // begins the sign-on; "" when the application is not set up
	AtApp     string // the host where it begins, when that is the application
	FromHere  string // begins it here, when URL does not
}

func (p *Portal) myApps(x *exchange) error {
	apps, err := p.directory.Applications(x.r.Context())
	if err != nil {
		return err
	}
	page := &myAppsPage{frame: x.frame("My Apps", "/my-apps")}
	for _, app := range apps {
		if !app.Enabled {
			continue
		}
		direct, via, err := p.directory.AssignedTo(x.r.Context(), app.ID, x.viewer.ID)
		if err != nil {
			return err
		}
		t := tile{Name: app.DisplayName, How: "for everybody"}
		if direct || len(via) > 0 {
			if t.How, err = p.howAssigned(x, direct, via); err != nil {
				return err
			}
		} else if app.AssignmentRequired {
			continue
		}
		if app.SAML.ReplyURL != "" {
			t.URL = p.idp.LaunchPath(app)
		}
		if u, err := url.Parse(app.SAML.SignOnURL); err == nil && u.Host != "" {
			t.URL, t.AtApp, t.FromHere = "/signin/"+string(app.AppID), u.Host, t.URL
		}
		page.Tiles = append(page.Tiles, t)
	}
	return x.show(page)
}

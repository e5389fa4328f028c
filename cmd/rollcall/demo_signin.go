package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
)

// demoClient is the demo itself, where it signs in before anybody comes.
var demoClient = signin.Client{Address: "127.0.0.1", UserAgent: "rollcall demo"}

// signIn gives the demo's Admin a password, and keeps the one of the last time while it
// works. If the Admin was removed meanwhile, another one takes his place: there is
// always one who gets in with a password (D8).
func (d demoSetUp) signIn(ctx context.Context, org iam.OrganizationID, kept *demoKept) error {
	admins, err := d.access.BreakGlassAdmins(ctx, org)
	if err != nil {
		return err
	}
	if !slices.Contains(admins, kept.AdminEmail) {
		kept.AdminEmail, kept.AdminPassword = demoAdmin, ""
		if !slices.Contains(admins, demoAdmin) && len(admins) > 0 {
			kept.AdminEmail = admins[0]
		}
	}
	if kept.AdminPassword != "" {
		in, err := d.people.Password(ctx, org, kept.AdminEmail, kept.AdminPassword, demoClient)
		var refused *signin.Refused
		switch {
		case err == nil:
			_, err = d.people.SignOut(ctx, in.Cookie, demoClient)
			return err
		case !errors.As(err, &refused):
			return err
		}
	}
	link, _, err := d.access.AdminLink(ctx, iam.Operator, org, kept.AdminEmail)
	if err != nil {
		return err
	}
	password := "demo-" + strings.ToLower(rand.Text()[:12])
	in, err := d.people.SetUp(ctx, org, link[strings.LastIndexByte(link, '/')+1:], password, demoClient)
	if err != nil {
		return fmt.Errorf("set the Admin's password: %w", err)
	}
	kept.AdminPassword = password
	_, err = d.people.SignOut(ctx, in.Cookie, demoClient)
	return err
}

// demoDoor signs whoever has its link in as the demo's Admin. The link is made anew at
// each start, works as long as that demo runs, and is nowhere but on its screen. Only
// the demo has such a door, and the demo listens on loopback alone.
type demoDoor struct {
	people          *signin.Service
	org             iam.OrganizationID
	email, password string
	token           string
}

func newDemoDoor(people *signin.Service, made demoMade) demoDoor {
	return demoDoor{people: people, org: made.Organization, email: made.AdminEmail, password: made.AdminPassword, token: strings.ToLower(rand.Text())}
}

func (d demoDoor) path() string { return "/demo/" + d.token }

func (d demoDoor) mount(mux *http.ServeMux) { mux.HandleFunc("GET /demo/{token}", d.open) }

func (d demoDoor) open(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if subtle.ConstantTimeCompare([]byte(r.PathValue("token")), []byte(d.token)) != 1 {
		http.Error(w, "This is no link of the demo that runs now. Open the one that its terminal shows.", http.StatusNotFound)
		return
	}
	var cookies web.Cookies // of plain HTTP on loopback
	in, err := d.people.Password(r.Context(), d.org, d.email, d.password, signin.Client{
		Address: web.ClientAddress(r), UserAgent: r.UserAgent(), RequestID: web.RequestID(r), Session: cookies.Session(r),
	})
	if err != nil {
		http.Error(w, "The demo's Admin cannot sign in any more: his password was changed, or he is no Admin now. Start the demo again.", web.Status(iam.KindOf(err)))
		return
	}
	cookies.SetSession(w, in.Cookie, in.Mark, in.ExpiresAt)
	http.Redirect(w, r, "/dashboard", http.StatusSeeOther)
}

package idp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/look"
	"github.com/rollcall/rollcall/internal/web"
)

// Config is what an identity provider needs. Directory and PublicURL are required.
type Config struct {
	Directory *directory.DB
	PublicURL string           // where browsers reach the stand-in, without a slash at the end
	Now       func() time.Time // time.Now when nil
	Random    io.Reader        // crypto/rand when nil; must be safe for concurrent use
}

// Provider is the identity provider. It is safe for concurrent use.
type Provider struct {
	directory *directory.DB
	publicURL string
	tenant    directory.ID
	now       func() time.Time
	random    io.Reader
	files     *look.Files
	pages     *template.Template
	sessions  sessions
	secure    bool                        // browsers reach it by https
	own       *http.CrossOriginProtection // for what only pages of ours post
}

// New returns the identity provider of the directory's tenant.
func New(ctx context.Context, c Config) (*Provider, error) {
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("the public URL %q of the stand-in must be http:// or https:// and a host, without a path", c.PublicURL)
	}
	tenant, err := c.Directory.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	p := &Provider{directory: c.Directory, publicURL: u.Scheme + "://" + u.Host, tenant: tenant.ID, now: c.Now, random: c.Random, secure: u.Scheme == "https"}
	if p.now == nil {
		p.now = time.Now
	}
	if p.random == nil {
		p.random = rand.Reader
	}
	p.own = http.NewCrossOriginProtection()
	if err := p.own.AddTrustedOrigin(p.publicURL); err != nil {
		return nil, fmt.Errorf("the public URL %q of the stand-in is no origin: %w", c.PublicURL, err)
	}
	if p.files, err = look.Read(); err != nil {
		return nil, err
	}
	p.pages, err = parsePages(p.files)
	return p, err
}

// Mount adds the routes, and the files that pages of the stand-in load.
func (p *Provider) Mount(mux *http.ServeMux) {
	p.files.Mount(mux)
	tenant := "/" + string(p.tenant)
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET " + tenant + metadataPath: p.getMetadata,
		"GET " + tenant + "/saml2":     p.getSAML,
		"POST " + tenant + "/saml2":    p.postSAML,
		"GET /signin/{app}":            p.getTile,
		"GET /login":                   p.getLogin,
		"GET /logout":                  p.getLogout,
	} {
		mux.Handle(pattern, p.handler(handle))
	}
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"POST " + tenant + "/login": p.postAccount,
		"POST /login":               p.postLogin,
		"POST /logout":              p.postLogout,
	} {
		mux.Handle(pattern, p.own.Handler(p.handler(handle)))
	}
}

// handler answers the error of a handler with the page that Entra has for errors.
func (p *Provider) handler(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		err := handle(w, r)
		if err == nil {
			return
		}
		var failure *Failure
		var refused *directory.Error
		switch {
		case errors.As(err, &failure):
		case errors.As(err, &refused):
			failure = &Failure{Status: http.StatusBadRequest, Message: refused.Message}
		default:
			web.SetCause(r, err)
			failure = &Failure{Status: http.StatusInternalServerError, Code: "AADSTS90033", Message: "A transient error has occurred. Please try again."}
		}
		p.fail(w, r, failure)
	})
}

// maxBody bounds a posted form: a request and a RelayState.
const maxBody = 256 << 10

// Endpoints are what the Single sign-on page of an application shows to copy, under the
// same names, for the service provider.
type Endpoints struct {
	LoginURL      string // Login URL
	Identifier    string // Microsoft Entra Identifier: the issuer of assertions
	LogoutURL     string // Logout URL
	MetadataURL   string // App Federation Metadata Url
	UserAccessURL string // on Properties: starts sign-on from here
}

// Endpoints returns the addresses for an application.
func (p *Provider) Endpoints(app directory.Application) Endpoints {
	base := p.publicURL + "/" + string(p.tenant)
	return Endpoints{
		LoginURL:      base + "/saml2",
		Identifier:    p.issuer(),
		LogoutURL:     base + "/saml2",
		MetadataURL:   base + metadataPath + "?appid=" + string(app.AppID),
		UserAccessURL: p.publicURL + "/signin/" + string(app.AppID) + "?tenantId=" + string(p.tenant),
	}
}

// LaunchPath begins sign-on here (IdP-initiated), also for an application with a Sign on
// URL, to which UserAccessURL leads.
func (p *Provider) LaunchPath(app directory.Application) string {
	return "/signin/" + string(app.AppID) + "?start=here"
}

// issuer has the form of https://sts.windows.net/<tenant id>/ with the stand-in's own
// address: Microsoft Entra docs, "single-sign-on-saml-protocol", Issuer.
func (p *Provider) issuer() string { return p.publicURL + "/" + string(p.tenant) + "/" }

// newID makes the ID of a message: it must not begin with a digit (same page).
func (p *Provider) newID() (string, error) {
	id, err := p.guid()
	return "_" + id, err
}

func (p *Provider) guid() (string, error) {
	id, err := uuid.NewRandomFromReader(p.random)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

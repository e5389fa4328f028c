package browser

import (
	"html/template"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/idp"
)

const (
	// identityProviderHost is another site than Rollcall's: what is below localhost is
	// one site each.
	identityProviderHost = "idp.localhost"
	// foreignSite is what it calls itself in the header Server, so that nobody takes its
	// pages for ours.
	foreignSite = "foreign-site"
)

// identityProvider is the web site of a SAML identity provider: a page on which one says
// who one is, and one that posts the answer to Rollcall, by itself where scripts run.
type identityProvider struct {
	*idp.Provider
	t   *testing.T
	url string

	mu       sync.Mutex
	requests map[string]idp.Request
	sites    []string // what browsers said of where the requests came from (Sec-Fetch-Site)
}

// newIdentityProvider serves one at https://idp.localhost.
func newIdentityProvider(t *testing.T) *identityProvider {
	t.Helper()
	authority, err := theAuthority()
	if err != nil {
		t.Fatal(err)
	}
	p := &identityProvider{Provider: idp.New(t, "idp", time.Now()), t: t, requests: map[string]idp.Request{}}
	server := httptest.NewUnstartedServer(p)
	server.TLS = authority.serverTLS(t, identityProviderHost)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p.at("https://" + net.JoinHostPort(identityProviderHost, port))
	return p
}

// newPlainIdentityProvider serves one on plain loopback, beside the demo.
func newPlainIdentityProvider(t *testing.T) *identityProvider {
	t.Helper()
	p := &identityProvider{Provider: idp.New(t, "idp", time.Now()), t: t, requests: map[string]idp.Request{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.at(server.URL)
	return p
}

func (p *identityProvider) at(url string) {
	p.url = url
	p.SSOURL = url + "/sso"
}

// metadataFile is what an admin downloads from the identity provider.
func (p *identityProvider) metadataFile() string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "Rollcall.xml")
	if err := os.WriteFile(path, p.Metadata(), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

var identityProviderPages = template.Must(template.New("login").Parse(`<!doctype html><html lang="en"><title>Sign in · Identity provider</title>
<form method="post" action="/answer"><input type="hidden" name="request" value="{{.}}">
<label>Who are you <input name="email"></label> <button>Next</button></form>
{{define "answer"}}<!doctype html><html lang="en"><title>Working</title>
<form method="post" action="{{.To}}"><input type="hidden" name="SAMLResponse" value="{{.Response}}"><button>Continue</button></form>
<script>document.forms[0].submit()</script>{{end}}
{{define "logout"}}<!doctype html><html lang="en"><title>Working</title>
<form method="post" action="{{.To}}">{{range $name, $values := .Form}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}<button>Continue</button></form>
<script>document.forms[0].submit()</script>{{end}}
{{define "ended"}}<!doctype html><html lang="en"><title>Signed out · Identity provider</title><p>All of your sessions have ended{{.}}</p>{{end}}`))

func (p *identityProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Server", foreignSite)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var err error
	switch r.URL.Path {
	case "/sso":
		request := idp.Read(p.t, r.URL.String())
		if !request.Signed {
			p.t.Error("the request is not signed")
		}
		p.requests[request.ID] = request
		p.sites = append(p.sites, r.Header.Get("Sec-Fetch-Site"))
		err = identityProviderPages.Execute(w, request.ID)
	case "/answer":
		request, ok := p.requests[r.PostFormValue("request")]
		if !ok {
			http.Error(w, "no such request", http.StatusBadRequest)
			return
		}
		answer := idp.Answer{To: request, Email: r.PostFormValue("email"), Now: time.Now()}
		err = identityProviderPages.ExecuteTemplate(w, "answer", struct{ To, Response string }{request.ACSURL, p.Respond(p.t, answer)})
	case "/slo", "/sign-out-everywhere":
		err = p.logout(w, r)
	case "/favicon.ico": // browsers ask for it unasked
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
	if err != nil {
		p.t.Errorf("write a page of the identity provider: %v", err)
	}
}

// cameFrom is how the last browser called the site that sent it here.
func (p *identityProvider) cameFrom() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sites) == 0 {
		return ""
	}
	return p.sites[len(p.sites)-1]
}

// authenticate is what a person does at the identity provider: it says who he is and
// goes back. The tab is left where Rollcall answers.
func (b *tab) authenticate(p *identityProvider, email string) {
	b.t.Helper()
	b.at(p.url + "/sso")
	b.enter("Who are you", email)
	b.press("Next")
	if !b.script {
		b.press("Continue")
	}
}

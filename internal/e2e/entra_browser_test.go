package e2e

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// browser is a person's browser: it keeps cookies for a host, whatever the port, as browsers do, until they expire by the
// test's clock; it follows no redirect by itself.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T, now func() time.Time) *browser {
	return &browser{t, browserOf(&cookies{now: now, kept: map[string]*http.Cookie{}})}
}

// cookies implements http.CookieJar; net/http/cookiejar's own has the time of the day.
type cookies struct {
	mu   sync.Mutex
	now  func() time.Time
	kept map[string]*http.Cookie
}

// SetCookies implements http.CookieJar.
func (c *cookies) SetCookies(_ *url.URL, list []*http.Cookie) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range list {
		c.kept[one.Name] = one
	}
}

// Cookies implements http.CookieJar.
func (c *cookies) Cookies(*url.URL) []*http.Cookie {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*http.Cookie
	for _, one := range c.kept {
		if one.MaxAge >= 0 && (one.Expires.IsZero() || c.now().Before(one.Expires)) {
			list = append(list, &http.Cookie{Name: one.Name, Value: one.Value})
		}
	}
	return list
}

// page is what the browser shows.
type page struct {
	t        *testing.T
	what     string
	Status   int
	Location string
	Body     string
}

func (b *browser) get(address string) page {
	b.t.Helper()
	return b.do(http.MethodGet, address, nil)
}

func (b *browser) post(address string, form url.Values) page {
	b.t.Helper()
	return b.do(http.MethodPost, address, form)
}

func (b *browser) do(method, address string, form url.Values) page {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := must[*http.Request](b.t)(http.NewRequestWithContext(b.t.Context(), method, address, body))
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := b.client.Do(r)
	text := entraPage(b.t, res, err)
	return page{b.t, method + " " + address, res.StatusCode, res.Header.Get("Location"), text}
}

var (
	markup    = regexp.MustCompile(`<[^>]*>`)
	blankRun  = regexp.MustCompile(`\s+`)
	formField = regexp.MustCompile(`<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"`)
)

// text is what a person reads.
func (p page) text() string {
	_, main, found := strings.Cut(p.Body, "<main")
	if !found {
		main = p.Body
	}
	return strings.TrimSpace(blankRun.ReplaceAllString(html.UnescapeString(markup.ReplaceAllString("<main"+main, " ")), " "))
}

func (p page) is(status int) page {
	p.t.Helper()
	if p.Status != status {
		p.t.Fatalf("%s: got %d, want %d: %s", p.what, p.Status, status, p.text())
	}
	return p
}

func (p page) says(want ...string) page {
	p.t.Helper()
	for _, w := range want {
		if !strings.Contains(p.text(), w) {
			p.t.Errorf("%s does not say %q: %s", p.what, w, p.text())
		}
	}
	return p
}

// shows checks the whole page, with what stands around its main part.
func (p page) shows(want ...string) page {
	p.t.Helper()
	for _, w := range want {
		if !strings.Contains(p.Body, w) {
			p.t.Errorf("%s does not show %q: %s", p.what, w, p.Body)
		}
	}
	return p
}

func (p page) saysNot(bad ...string) page {
	p.t.Helper()
	for _, b := range bad {
		if strings.Contains(p.Body, b) {
			p.t.Errorf("%s says %q: %s", p.what, b, p.text())
		}
	}
	return p
}

// fields are the hidden fields of a page's form.
func (p page) fields() url.Values {
	values := url.Values{}
	for _, match := range formField.FindAllStringSubmatch(p.Body, -1) {
		values.Set(match[1], html.UnescapeString(match[2]))
	}
	return values
}

// --- sign-in through the stand-in --------------------------------------------------------------------------------------

// trySignIn goes the way of "Continue with SSO": to the identity provider, there to the account, and back with its answer. It
// ends on the page that the service provider shows then, or on the one where the identity provider refuses.
func (s *scene) trySignIn(b *browser, u directory.User) page {
	s.t.Helper()
	begun := b.get(s.url + "/saml/" + string(s.org) + "/login?to=/dashboard")
	if begun.Location == "" {
		return begun
	}
	return s.answerOfEntra(b, begun.Location, u)
}

// answerOfEntra goes on from an address of the identity provider.
func (s *scene) answerOfEntra(b *browser, location string, u directory.User) page {
	s.t.Helper()
	asked := b.get(location)
	form := asked.fields()
	if !form.Has("SAMLResponse") && asked.Status == http.StatusOK {
		form.Del("search")
		form.Set("account", u.UserPrincipalName)
		asked = b.post(strings.TrimSuffix(s.entra.idp.Endpoints(s.app.Application).LoginURL, "/saml2")+"/login", form)
		form = asked.fields()
	}
	if !form.Has("SAMLResponse") {
		return asked
	}
	return b.post(s.app.SAML.ReplyURL, form)
}

// signIn signs a person in with a browser of his own, and has him land on the dashboard.
func (s *scene) signIn(u directory.User) *browser {
	s.t.Helper()
	b := newBrowser(s.t, s.clock.Now)
	if p := s.trySignIn(b, u).is(http.StatusOK); !strings.Contains(p.Body, "/dashboard") {
		s.t.Fatalf("the sign-in of %s does not lead to the dashboard: %s", u.Mail, p.Body)
	}
	return b
}

// cannotSignIn checks that a person is told so in plain words. Entra ID asks again for one whom it does not know.
func (s *scene) cannotSignIn(u directory.User, says string) {
	s.t.Helper()
	status := http.StatusForbidden
	if says == unknownToEntra {
		status = http.StatusOK
	}
	s.trySignIn(newBrowser(s.t, s.clock.Now), u).is(status).says(says)
}

const unknownToEntra = "AADSTS50034"

// opens is the status of a page of Rollcall; 303 for one who is not signed in.
func (s *scene) opens(b *browser, path string) int {
	s.t.Helper()
	return b.get(s.url + path).Status
}

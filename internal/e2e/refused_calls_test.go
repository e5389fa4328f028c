package e2e

import (
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// adminPage returns how the organization's first Admin reads a page of the console, in a browser of his own.
func (g *guide) adminPage() func(path string) string {
	g.t.Helper()
	link, _, err := g.access.AdminLink(g.t.Context(), iam.Operator, g.org, "admin@example.org")
	g.ok(err)
	browser := &http.Client{Jar: must[*cookiejar.Jar](g.t)(cookiejar.New(nil))}
	const password = "correct horse battery"
	send := func(method, address string, form url.Values) string {
		g.t.Helper()
		r := must[*http.Request](g.t)(http.NewRequestWithContext(g.t.Context(), method, address, strings.NewReader(form.Encode())))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		res := must[*http.Response](g.t)(browser.Do(r))
		defer res.Body.Close()
		body := must[[]byte](g.t)(io.ReadAll(res.Body))
		if res.StatusCode != http.StatusOK {
			g.t.Fatalf("%s %s: %d %s", method, address, res.StatusCode, body)
		}
		_, content, _ := strings.Cut(string(body), "<main")
		return strings.Join(strings.Fields(html.UnescapeString(pageTags.ReplaceAllString(content, " "))), " ")
	}
	send("POST", link, url.Values{"password": {password}, "repeated": {password}})
	return func(path string) string { g.t.Helper(); return send("GET", g.url+path, nil) }
}

var pageTags = regexp.MustCompile(`<[^>]*>`)

// call sends a look-up with Authorization headers as they are, and returns status and body of the answer.
func (g *guide) call(endpoint string, authorization ...string) (status int, body string) {
	g.t.Helper()
	r := must[*http.Request](g.t)(http.NewRequestWithContext(g.t.Context(), "GET", endpoint+`/Users?filter=userName+eq+"nobody"`, nil))
	r.Header["Authorization"] = authorization
	res := must[*http.Response](g.t)(http.DefaultClient.Do(r))
	defer res.Body.Close()
	return res.StatusCode, string(must[[]byte](g.t)(io.ReadAll(res.Body)))
}

// Each way in which a call is refused is caused once, over HTTP, and the Admin reads on the page why, and what to do. What
// the caller is told is less: three different faults of the pair are one answer, byte for byte.
func TestRefusedCalls_eachIsExplained(t *testing.T) {
	eachServer(t, func(g *guide) {
		g.clock.set(time.Now())
		g.enable(g.t, "Guide")
		expired := g.key("1w")
		g.clock.advance(8 * 24 * time.Hour)
		revoked := g.key("")
		g.revoke(revoked.Key)
		foreign := g.another("Other")
		page := g.adminPage()

		key, secret, _ := strings.Cut(g.bearer, ":")
		basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
		const field = "Provisioning → Edit provisioning → Admin Credentials → Secret Token"
		answers := map[string]string{}
		for _, c := range []struct {
			authorization []string
			title, does   string
		}{
			{nil, "No credentials", "enter the key, a colon and the secret"},
			{[]string{"Bearer " + g.bearer, "Bearer " + g.bearer}, "More than one Authorization header", "Look for a proxy on the way"},
			{[]string{"Token " + g.bearer}, "Neither Bearer nor Basic", "write Bearer, a blank, and the Secret Token"},
			{[]string{"Bearer"}, "An empty Secret Token", field},
			{[]string{"Bearer Bearer " + g.bearer}, "The word Bearer stands twice", "enter it again without Bearer"},
			{[]string{"Bearer  " + g.bearer}, "White space before or after the Secret Token", "without the blank or the line break"},
			{[]string{"Bearer " + key + ": " + secret}, "A blank inside the Secret Token", "in one piece, without blanks"},
			{[]string{"Bearer x" + g.bearer}, "The Secret Token does not begin with scim_", field},
			{[]string{"Bearer something"}, "The Secret Token is not key:secret", field},
			{[]string{"Bearer " + secret + ":" + key}, "Key and secret are swapped", "enter first the key"},
			{[]string{"Bearer " + key}, "The key alone, without its secret", field},
			{[]string{"Bearer " + secret}, "The secret alone, without its key", field},
			{[]string{"Bearer " + key + ":"}, "Nothing behind the colon", field},
			{[]string{"Bearer " + g.bearer + strings.Repeat(secret, 5)}, "The Secret Token is too long", field},
			{[]string{"Basic " + g.bearer}, "HTTP Basic in the wrong form", "the user is the SCIM key and the password its secret"},
			{[]string{"Bearer " + key[:len(key)-1] + ":" + secret}, "The key is not whole", field},
			{[]string{"Bearer " + revoked.Bearer}, "The revoked key " + string(revoked.Key), "that of a key that is active here"},
			{[]string{"Bearer " + expired.Bearer}, "The expired key " + string(expired.Key), "that of a key that is active here"},
			{[]string{"Bearer scim_aaaaaaaaaaaaaaaaaaaa:" + secret}, "A key that is not of this organization", "Compare the Tenant URL in Entra ID"},
			{[]string{"Bearer " + foreign.bearer}, "A key that is not of this organization", "Compare the Tenant URL in Entra ID"},
			{[]string{"Bearer " + key + ":" + secret[1:]}, "A wrong secret for the key " + key, "enter the secret that was shown with this key"},
			{[]string{basic(key + ":wrong")}, "A wrong secret for the key " + key, "enter the secret that was shown with this key"},
			{[]string{basic("user:password")}, "The Secret Token does not begin with scim_", field},
		} {
			g.clock.advance(time.Minute)
			status, body := g.call(g.endpoint, c.authorization...)
			equal(g.t, c.title+": status", status, http.StatusUnauthorized)
			answers[strings.Join(c.authorization, ",")] = body
			g.ok(g.requests.Flush(g.t.Context()))
			// The cause that happened last stands first, with how often, when and from where.
			got := page("/settings/scim")
			_, first, _ := strings.Cut(got, "Why Times Last From ")
			counted := regexp.MustCompile(`^` + regexp.QuoteMeta(c.title) + ` [12] just now 127\.0\.0\.1 `)
			if !counted.MatchString(first) {
				g.t.Errorf("the first cause is not %q: %.300s", c.title, first)
			}
			if !strings.Contains(first[:min(len(first), 900)], c.does) {
				g.t.Errorf("%s does not say %q: %.900s", c.title, c.does, first)
			}
			for _, private := range []string{secret, string(foreign.org), string(foreign.keyID())} {
				if strings.Contains(got, private) {
					g.t.Errorf("%s: the page holds %q", c.title, private)
				}
			}
		}
		unknown, wrong := answers["Bearer scim_aaaaaaaaaaaaaaaaaaaa:"+secret], answers["Bearer "+key+":"+secret[1:]]
		_, nowhere := g.call(g.url+"/v1/organizations/00000000-0000-7000-8000-000000000000/scim", "Bearer "+g.bearer)
		equal(g.t, "the caller with an unknown key", unknown, wrong)
		equal(g.t, "the caller with a foreign key", answers["Bearer "+foreign.bearer], wrong)
		equal(g.t, "the caller of an organization that does not exist", nowhere, wrong)
		if !strings.Contains(wrong, "key or secret is wrong for this organization") || strings.Contains(wrong, key) {
			g.t.Errorf("the caller reads %s", wrong)
		}
	})
}

// A valid key that meets SCIM off, or a plan without it, is answered 403, and explained too: what to do depends on whether it
// still is so.
func TestRefusedCalls_forbidden(t *testing.T) {
	eachServer(t, func(g *guide) {
		g.clock.set(time.Now())
		g.enable(g.t, "Guide")
		page := g.adminPage()
		says := func(want ...string) {
			g.t.Helper()
			g.ok(g.requests.Flush(g.t.Context()))
			got := page("/settings/scim")
			for _, w := range want {
				if !strings.Contains(got, w) {
					g.t.Errorf("the page does not say %q: %s", w, got)
				}
			}
		}
		must[access.SCIMView](g.t)(g.access.DisableSCIM(g.t.Context(), iam.Operator, g.org))
		equal(g.t, "SCIM off", g.status(g.bearer), http.StatusForbidden)
		says("SCIM was off 1 just now 127.0.0.1", "Enable SCIM under SCIM Configuration.")
		must[access.SCIMView](g.t)(g.access.EnableSCIM(g.t.Context(), iam.Operator, g.org))
		says("SCIM is on now. Entra ID sends everything again")
		must[iam.Organization](g.t)(g.access.SetPlan(g.t.Context(), iam.Operator, g.org, "scale"))
		equal(g.t, "a plan without SCIM", g.status(g.bearer), http.StatusForbidden)
		says("The plan had no SCIM 1 just now 127.0.0.1", "Change the plan to Enterprise on the Plans page.")
		must[iam.Organization](g.t)(g.access.SetPlan(g.t.Context(), iam.Operator, g.org, "enterprise"))
		says("The plan has SCIM now.")
	})
}

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

func TestX001_basicBesideBearer(t *testing.T) {
	eachGuide(t, func(g *guide) {
		for _, scheme := range []string{"Basic ", "basic "} {
			equal(g.t, scheme, g.as(scheme+base64Of(g.bearer)).Status, 200)
		}
		key, secret, _ := strings.Cut(g.bearer, ":")
		for _, pair := range []string{secret + ":" + key, key, key + ":", key + ":wrong"} {
			equal(g.t, "another pair", g.as("Basic "+base64Of(pair)).Status, 401)
		}
		res := g.sendWith(http.Header{"Authorization": {"Basic " + base64Of(g.bearer)}}, "POST", "/Users", userBody("ada@example.com", "Ada", "Byron"))
		equal(g.t, "a user created", res.Status, 201)
		g.holds("ada@example.com", "Member (default)")
	})
}

// A key opens the SCIM endpoint of its organization and nothing else.
func TestX002_keyOpensNothingElse(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.another("Other")
		org := "/v1/organizations/" + string(g.org)
		client := scimclient.Client{BaseURL: g.url, Token: g.bearer}
		for path, want := range map[string]int{
			"/v1/organizations/" + string(other.org) + "/scim/Users": 401,
			"/v1/organizations": 404, org: 404, org + "/members": 404, org + "/keys": 404, org + "/activities": 404, org + "/scimx/Users": 404,
			"/metrics": 404, "/scim/Users": 404, "/dashboard": 303, "/settings/scim": 303, // to the sign-in
			"/saml/" + string(g.org) + "/metadata": 200, // which is public
		} {
			res := must[*scimclient.Response](g.t)(client.Do(g.t.Context(), "GET", path, "", nil, nil))
			equal(g.t, path, res.Status, want)
		}
		// The way up from the endpoint leads nowhere, also where the server first tells the clean path.
		for _, path := range []string{"/../members", "/..%2fmembers", "/Users/../../keys", "/Users/..%2F..%2Fkeys"} {
			res := g.send("GET", path, "")
			if res.Status == http.StatusTemporaryRedirect {
				res = must[*scimclient.Response](g.t)(client.Do(g.t.Context(), "GET", res.Header.Get("Location"), "", nil, nil))
			}
			equal(g.t, path, res.Status, 404)
		}
	})
}

func TestX003_disconnectingRevokesAndDisables(t *testing.T) {
	disconnected(t, func(g *guide, ada string) {
		settings := must[access.SCIMView](g.t)(g.access.SCIMSettings(g.t.Context(), g.org))
		equal(g.t, "SCIM is on", settings.Enabled, false)
		for _, k := range must[[]access.KeyView](g.t)(g.access.Keys(g.t.Context(), g.org)) {
			equal(g.t, "the key", k.Status, iam.KeyRevoked)
		}
		for _, server := range []*guide{g, g.replica()} {
			told(g.t, "a call", server.send("DELETE", "/Users/"+ada, ""), 401, "", "revoked")
		}
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
	})
}

// One tenant of an identity provider feeds several organizations, each by its own endpoint and key.
func TestX010_severalOrganizations(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.another("Other")
		here, there := g.user("ada@example.com"), other.user("ada@example.com")
		if here == there {
			g.t.Errorf("both organizations know her as %s", here)
		}
		g.scim(404, "GET", "/Users/"+there, "")
		g.fails(400, scim.InvalidValue, "not the id of a user", "POST", "/Groups", `{"displayName":"G","members":[{"value":"`+there+`"}]}`)
		g.unassign(here)
		g.holds("ada@example.com", "no member")
		other.holds("ada@example.com", "Member (default)")
		equal(g.t, "each key at the other endpoint", []int{g.status(other.bearer), other.status(g.bearer)}, []int{401, 401})
	})
}

func TestX011_importByPages(t *testing.T) {
	eachGuide(t, func(g *guide) {
		var users, groups []string
		for i := range 25 {
			id := g.user(fmt.Sprintf("person%02d@example.com", i))
			users = append(users, id)
			if i < 7 {
				groups = append(groups, g.group(fmt.Sprintf("Group %d", i), id))
			}
		}
		for path, all := range map[string][]string{"/Users": users, "/Groups": groups} {
			var read []string
			for start := 1; start <= len(all); start += 4 {
				page := g.scim(200, "GET", fmt.Sprintf("%s?startIndex=%d&count=4", path, start), "")
				resources, _ := page["Resources"].([]any)
				got := []string{fmt.Sprint(page["totalResults"]), fmt.Sprint(page["startIndex"]), fmt.Sprint(page["itemsPerPage"])}
				equal(g.t, "the envelope", got, []string{fmt.Sprint(len(all)), fmt.Sprint(start), fmt.Sprint(min(4, len(all)-start+1))})
				for _, r := range resources {
					read = append(read, text(r.(scim.Object), "id"))
				}
			}
			slices.Sort(read)
			slices.Sort(all)
			equal(g.t, path+" by pages", read, all)
			beyond := g.scim(200, "GET", path+"?startIndex=1000&count=4", "")
			equal(g.t, "beyond the end", []string{fmt.Sprint(beyond["totalResults"]), fmt.Sprint(beyond["Resources"])}, []string{fmt.Sprint(len(all)), "[]"})
		}
	})
}

// Removing SAML takes an Admin who gets in without it.
func TestX016_removingSAMLNeedsAnotherWayIn(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ctx := g.t.Context()
		remove := func() error { return g.access.DisconnectSAML(ctx, iam.Operator, g.org) }
		admin, _ := g.member("admin@example.org")
		// No path leads here; a hand in the database does.
		g.ok(g.db.Write(ctx, func(tx *store.Tx) error { _, err := tx.DeleteLocalSignIn(g.org, admin.ID); return err }))
		g.refuses(iam.KindConflict, "needs an Admin who can get in without the identity provider", remove)
		g.refuses(iam.KindConflict, "needs an Admin who can get in without the identity provider", func() error {
			return second(g.access.SetPlan(ctx, iam.Operator, g.org, "scale"))
		})
		equal(g.t, "SCIM still answers", g.status(g.bearer), 200)
		_, _, err := g.access.AdminLink(ctx, iam.Operator, g.org, "admin@example.org")
		g.ok(err)
		g.ok(remove())
		equal(g.t, "SCIM afterwards", g.status(g.bearer), 401)
		g.refuses(iam.KindConflict, "no SAML connection", remove)
	})
}

func TestX021_invitation(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ctx := g.t.Context()
		g.role("Newcomers", "")
		invited := g.invite("Eve.Example@Example.COM", "Newcomers", "Billing")
		equal(g.t, "expires", invited.ExpiresAt, dayOne.Add(7*24*time.Hour))
		read := g.db.Read(ctx)
		pending := must[[]store.Invitation](g.t)(read.Invitations(g.org))
		equal(g.t, "pending", pending, []store.Invitation{{
			ID: invited.ID, Email: "eve.example@example.com", InvitedBy: "command line", CreatedAt: dayOne, ExpiresAt: invited.ExpiresAt,
		}})
		var names []string
		for _, r := range must[[]iam.RoleRef](g.t)(read.InvitationRoles(g.org, invited.ID)) {
			names = append(names, r.Name)
		}
		slices.Sort(names)
		equal(g.t, "roles it will give", names, []string{"Billing", "Newcomers"})
		again := g.invite("eve.example@example.com")
		if again.ID == invited.ID || again.URL == invited.URL {
			g.t.Error("inviting again did not replace the invitation")
		}
		equal(g.t, "pending", g.invitations(), []string{"eve.example@example.com"})
		for _, address := range []string{"eve", "eve @example.com", "ève@example.com", ""} {
			g.refuses(iam.KindInvalid, "is not an e-mail address", func() error {
				return second(g.access.Invite(ctx, iam.Operator, g.org, address, nil))
			})
		}
	})
}

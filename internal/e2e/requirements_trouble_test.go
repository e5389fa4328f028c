package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

func (g *guide) invite(email string, roles ...string) access.Invited {
	g.t.Helper()
	return must[access.Invited](g.t)(g.access.Invite(g.t.Context(), iam.Operator, g.org, email, roles))
}

func (g *guide) invitations() []string {
	g.t.Helper()
	list := []string{}
	for _, i := range must[[]store.Invitation](g.t)(g.db.Read(g.t.Context()).Invitations(g.org)) {
		list = append(list, i.Email)
	}
	return list
}

func TestR117_noInviteForUserOfSCIM(t *testing.T) {
	eachGuide(t, func(g *guide) {
		invite := func(email string) func() error {
			return func() error { return second(g.access.Invite(g.t.Context(), iam.Operator, g.org, email, nil)) }
		}
		ada := g.user("ada@example.com")
		g.refuses(iam.KindConflict, "identity provider manages by SCIM", invite("ADA@example.com"))
		g.unassign(ada)
		g.refuses(iam.KindConflict, "identity provider manages by SCIM", invite("ada@example.com"))
		g.ok(invite("eve@example.com")())
		equal(g.t, "invitations", g.invitations(), []string{"eve@example.com"})
	})
}

// One member for each address: a SCIM user takes the pending invitation's place, or the member's who is there.
func TestR118_noDuplicates(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.invite("ada@example.com", "system:Admin")
		g.records("the creation", func() { g.user("ada@example.com") }, iam.MemberAdd, iam.InviteDelete)
		equal(g.t, "invitations", g.invitations(), []string{})
		g.holds("ada@example.com", "Member (default)")

		admin, _ := g.member("admin@example.org")
		body := userBody("admin@example.org", "First", "Admin")
		g.fails(409, scim.Uniqueness, `the domain "example.org" is not verified`, "POST", "/Users", body)
		g.ok(second(g.access.AddDomain(g.t.Context(), iam.Operator, g.org, "example.org", true)))
		g.records("the adoption", func() {
			equal(g.t, "the adopted member's id", text(g.scim(201, "POST", "/Users", body), "id"), string(admin.ID))
		}, iam.SCIMUserAdopt)
		g.holds("admin@example.org", "Admin (direct)")
		equal(g.t, "members", g.addresses(), []string{"ada@example.com"})
	})
}

func TestR121_scimMustBeEnabled(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.ok(second(g.access.DisableSCIM(g.t.Context(), iam.Operator, g.org)))
		told(g.t, "Test Connection", g.as("Bearer "+g.bearer), 403, "", "SCIM is not enabled for this organization")
		g.ok(second(g.access.EnableSCIM(g.t.Context(), iam.Operator, g.org)))
		equal(g.t, "Test Connection once it is on", g.status(g.bearer), 200)
	})
}

func TestR122_organizationIDMustBeRight(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.another("Other")
		ada := other.user("ada@example.com")
		unknown := "00000000-0000-7000-8000-000000000000"
		var answers []string
		for _, org := range []string{string(other.org), unknown, "not-an-id", strings.ToUpper(string(g.org)), string(g.org) + "0"} {
			wrong := *g
			server := *g.scimServer
			server.endpoint = g.url + "/v1/organizations/" + org + "/scim"
			wrong.scimServer = &server
			for _, path := range []string{"/Users", "/Users/" + ada, "/Nothing"} {
				res := wrong.send("GET", path, "")
				told(g.t, org+path, res, 401, "", "key or secret is wrong for this organization")
				answers = append(answers, string(res.Body))
			}
		}
		for _, answer := range answers {
			equal(g.t, "an answer", answer, answers[0])
		}
		g.scim(404, "GET", "/Nothing", "")
		g.scim(404, "GET", "/Users/"+ada, "")
		equal(g.t, "with the right id", g.status(g.bearer), 200)
	})
}

func TestR123_keyStartsWithSCIM(t *testing.T) {
	eachGuide(t, func(g *guide) {
		key, secret, _ := strings.Cut(g.bearer, ":")
		for value, says := range map[string]string{
			strings.Replace(g.bearer, "scim_", "skim_", 1): "does not start with scim_",
			strings.Replace(g.bearer, "scim_", "SCIM_", 1): "does not start with scim_",
			strings.TrimPrefix(g.bearer, "scim_"):          "does not start with scim_",
			":" + secret:                                   "does not start with scim_",
			secret + ":" + key:                             "swapped",
			key + ":":                                      "empty",
			key:                                            "secret is missing",
			key + ":" + secret + secret:                    "wrong",
			key + ":" + secret[1:]:                         "wrong",
		} {
			told(g.t, strings.ReplaceAll(value, secret, "(secret)"), g.as("Bearer "+value), 401, "", says)
		}
	})
}

func TestR124_noWhiteSpaceAround(t *testing.T) {
	eachGuide(t, func(g *guide) {
		for _, value := range []string{" " + g.bearer, "\t" + g.bearer, "  " + g.bearer} {
			told(g.t, "with white space before", g.as("Bearer "+value), 401, "", "white space before or after")
		}
		// A header's trailing blanks are not part of its value (RFC 9110 section 5.5), so only what lies inside it is seen.
		told(g.t, "in the base64 of HTTP Basic", g.as("Basic "+base64Of(g.bearer+" ")), 401, "", "white space before or after")
		told(g.t, "a newline in HTTP Basic", g.as("Basic "+base64Of(g.bearer+"\n")), 401, "", "white space before or after")
	})
}

func TestR125_noBearerPrefix(t *testing.T) {
	eachGuide(t, func(g *guide) {
		for _, value := range []string{"Bearer Bearer ", "Bearer bearer ", "bearer BEARER "} {
			told(g.t, value, g.as(value+g.bearer), 401, "", "the word Bearer stands twice")
		}
	})
}

// A revoked or expired pair is told so, but only with its right secret and organization.
func TestR126_newPairAfterRotation(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.another("Other")
		week := g.key("1w")
		g.revoke(g.keyID())
		g.clock.advance(8 * 24 * time.Hour)
		told(g.t, "the revoked pair", g.as("Bearer "+g.bearer), 401, "", "was revoked; generate a new key")
		told(g.t, "the expired pair", g.as("Bearer "+week.Bearer), 401, "", "has expired; generate a new key")
		for _, key := range []string{string(g.keyID()), string(week.Key)} {
			told(g.t, "another secret", g.as("Bearer "+key+":wrong"), 401, "", "key or secret is wrong")
		}
		for _, bearer := range []string{g.bearer, week.Bearer} {
			told(g.t, "at another organization", other.as("Bearer "+bearer), 401, "", "key or secret is wrong")
		}
		fresh := g.key("")
		equal(g.t, "the new pair", g.status(fresh.Bearer), 200)
	})
}

// The case of the guide's duplicate: an invitation in other capitals, then SCIM. There is one member, and the invitation
// with its role is gone.
func TestR134_inviteThenSCIM(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.invite("Alice@Example.com", "system:Admin")
		equal(g.t, "invitations", g.invitations(), []string{"alice@example.com"})
		g.records("the creation", func() { g.user("alice@EXAMPLE.com") }, iam.MemberAdd, iam.InviteDelete)
		equal(g.t, "invitations afterwards", g.invitations(), []string{})
		equal(g.t, "members", g.addresses(), []string{"alice@example.com"})
		g.holds("alice@example.com", "Member (default)")
		for _, address := range []string{"ALICE@example.com", "alice@example.com"} {
			g.fails(409, scim.Uniqueness, g.match("alice@example.com"), "POST", "/Users", userBody(address, "Alice", "Example"))
		}
	})
}

// Removal in the console deactivates: the next run brings the member back, without his old direct roles.
func TestR135_removedThenProvisionedAgain(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Admins", ada)
		g.ok(second(g.access.SetMemberRoles(g.t.Context(), iam.Operator, g.org, "ada@example.com", []string{"Billing"})))
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins), Billing (direct)")
		g.records("the removal", func() { g.ok(g.access.RemoveMember(g.t.Context(), iam.Operator, g.org, "ada@example.com")) }, iam.MemberDelete)
		g.holds("ada@example.com", "no member")
		equal(g.t, "for SCIM", at(g.scim(200, "GET", "/Users/"+ada, ""), "active"), any(false))
		equal(g.t, "match", g.match("ada@example.com"), ada)
		g.assign(ada)
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
		equal(g.t, "her group", text(g.scim(200, "GET", "/Users/"+ada, ""), "groups.0.value"), group)
	})
}

func TestR139_deactivationIsImmediate(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		g.holds("ada@example.com", "Member (default)")
		g.unassign(ada)
		g.holds("ada@example.com", "no member")
		equal(g.t, "on another server", g.replica().held("ada@example.com"), "no member")
	})
}

// disconnected checks what removing the SAML connection does (R144, X3).
func disconnected(t *testing.T, check func(g *guide, ada string)) {
	t.Helper()
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada := g.user("ada@example.com")
		g.group("ClickHouse-Admins", ada)
		g.records("the removal", func() { g.ok(g.access.DisconnectSAML(g.t.Context(), iam.Operator, g.org)) },
			iam.KeyDelete, iam.SCIMDisable, iam.SAMLConnectionDelete)
		check(g, ada)
	})
}

func TestR144_samlBeforeSCIM(t *testing.T) {
	disconnected(t, func(g *guide, ada string) {
		told(g.t, "the old key", g.as("Bearer "+g.bearer), 401, "", "revoked")
		g.refuses(iam.KindConflict, "finish your SAML setup first", func() error { return second(g.access.EnableSCIM(g.t.Context(), iam.Operator, g.org)) })
		g.bearer = g.key("").Bearer
		g.fails(403, "", "SCIM is not enabled", "GET", "/Users", "")
		g.connect(g.t)
		g.ok(second(g.access.EnableSCIM(g.t.Context(), iam.Operator, g.org)))
		equal(g.t, "everybody is still there", g.match("ada@example.com"), ada)
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
	})
}

func TestR146_bearerIsKeyColonSecret(t *testing.T) {
	eachGuide(t, func(g *guide) {
		key, secret, _ := strings.Cut(g.bearer, ":")
		equal(g.t, "joined by a colon", g.status(key+":"+secret), 200)
		for _, value := range []string{key, secret, key + secret, key + ";" + secret, secret + ":" + key} {
			equal(g.t, "otherwise", g.status(value), 401)
		}
		equal(g.t, "the scheme in another case", g.sendWith(http.Header{"Authorization": {"bearer " + g.bearer}}, "GET", "/Users", "").Status, 200)
	})
}

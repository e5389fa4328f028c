package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
)

// warned tells whether a member carries a warning with this text.
func (g *guide) warned(email, says string) bool {
	g.t.Helper()
	m, ok := g.member(email)
	if !ok {
		g.t.Fatalf("%s is no member", email)
	}
	return slices.ContainsFunc(m.Warnings, func(w string) bool { return strings.Contains(w, says) })
}

// The Tenant URL is the base of every address: those that are called and those that are answered.
func TestR054_tenantURLIsTheBase(t *testing.T) {
	eachGuide(t, func(g *guide) {
		created := g.send("POST", "/Users", userBody("ada@example.com", "Ada", "Byron"))
		ada := text(created.Object, "id")
		equal(g.t, "Location and meta.location", []string{created.Header.Get("Location"), text(created.Object, "meta.location")}, []string{g.endpoint + "/Users/" + ada, g.endpoint + "/Users/" + ada})
		group := g.group("Engineers", ada)
		equal(g.t, "$ref of a member", text(g.scim(200, "GET", "/Groups/"+group, ""), "members.0.$ref"), g.endpoint+"/Users/"+ada)
		equal(g.t, "$ref of a group", text(g.scim(200, "GET", "/Users/"+ada, ""), "groups.0.$ref"), g.endpoint+"/Groups/"+group)
		equal(g.t, "its configuration", text(g.scim(200, "GET", "/ServiceProviderConfig", ""), "meta.location"), g.endpoint+"/ServiceProviderConfig")
		// What the request says of its host has no say.
		lied := g.sendWith(http.Header{"X-Forwarded-Host": {"evil.example"}, "Forwarded": {"host=evil.example"}}, "GET", "/Users/"+ada, "")
		equal(g.t, "location whatever the headers say", text(lied.Object, "meta.location"), g.endpoint+"/Users/"+ada)
	})
}

func TestR055_secretTokenAsBearer(t *testing.T) {
	eachGuide(t, func(g *guide) {
		key, secret, _ := strings.Cut(g.bearer, ":")
		equal(g.t, "Bearer <key>:<secret>", g.as("Bearer "+key+":"+secret).Status, 200)
		equal(g.t, "the same pair, encoded", g.as("Bearer "+base64.StdEncoding.EncodeToString([]byte(g.bearer))).Status, 401)
	})
}

func TestR056_testConnection(t *testing.T) {
	eachGuide(t, func(g *guide) {
		before := g.state()
		for range 3 {
			path := `/Users?filter=userName+eq+"` + g.db.NewID() + `"`
			res := g.send("GET", path, "")
			list := res.Object
			equal(g.t, "status and total", []string{fmt.Sprint(res.Status), fmt.Sprint(list["totalResults"])}, []string{"200", "0"})
			equal(g.t, "resources", list["Resources"], any([]any{}))
			equal(g.t, "schema", text(list, "schemas.0"), scim.ListResponseURN)
		}
		g.unchanged(before)
	})
}

func TestR063_userNameIsTheMatchingAttribute(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		g.user("adam@example.com")
		for _, query := range []string{
			`filter=userName+eq+"ada%40example.com"`, `filter=userName%20eq%20%22ada%40example.com%22`, `filter=userName eq "ada@example.com"`,
			`filter=userName+eq+"ADA%40Example.com"`, `filter=userName+eq+"ada%40example.com"&attributes=id,active`,
		} {
			list := g.scim(200, "GET", "/Users?"+strings.ReplaceAll(query, " ", "%20"), "")
			equal(g.t, query, []string{text(list, "Resources.0.id"), text(list, "Resources.1.id")}, []string{ada, ""})
		}
		equal(g.t, "nobody", g.match("ad@example.com"), "")
	})
}

func TestR065_unknownAttributesAreIgnored(t *testing.T) {
	eachGuide(t, func(g *guide) {
		const unknown = `"favouriteColour":"canary","urn:example:params:scim:schemas:extension:2.0:User":{"badge":"canary"},"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:params:scim:schemas:extension:2.0:User"]`
		body := `{"userName":"ada@example.com",` + unknown + `}`
		ada := text(g.scim(201, "POST", "/Users", body), "id")
		g.scim(200, "PUT", "/Users/"+ada, body)
		for _, operation := range []string{
			`{"op":"Add","path":"favouriteColour","value":"canary"}`,
			`{"op":"Replace","path":"urn:example:params:scim:schemas:extension:2.0:User:badge","value":"canary"}`,
			`{"op":"replace","value":{"favouriteColour":"canary","title":"Countess"}}`,
		} {
			g.patchUser(ada, operation)
		}
		read := g.send("GET", "/Users/"+ada, "")
		equal(g.t, "what was known is stored", text(read.Object, "title"), "Countess")
		if strings.Contains(string(read.Body), "canary") || strings.Contains(string(read.Body), "urn:example") {
			g.t.Errorf("answered: %s", read.Body)
		}
		group := text(g.scim(201, "POST", "/Groups", `{"displayName":"Engineers","favouriteColour":"canary"}`), "id")
		if body := g.send("GET", "/Groups/"+group, "").Body; strings.Contains(string(body), "canary") {
			g.t.Errorf("answered: %s", body)
		}
		stored := must[store.User](g.t)(g.db.Read(g.t.Context()).User(g.org, iam.MemberID(ada)))
		if strings.Contains(stored.Doc, "canary") {
			g.t.Errorf("stored: %s", stored.Doc)
		}
		noted := slices.IndexFunc(g.requested(), func(r store.SCIMRequest) bool { return r.Method == "POST" && r.Path == "/Users" })
		if verdicts := g.requested()[noted].Verdicts; !strings.Contains(verdicts, "favouriteColour") || !strings.Contains(verdicts, scim.IgnoredAttribute) {
			g.t.Errorf("verdicts of the request log: %s", verdicts)
		}
	})
}

// Under strict a user needs a work e-mail that equals userName; under standard what differs is a warning.
func TestR069_workEmail(t *testing.T) {
	eachGuide(t, func(g *guide) {
		without := `{"userName":"ada@example.com"}`
		other := `{"userName":"bob@example.com","emails":[{"type":"work","value":"robert@example.com"}]}`
		g.policy("strict", "")
		g.fails(400, scim.InvalidValue, `there is no work e-mail`, "POST", "/Users", without)
		for _, value := range []string{`"bob@example.com"`, `"robert@example.com"`} {
			g.fails(400, scim.InvalidValue, value, "POST", "/Users", other)
		}
		equal(g.t, "members after the refusals", g.addresses(), []string{})
		carl := g.user("carl@example.com")
		g.fails(400, scim.InvalidValue, `"karl@example.com"`, "PATCH", "/Users/"+carl, patchBody(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"karl@example.com"}`))
		changed := g.patchUser(carl, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"charles@example.com"}`, `{"op":"Replace","path":"userName","value":"charles@example.com"}`)
		equal(g.t, "both changed by one request", []string{text(changed, "userName"), text(changed, "emails.0.value")}, []string{"charles@example.com", "charles@example.com"})

		g.policy("standard", "")
		g.scim(201, "POST", "/Users", without)
		g.scim(201, "POST", "/Users", other)
		equal(g.t, "warnings", []bool{g.warned("ada@example.com", "e-mail"), g.warned("bob@example.com", "differ")}, []bool{false, true})
		g.patchUser(g.match("bob@example.com"), `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"bob@example.com"}`)
		equal(g.t, "warning once they are equal", g.warned("bob@example.com", "differ"), false)
	})
}

// optional checks that an attribute is stored and answered, can be changed, and may be left out.
func (g *guide) optional(path, field string) {
	g.t.Helper()
	ada := text(g.scim(201, "POST", "/Users", `{"userName":"ada@example.com",`+field+`}`), "id")
	equal(g.t, path+" as created", text(g.scim(200, "GET", "/Users/"+ada, ""), path), "First")
	g.patchUser(ada, `{"op":"Replace","path":"`+path+`","value":"Sécond 😀"}`)
	equal(g.t, path+" as changed", text(g.scim(200, "GET", "/Users/"+ada, ""), path), "Sécond 😀")
	bob := text(g.scim(201, "POST", "/Users", `{"userName":"bob@example.com"}`), "id")
	equal(g.t, path+" of a user without", at(g.scim(200, "GET", "/Users/"+bob, ""), path), nil)
}

func TestR070_givenName(t *testing.T) {
	eachGuide(t, func(g *guide) { g.optional("name.givenName", `"name":{"givenName":"First"}`) })
}

func TestR071_familyName(t *testing.T) {
	eachGuide(t, func(g *guide) { g.optional("name.familyName", `"name":{"familyName":"First"}`) })
}

func TestR072_displayNameIsShown(t *testing.T) {
	eachGuide(t, func(g *guide) {
		shown := func(want string) {
			g.t.Helper()
			m, _ := g.member("ada@example.com")
			equal(g.t, "shown as", m.DisplayName, want)
		}
		ada := text(g.scim(201, "POST", "/Users", `{"userName":"ada@example.com","displayName":"Countess Ada","name":{"givenName":"Ada","familyName":"Byron"}}`), "id")
		shown("Countess Ada")
		g.patchUser(ada, `{"op":"Remove","path":"displayName"}`)
		shown("Ada Byron")
		g.patchUser(ada, `{"op":"Remove","path":"name.givenName"}`)
		shown("Byron")
		g.patchUser(ada, `{"op":"Remove","path":"name"}`)
		shown("ada@example.com")
	})
}

func TestR073_activeDrivesDeactivation(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		for _, form := range []struct{ off, on string }{
			{`{"op":"Replace","path":"active","value":"False"}`, `{"op":"Replace","path":"active","value":"True"}`},
			{`{"op":"replace","path":"active","value":false}`, `{"op":"add","path":"active","value":true}`},
			{`{"op":"replace","value":{"active":false}}`, `{"op":"replace","value":{"active":"true"}}`},
		} {
			equal(g.t, form.off, g.patchUser(ada, form.off)["active"], any(false))
			g.holds("ada@example.com", "no member")
			equal(g.t, form.on, g.patchUser(ada, form.on)["active"], any(true))
			g.holds("ada@example.com", "Member (default)")
		}
		g.fails(400, scim.InvalidValue, `"maybe"`, "PATCH", "/Users/"+ada, patchBody(`{"op":"Replace","path":"active","value":"maybe"}`))
		g.holds("ada@example.com", "Member (default)")
	})
}

func TestR074_groupSendsNameAndMembers(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.role("Admin", "ClickHouse-Admins")
		ada := g.user("ada@example.com")
		group := g.group("ClickHouse-Admins", ada)
		read := g.scim(200, "GET", "/Groups/"+group, "")
		equal(g.t, "displayName and members", []string{text(read, "displayName"), text(read, "members.0.value"), text(read, "members.0.display")}, []string{"ClickHouse-Admins", ada, "Ada Example"})
		g.holds("ada@example.com", "Admin (group ClickHouse-Admins)")
	})
}

func TestR075_addressesAreLowerCase(t *testing.T) {
	eachGuide(t, func(g *guide) {
		created := g.scim(201, "POST", "/Users", userBody("Ada.Byron@Example.COM", "Ada", "Byron"))
		ada := text(created, "id")
		for what, o := range map[string]scim.Object{"created": created, "read": g.scim(200, "GET", "/Users/"+ada, "")} {
			equal(g.t, what, []string{text(o, "userName"), text(o, "emails.0.value")}, []string{"ada.byron@example.com", "ada.byron@example.com"})
		}
		equal(g.t, "looked up in capitals", g.match("ADA.BYRON@EXAMPLE.COM"), ada)
		equal(g.t, "looked up by e-mail", g.first(`/Users?filter=emails[type+eq+"work"].value+eq+"Ada.Byron%40example.com"`), ada)
		g.fails(409, scim.Uniqueness, ada, "POST", "/Users", userBody("aDA.bYRON@eXAMPLE.com", "Ada", "Byron"))
		equal(g.t, "members", g.addresses(), []string{"ada.byron@example.com"})
	})
}

// Under strict an address that differs is a visible failure; one that differs in case alone never makes a second user.
func TestR076_mismatchesAreVisible(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.policy("strict", "")
		body := `{"userName":"ada@example.com","emails":[{"type":"work","value":"%s"}]}`
		g.fails(400, scim.InvalidValue, "differ", "POST", "/Users", fmt.Sprintf(body, "a.byron@example.com"))
		entry := g.requested()[0]
		equal(g.t, "status in the request log", entry.Status, 400)
		for _, part := range []string{"ada@example.com", "a.byron@example.com", "differ"} {
			if !strings.Contains(entry.ResponseBody, part) {
				g.t.Errorf("the request log has the answer %s, want %q in it", entry.ResponseBody, part)
			}
		}
		ada := text(g.scim(201, "POST", "/Users", fmt.Sprintf(body, "Ada@Example.com")), "id")
		g.fails(409, scim.Uniqueness, ada, "POST", "/Users", fmt.Sprintf(strings.Replace(body, "ada@", "ADA@", 1), "ada@example.com"))
		g.patchUser(ada, `{"op":"Replace","path":"userName","value":"ADA@EXAMPLE.COM"}`)
		equal(g.t, "members", g.addresses(), []string{"ada@example.com"})
	})
}

// Under strict only addresses in verified domains are provisioned; under standard the others carry a warning.
func TestX004_verifiedDomains(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.policy("strict", "")
		body := userBody("eve@elsewhere.example", "Eve", "Example")
		g.fails(400, scim.InvalidValue, `"elsewhere.example"`, "POST", "/Users", body)
		g.policy("standard", "")
		g.scim(201, "POST", "/Users", body)
		equal(g.t, "warned", g.warned("eve@elsewhere.example", `the domain "elsewhere.example"`), true)
		g.ok(second(g.access.AddDomain(g.t.Context(), iam.Operator, g.org, "elsewhere.example", true)))
		equal(g.t, "warned once it is verified", g.warned("eve@elsewhere.example", "domain"), false)
	})
}

func TestX008_enterpriseExtension(t *testing.T) {
	eachGuide(t, func(g *guide) {
		boss, ada := g.user("boss@example.com"), g.user("ada@example.com")
		const urn = scim.EnterpriseUserURN
		g.patchUser(ada,
			`{"op":"Add","path":"`+urn+`:department","value":"Engines"}`,
			`{"op":"Add","path":"`+urn+`:employeeNumber","value":"1815"}`,
			`{"op":"Add","path":"`+urn+`:manager","value":"`+boss+`"}`)
		extension, _ := g.scim(200, "GET", "/Users/"+ada, "")[urn].(scim.Object)
		equal(g.t, "read back", []string{text(extension, "department"), text(extension, "employeeNumber"), text(extension, "manager.value")}, []string{"Engines", "1815", boss})
		g.role("Engines", "")
		g.holds("ada@example.com", "Member (default)")
	})
}

func TestX009_passwordIsIgnored(t *testing.T) {
	eachGuide(t, func(g *guide) {
		body := `{"userName":"ada@example.com","password":"hunter2-canary"}`
		created := g.send("POST", "/Users", body)
		ada := text(created.Object, "id")
		replaced := g.send("PUT", "/Users/"+ada, body)
		patched := g.send("PATCH", "/Users/"+ada, patchBody(`{"op":"Replace","path":"password","value":"hunter2-canary"}`))
		equal(g.t, "statuses", []int{created.Status, replaced.Status, patched.Status}, []int{201, 200, 200})
		g.flush()
		answers := string(created.Body) + string(replaced.Body) + string(patched.Body) + string(g.send("GET", "/Users/"+ada, "").Body)
		for place, text := range map[string]string{"an answer": answers, "the database": storetest.Dump(g.t, g.database), "the log": g.log.String()} {
			if strings.Contains(text, "hunter2-canary") {
				g.t.Errorf("%s holds the password", place)
			}
		}
		equal(g.t, "found by password", g.send("GET", `/Users?filter=password+eq+"hunter2-canary"`, "").Status, 400)
	})
}

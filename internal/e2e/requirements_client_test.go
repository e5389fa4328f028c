package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// The identity provider's side of a guide: what Entra ID sends, and what it reads of the answers.

// send sends a request with the organization's key, as Entra ID does: no User-Agent, and path with its query as written.
// An empty body is none.
func (g *guide) send(method, path, body string) *scimclient.Response {
	g.t.Helper()
	return g.sendWith(http.Header{}, method, path, body)
}

// sendWith sends further headers, or others.
func (g *guide) sendWith(header http.Header, method, path, body string) *scimclient.Response {
	g.t.Helper()
	client := scimclient.Client{BaseURL: g.endpoint, Token: g.bearer}
	path, query, _ := strings.Cut(path, "?")
	var content any
	if body != "" {
		content = body
	}
	return must[*scimclient.Response](g.t)(client.Do(g.t.Context(), method, path, query, content, header))
}

// scim sends a request that must be answered with a status, and returns the answer.
func (g *guide) scim(status int, method, path, body string) scim.Object {
	g.t.Helper()
	res := g.send(method, path, body)
	if res.Status != status {
		g.t.Fatalf("%s %s: got %d %s, want %d", method, path, res.Status, res.Body, status)
	}
	return res.Object
}

// fails sends a request that must be refused, and checks what the client is told.
func (g *guide) fails(status int, scimType, says, method, path, body string) {
	g.t.Helper()
	told(g.t, method+" "+path, g.send(method, path, body), status, scimType, says)
}

// told checks an answer that refuses something. It may say no more than one kind of error does.
func told(t *testing.T, what string, res *scimclient.Response, status int, scimType, says string) {
	t.Helper()
	kind, _ := res.Object["scimType"].(string)
	detail, _ := res.Object["detail"].(string)
	if res.Status != status || kind != scimType || !strings.Contains(detail, says) || res.Object["status"] != fmt.Sprint(status) {
		t.Errorf("%s: got %d %s, want %d %s, saying %q", what, res.Status, res.Body, status, scimType, says)
	}
}

// as sends a request with another Authorization header; an empty one is none.
func (g *guide) as(authorization string) *scimclient.Response {
	g.t.Helper()
	header := http.Header{"Authorization": {authorization}}
	if authorization == "" {
		header["Authorization"] = nil
	}
	return g.sendWith(header, "GET", `/Users?filter=userName+eq+"nobody"`, "")
}

// status is what a key is answered.
func (g *guide) status(bearer string) int {
	g.t.Helper()
	return g.as("Bearer " + bearer).Status
}

const patchEnvelope = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`

func patchBody(operations ...string) string {
	return fmt.Sprintf(patchEnvelope, strings.Join(operations, ","))
}

// userBody is the body of a new user as Entra ID sends it by its default mapping, with userName from mail.
func userBody(address, given, family string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId":"%[1]s-in-entra","userName":"%[1]s","active":true,"displayName":"%[2]s %[3]s",
		"emails":[{"primary":true,"type":"work","value":"%[1]s"}],"meta":{"resourceType":"User"},
		"name":{"formatted":"%[2]s %[3]s","familyName":"%[3]s","givenName":"%[2]s"},"roles":[]}`, address, given, family)
}

// user provisions a person: a look-up that finds nobody, then the creation.
func (g *guide) user(address string) string {
	g.t.Helper()
	if id := g.match(address); id != "" {
		g.t.Fatalf("%s is there already", address)
	}
	local, _, _ := strings.Cut(address, "@")
	return text(g.scim(201, "POST", "/Users", userBody(address, strings.ToUpper(local[:1])+local[1:], "Example")), "id")
}

// match looks a person up as Entra ID does; "" for none.
func (g *guide) match(userName string) string {
	g.t.Helper()
	return g.first(`/Users?filter=userName+eq+"` + strings.ReplaceAll(userName, "@", "%40") + `"`)
}

func (g *guide) first(list string) string {
	g.t.Helper()
	found, _ := g.scim(200, "GET", list, "")["Resources"].([]any)
	if len(found) == 0 {
		return ""
	}
	resource, _ := found[0].(scim.Object)
	return text(resource, "id")
}

// group provisions a group on demand with chosen members: a look-up, the creation unless it is there, then the members.
func (g *guide) group(name string, members ...string) string {
	g.t.Helper()
	id := g.first(`/Groups?excludedAttributes=members&filter=displayName+eq+"` + strings.ReplaceAll(name, " ", "+") + `"`)
	if id == "" {
		id = text(g.scim(201, "POST", "/Groups", groupBody(name)), "id")
	}
	if len(members) > 0 {
		g.join(id, members...)
	}
	return id
}

func groupBody(name string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId":"%[1]s-in-entra","displayName":"%[1]s","meta":{"resourceType":"Group"}}`, name)
}

func (g *guide) join(group string, members ...string) {
	g.t.Helper()
	g.membership("Add", group, members)
}
func (g *guide) leave(group string, members ...string) {
	g.t.Helper()
	g.membership("Remove", group, members)
}

func (g *guide) membership(op, group string, members []string) {
	g.t.Helper()
	var list []string
	for _, id := range members {
		list = append(list, `{"$ref":null,"value":"`+id+`"}`)
	}
	g.patchGroup(group, `{"op":"`+op+`","path":"members","value":[`+strings.Join(list, ",")+`]}`)
}

func (g *guide) patchGroup(id string, operations ...string) {
	g.t.Helper()
	g.scim(204, "PATCH", "/Groups/"+id, patchBody(operations...))
}

func (g *guide) rename(group, name string) {
	g.t.Helper()
	g.patchGroup(group, `{"op":"Replace","path":"displayName","value":"`+name+`"}`)
}

func (g *guide) patchUser(id string, operations ...string) scim.Object {
	g.t.Helper()
	return g.scim(200, "PATCH", "/Users/"+id, patchBody(operations...))
}

// unassign and assign are how Entra ID takes a person out of the application and back.
func (g *guide) unassign(id string) {
	g.t.Helper()
	g.patchUser(id, `{"op":"Replace","path":"active","value":"False"}`)
}

func (g *guide) assign(id string) {
	g.t.Helper()
	g.patchUser(id, `{"op":"Replace","path":"active","value":"True"}`)
}

// text reads a member of an answer by its dotted path, "Resources.0.id"; "" when it is no text.
func text(o scim.Object, path string) string {
	s, _ := at(o, path).(string)
	return s
}

// at reads a member of an answer by its dotted path; nil when it is not there.
func at(o scim.Object, path string) any {
	var v any = o
	for _, name := range strings.Split(path, ".") {
		switch in := v.(type) {
		case scim.Object:
			v = in[name]
		case []any:
			i := slices.Index([]string{"0", "1", "2", "3"}, name)
			if i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

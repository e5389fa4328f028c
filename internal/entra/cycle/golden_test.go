package cycle_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// golden is a recorded exchange of the real client, as internal/e2e replays it against the server.
type golden struct {
	Steps []struct {
		Name, Method, Path string
		Body               any
	}
}

func readGolden(t *testing.T, file string) golden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../e2e/testdata/exchanges/entra", file))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

var placeholder = regexp.MustCompile(`\{\{\w+\}\}`)

// like tells whether a text is the recorded one, whose placeholders stand for anything.
func like(recorded, text string) bool {
	parts := placeholder.Split(recorded, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
}

// sameJSON compares a body with a recorded one: same members, same values, placeholders for
// anything.
func sameJSON(recorded, got any) bool {
	switch recorded := recorded.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(recorded) {
			return false
		}
		for name, value := range recorded {
			other, has := got[name]
			if !has || !sameJSON(value, other) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(recorded) {
			return false
		}
		for i := range recorded {
			if !sameJSON(recorded[i], got[i]) {
				return false
			}
		}
		return true
	case string:
		got, ok := got.(string)
		return ok && like(recorded, got)
	}
	return reflect.DeepEqual(recorded, got)
}

// wantGolden wants one of the calls to be that step of a recorded exchange, byte for byte in
// method and address, and by its JSON in the body.
func (w *world) wantGolden(calls []call, file string, step int) {
	w.Helper()
	g := readGolden(w.T, file).Steps[step]
	for _, c := range calls {
		if c.Method != g.Method || !like(g.Path, c.URI) {
			continue
		}
		var body any
		if c.Body != "" {
			w.ok(json.Unmarshal([]byte(c.Body), &body))
		}
		if sameJSON(g.Body, body) {
			return
		}
	}
	want, err := json.Marshal(g.Body)
	w.ok(err)
	var got []string
	for _, c := range calls {
		got = append(got, c.String()+" "+c.Body)
	}
	w.Errorf("no call is %s step %d:\nwant %s %s %s\ngot\n%s", file, step, g.Method, g.Path, want, strings.Join(got, "\n"))
}

func TestExchanges_legacy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.taken()
	if test, err := w.svc.TestConnection(t.Context(), w.target.url, w.target.token); err != nil || !test.OK {
		t.Fatalf("test connection: %+v, %v", test, err)
	}
	w.wantGolden(w.target.taken(), "m01-test-connection.json", 0)

	ada, err := w.db.CreateUser(t.Context(), directory.User{
		UserPrincipalName: "ada@example.com", Mail: "ada.1@example.com", MailNickname: "ada-1",
		DisplayName: "Ada Example", GivenName: "Ada", Surname: "Example", AccountEnabled: true,
	})
	w.ok(err)
	dale := w.addUser("dale")
	plus, err := w.db.CreateUser(t.Context(), directory.User{
		UserPrincipalName: "kit@example.com", Mail: "kit+test.1@example.com", DisplayName: "Kit", AccountEnabled: true,
	})
	w.ok(err)
	w.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) { m.Attributes[0].Source.Text = "mail" })
	g := w.addGroup("Engineers A", ada)
	w.change(dale, func(u *directory.User) { u.ManagerID = ada.ID })
	w.assign(g.ID, dale.ID, plus.ID)
	_, calls := w.cycle()
	w.wantGolden(calls, "m02-match-user-plus-address.json", 0)
	w.wantGolden(calls, "m04-create-user.json", 0)
	w.wantGolden(calls, "m10-match-group.json", 0) // any name
	w.wantGolden(calls, "m11-create-group.json", 0)
	w.wantGolden(calls, "m14-add-members.json", 0)
	w.wantGolden(calls, "m18-manager-after-create.json", 0)

	w.change(ada, func(u *directory.User) {
		u.DisplayName, u.GivenName, u.JobTitle = "Alan M. Example", "Alan Mathison", "Professor"
	})
	_, err = w.db.UpdateGroup(t.Context(), g.ID, func(g *directory.Group) error { g.DisplayName = "New name A"; return nil })
	w.ok(err)
	_, calls = w.cycle()
	w.wantGolden(calls, "m05-read-known-user.json", 0)
	w.wantGolden(calls, "m12-read-known-group.json", 0)
	w.wantGolden(calls, "m13-rename-group-legacy.json", 0)

	w.part(g, ada)
	_, calls = w.cycle()
	w.wantGolden(calls, "m08-disable-legacy.json", 0)
	w.wantGolden(calls, "m15-remove-members-legacy.json", 0)

	w.ok(w.db.DeleteUser(t.Context(), dale.ID))
	w.ok(w.db.PurgeUser(t.Context(), dale.ID))
	w.unassign(g.ID)
	_, calls = w.cycle()
	w.wantGolden(calls, "m09-delete-user.json", 0)
	w.wantGolden(calls, "m17-delete-group.json", 0)
}

func TestExchanges_matchingAttributes(t *testing.T) {
	t.Parallel()
	for attribute, file := range map[string]string{
		"externalId":                   "m03-match-by-external-id.json",
		`emails[type eq "work"].value`: "m03-match-by-work-email.json",
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u, err := w.db.CreateUser(t.Context(), directory.User{
				UserPrincipalName: "x@example.com", Mail: "robin.1@example.com", MailNickname: "jyoung-1", DisplayName: "X", AccountEnabled: true,
			})
			w.ok(err)
			w.assign(u.ID)
			w.mapping(mapping.KindUser, func(m *mapping.ObjectMapping) {
				m.Attributes[0].MatchingPrecedence = 0
				for i := range m.Attributes {
					if m.Attributes[i].Target == attribute {
						m.Attributes[i].MatchingPrecedence = 1
					}
				}
			})
			w.target.taken()
			_, err = w.svc.RunCycle(t.Context(), w.job)
			w.ok(err)
			w.wantGolden(w.target.taken()[1:], file, 0)
		})
	}
}

// With the flag in the tenant URL, operations are those of RFC 7644, and the flag travels
// with every request.
func TestExchanges_optscim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	one, two := w.addUser("one"), w.addUser("two")
	g := w.addGroup("Old name A")
	w.assign(g.ID, ada.ID, one.ID, two.ID)
	w.credentials(w.target.url + "/?aadOptscim062020")
	flagged := func() []call {
		t.Helper()
		w.target.taken()
		_, err := w.svc.RunCycle(t.Context(), w.job)
		w.ok(err)
		calls := w.target.taken()
		for i, c := range calls {
			path, query, _ := strings.Cut(c.URI, "?")
			rest, ok := strings.CutPrefix(query, "aadOptscim062020")
			if !ok {
				t.Fatalf("%v goes without the flag", c)
			}
			if rest = strings.TrimPrefix(rest, "&"); rest != "" {
				path += "?" + rest
			}
			calls[i].URI = path
		}
		return calls
	}
	flagged()
	w.join(g, one)
	w.join(g, two)
	w.wantGolden(flagged(), "m14-add-members-flag.json", 0)
	w.part(g, one)
	_, err := w.db.UpdateGroup(t.Context(), g.ID, func(g *directory.Group) error { g.DisplayName = "New name A"; return nil })
	w.ok(err)
	w.change(ada, func(u *directory.User) { u.DisplayName, u.GivenName, u.Department = "Ada L.", "Augusta", "Computing" })
	calls := flagged()
	w.wantGolden(calls, "m15-remove-members-flag.json", 0)
	var patched string
	for _, c := range calls {
		if c.Method == "PATCH" && strings.HasPrefix(c.URI, "/Users") {
			patched = c.Body
		}
	}
	for _, part := range []string{`"op":"replace"`, `"displayName":"Ada L."`, `"name.givenName":"Augusta"`, `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Computing"}`} {
		if !strings.Contains(patched, part) {
			t.Errorf("update %s, want %s in it", patched, part)
		}
	}
	w.unassign(ada.ID)
	w.wantGolden(flagged(), "m08-disable-flag.json", 0)

	// On demand ignores the flag, as it goes unassigned ada is not there; one is renamed.
	w.change(one, func(u *directory.User) { u.DisplayName = "Eins" })
	w.target.taken()
	_, err = w.svc.ProvisionOnDemand(t.Context(), w.job, cycle.Subject{Kind: mapping.KindUser, ID: one.ID}, admin)
	w.ok(err)
	calls = w.target.taken()
	if body := calls[len(calls)-1].Body; !strings.Contains(body, `{"op":"Replace","path":"displayName","value":"Eins"}`) {
		t.Errorf("on demand: %s, want the legacy dialect", body)
	}
}

func TestExchanges_headers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	_, calls := w.cycle()
	for _, c := range calls {
		if _, sent := c.Header["User-Agent"]; sent {
			t.Errorf("%v: User-Agent %q, want none", c, c.Header.Get("User-Agent"))
		}
		if got := c.Header.Get("Authorization"); got != "Bearer "+w.target.token {
			t.Errorf("%v: Authorization %q", c, got)
		}
		if c.Body != "" && c.Header.Get("Content-Type") != "application/scim+json; charset=utf-8" {
			t.Errorf("%v: Content-Type %q", c, c.Header.Get("Content-Type"))
		}
	}
}

// Members travel in requests of bounded size, and a null value never.
func TestExchanges_memberChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.addGroup("Many")
	for i := range 205 {
		w.join(g, w.addUser(fmt.Sprintf("u%03d", i)))
	}
	w.assign(g.ID)
	c, calls := w.cycle()
	sizes := []int{}
	for _, one := range calls {
		if strings.Contains(one.Body, `:null`) && !strings.Contains(one.Body, `"$ref":null`) {
			t.Errorf("%v sends null: %s", one, one.Body)
		}
		if one.Method == "PATCH" {
			sizes = append(sizes, strings.Count(one.Body, `"value":"`))
		}
	}
	if !reflect.DeepEqual(sizes, []int{100, 100, 5}) || c.Members != 205 {
		t.Errorf("members per request %v, in all %d", sizes, c.Members)
	}
	if len(w.target.groupMembers("Many")) != 205 {
		t.Error("not all are members")
	}
}

package provision_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
)

// world is one organization with SCIM on and the domain example.com verified,
// seen through the service and, for what SCIM does not show, through the store.
type world struct {
	t      *testing.T
	db     *store.DB
	s      *provision.Service
	caller iam.SCIMCaller
	org    iam.OrganizationID
	trail  provision.Trail
}

var day = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// eachWorld runs a behaviour on both engines, each in a world of its own.
func eachWorld(t *testing.T, run func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Now: func() time.Time { return day }})
		run(newWorld(t, db))
	})
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	org := iam.Organization{
		ID: iam.OrganizationID(db.NewID()), Name: "Acme", Plan: iam.PlanEnterprise, SCIMEnabled: true,
		Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: day,
	}
	w := &world{t: t, db: db, s: &provision.Service{DB: db}, org: org.ID}
	w.caller = iam.SCIMCaller{Organization: org, Key: "scim_test", Actor: iam.Actor{Type: iam.ActorAPI, ID: "scim_test", Details: "scim_test"}}
	w.write(func(tx *store.Tx) error {
		if err := tx.InsertOrganization(org); err != nil {
			return err
		}
		return tx.PutDomain(org.ID, store.Domain{Domain: "example.com", VerifiedAt: day})
	})
	return w
}

func (w *world) write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read() *store.Reader { return w.db.Read(w.t.Context()) }

// settings changes the organization's settings, as the next caller finds them.
func (w *world) settings(change func(o *iam.Organization)) {
	w.t.Helper()
	change(&w.caller.Organization)
	w.write(func(tx *store.Tx) error { return tx.UpdateOrganization(w.caller.Organization) })
}

func object(t *testing.T, body string) scim.Object {
	t.Helper()
	o, err := scim.Decode([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return o
}

func patchOf(t *testing.T, ops string) *scim.Patch {
	t.Helper()
	p, err := scim.ParsePatch(object(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+ops+`]}`))
	if err != nil {
		t.Fatalf("%s: %v", ops, err)
	}
	return p
}

// user provisions a person by his address.
func (w *world) user(address string) string {
	w.t.Helper()
	d, err := w.createUser(`{"userName":"` + address + `"}`)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.ID
}

func (w *world) createUser(body string) (provision.Document, error) {
	return w.s.CreateUser(w.t.Context(), w.caller, object(w.t, body), &w.trail)
}

func (w *world) patchUser(id, ops string) (provision.Document, error) {
	return w.s.PatchUser(w.t.Context(), w.caller, id, patchOf(w.t, ops), provision.Match{}, &w.trail)
}

func (w *world) putUser(id, body string) (provision.Document, error) {
	return w.s.ReplaceUser(w.t.Context(), w.caller, id, object(w.t, body), provision.Match{}, &w.trail)
}

func (w *world) getUser(id string) (provision.Document, error) {
	return w.s.GetUser(w.t.Context(), w.caller, id, provision.Want{Groups: true})
}

func (w *world) deleteUser(id string) error {
	return w.s.DeleteUser(w.t.Context(), w.caller, id, provision.Match{})
}

// group makes a group with members.
func (w *world) group(name string, members ...string) string {
	w.t.Helper()
	d, err := w.createGroup(name, members...)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.ID
}

func (w *world) createGroup(name string, members ...string) (provision.Document, error) {
	list := []any{}
	for _, m := range members {
		list = append(list, scim.Object{"value": m})
	}
	return w.s.CreateGroup(w.t.Context(), w.caller, scim.Object{"displayName": name, "members": list}, &w.trail)
}

func (w *world) patchGroup(id, ops string) error {
	_, err := w.s.PatchGroup(w.t.Context(), w.caller, id, patchOf(w.t, ops), provision.Match{}, &w.trail)
	return err
}

func (w *world) rename(id, name string) error {
	quoted, err := json.Marshal(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.patchGroup(id, `{"op":"Replace","path":"displayName","value":`+string(quoted)+`}`)
}

func (w *world) addMember(group, user string) error {
	return w.patchGroup(group, `{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+user+`"}]}`)
}

func (w *world) removeMember(group, user string) error {
	return w.patchGroup(group, `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+user+`"}]}`)
}

func (w *world) members(group string) []string {
	w.t.Helper()
	d, err := w.s.GetGroup(w.t.Context(), w.caller, group, provision.Want{Members: true})
	if err != nil {
		w.t.Fatal(err)
	}
	ids := []string{}
	for ref, err := range d.Members {
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, ref.Value)
	}
	return ids
}

// role makes a custom role as an admin does.
func (w *world) role(name, scimGroup string, permissions ...iam.Permission) iam.RoleID {
	w.t.Helper()
	r := iam.Role{ID: iam.RoleID(w.db.NewID()), Name: name, Type: iam.RoleCustom, Source: iam.SourceAdmin, SCIMGroup: scimGroup, Permissions: permissions}
	w.write(func(tx *store.Tx) error {
		added, err := tx.InsertRole(w.org, r, day)
		if !added && err == nil {
			err = errors.New("role not added")
		}
		return err
	})
	return r.ID
}

// roleOf returns the name of the role a group is linked to, "" for none.
func (w *world) roleOf(group string) string {
	w.t.Helper()
	g, err := w.read().Group(w.org, iam.GroupID(group))
	if err != nil {
		w.t.Fatal(err)
	}
	if g.Role == "" {
		return ""
	}
	r, err := w.read().Role(w.org, g.Role)
	if err != nil {
		w.t.Fatal(err)
	}
	return r.Name
}

// customRoles returns the names of the custom roles, each with its SCIM group
// field when it has one: "Admin=ClickHouse-Admins".
func (w *world) customRoles() []string {
	w.t.Helper()
	roles, err := w.read().Roles(w.org)
	if err != nil {
		w.t.Fatal(err)
	}
	names := []string{}
	for _, r := range roles {
		if r.Type != iam.RoleCustom {
			continue
		}
		if r.SCIMGroup != "" {
			names = append(names, r.Name+"="+r.SCIMGroup)
			continue
		}
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return names
}

// held returns the roles of a member with why he has them: "Admin (group
// ClickHouse-Admins)", nil when he is no member.
func (w *world) held(id string) []string {
	w.t.Helper()
	m, err := w.read().Member(w.org, iam.MemberID(id))
	if errors.Is(err, iam.ErrNotFound) {
		return nil
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defaults, err := w.read().DefaultRoles(w.org)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, h := range iam.EffectiveRoles(m.Status, m.Direct, m.Groups, defaults) {
		text := h.Role.Name + " (" + string(h.Source)
		if h.Group != "" {
			text += " " + h.Group
		}
		out = append(out, text+")")
	}
	slices.Sort(out)
	return out
}

// audit returns the types and target names of the events since the last call.
func (w *world) audit() []iam.AuditEvent {
	w.t.Helper()
	events, err := w.read().AuditEvents(w.org, store.AuditQuery{Limit: 10_000})
	if err != nil {
		w.t.Fatal(err)
	}
	return events
}

func (w *world) types(events []iam.AuditEvent) []string {
	var types []string
	for _, e := range events {
		types = append(types, string(e.Type))
	}
	return types
}

// since returns the types of the events that act wrote.
func (w *world) since(act func()) []string {
	w.t.Helper()
	before := len(w.audit())
	act()
	types := w.types(w.audit()[before:])
	slices.Sort(types)
	return types
}

func wantError(t *testing.T, err error, status int, scimType string, says ...string) {
	t.Helper()
	var refused *scim.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v is no *scim.Error; want %d %s", err, status, scimType)
	}
	if refused.Status != status || refused.Type != scimType {
		t.Errorf("error %d %q (%s); want %d %q", refused.Status, refused.Type, refused.Detail, status, scimType)
	}
	for _, s := range says {
		if !strings.Contains(refused.Detail, s) {
			t.Errorf("detail %q does not say %q", refused.Detail, s)
		}
	}
}

func wantEqual[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	g, err1 := json.Marshal(got)
	w, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil || string(g) != string(w) {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var noMatch = provision.Match{}

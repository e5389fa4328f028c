package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// world is a server's database with one organization, whose first Admin is
// ada@example.com, and a clock that stands still.
type world struct {
	*access.Service
	t   *testing.T
	db  *store.DB
	sql storetest.Driver // records the statements
	url string
	org iam.OrganizationID

	mu  sync.Mutex
	now time.Time
}

var start = time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)

// each runs a behaviour on both engines, each in a world of its own.
func each(t *testing.T, run func(w *world)) {
	t.Helper()
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			run(newWorld(t, engine))
		})
	}
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	w := &world{t: t, now: start, url: storetest.URL(t, engine)}
	w.db = storetest.Reopen(t, w.url, store.Options{Now: w.clock, Wrap: w.sql.Wrap})
	return w.settle()
}

// another returns a world with an organization of its own in the same database.
func (w *world) another() *world {
	w.t.Helper()
	next := &world{t: w.t, now: w.clock(), url: w.url, db: w.db}
	return next.settle()
}

// settle makes the organization.
func (w *world) settle() *world {
	w.t.Helper()
	w.Service = &access.Service{DB: w.db, Now: w.clock, Random: rand.Reader, PublicURL: "https://rollcall.example/"}
	created := must[access.Created](w.t)(w.CreateOrganization(w.t.Context(), iam.Operator, access.NewOrganization{Name: "Example", AdminEmail: "Ada@Example.com"}))
	w.org = created.Organization.ID
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) sleep(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks that an act is refused with a kind and a text, and that it
// changed nothing at all.
func (w *world) refused(kind iam.Kind, text string, act func() error) {
	w.t.Helper()
	before := storetest.Dump(w.t, w.url)
	err := act()
	if err == nil || iam.KindOf(err) != kind || !strings.Contains(err.Error(), text) {
		w.t.Errorf("got error %v (%v), want kind %v with %q", err, iam.KindOf(err), kind, text)
	}
	w.unchanged(before)
}

// unchanged checks that nothing was changed since a dump.
func (w *world) unchanged(before string) {
	w.t.Helper()
	if after := storetest.Dump(w.t, w.url); after != before {
		w.t.Errorf("something was changed; before:\n%s\nafter:\n%s", before, after)
	}
}

// idle checks that an act succeeds and changes nothing at all.
func (w *world) idle(act func() error) {
	w.t.Helper()
	before := storetest.Dump(w.t, w.url)
	w.ok(act())
	w.unchanged(before)
}

// events returns the audit log as "type target" lines, from a position on.
func (w *world) events(from int) []string {
	w.t.Helper()
	var lines []string
	for e, err := range w.AuditEvents(w.t.Context(), w.org, time.Time{}, time.Time{}) {
		w.ok(err)
		lines = append(lines, fmt.Sprintf("%s %s", e.Type, e.TargetName))
	}
	return lines[from:]
}

// audited checks which events an act writes, in order.
func (w *world) audited(act func() error, want ...string) {
	w.t.Helper()
	before := len(w.events(0))
	w.ok(act())
	if got := w.events(before); fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("audit events %q, want %q", got, want)
	}
}

func (w *world) write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	w.ok(w.db.Write(w.t.Context(), fn))
}

// user puts a SCIM user there, as the identity provider would.
func (w *world) user(userName string) iam.MemberID {
	w.t.Helper()
	u := store.User{
		Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: iam.Fold(userName), UserName: userName,
		Status: iam.StatusActive, ManagedBy: iam.ManagedBySCIM, SCIM: true,
		Doc:     fmt.Sprintf(`{"emails":[{"type":"work","value":%q}],"userName":%q}`, userName, userName),
		Version: 1, CreatedAt: w.clock(), UpdatedAt: w.clock(),
	}
	w.write(func(tx *store.Tx) error {
		added, err := tx.InsertUser(u)
		if err == nil && !added {
			w.t.Fatalf("the user %q is there already", userName)
		}
		return err
	})
	return u.ID
}

// group puts a SCIM group there that is linked to a role, "" for none.
func (w *world) group(name string, role iam.RoleID, members ...iam.MemberID) iam.GroupID {
	w.t.Helper()
	g := store.Group{
		Org: w.org, ID: iam.GroupID(w.db.NewID()), DisplayName: name, NameKey: iam.Fold(name), Role: role,
		Doc: "{}", Version: 1, CreatedAt: w.clock(), UpdatedAt: w.clock(),
	}
	w.write(func(tx *store.Tx) error {
		if _, err := tx.InsertGroup(g); err != nil {
			return err
		}
		_, err := tx.AddGroupMembers(w.org, g.ID, members)
		return err
	})
	return g.ID
}

// scimRole puts a role there as SCIM makes it for an unmapped group.
func (w *world) scimRole(name string, permissions ...iam.Permission) iam.RoleID {
	w.t.Helper()
	role := iam.Role{ID: iam.RoleID(w.db.NewID()), Name: name, Type: iam.RoleCustom, Source: iam.SourceSCIM, Permissions: permissions}
	w.write(func(tx *store.Tx) error {
		_, err := tx.InsertRole(w.org, role, w.clock())
		return err
	})
	return role.ID
}

// role makes a custom role; field "" sets no SCIM group field.
func (w *world) role(name, field string, permissions ...string) access.RoleView {
	w.t.Helper()
	in := access.RoleInput{Name: &name}
	if field != "" {
		in.SCIMGroup = &field
	}
	if permissions != nil {
		in.Permissions = &permissions
	}
	return must[access.RoleView](w.t)(w.CreateRole(w.t.Context(), iam.Operator, w.org, in))
}

// linkOf returns the role of a group, "" for none.
func (w *world) linkOf(group iam.GroupID) iam.RoleID {
	w.t.Helper()
	return must[store.Group](w.t)(w.db.Read(w.t.Context()).Group(w.org, group)).Role
}

// findRole returns a role as the list shows it, nil if it is gone.
func (w *world) findRole(id iam.RoleID) *access.RoleView {
	w.t.Helper()
	for _, view := range must[[]access.RoleView](w.t)(w.Roles(w.t.Context(), w.org)) {
		if view.ID == id {
			return &view
		}
	}
	return nil
}

// member returns a person as the list with all shows him.
func (w *world) member(email string) iam.Member {
	w.t.Helper()
	for _, m := range must[[]iam.Member](w.t)(w.Members(w.t.Context(), w.org, true)) {
		if m.Email == email {
			return m
		}
	}
	w.t.Fatalf("no member %q is listed", email)
	return iam.Member{}
}

// held returns the roles of a person as "name/source/group".
func (w *world) held(email string) string {
	w.t.Helper()
	var list []string
	for _, h := range w.member(email).Roles {
		list = append(list, fmt.Sprintf("%s/%s/%s", h.Role.Name, h.Source, h.Group))
	}
	return strings.Join(list, " ")
}

// withoutBreakGlass takes the local sign-in of the first Admin away, as nothing
// but a hand in the database could.
func (w *world) withoutBreakGlass() {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		_, err := tx.DeleteLocalSignIn(w.org, w.member("ada@example.com").ID)
		return err
	})
}

// connect connects SAML with metadata of this identity provider.
func (w *world) connect(entityID string) access.SAMLView {
	w.t.Helper()
	return must[access.SAMLView](w.t)(w.ConnectSAML(w.t.Context(), iam.Operator, w.org, access.Connect{
		Metadata: metadata(w.t, entityID), Domains: []string{"example.com"}, TrustDomains: true,
	}))
}

// enable connects SAML and turns SCIM on.
func (w *world) enable() {
	w.t.Helper()
	w.connect("https://idp.example/1")
	must[access.SCIMView](w.t)(w.EnableSCIM(w.t.Context(), iam.Operator, w.org))
}

// metadata makes an identity provider's metadata, with a certificate that is
// valid for a year from the day before start.
func metadata(t *testing.T, entityID string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signing"},
		NotBefore: start.AddDate(0, 0, -1), NotAfter: start.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="utf-8"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID=%q>
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing">
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>`, entityID, base64.StdEncoding.EncodeToString(der))
}

func text(s string) *string { return &s }

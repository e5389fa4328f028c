package directory_test

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func TestApplication_lifecycle(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := file(t)
	db := open(t, path, c)
	app := addApplication(t, db, "Rollcall")
	if !app.Enabled || !app.AssignmentRequired || app.ID == app.AppID || app.SAML.NameIDSource != "user.userprincipalname" ||
		app.SAML.NameIDFormat != directory.NameIDEmailAddress || app.SAML.SigningOption != directory.SignAssertion || len(app.SAML.Claims) != 4 {
		t.Errorf("a new application: got %+v", app)
	}
	if got := app.SAML.Claims[0].URI(); got != "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress" {
		t.Errorf("the first claim's name: got %s", got)
	}
	saved := must[directory.Application](t)(db.UpdateApplication(t.Context(), app.ID, func(a *directory.Application) error {
		a.ID = "x"
		a.SAML.Identifier, a.SAML.ReplyURL, a.SAML.LogoutURL = "urn:rollcall:1", "http://127.0.0.1:8080/saml/1/acs", "https://app.example.com/logout"
		a.SAML.MoreReplyURLs = []string{"https://app.example.com/acs"}
		a.SAML.NameIDSource = "user.mail"
		a.SAML.Claims = append(a.SAML.Claims, directory.Claim{Name: "email", Source: "user.mail"}, directory.Claim{Name: "env", Source: `"test"`})
		return nil
	}))
	ok(t, db.Close())
	db = open(t, path, c)
	got := must[directory.Application](t)(db.Application(t.Context(), app.ID))
	if got.SAML.ReplyURL != saved.SAML.ReplyURL || len(got.SAML.Claims) != 6 || got.SAML.Claims[4].URI() != "email" || got.ID != app.ID || got.AppID != app.AppID {
		t.Errorf("read again: got %+v, want %+v", got, saved)
	}
	for name, look := range map[string]func() (directory.Application, error){
		"client id": func() (directory.Application, error) { return db.ApplicationByAppID(t.Context(), app.AppID) },
		"identifier": func() (directory.Application, error) {
			return db.ApplicationByIdentifier(t.Context(), "urn:rollcall:1")
		},
	} {
		if a, err := look(); err != nil || a.ID != app.ID {
			t.Errorf("by %s: got %v, %v", name, a.ID, err)
		}
	}
	_, err := db.ApplicationByIdentifier(t.Context(), "")
	refused(t, err, directory.NotFound)

	other := addApplication(t, db, "Another")
	_, err = db.UpdateApplication(t.Context(), other.ID, func(a *directory.Application) error { a.SAML.Identifier = "urn:rollcall:1"; return nil })
	refused(t, err, directory.Conflict, "urn:rollcall:1", "Rollcall")
	_, err = db.CreateApplication(t.Context(), directory.Application{ID: app.ID, DisplayName: "Copy"})
	refused(t, err, directory.Conflict, string(app.ID))
	var names []string
	for _, a := range must[[]directory.Application](t)(db.Applications(t.Context())) {
		names = append(names, a.DisplayName)
	}
	equal(t, "applications", names, []string{"Another", "Rollcall"})

	u := addUser(t, db, "Ada Byron")
	must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, u.ID))
	ok(t, db.DeleteApplication(t.Context(), app.ID))
	refused(t, db.DeleteApplication(t.Context(), app.ID), directory.NotFound)
	if list := must[[]directory.Assignment](t)(db.AssignmentsOf(t.Context(), u.ID)); len(list) != 0 {
		t.Errorf("assignments of a deleted application: %v", list)
	}
}

func TestUpdateApplication_refuses(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	app := addApplication(t, db, "Rollcall")
	for _, test := range []struct {
		name   string
		change func(*directory.Application)
		parts  []string
	}{
		{"no name", func(a *directory.Application) { a.DisplayName = "" }, []string{"needs a name"}},
		{"reply URL relative", func(a *directory.Application) { a.SAML.ReplyURL = "/acs" }, []string{"Reply URL", "/acs"}},
		{"reply URL plain", func(a *directory.Application) { a.SAML.ReplyURL = "http://app.example.com/acs" }, []string{"https://", "localhost"}},
		{"logout URL with a fragment", func(a *directory.Application) { a.SAML.LogoutURL = "https://app.example.com/#x" }, []string{"Logout URL"}},
		{"further reply URL alone", func(a *directory.Application) { a.SAML.MoreReplyURLs = []string{"https://app.example.com/acs"} }, []string{"no default one"}},
		{"signing option", func(a *directory.Application) { a.SAML.SigningOption = "none" }, []string{"none"}},
		{"name id format", func(a *directory.Application) { a.SAML.NameIDFormat = "Entity" }, []string{"Entity"}},
		{"name id of groups", func(a *directory.Application) { a.SAML.NameIDSource = directory.GroupsSource }, []string{"user.groups"}},
		{"unknown source", func(a *directory.Application) {
			a.SAML.Claims = []directory.Claim{{Name: "x", Source: "user.shoesize"}}
		}, []string{"user.shoesize"}},
		{"claim twice", func(a *directory.Application) {
			a.SAML.Claims = append(a.SAML.Claims, directory.Claim{Name: "name", Namespace: directory.IdentityClaims, Source: "user.mail"})
		}, []string{"two claims", "/claims/name"}},
		{"claim without a name", func(a *directory.Application) { a.SAML.Claims = []directory.Claim{{Source: "user.mail"}} }, []string{"must not be empty"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := db.UpdateApplication(t.Context(), app.ID, func(a *directory.Application) error { test.change(a); return nil })
			refused(t, err, directory.Invalid, test.parts...)
		})
	}
}

func TestCertificates_oneIsActive(t *testing.T) {
	t.Parallel()
	c := newClock()
	db := open(t, "", c)
	app := addApplication(t, db, "Rollcall")
	add := func(thumbprint string, life time.Duration) directory.Certificate {
		t.Helper()
		return must[directory.Certificate](t)(db.AddCertificate(t.Context(), app.ID, directory.Certificate{Thumbprint: thumbprint, DER: []byte{1}, PrivateKey: []byte{2}, NotBefore: c.Now(), NotAfter: c.Now().Add(life)}))
	}
	active := func() []string {
		t.Helper()
		var list []string
		for _, cert := range must[[]directory.Certificate](t)(db.Certificates(t.Context(), app.ID)) {
			if cert.Active {
				list = append(list, "*"+cert.Thumbprint)
			} else {
				list = append(list, cert.Thumbprint)
			}
		}
		return list
	}
	add("A", time.Hour)
	add("B", 2*time.Hour)
	equal(t, "a second one waits", active(), []string{"*A", "B"})
	_, err := db.AddCertificate(t.Context(), app.ID, directory.Certificate{Thumbprint: "A"})
	refused(t, err, directory.Conflict, "A")
	refused(t, db.DeleteCertificate(t.Context(), app.ID, "A"), directory.Invalid, "is active")
	ok(t, db.ActivateCertificate(t.Context(), app.ID, "B"))
	equal(t, "made active", active(), []string{"*B", "A"})
	ok(t, db.ActivateCertificate(t.Context(), app.ID, "B"))
	refused(t, db.ActivateCertificate(t.Context(), app.ID, "C"), directory.NotFound, "C")
	c.Advance(time.Hour)
	refused(t, db.ActivateCertificate(t.Context(), app.ID, "A"), directory.Invalid, "expired on 1 March 2026")
	ok(t, db.DeleteCertificate(t.Context(), app.ID, "A"))
	equal(t, "deleted", active(), []string{"*B"})
}

func TestUserClaim(t *testing.T) {
	t.Parallel()
	u := person("Ada Byron")
	for _, source := range directory.ClaimSources() {
		if _, known := u.Claim(source); known == (source == directory.GroupsSource) {
			t.Errorf("%s: known %v", source, known)
		}
	}
	for source, want := range map[string]string{"User.Mail": "ada.byron@example.com", `"fixed"`: "fixed"} {
		if values, known := u.Claim(source); !known || len(values) != 1 || values[0] != want {
			t.Errorf("%s: got %v, %v, want %s", source, values, known, want)
		}
	}
	if _, known := u.Claim("user.shoesize"); known {
		t.Error("an unknown source is known")
	}
}

func TestOpen_tenant(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := file(t)
	db := open(t, path, c)
	if info := must[os.FileInfo](t)(os.Stat(path)); info.Mode().Perm() != 0o600 {
		t.Errorf("the file, which holds keys, has the mode %v", info.Mode())
	}
	tenant := must[directory.Tenant](t)(db.Tenant(t.Context()))
	ok(t, db.SetTenant(t.Context(), "Fabrikam", "fabrikam.example"))
	refused(t, db.SetTenant(t.Context(), "Fabrikam", "no domain"), directory.Invalid, "no domain")
	refused(t, db.SetTenant(t.Context(), " ", "fabrikam.example"), directory.Invalid, "display name")

	// Tables of packages above lie in the same file, and a failed write leaves nothing.
	ok(t, db.Update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "CREATE TABLE above (n INTEGER)")
		return err
	}))
	stop := errors.New("stop")
	err := db.Update(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO above VALUES (1)"); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of the change", err)
	}
	var rows int
	ok(t, db.Reading().QueryRowContext(t.Context(), "SELECT count(*) FROM above").Scan(&rows))
	if rows != 0 {
		t.Errorf("%d rows of a failed write", rows)
	}
	if _, err := db.Reading().ExecContext(t.Context(), "DELETE FROM users"); err == nil {
		t.Error("the pool for reads writes")
	}
	ok(t, db.Close())

	db = open(t, path, c)
	got := must[directory.Tenant](t)(db.Tenant(t.Context()))
	if want := (directory.Tenant{ID: tenant.ID, DisplayName: "Fabrikam", DefaultDomain: "fabrikam.example"}); got != want {
		t.Errorf("opened again: got %+v, want %+v", got, want)
	}
	ok(t, db.Update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "PRAGMA user_version = 99")
		return err
	}))
	ok(t, db.Close())
	if _, err := directory.Open(t.Context(), path, directory.Options{}); err == nil || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("a file of a newer program: got %v", err)
	}
}

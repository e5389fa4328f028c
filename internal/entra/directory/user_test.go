package directory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func TestCreateUser_keepsEveryAttribute(t *testing.T) {
	t.Parallel()
	c := newClock()
	path := file(t)
	db := open(t, path, c)
	boss := addUser(t, db, "Grace Boss")
	u := person("Ada Byron")
	u.MailNickname, u.JobTitle, u.Department, u.EmployeeID = "ada", "Analyst", "Engines", "E-7"
	u.Mobile, u.TelephoneNumber, u.FacsimileTelephoneNumber, u.PhysicalDeliveryOfficeName = "+1 1", "+1 2", "+1 3", "2/113"
	u.StreetAddress, u.City, u.State, u.PostalCode, u.Country = "1 Main St", "Springfield", "OR", "97477", "US"
	u.PreferredLanguage, u.CompanyName = "en-US", "Contoso"
	u.ProxyAddresses, u.OtherMails = []string{"SMTP:ada.byron@example.com"}, []string{"ada@home.example"}
	for i := range u.ExtensionAttributes {
		u.ExtensionAttributes[i] = "x" + string(rune('a'+i))
	}
	u.ManagerID, u.DirectoryRoles = boss.ID, []directory.DirectoryRole{directory.GlobalAdministrator}
	created := must[directory.User](t)(db.CreateUser(t.Context(), u))
	ok(t, db.Close())

	db = open(t, path, c)
	got := must[directory.User](t)(db.User(t.Context(), created.ID))
	for _, name := range directory.UserAttributes() {
		gotValues, known := got.Attribute(strings.ToUpper(name))
		wantValues, _ := created.Attribute(name)
		if !known || len(gotValues) == 0 {
			t.Errorf("%s: got %v, known %v, want values", name, gotValues, known)
		}
		equal(t, name, gotValues, wantValues)
	}
	if !got.CreatedAt.Equal(c.Now()) || got.Seq != 2 || !got.MayConfigure() {
		t.Errorf("got CreatedAt %v, Seq %d, MayConfigure %v", got.CreatedAt, got.Seq, got.MayConfigure())
	}
	if _, known := got.Attribute("IsSoftDeleted"); known {
		t.Error("IsSoftDeleted is no attribute of the directory")
	}
	if values, known := boss.Attribute("city"); !known || values != nil {
		t.Errorf("an attribute without a value: got %v, %v, want null", values, known)
	}
	if boss.MayConfigure() {
		t.Error("a user without a role may configure")
	}
}

func TestCreateUser_refuses(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	taken := addUser(t, db, "Ada Byron")
	before := head(t, db)
	tests := []struct {
		name    string
		change  func(*directory.User)
		problem directory.Problem
		parts   []string
	}{
		{"same user principal name", func(u *directory.User) { u.UserPrincipalName = "ADA.byron@Example.COM" }, directory.Conflict, []string{"userPrincipalName already exists", string(taken.ID)}},
		{"same id", func(u *directory.User) { u.ID = taken.ID }, directory.Conflict, []string{string(taken.ID)}},
		{"id no GUID", func(u *directory.User) { u.ID = "17" }, directory.Invalid, []string{`"17"`, "GUID"}},
		{"no display name", func(u *directory.User) { u.DisplayName = " " }, directory.Invalid, []string{"display name"}},
		{"no at sign", func(u *directory.User) { u.UserPrincipalName = "bob" }, directory.Invalid, []string{`"bob"`, "name@domain"}},
		{"blank in it", func(u *directory.User) { u.UserPrincipalName = "b ob@example.com" }, directory.Invalid, []string{`" "`}},
		{"accent in it", func(u *directory.User) { u.UserPrincipalName = "bób@example.com" }, directory.Invalid, []string{`"ó"`}},
		{"period before at", func(u *directory.User) { u.UserPrincipalName = "bob.@example.com" }, directory.Invalid, []string{"period"}},
		{"long name", func(u *directory.User) { u.UserPrincipalName = strings.Repeat("b", 65) + "@example.com" }, directory.Invalid, []string{"65", "64"}},
		{"long domain", func(u *directory.User) { u.UserPrincipalName = "bob@" + strings.Repeat("b", 45) + ".com" }, directory.Invalid, []string{"49", "48"}},
		{"bad domain", func(u *directory.User) { u.UserPrincipalName = "bob@-example..com" }, directory.Invalid, []string{"DNS name"}},
		{"bad mail", func(u *directory.User) { u.Mail = "Bob <bob@example.com>" }, directory.Invalid, []string{"mail", "Bob <bob@example.com>"}},
		{"accent in mail", func(u *directory.User) { u.Mail = "bób@example.com" }, directory.Invalid, []string{"accents"}},
		{"line break", func(u *directory.User) { u.GivenName = "Bob\nEve" }, directory.Invalid, []string{"givenName", "line break"}},
		{"too long", func(u *directory.User) { u.EmployeeID = strings.Repeat("7", 17) }, directory.Invalid, []string{"employeeId", "17", "16"}},
		{"nickname", func(u *directory.User) { u.MailNickname = "bob smith" }, directory.Invalid, []string{"mailNickname"}},
		{"proxy address", func(u *directory.User) { u.ProxyAddresses = []string{"bob@example.com"} }, directory.Invalid, []string{"SMTP:"}},
		{"other mail", func(u *directory.User) { u.OtherMails = []string{"bob"} }, directory.Invalid, []string{"otherMails"}},
		{"unknown manager", func(u *directory.User) { u.ManagerID = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef" }, directory.Invalid, []string{"manager", "0a21f0f2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := person("Bob Smith")
			test.change(&u)
			_, err := db.CreateUser(t.Context(), u)
			refused(t, err, test.problem, test.parts...)
		})
	}
	if after := head(t, db); after != before {
		t.Errorf("refused users moved the sequence from %d to %d", before, after)
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	ada, bob := addUser(t, db, "Ada Byron"), addUser(t, db, "Bob Smith")
	before := head(t, db)

	renamed := must[directory.User](t)(db.UpdateUser(t.Context(), ada.ID, func(u *directory.User) error {
		u.GivenName, u.ID, u.Seq, u.DeletedAt = "Augusta", bob.ID, 999, time.Unix(1, 0)
		return nil
	}))
	if renamed.ID != ada.ID || renamed.GivenName != "Augusta" || renamed.Seq != before+1 || !renamed.DeletedAt.IsZero() {
		t.Errorf("got %+v", renamed)
	}
	equal(t, "changes", changed(t, db, before, 10), []string{"Ada Byron"})

	before = head(t, db)
	must[directory.User](t)(db.UpdateUser(t.Context(), ada.ID, func(u *directory.User) error { u.OtherMails = []string{}; return nil }))
	if after := head(t, db); after != before {
		t.Errorf("a change of nothing moved the sequence to %d", after)
	}
	_, err := db.UpdateUser(t.Context(), ada.ID, func(u *directory.User) error { u.UserPrincipalName = bob.UserPrincipalName; return nil })
	refused(t, err, directory.Conflict, bob.UserPrincipalName)
	_, err = db.UpdateUser(t.Context(), ada.ID, func(u *directory.User) error { u.ManagerID = ada.ID; return nil })
	refused(t, err, directory.Invalid, "his own manager")
	stop := errors.New("stop")
	if _, err = db.UpdateUser(t.Context(), ada.ID, func(*directory.User) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want the caller's error", err)
	}
	_, err = db.UpdateUser(t.Context(), "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", func(*directory.User) error { return nil })
	refused(t, err, directory.NotFound, "0a21f0f2")

	if u := must[directory.User](t)(db.UserByUPN(t.Context(), "BOB.SMITH@example.com")); u.ID != bob.ID {
		t.Errorf("by user principal name: got %s", u)
	}
	must[directory.User](t)(db.UpdateUser(t.Context(), bob.ID, func(u *directory.User) error { u.Mail = ada.Mail; return nil }))
	if list := must[[]directory.User](t)(db.UsersByMail(t.Context(), strings.ToUpper(ada.Mail))); len(list) != 2 {
		t.Errorf("by mail: got %v, want both who share it", userNames(list))
	}
	if u := must[directory.User](t)(db.DisableUser(t.Context(), bob.ID)); u.AccountEnabled {
		t.Error("the disabled user is enabled")
	}
	if u := must[directory.User](t)(db.EnableUser(t.Context(), bob.ID)); !u.AccountEnabled {
		t.Error("the enabled user is disabled")
	}
}

func TestDeleteUser_restorePurge(t *testing.T) {
	t.Parallel()
	c := newClock()
	db := open(t, "", c)
	ada, bob, eve := addUser(t, db, "Ada Byron"), addUser(t, db, "Bob Smith"), addUser(t, db, "Eve Adams")
	g := addGroup(t, db, "Engines", ada, bob)
	app := addApplication(t, db, "Rollcall")
	must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, ada.ID))
	must[directory.User](t)(db.UpdateUser(t.Context(), eve.ID, func(u *directory.User) error { u.ManagerID = ada.ID; return nil }))

	refused(t, db.PurgeUser(t.Context(), ada.ID), directory.Invalid, "must be deleted before")
	before := head(t, db)
	ok(t, db.DeleteUser(t.Context(), ada.ID))
	equal(t, "changes of a soft delete", changed(t, db, before, 1), []string{"-Ada Byron"})
	refused(t, db.DeleteUser(t.Context(), ada.ID), directory.NotFound, "restore it first")
	if u := must[directory.User](t)(db.User(t.Context(), ada.ID)); !u.DeletedAt.Equal(c.Now()) {
		t.Errorf("DeletedAt: got %v, want %v", u.DeletedAt, c.Now())
	}
	equal(t, "found", userNames(must[[]directory.User](t)(db.SearchUsers(t.Context(), "", "", 0))), []string{"Bob Smith", "Eve Adams"})
	equal(t, "deleted", userNames(must[[]directory.User](t)(db.DeletedUsers(t.Context(), "", 0))), []string{"Ada Byron"})
	equal(t, "members", must[[]directory.Member](t)(db.Members(t.Context(), g.ID, "", 0)), []directory.Member{{ID: bob.ID, Kind: directory.KindUser}})
	for u := range db.AssignedUsers(t.Context(), app.ID) {
		t.Errorf("the deleted user is assigned still: %s", u)
	}

	// The name is free meanwhile, and then stands in the way of the restore.
	other := must[directory.User](t)(db.CreateUser(t.Context(), person("Ada Byron")))
	_, err := db.RestoreUser(t.Context(), ada.ID)
	refused(t, err, directory.Conflict, string(other.ID))
	must[directory.User](t)(db.UpdateUser(t.Context(), other.ID, func(u *directory.User) error { u.UserPrincipalName = "ada2@example.com"; return nil }))
	if u := must[directory.User](t)(db.RestoreUser(t.Context(), ada.ID)); !u.DeletedAt.IsZero() {
		t.Error("the restored user is deleted")
	}
	if n := must[int](t)(db.CountMembers(t.Context(), g.ID)); n != 2 {
		t.Errorf("members after the restore: got %d, want 2", n)
	}
	_, err = db.RestoreUser(t.Context(), ada.ID)
	refused(t, err, directory.Invalid, "not deleted")

	ok(t, db.DeleteUser(t.Context(), ada.ID))
	c.Advance(directory.RetentionOfDeleted - time.Second)
	if n := must[int](t)(db.PurgeExpired(t.Context())); n != 0 {
		t.Errorf("purged %d before their time", n)
	}
	before = head(t, db)
	c.Advance(time.Second)
	if n := must[int](t)(db.PurgeExpired(t.Context())); n != 1 {
		t.Errorf("purged %d, want 1", n)
	}
	want := []string{"Engines", "Eve Adams", "x " + string(ada.ID)}
	equal(t, "changes of a purge", changed(t, db, before, 1), want)
	equal(t, "changes of a purge in one page", changed(t, db, before, 100), want)
	if _, err := db.User(t.Context(), ada.ID); !directory.IsProblem(err, directory.NotFound) {
		t.Errorf("the purged user: got %v", err)
	}
	if u := must[directory.User](t)(db.User(t.Context(), eve.ID)); u.ManagerID != "" {
		t.Errorf("the report of the purged user has the manager %q", u.ManagerID)
	}
	if list := must[[]directory.Assignment](t)(db.AssignmentsOf(t.Context(), ada.ID)); len(list) != 0 {
		t.Errorf("assignments of the purged user: %v", list)
	}
	_, err = db.CreateUser(t.Context(), directory.User{ID: ada.ID, UserPrincipalName: "x@example.com", DisplayName: "X"})
	refused(t, err, directory.Conflict, "existed")
}

func TestSearchUsers(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	for _, name := range []string{"Ada Byron", "Bob Smith", "Eve Adams", "Zoe Smithson"} {
		addUser(t, db, name)
	}
	odd := must[directory.User](t)(db.CreateUser(t.Context(), directory.User{UserPrincipalName: "odd@corp.example", Mail: "100%@example.com", DisplayName: "Odd One", Surname: "Höger"}))
	tests := []struct {
		name, query string
		want        []string
	}{
		{"all", "", []string{"Ada Byron", "Bob Smith", "Eve Adams", "Odd One", "Zoe Smithson"}},
		{"first name, another case", "EVE", []string{"Eve Adams"}},
		{"part of a last name", "smith", []string{"Bob Smith", "Zoe Smithson"}},
		{"two words, any order", "smith zo", []string{"Zoe Smithson"}},
		{"user principal name", "odd@corp", []string{"Odd One"}},
		{"mail, with a sign of SQL", "100%", []string{"Odd One"}},
		{"sign of SQL alone", "_", nil},
		{"last name with an accent", "HÖGER", []string{"Odd One"}},
		{"object id", string(odd.ID), []string{"Odd One"}},
		{"nobody", "nobody", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			equal(t, test.query, userNames(must[[]directory.User](t)(db.SearchUsers(t.Context(), test.query, "", 0))), test.want)
			var paged []string
			for after := directory.ID(""); ; {
				page := must[[]directory.User](t)(db.SearchUsers(t.Context(), test.query, after, 1))
				if len(page) == 0 {
					break
				}
				paged, after = append(paged, page[0].DisplayName), page[0].ID
			}
			equal(t, test.query+" by pages", paged, test.want)
		})
	}
	var all []string
	for u, err := range db.Users(t.Context()) {
		ok(t, err)
		all = append(all, u.DisplayName)
	}
	slices.Sort(all)
	equal(t, "iterated", all, tests[0].want)
}

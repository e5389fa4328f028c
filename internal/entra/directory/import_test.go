package directory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func TestImportUsers(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	addUser(t, db, "Grace Boss")
	file := "\uFEFFUserPrincipalName,displayName,mail,manager,accountEnabled,otherMails,directoryRoles,extensionAttribute3\r\n" +
		"ada@example.com,Ada Byron,ada@example.com,bob@example.com,,a@x.example;b@x.example,Application Administrator,blue\r\n" +
		"bob@example.com,\"Smith, Bob\",,Grace.Boss@example.com,No,,,\r\n"
	report := must[directory.ImportReport](t)(db.ImportUsers(t.Context(), strings.NewReader(file)))
	if report != (directory.ImportReport{Users: 2}) {
		t.Errorf("report: got %+v", report)
	}
	ada := must[directory.User](t)(db.UserByUPN(t.Context(), "ada@example.com"))
	bob := must[directory.User](t)(db.UserByUPN(t.Context(), "bob@example.com"))
	boss := must[directory.User](t)(db.UserByUPN(t.Context(), "grace.boss@example.com"))
	if ada.ManagerID != bob.ID || bob.ManagerID != boss.ID {
		t.Errorf("managers: ada %q, bob %q; want %q, %q", ada.ManagerID, bob.ManagerID, bob.ID, boss.ID)
	}
	if !ada.AccountEnabled || !ada.MayConfigure() || ada.ExtensionAttributes[2] != "blue" || bob.AccountEnabled || bob.DisplayName != "Smith, Bob" {
		t.Errorf("got ada %+v, bob %+v", ada, bob)
	}
	equal(t, "other mails", ada.OtherMails, []string{"a@x.example", "b@x.example"})
	if reports := must[[]directory.User](t)(db.DirectReports(t.Context(), boss.ID, "", 0)); len(reports) != 1 || reports[0].ID != bob.ID {
		t.Errorf("reports: got %v", userNames(reports))
	}
}

func TestImportUsers_allOrNothing(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	addUser(t, db, "Ada Byron")
	before := head(t, db)
	file := `userPrincipalName,displayName,accountEnabled,manager
good@example.com,Good,,
ada.byron@example.com,Ada Again,,
no-at-sign,Bad Name,,
x@example.com,X,perhaps,
y@example.com,Y,,ghost@example.com
good@example.com,Good Twice,,
`
	_, err := db.ImportUsers(t.Context(), strings.NewReader(file))
	var refusal *directory.ImportError
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want an ImportError", err)
	}
	want := map[int]string{3: "already exists", 4: "name@domain", 5: "must be true or false", 6: "ghost@example.com", 7: "already exists"}
	for _, line := range refusal.Lines {
		if part := want[line.Line]; part == "" || !strings.Contains(line.Message, part) {
			t.Errorf("line %d: got %q, want it to say %q", line.Line, line.Message, part)
		}
	}
	if len(refusal.Lines) != len(want) || !strings.HasPrefix(err.Error(), "Nothing was imported, because 5 lines are wrong:") {
		t.Errorf("got %d lines: %v", len(refusal.Lines), err)
	}
	if counts := must[directory.Counts](t)(db.Counts(t.Context())); counts.Users != 1 || head(t, db) != before {
		t.Errorf("a refused file left %d users", counts.Users)
	}
}

func TestImportUsers_manyWrongLines(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	_, err := db.ImportUsers(t.Context(), strings.NewReader("userPrincipalName,displayName\n"+strings.Repeat("bad,Bad\n", directory.MostLineErrors+5)))
	var refusal *directory.ImportError
	if !errors.As(err, &refusal) || len(refusal.Lines) != directory.MostLineErrors || refusal.More != 5 || !strings.HasSuffix(err.Error(), "and 5 more") {
		t.Errorf("got %v", err)
	}
}

func TestImportUsers_refusesFiles(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	tests := []struct {
		name, file string
		parts      []string
	}{
		{"empty", "", []string{"empty", "userPrincipalName"}},
		{"unknown column", "userPrincipalName,displayName,shoeSize\n", []string{"line 1", "shoeSize"}},
		{"column twice", "userPrincipalName,displayName,DISPLAYNAME\n", []string{"line 1", "twice"}},
		{"missing column", "userPrincipalName\n", []string{"displayName is missing"}},
		{"too many fields", "userPrincipalName,displayName\na@example.com,A,B\n", []string{"line 2", "not valid CSV"}},
		{"open quote", "userPrincipalName,displayName\n\"a@example.com,A\n", []string{"not valid CSV"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := db.ImportUsers(t.Context(), strings.NewReader(test.file))
			refused(t, err, directory.Invalid, test.parts...)
		})
	}
}

func TestImportGroups(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	ada, bob := addUser(t, db, "Ada Byron"), addUser(t, db, "Bob Smith")
	existing := addGroup(t, db, "Existing", ada)
	file := `displayName,members,securityEnabled
Engines,ada.byron@example.com;BOB.SMITH@example.com,
Existing,bob.smith@example.com,
Existing,ada.byron@example.com,
List,,false
`
	report := must[directory.ImportReport](t)(db.ImportGroups(t.Context(), strings.NewReader(file)))
	if report != (directory.ImportReport{Groups: 2, Memberships: 3}) {
		t.Errorf("report: got %+v", report)
	}
	if n := must[int](t)(db.CountMembers(t.Context(), existing.ID)); n != 2 {
		t.Errorf("members of the existing group: got %d, want 2", n)
	}
	var names []string
	for _, g := range must[[]directory.Group](t)(db.GroupsOf(t.Context(), bob.ID, "", 0)) {
		names = append(names, g.DisplayName)
	}
	slices.Sort(names)
	equal(t, "groups of bob", names, []string{"Engines", "Existing"})
	if list := must[[]directory.Group](t)(db.GroupsNamed(t.Context(), "List")); len(list) != 1 || list[0].SecurityEnabled {
		t.Errorf("List: got %+v", list)
	}

	addGroup(t, db, "Existing")
	before := head(t, db)
	_, err := db.ImportGroups(t.Context(), strings.NewReader("displayName,members\nExisting,\nNew,ghost@example.com\nNew,\n"))
	var refusal *directory.ImportError
	if !errors.As(err, &refusal) || len(refusal.Lines) != 2 || !strings.Contains(refusal.Lines[0].Message, "2 groups") || !strings.Contains(refusal.Lines[1].Message, "ghost") {
		t.Errorf("got %v", err)
	}
	if after := head(t, db); after != before {
		t.Error("a refused file left something")
	}
}

package directory_test

import (
	"slices"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	ada, bob := addUser(t, db, "Ada Byron"), addUser(t, db, "Bob Smith")
	outer, inner := addGroup(t, db, "Outer"), addGroup(t, db, "Inner", bob)
	before := head(t, db)

	if !must[bool](t)(db.AddMember(t.Context(), outer.ID, ada.ID)) {
		t.Error("the first addition says that it changed nothing")
	}
	equal(t, "changes of an addition", changed(t, db, before, 10), []string{"Ada Byron", "Outer"})
	middle := head(t, db)
	if must[bool](t)(db.AddMember(t.Context(), outer.ID, ada.ID)) || head(t, db) != middle {
		t.Error("the second addition changed something")
	}
	must[bool](t)(db.AddMember(t.Context(), outer.ID, inner.ID))
	_, err := db.AddMember(t.Context(), outer.ID, outer.ID)
	refused(t, err, directory.Invalid, "member of itself")
	_, err = db.AddMember(t.Context(), outer.ID, "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef")
	refused(t, err, directory.NotFound, "0a21f0f2", "Outer")
	_, err = db.AddMember(t.Context(), ada.ID, bob.ID)
	refused(t, err, directory.NotFound, "no group")

	// A nested group is a member as such, and its members are none of the outer one.
	want := []directory.Member{{ID: ada.ID, Kind: directory.KindUser}, {ID: inner.ID, Kind: directory.KindGroup}}
	slices.SortFunc(want, func(a, b directory.Member) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	equal(t, "members", must[[]directory.Member](t)(db.Members(t.Context(), outer.ID, "", 0)), want)
	equal(t, "second page", must[[]directory.Member](t)(db.Members(t.Context(), outer.ID, want[0].ID, 1)), want[1:])
	var iterated []directory.Member
	for m, err := range db.AllMembers(t.Context(), outer.ID) {
		ok(t, err)
		iterated = append(iterated, m)
	}
	equal(t, "iterated", iterated, want)
	equal(t, "users among them", userNames(must[[]directory.User](t)(db.MemberUsers(t.Context(), outer.ID, "", 0))), []string{"Ada Byron"})
	if groups := must[[]directory.Group](t)(db.GroupsOf(t.Context(), bob.ID, "", 0)); len(groups) != 1 || groups[0].ID != inner.ID {
		t.Errorf("groups of bob: got %v", groups)
	}

	since := head(t, db)
	if !must[bool](t)(db.RemoveMember(t.Context(), outer.ID, ada.ID)) || must[bool](t)(db.RemoveMember(t.Context(), outer.ID, ada.ID)) {
		t.Error("want the first removal to change something and the second nothing")
	}
	equal(t, "changes of a removal", changed(t, db, since, 10), []string{"Ada Byron", "Outer"})
	list := must[[]directory.MemberChange](t)(db.MemberChanges(t.Context(), outer.ID, before, directory.Position{}, 10))
	if len(list) != 2 || list[0].ID != inner.ID || list[0].Removed || list[1].ID != ada.ID || !list[1].Removed {
		t.Errorf("member changes: got %+v, want inner added, ada removed", list)
	}
	if list := must[[]directory.MemberChange](t)(db.MemberChanges(t.Context(), outer.ID, before, directory.Position{Seq: list[0].Seq, ID: list[0].ID}, 10)); len(list) != 1 || list[0].ID != ada.ID {
		t.Errorf("second page of member changes: got %+v", list)
	}
	if must[bool](t)(db.IsMember(t.Context(), outer.ID, ada.ID)) || !must[bool](t)(db.IsMember(t.Context(), outer.ID, inner.ID)) {
		t.Error("IsMember: want inner and not ada")
	}
	must[bool](t)(db.AddMember(t.Context(), outer.ID, ada.ID))
	if !must[bool](t)(db.IsMember(t.Context(), outer.ID, ada.ID)) {
		t.Error("who left cannot come back")
	}
}

func TestAssign(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	ada, bob, eve, zoe := addUser(t, db, "Ada Byron"), addUser(t, db, "Bob Smith"), addUser(t, db, "Eve Adams"), addUser(t, db, "Zoe Nested")
	first, second := addGroup(t, db, "First", ada, bob), addGroup(t, db, "Second", bob, eve)
	nested := addGroup(t, db, "Nested", zoe)
	must[bool](t)(db.AddMember(t.Context(), first.ID, nested.ID))
	plain := must[directory.Group](t)(db.CreateGroup(t.Context(), directory.Group{DisplayName: "Distribution list"}))
	app, other := addApplication(t, db, "Rollcall"), addApplication(t, db, "Other")

	assigned := func() []string {
		t.Helper()
		var names []string
		for u, err := range db.AssignedUsers(t.Context(), app.ID) {
			ok(t, err)
			names = append(names, u.DisplayName)
		}
		slices.Sort(names)
		return names
	}
	equal(t, "at first", assigned(), nil)
	before := head(t, db)
	a := must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, ada.ID))
	equal(t, "changes of a user's assignment", changed(t, db, before, 10), []string{"Ada Byron"})
	if got := must[directory.Assignment](t)(db.Assignment(t.Context(), a.ID)); got != a || got.PrincipalKind != directory.KindUser {
		t.Errorf("read again: got %+v, want %+v", got, a)
	}
	before = head(t, db)
	must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, first.ID))
	equal(t, "changes of a group's assignment", changed(t, db, before, 1), []string{"Ada Byron", "Bob Smith", "First"})
	must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, second.ID))
	equal(t, "each once, none nested", assigned(), []string{"Ada Byron", "Bob Smith", "Eve Adams"})

	_, err := db.Assign(t.Context(), app.ID, first.ID)
	refused(t, err, directory.Conflict, "already exists", "Rollcall")
	_, err = db.Assign(t.Context(), app.ID, plain.ID)
	refused(t, err, directory.Invalid, "Distribution list", "security-enabled")
	_, err = db.Assign(t.Context(), app.ID, "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef")
	refused(t, err, directory.NotFound, "0a21f0f2")
	_, err = db.Assign(t.Context(), "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", ada.ID)
	refused(t, err, directory.NotFound, "application")

	direct, via, err := db.AssignedTo(t.Context(), app.ID, bob.ID)
	ok(t, err)
	want := []directory.ID{first.ID, second.ID}
	slices.Sort(want)
	if direct {
		t.Error("bob is assigned directly")
	}
	equal(t, "groups of bob", via, want)
	direct, via, err = db.AssignedTo(t.Context(), other.ID, bob.ID)
	ok(t, err)
	if direct || via != nil {
		t.Errorf("another application: got %v, %v", direct, via)
	}
	var groups []string
	for g, err := range db.AssignedGroups(t.Context(), app.ID) {
		ok(t, err)
		groups = append(groups, g.DisplayName)
	}
	slices.Sort(groups)
	equal(t, "assigned groups", groups, []string{"First", "Second"})
	users, groupCount, err := db.CountAssignments(t.Context(), app.ID)
	ok(t, err)
	if users != 1 || groupCount != 2 {
		t.Errorf("counts: got %d, %d", users, groupCount)
	}
	var kinds []directory.Kind
	for after := (directory.Assignment{}); ; {
		page := must[[]directory.Assignment](t)(db.Assignments(t.Context(), app.ID, after, 1))
		if len(page) == 0 {
			break
		}
		after = page[0]
		kinds = append(kinds, after.PrincipalKind)
	}
	equal(t, "list", kinds, []directory.Kind{directory.KindGroup, directory.KindGroup, directory.KindUser})

	// A deleted group gives nothing while it is deleted.
	before = head(t, db)
	ok(t, db.DeleteGroup(t.Context(), second.ID))
	equal(t, "changes of a deleted group", changed(t, db, before, 10), []string{"-Second", "Bob Smith", "Eve Adams"})
	equal(t, "without the deleted group", assigned(), []string{"Ada Byron", "Bob Smith"})
	must[directory.Group](t)(db.RestoreGroup(t.Context(), second.ID))
	equal(t, "with the restored group", assigned(), []string{"Ada Byron", "Bob Smith", "Eve Adams"})
	ok(t, db.DeleteGroup(t.Context(), second.ID))
	before = head(t, db)
	ok(t, db.PurgeGroup(t.Context(), second.ID))
	equal(t, "changes of a purged group", changed(t, db, before, 2), []string{"Bob Smith", "Eve Adams", "x " + string(second.ID)})

	before = head(t, db)
	ok(t, db.Unassign(t.Context(), app.ID, first.ID))
	equal(t, "changes of an end", changed(t, db, before, 10), []string{"Ada Byron", "Bob Smith", "First"})
	refused(t, db.Unassign(t.Context(), app.ID, first.ID), directory.NotFound, "not assigned")
	equal(t, "in the end", assigned(), []string{"Ada Byron"})
}

func TestSetLicence_groupsNeedP1(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	ada, bob := addUser(t, db, "Ada Byron"), addUser(t, db, "Bob Smith")
	g, late := addGroup(t, db, "First", ada), addGroup(t, db, "Late")
	app := addApplication(t, db, "Rollcall")
	must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, g.ID))
	must[directory.Assignment](t)(db.Assign(t.Context(), app.ID, bob.ID))
	if l := must[directory.Licence](t)(db.Licence(t.Context())); l != directory.LicenceP1 {
		t.Errorf("a new directory has %q", l)
	}
	refused(t, db.SetLicence(t.Context(), "Gold"), directory.Invalid, "Gold", "P1")

	before := head(t, db)
	ok(t, db.SetLicence(t.Context(), directory.LicenceFree))
	equal(t, "changes", changed(t, db, before, 10), []string{"Ada Byron", "First"})
	_, err := db.Assign(t.Context(), app.ID, late.ID)
	refused(t, err, directory.Unlicensed, "Late", "plan level")
	var names []string
	for u, err := range db.AssignedUsers(t.Context(), app.ID) {
		ok(t, err)
		names = append(names, u.DisplayName)
	}
	equal(t, "assigned under Free", names, []string{"Bob Smith"})
	if _, via, err := db.AssignedTo(t.Context(), app.ID, ada.ID); err != nil || via != nil {
		t.Errorf("groups under Free: got %v, %v", via, err)
	}
	if !must[bool](t)(db.GroupAssigned(t.Context(), app.ID, g.ID)) {
		t.Error("the group's assignment is gone, so nobody can say why it counts for nothing")
	}
	ok(t, db.SetLicence(t.Context(), directory.LicenceP1))
	if _, via, err := db.AssignedTo(t.Context(), app.ID, ada.ID); err != nil || len(via) != 1 {
		t.Errorf("groups under P1 again: got %v, %v", via, err)
	}
}

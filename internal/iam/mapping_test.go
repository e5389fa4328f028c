package iam

import (
	"strings"
	"testing"
)

func custom(id, name, field string) Role {
	return Role{ID: RoleID(id), Name: name, Type: RoleCustom, Source: SourceAdmin, SCIMGroup: field}
}

func TestFindRole(t *testing.T) {
	t.Parallel()
	roles := append(SystemRoles(), custom("c1", "Admin", ""), custom("c2", "system:Admin", ""), custom("c3", "Read-only", ""), custom("c4", "c3", ""))
	for _, test := range []struct{ arg, want, message string }{
		{arg: "Admin", want: "c1"},
		{arg: "system:Admin", want: string(RoleAdmin)},
		{arg: string(RoleAdmin), want: string(RoleAdmin)},
		{arg: "Billing", want: string(RoleBilling)},
		{arg: "c3", want: "c3"}, // an id before a name
		{arg: "Read-only", want: "c3"},
		{arg: "read only", message: `did you mean "Read-only"?`},
		{arg: "billing", message: `did you mean "Billing"?`},
		{arg: "system:Read-only", message: `no system role "Read-only"`},
		{arg: "", message: `no role ""`},
		{arg: "Owner", message: `no role "Owner"`},
	} {
		got, err := FindRole(roles, test.arg)
		if test.message != "" {
			if KindOf(err) != KindNotFound || !strings.Contains(err.Error(), test.message) {
				t.Errorf("FindRole(%q) = %v, %v; want an error with %q", test.arg, got.ID, err, test.message)
			}
			continue
		}
		if err != nil || string(got.ID) != test.want {
			t.Errorf("FindRole(%q) = %q, %v; want %q", test.arg, got.ID, err, test.want)
		}
	}
}

func TestFindRoles_repetitions(t *testing.T) {
	t.Parallel()
	got, err := FindRoles(SystemRoles(), []string{"Member", "Admin", string(RoleMember)})
	if err != nil || len(got) != 2 || got[0].ID != RoleMember || got[1].ID != RoleAdmin {
		t.Errorf("FindRoles = %v, %v; want Member, Admin", got, err)
	}
	if _, err := FindRoles(SystemRoles(), []string{"Member", "Nobody"}); KindOf(err) != KindNotFound {
		t.Errorf("FindRoles with an unknown role = %v; want not found", err)
	}
}

func TestCheckRole(t *testing.T) {
	t.Parallel()
	roles := append(SystemRoles(), custom("a", "Admins", "G1"), custom("b", "Readers", ""))
	for _, test := range []struct {
		name string
		role Role
		kind Kind
		text string
	}{
		{"new", custom("n", "New", "G2"), 0, ""},
		{"a system role's name", custom("n", "Admin", ""), 0, ""},
		{"itself", custom("a", "Admins", "G1"), 0, ""},
		{"another case", custom("n", "admins", "g1"), 0, ""},
		{"a name like another's field", custom("n", "G1", ""), 0, ""},
		{"a field like another's name", custom("n", "New", "Readers"), 0, ""},
		{"name taken", custom("n", "Readers", ""), KindConflict, "(b)"},
		{"field taken", custom("n", "New", "G1"), KindConflict, `"Admins" (a)`},
		{"empty name", custom("n", "", ""), KindInvalid, "name is empty"},
		{"blank before the field", custom("n", "New", " G"), KindInvalid, "white space"},
		{"broken text", custom("n", "a\xff", ""), KindInvalid, "UTF-8"},
	} {
		err := CheckRole(roles, test.role)
		if test.text == "" {
			if err != nil {
				t.Errorf("%s: CheckRole = %v, want nil", test.name, err)
			}
			continue
		}
		if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: CheckRole = %v; want kind %v with %q", test.name, err, test.kind, test.text)
		}
	}
}

func TestTakesGroup(t *testing.T) {
	t.Parallel()
	byField, byName, rival := custom("f", "Role", "G"), custom("n", "G", ""), custom("x", "Rival", "G")
	for _, test := range []struct {
		name         string
		roles        []Role
		role         Role
		field, named bool
		group        Group
		want         bool
	}{
		{"field takes a free group", []Role{byField}, byField, true, false, Group{DisplayName: "G"}, true},
		{"field takes a group away", []Role{byField}, byField, true, false, Group{DisplayName: "G", Role: "x"}, true},
		{"field that was not set takes nothing", []Role{byField}, byField, false, true, Group{DisplayName: "G"}, false},
		{"another case is another name", []Role{byField}, byField, true, true, Group{DisplayName: "g"}, false},
		{"name takes a free group", []Role{byName}, byName, false, true, Group{DisplayName: "G"}, true},
		{"name leaves a group with a role", []Role{byName}, byName, false, true, Group{DisplayName: "G", Role: "x"}, false},
		{"name yields to another role's field", []Role{byName, rival}, byName, false, true, Group{DisplayName: "G"}, false},
		{"linked already", []Role{byName}, byName, false, true, Group{DisplayName: "G", Role: "n"}, false},
		{"a system role takes nothing", SystemRoles(), SystemRoles()[0], true, true, Group{DisplayName: "Admin"}, false},
	} {
		if got := TakesGroup(test.roles, test.role, test.field, test.named, test.group); got != test.want {
			t.Errorf("%s: TakesGroup = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFieldLinked(t *testing.T) {
	t.Parallel()
	if !FieldLinked(custom("a", "R", "G"), []string{"H", "G"}) {
		t.Error("a role with the field G and the group G is not linked through its field")
	}
	if FieldLinked(custom("a", "R", "G"), []string{"R", "g"}) || FieldLinked(custom("a", "R", ""), []string{""}) {
		t.Error("a role is linked through its field to a group of another name")
	}
}

func TestNoPermissions(t *testing.T) {
	t.Parallel()
	held := func(refs ...RoleRef) []HeldRole {
		var h []HeldRole
		for _, r := range refs {
			h = append(h, HeldRole{Role: r})
		}
		return h
	}
	empty, full := RoleRef{ID: "empty", Type: RoleCustom}, RoleRef{ID: "full", Type: RoleCustom}
	member, unknown := RoleRef{ID: RoleMember, Type: RoleSystem}, RoleRef{ID: "unknown", Type: RoleCustom}
	permissions := func(id RoleID) ([]Permission, bool) {
		if id == "full" {
			return []Permission{PermOrganizationView}, true
		}
		return nil, id != "unknown"
	}
	for _, test := range []struct {
		name string
		held []HeldRole
		want bool
	}{
		{"nothing", nil, false},
		{"Member only", held(member), false},
		{"an empty role", held(empty), true},
		{"an empty role and Member", held(empty, member), true},
		{"an empty role and a full one", held(empty, full), false},
		{"a role that is not known", held(empty, unknown), false},
	} {
		if got := NoPermissions(test.held, permissions); got != test.want {
			t.Errorf("%s: NoPermissions = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestNearKey(t *testing.T) {
	t.Parallel()
	if NearKey("ClickHouse-Admins") != NearKey("clickhouse admins") {
		t.Error("names that differ in case and a hyphen have different keys")
	}
	if NearKey("Admins") == NearKey("Admin") {
		t.Error("different names have the same key")
	}
}

func TestIsID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"01234567-89ab-7def-8123-456789abcdef":    true,
		string(RoleAdmin):                         true,
		"":                                        false,
		"01234567-89AB-7def-8123-456789abcdef":    false,
		"01234567-89ab-7def-8123-456789abcde":     false,
		"01234567-89ab-7def-8123-456789abcdef0":   false,
		"0123456789ab-7def--8123-456789abcdef":    false,
		"01234567-89ab-7def-8123-456789abcd\x00f": false,
	} {
		if IsID(s) != want {
			t.Errorf("IsID(%q) = %v, want %v", s, !want, want)
		}
	}
}

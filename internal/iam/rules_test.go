package iam_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

func custom(id, name, field string) iam.Role {
	return iam.Role{ID: iam.RoleID(id), Name: name, Type: iam.RoleCustom, Source: iam.SourceAdmin, SCIMGroup: field}
}

func TestClaimant(t *testing.T) {
	t.Parallel()
	roles := append(iam.SystemRoles(), custom("r1", "Reader", "Both"), custom("r2", "Both", ""), custom("r3", "Admin", "CH-Admins"))
	for name, want := range map[string]iam.RoleID{"Both": "r1", "Reader": "r1", "Admin": "r3", "CH-Admins": "r3", "both": "", "Billing": "", "": ""} {
		got, _ := iam.Claimant(roles, name)
		if got.ID != want {
			t.Errorf("Claimant(%q) = %q, want %q", name, got.ID, want)
		}
	}
}

func TestNearMiss(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"ClickHouse-Admins", "clickhouse-admins", true},
		{"ClickHouse-Admins", "ClickHouse Admins", true},
		{"ClickHouse-Admins", "ClickHouseAdmins", true},
		{"ClickHouse-Admins", "ClickHouse-Admins", false},
		{"ClickHouse-Admins", "ClickHouse-Admin", false},
	} {
		if got := iam.NearMiss(c.a, c.b); got != c.want {
			t.Errorf("NearMiss(%q, %q) = %t", c.a, c.b, got)
		}
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	scimMade := func(id, name string) iam.Role {
		r := custom(id, name, "")
		r.Source = iam.SourceSCIM
		return r
	}
	own, made := custom("own", "Admin", "Old"), scimMade("made", "Old")
	for name, c := range map[string]struct {
		roles  []iam.Role
		own    *iam.Role
		groups int
		want   iam.Renamed
	}{
		"another role claims the name":         {[]iam.Role{own, custom("x", "New", "")}, &own, 1, iam.Renamed{Link: "x", Moved: true}},
		"without a role, claimed":              {[]iam.Role{custom("x", "New", "")}, nil, 0, iam.Renamed{Link: "x", Moved: true}},
		"without a role, unclaimed":            {nil, nil, 0, iam.Renamed{}},
		"field follows":                        {[]iam.Role{own}, &own, 1, iam.Renamed{Link: "own", FieldTakes: true}},
		"role that SCIM made follows":          {[]iam.Role{made}, &made, 1, iam.Renamed{Link: "made", RoleTakes: true}},
		"not when it has another group":        {[]iam.Role{made}, &made, 2, iam.Renamed{Link: "made"}},
		"its own name claims: nothing to move": {[]iam.Role{custom("own", "New", "")}, ptr(custom("own", "New", "")), 1, iam.Renamed{Link: "own"}},
	} {
		if got := iam.Rename(c.roles, c.own, c.groups, "Old", "New"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestEffectiveRoles(t *testing.T) {
	t.Parallel()
	admin, ops, member := iam.RoleRef{ID: "a", Name: "Admin"}, iam.RoleRef{ID: "o", Name: "Ops"}, iam.RoleRef{ID: "m", Name: "Member"}
	groups := []iam.GroupRole{{Group: "Ops-Group", Role: ops}}
	direct, byGroup, byDefault := iam.HeldRole{Role: admin, Source: iam.HeldDirect}, iam.HeldRole{Role: ops, Source: iam.HeldGroup, Group: "Ops-Group"}, iam.HeldRole{Role: member, Source: iam.HeldDefault}
	for name, c := range map[string]struct {
		status iam.MemberStatus
		direct []iam.RoleRef
		groups []iam.GroupRole
		want   []iam.HeldRole
	}{
		"direct and group":             {iam.StatusActive, []iam.RoleRef{admin}, groups, []iam.HeldRole{direct, byGroup}},
		"group alone":                  {iam.StatusActive, nil, groups, []iam.HeldRole{byGroup}},
		"none: the default":            {iam.StatusActive, nil, nil, []iam.HeldRole{byDefault}},
		"inactive: nothing":            {iam.StatusInactive, []iam.RoleRef{admin}, groups, nil},
		"break-glass: direct alone":    {iam.StatusBreakGlass, []iam.RoleRef{admin}, groups, []iam.HeldRole{direct}},
		"break-glass without: nothing": {iam.StatusBreakGlass, nil, groups, nil},
	} {
		if got := iam.EffectiveRoles(c.status, c.direct, c.groups, []iam.RoleRef{member}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestGoesWithLastGroup(t *testing.T) {
	t.Parallel()
	made := iam.Role{ID: "r", Type: iam.RoleCustom, Source: iam.SourceSCIM}
	granted := made
	granted.Permissions = []iam.Permission{"a:b:c"}
	for name, c := range map[string]struct {
		role iam.Role
		use  iam.RoleUse
		want bool
	}{
		"nothing stands on it": {made, iam.RoleUse{}, true},
		"another group":        {made, iam.RoleUse{Groups: 1}, false},
		"direct holders":       {made, iam.RoleUse{Direct: 1}, false},
		"a Default role":       {made, iam.RoleUse{Default: true}, false},
		"an invitation":        {made, iam.RoleUse{Invitations: 1}, false},
		"permissions":          {granted, iam.RoleUse{}, false},
		"made by an admin":     {custom("r", "x", ""), iam.RoleUse{}, false},
	} {
		if got := iam.GoesWithLastGroup(c.role, c.use); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestLastBreakGlass(t *testing.T) {
	t.Parallel()
	one, two := []iam.BreakGlass{{Member: "a"}}, []iam.BreakGlass{{Member: "a"}, {Member: "b"}}
	if !iam.LastBreakGlass(one, "a") || iam.LastBreakGlass(one, "b") || iam.LastBreakGlass(two, "a") || iam.LastBreakGlass(nil, "a") {
		t.Error("only the one who is alone is the last")
	}
}

func TestMayGrant(t *testing.T) {
	t.Parallel()
	system := iam.SystemRoles()
	admin, billing := system[0], system[1]
	ops := custom("o", "Ops", "")
	ops.Permissions = []iam.Permission{iam.PermViewBilling}
	for name, c := range map[string]struct {
		holder, given []iam.Role
		ok            bool
	}{
		"Admin gives all":                 {[]iam.Role{admin}, []iam.Role{admin, billing, ops}, true},
		"what he holds":                   {[]iam.Role{billing}, []iam.Role{ops}, true},
		"what he does not hold":           {[]iam.Role{ops}, []iam.Role{billing}, false},
		"Admin by one who is no Admin":    {[]iam.Role{billing}, []iam.Role{admin}, false},
		"a custom role named Admin gives": {[]iam.Role{custom("x", "Admin", "")}, []iam.Role{ops}, false},
	} {
		if err := iam.MayGrant(c.holder, c.given); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParsePermission(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"control-plane:organization:manage": true, "control-plane:support:manage": true, "control-plane:service:view": true,
		"product:reports:read": true, "sql-console:database:access": true,
		"control-plane:organization:mange": false, "a:b": false, "a:b:c:d": false, "A:b:c": false, "a::c": false, "": false,
		strings.Repeat("a", 200) + ":b:c": false,
	} {
		if _, err := iam.ParsePermission(in); (err == nil) != ok {
			t.Errorf("ParsePermission(%q): %v", in, err)
		}
	}
}

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ choice, now, want string }{
		{"1w", "2026-11-24T10:00:00Z", "2026-12-01T23:59:59Z"},
		{"1mo", "2026-01-31T10:00:00Z", "2026-02-28T23:59:59Z"},
		{"1mo", "2028-01-31T10:00:00Z", "2028-02-29T23:59:59Z"},
		{"3mo", "2026-11-30T10:00:00Z", "2027-02-28T23:59:59Z"},
		{"6mo", "2026-08-31T10:00:00Z", "2027-02-28T23:59:59Z"},
		{"12mo", "2028-02-29T10:00:00Z", "2029-02-28T23:59:59Z"},
		{"12mo", "2026-11-24T23:30:00-05:00", "2027-11-25T23:59:59Z"},
		{"2026-11-24", "2026-11-24T10:00:00Z", "2026-11-24T23:59:59Z"},
	} {
		got, err := iam.ParseExpiry(c.choice, at(c.now))
		if err != nil || !got.Equal(at(c.want)) {
			t.Errorf("ParseExpiry(%s at %s) = %v, %v; want %s", c.choice, c.now, got, err, c.want)
		}
	}
	if got, err := iam.ParseExpiry("never", at("2026-11-24T10:00:00Z")); err != nil || !got.IsZero() {
		t.Errorf("never: %v, %v", got, err)
	}
	for _, bad := range []string{"", "2w", "2026-11-23", "2026-02-30", "24.11.2026", "tomorrow"} {
		if _, err := iam.ParseExpiry(bad, at("2026-11-24T10:00:00Z")); iam.KindOf(err) != iam.KindInvalid {
			t.Errorf("ParseExpiry(%q): %v", bad, err)
		}
	}
}

func TestSCIMKey_Status(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 24, 23, 59, 59, 0, time.UTC)
	k := iam.SCIMKey{ExpiresAt: end}
	if k.Status(end.Add(-1)) != iam.KeyActive || k.Status(end) != iam.KeyExpired {
		t.Error("a key is valid while now < ExpiresAt")
	}
	k.RevokedAt = end.Add(-time.Hour)
	if k.Status(end.Add(time.Hour)) != iam.KeyRevoked {
		t.Error("revoked counts before expired")
	}
	if (iam.SCIMKey{}).Status(end) != iam.KeyActive {
		t.Error("a key without an expiry never expires")
	}
}

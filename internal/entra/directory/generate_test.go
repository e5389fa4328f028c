package directory_test

import (
	"slices"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// population lists people and members as a comparison needs them.
func population(t *testing.T, db *directory.DB) []string {
	t.Helper()
	var list []string
	for u, err := range db.Users(t.Context()) {
		ok(t, err)
		list = append(list, string(u.ID)+" "+u.UserPrincipalName+" "+u.Department+" "+u.JobTitle+" "+string(u.ManagerID))
	}
	for g, err := range db.Groups(t.Context()) {
		ok(t, err)
		for m, err := range db.AllMembers(t.Context(), g.ID) {
			ok(t, err)
			list = append(list, g.DisplayName+" "+string(m.ID))
		}
	}
	return list
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	report := must[directory.ImportReport](t)(db.Generate(t.Context(), directory.Plan{Users: 2000, Groups: 20, Memberships: 6000, Seed: 7}))
	counts := must[directory.Counts](t)(db.Counts(t.Context()))
	if report != (directory.ImportReport{Users: 2000, Groups: 20, Memberships: 6000}) || counts.Users != 2000 || counts.Groups != 20 || counts.Memberships != 6000 {
		t.Errorf("got report %+v, counts %+v", report, counts)
	}
	byID, addresses := map[directory.ID]directory.User{}, map[string]bool{}
	for u, err := range db.Users(t.Context()) {
		ok(t, err)
		byID[u.ID], addresses[u.Mail] = u, true
	}
	if len(addresses) != 2000 {
		t.Errorf("%d mail addresses for 2000 people", len(addresses))
	}
	tops := 0
	for _, u := range byID {
		if u.ManagerID == "" {
			tops++
			continue
		}
		boss, known := byID[u.ManagerID]
		if !known || boss.ManagerID != "" && boss.Department != u.Department {
			t.Fatalf("%s of %s has the manager %+v", u, u.Department, boss)
		}
	}
	if tops != 1 {
		t.Errorf("%d people have no manager, want 1", tops)
	}
}

func TestGenerate_isDecidedByThePlan(t *testing.T) {
	t.Parallel()
	plan := directory.Plan{Users: 200, Groups: 5, Memberships: 300, Seed: 7}
	c := newClock()
	db, twin, other := open(t, "", c), open(t, "", c), open(t, "", c)
	for _, d := range []*directory.DB{db, twin} {
		must[directory.ImportReport](t)(d.Generate(t.Context(), plan))
	}
	plan.Seed = 8
	must[directory.ImportReport](t)(other.Generate(t.Context(), plan))
	first := population(t, db)
	if len(first) != 500 || !slices.Equal(first, population(t, twin)) {
		t.Errorf("the same plan made %d things, and not the same in another directory", len(first))
	}
	if slices.Equal(first, population(t, other)) {
		t.Error("another seed made the same")
	}
	// A second run of the same plan adds others beside the first.
	must[directory.ImportReport](t)(twin.Generate(t.Context(), directory.Plan{Users: 200, Groups: 5, Memberships: 300, Seed: 7}))
	if counts := must[directory.Counts](t)(twin.Counts(t.Context())); counts.Users != 400 || counts.Memberships != 600 {
		t.Errorf("after two runs: got %+v", counts)
	}
}

func TestGenerate_memberships(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		plan directory.Plan
	}{
		{"one group of all", directory.Plan{Users: 30, Groups: 1, Memberships: 30}},
		{"every group of all", directory.Plan{Users: 30, Groups: 4, Memberships: 120}},
		{"almost", directory.Plan{Users: 30, Groups: 4, Memberships: 119}},
		{"fewer than groups", directory.Plan{Users: 30, Groups: 4, Memberships: 3}},
		{"groups alone", directory.Plan{Groups: 4}},
		{"nothing", directory.Plan{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := open(t, "", newClock())
			must[directory.ImportReport](t)(db.Generate(t.Context(), test.plan))
			if counts := must[directory.Counts](t)(db.Counts(t.Context())); counts.Memberships != test.plan.Memberships || counts.Groups != test.plan.Groups {
				t.Errorf("got %+v, want %+v", counts, test.plan)
			}
		})
	}
}

func TestGenerate_refuses(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	for _, test := range []struct {
		name  string
		plan  directory.Plan
		parts []string
	}{
		{"negative", directory.Plan{Users: -1}, []string{"users", "-1"}},
		{"too many", directory.Plan{Groups: directory.MostGenerated + 1}, []string{"groups", "2000000"}},
		{"no room", directory.Plan{Users: 3, Groups: 2, Memberships: 7}, []string{"room for 6"}},
		{"domain", directory.Plan{Users: 3, Domain: "no domain"}, []string{"no domain"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := db.Generate(t.Context(), test.plan)
			refused(t, err, directory.Invalid, test.parts...)
		})
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	db := open(t, "", newClock())
	if !must[bool](t)(db.Seed(t.Context())) || must[bool](t)(db.Seed(t.Context())) {
		t.Error("want the first Seed to fill the directory and the second to leave it")
	}
	counts := must[directory.Counts](t)(db.Counts(t.Context()))
	if counts.Users != 20 || counts.Groups != 3 || counts.Memberships != 17 {
		t.Errorf("got %+v", counts)
	}
	for _, name := range []string{directory.SeedAdmins, directory.SeedDevelopers, directory.SeedReadOnly} {
		groups := must[[]directory.Group](t)(db.GroupsNamed(t.Context(), name))
		if len(groups) != 1 || !groups[0].SecurityEnabled || must[int](t)(db.CountMembers(t.Context(), groups[0].ID)) == 0 {
			t.Errorf("the group %s: got %+v", name, groups)
		}
	}
	may := 0
	for u, err := range db.Users(t.Context()) {
		ok(t, err)
		if u.MayConfigure() {
			may++
		}
	}
	if may != 2 {
		t.Errorf("%d people may configure, want 2", may)
	}
}

func BenchmarkGenerate_users(b *testing.B) {
	const users = 20_000
	for b.Loop() {
		db, err := directory.Open(b.Context(), "", directory.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.Generate(b.Context(), directory.Plan{Users: users, Groups: 20, Memberships: users}); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(users*b.N)/b.Elapsed().Seconds(), "users/s")
}

func BenchmarkSearchUsers(b *testing.B) {
	db, err := directory.Open(b.Context(), "", directory.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Generate(b.Context(), directory.Plan{Users: 20_000}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := db.SearchUsers(b.Context(), "nobody at all", "", 20); err != nil {
			b.Fatal(err)
		}
	}
}

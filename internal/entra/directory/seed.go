package directory

import (
	"context"
	"strings"
)

// The groups of the seed, named for what a product would give their members.
const (
	SeedAdmins     = "Admins"
	SeedDevelopers = "Developers"
	SeedReadOnly   = "Read-only"
)

// seedPeople are the twenty of the demo: name, title, department, group. The first of a
// department leads it; the first of all leads those.
var seedPeople = []struct{ name, title, department, group string }{
	{"Adele Okafor", "Chief Technology Officer", "Executive", SeedAdmins},
	{"Bruno Lindberg", "IT Administrator", "IT", SeedAdmins},
	{"Carmen Vega", "Platform Lead", "Engineering", SeedDevelopers},
	{"Chen Wong", "Software Engineer", "Engineering", SeedDevelopers},
	{"Divya Mehta", "Software Engineer", "Engineering", SeedDevelopers},
	{"Elias Berg", "Site Reliability Engineer", "Engineering", SeedDevelopers},
	{"Fatima Haddad", "Software Engineer", "Engineering", SeedDevelopers},
	{"Grace Mitchell", "Test Engineer", "Engineering", SeedDevelopers},
	{"Hugo Fontaine", "Data Lead", "Data", SeedDevelopers},
	{"Ingrid Dahl", "Data Engineer", "Data", SeedDevelopers},
	{"Jonas Keller", "Analytics Engineer", "Data", SeedReadOnly},
	{"Kenji Saito", "Data Analyst", "Data", SeedReadOnly},
	{"Leila Rahman", "Finance Lead", "Finance", SeedReadOnly},
	{"Marco Ricci", "Financial Analyst", "Finance", SeedReadOnly},
	{"Nia Mbeki", "Support Lead", "Support", SeedReadOnly},
	{"Oscar Nielsen", "Support Engineer", "Support", SeedReadOnly},
	{"Priya Sharma", "Support Engineer", "Support", SeedReadOnly},
	{"Rosa Delgado", "Recruiter", "People", ""},
	{"Theo Morgan", "Contractor", "People", ""},
	{"Yuki Nakamura", "Intern", "Engineering", ""},
}

// Seed fills an empty directory with twenty fictitious people of the tenant's domain and
// the three groups. The first may administer everything, the second applications. A
// directory with people in it is left as it is; seeded tells which.
func (db *DB) Seed(ctx context.Context) (seeded bool, err error) {
	tenant, err := db.Tenant(ctx)
	if err != nil {
		return false, err
	}
	err = db.write(ctx, func(w *writer) error {
		var people bool
		if err := w.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM groups)`).Scan(&people); err != nil || people {
			return err
		}
		seeded = true
		return db.seed(ctx, w, tenant.DefaultDomain)
	})
	return seeded && err == nil, err
}

func (db *DB) seed(ctx context.Context, w *writer, domain string) error {
	groups := map[string]Group{}
	for _, name := range []string{SeedAdmins, SeedDevelopers, SeedReadOnly} {
		g, err := db.createGroup(ctx, w, Group{DisplayName: name, Description: "People who get the role " + name, SecurityEnabled: true})
		if err != nil {
			return err
		}
		groups[name] = g
	}
	var first ID
	leads := map[string]ID{}
	for i, p := range seedPeople {
		given, surname, _ := strings.Cut(p.name, " ")
		address := strings.ToLower(given+"."+surname) + "@" + domain
		office := offices[i%len(offices)]
		u := User{
			UserPrincipalName: address, Mail: address, GivenName: given, Surname: surname, DisplayName: p.name, JobTitle: p.title, Department: p.department,
			CompanyName: "Contoso", City: office.city, State: office.state, Country: office.country, PreferredLanguage: office.language,
			ProxyAddresses: []string{"SMTP:" + address}, AccountEnabled: true, ManagerID: leads[p.department],
		}
		if u.ManagerID == "" {
			u.ManagerID = first
		}
		switch i {
		case 0:
			u.DirectoryRoles = []DirectoryRole{GlobalAdministrator}
		case 1:
			u.DirectoryRoles = []DirectoryRole{ApplicationAdministrator}
		}
		u, err := db.createUser(ctx, w, u)
		if err != nil {
			return err
		}
		if i == 0 {
			first = u.ID
		}
		if leads[p.department] == "" {
			leads[p.department] = u.ID
		}
		if p.group != "" {
			if _, err := w.addMember(ctx, groups[p.group], u.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

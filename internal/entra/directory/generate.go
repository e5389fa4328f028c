package directory

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Plan says what [DB.Generate] makes. The same plan makes the same in an empty directory.
type Plan struct {
	Users       int
	Groups      int
	Memberships int // spread over the groups; the first group has half of them, as big tenants have one that is
	Seed        uint64
	Domain      string // of the addresses; the tenant's default domain when empty
}

// MostGenerated bounds each number of a plan.
const MostGenerated = 2_000_000

// teamSize is how many people one manager has.
const teamSize = 9

// Generate adds people of fictitious names with departments, job titles, offices and
// managers, and groups of them. Addresses are unique, also beside those that exist.
// 100,000 users take some seconds, in one transaction that other writers wait for.
func (db *DB) Generate(ctx context.Context, plan Plan) (ImportReport, error) {
	for _, n := range []struct {
		name  string
		value int
	}{{"users", plan.Users}, {"groups", plan.Groups}, {"memberships", plan.Memberships}} {
		if n.value < 0 || n.value > MostGenerated {
			return ImportReport{}, refuse(Invalid, "The number of %s is %d; it must lie between 0 and %d.", n.name, n.value, MostGenerated)
		}
	}
	if plan.Memberships > plan.Groups*plan.Users {
		return ImportReport{}, refuse(Invalid, "%d groups of %d users have room for %d memberships, not for %d.", plan.Groups, plan.Users, plan.Groups*plan.Users, plan.Memberships)
	}
	if plan.Domain == "" {
		tenant, err := db.Tenant(ctx)
		if err != nil {
			return ImportReport{}, err
		}
		plan.Domain = tenant.DefaultDomain
	}
	if err := checkDomain(plan.Domain); err != nil {
		return ImportReport{}, err
	}
	if len(plan.Domain) > 48 {
		return ImportReport{}, refuse(Invalid, "The domain %q is longer than 48 characters, which no user principal name may have.", plan.Domain)
	}
	err := db.write(ctx, func(w *writer) error {
		g := generation{plan: plan, w: w, now: db.now().UTC().Truncate(time.Microsecond)}
		return g.run(ctx)
	})
	if err != nil {
		return ImportReport{}, fmt.Errorf("generate people: %w", err)
	}
	return ImportReport{Users: plan.Users, Groups: plan.Groups, Memberships: plan.Memberships}, nil
}

// generation is one run of Generate.
type generation struct {
	plan   Plan
	w      *writer
	now    time.Time
	source *rand.ChaCha8
	random *rand.Rand
	users  []ID
	taken  map[string]int // local parts, folded, with the last number behind one
	beside bool           // there are people already
}

func (g *generation) run(ctx context.Context) error {
	first, err := g.w.next(ctx) // what is there already makes other ids and names
	if err != nil {
		return err
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], g.plan.Seed)
	binary.LittleEndian.PutUint64(seed[8:], uint64(first))
	g.source = rand.NewChaCha8(seed)
	g.random = rand.New(g.source)
	g.taken = map[string]int{}
	if err := g.w.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users)`).Scan(&g.beside); err != nil {
		return err
	}
	if err := g.makeUsers(ctx); err != nil {
		return err
	}
	return g.makeGroups(ctx)
}

func (g *generation) makeUsers(ctx context.Context) error {
	insert, err := g.w.tx.PrepareContext(ctx, insertUser)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }() // the transaction closes it too
	exists, err := g.w.tx.PrepareContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE upn_fold = ? AND deleted_at_us = 0)`)
	if err != nil {
		return err
	}
	defer func() { _ = exists.Close() }()
	g.users = make([]ID, 0, g.plan.Users)
	for i := range g.plan.Users {
		u, err := g.user(ctx, i, exists)
		if err != nil {
			return err
		}
		if err := u.check(); err != nil {
			return err
		}
		if u.Seq, err = g.w.next(ctx); err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, userArgs(u)...); err != nil {
			return err
		}
		g.users = append(g.users, u.ID)
	}
	return nil
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// user makes the i-th person. People come in teams, whose first one leads the others; the
// first of all leads the leaders.
func (g *generation) user(ctx context.Context, i int, exists *sql.Stmt) (User, error) {
	id, err := newID(g.source)
	if err != nil {
		return User{}, err
	}
	given, surname, office := pick(g.random, givenNames), pick(g.random, surnames), pick(g.random, offices)
	team := i / teamSize
	department := departments[team%len(departments)]
	local, err := g.local(ctx, given, surname, exists)
	if err != nil {
		return User{}, err
	}
	address := local + "@" + g.plan.Domain
	u := User{
		ID: id, UserPrincipalName: address, Mail: address, MailNickname: local, GivenName: given, Surname: surname, DisplayName: given + " " + surname,
		Department: department.name, JobTitle: pick(g.random, department.titles), CompanyName: "Contoso", EmployeeID: strconv.Itoa(100001 + i),
		TelephoneNumber: fmt.Sprintf("%s %04d", office.phone, g.random.IntN(10000)), PhysicalDeliveryOfficeName: fmt.Sprintf("%d/%d", 1+g.random.IntN(6), 1001+g.random.IntN(400)),
		StreetAddress: office.street, City: office.city, State: office.state, PostalCode: office.postalCode, Country: office.country, PreferredLanguage: office.language,
		ProxyAddresses: []string{"SMTP:" + address}, AccountEnabled: true, CreatedAt: g.now,
	}
	switch {
	case i == 0:
		u.JobTitle, u.Department = "Chief Executive Officer", "Executive"
	case i%teamSize == 0:
		u.JobTitle, u.ManagerID = department.name+" Manager", g.users[0]
	default:
		u.ManagerID = g.users[team*teamSize]
	}
	return u, nil
}

// local makes the part before "@": first.last, with a number from 2 on where it is taken.
func (g *generation) local(ctx context.Context, given, surname string, exists *sql.Stmt) (string, error) {
	name := strings.ToLower(given + "." + surname)
	for {
		g.taken[name]++
		local := name
		if n := g.taken[name]; n > 1 {
			local += strconv.Itoa(n)
		}
		if !g.beside {
			return local, nil
		}
		var used bool
		if err := exists.QueryRowContext(ctx, local+"@"+fold(g.plan.Domain)).Scan(&used); err != nil {
			return "", err
		}
		if !used {
			return local, nil
		}
	}
}

func (g *generation) makeGroups(ctx context.Context) error {
	insert, err := g.w.tx.PrepareContext(ctx, `INSERT INTO members (group_id, member_id, kind, removed, seq) VALUES (?, ?, 'User', 0, ?)`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	left := g.plan.Memberships
	for i := range g.plan.Groups {
		size := g.size(i, left)
		left -= size
		if err := g.group(ctx, i, size, insert); err != nil {
			return err
		}
	}
	return nil
}

// size is how many members the i-th group gets of those left: the first one half of all,
// the others an equal share, and nobody more than there are people.
func (g *generation) size(i, left int) int {
	groups := g.plan.Groups - i
	share := (left + groups - 1) / groups
	if i == 0 && groups > 1 {
		share = left / 2
	}
	// What the groups after this one have no room for must be in it.
	return min(max(share, left-(groups-1)*g.plan.Users), g.plan.Users, left)
}

func (g *generation) group(ctx context.Context, i, size int, insert *sql.Stmt) error {
	id, err := newID(g.source)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s %s %03d", pick(g.random, teamWords), departments[i%len(departments)].name, i+1)
	seq, err := g.w.next(ctx)
	if err != nil {
		return err
	}
	row := Group{ID: id, DisplayName: name, MailNickname: nickname(name), SecurityEnabled: true, CreatedAt: g.now, Seq: seq}
	if _, err := g.w.tx.ExecContext(ctx, insertGroup, groupArgs(row)...); err != nil {
		return err
	}
	// A run of people from a random one on, at a step that meets each once.
	start, step := 0, 1
	if len(g.users) > 0 {
		start = g.random.IntN(len(g.users))
		step = coprime(g.random.IntN(len(g.users))+1, len(g.users))
	}
	for n := range size {
		member := g.users[(start+n*step)%len(g.users)]
		if _, err := insert.ExecContext(ctx, string(id), string(member), seq); err != nil {
			return err
		}
	}
	return nil
}

// coprime returns the first number from n on that has no divisor in common with m.
func coprime(n, m int) int {
	for ; ; n++ {
		a, b := n, m
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return n
		}
	}
}

package directory_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// clock is a time that tests move.
type clock struct{ us atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.us.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMicro(c.us.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.us.Add(d.Microseconds()) }

func open(t *testing.T, path string, c *clock) *directory.DB {
	t.Helper()
	db, err := directory.Open(t.Context(), path, directory.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// must returns the value, or ends the test.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of that kind whose text has the parts.
func refused(t *testing.T, err error, p directory.Problem, parts ...string) {
	t.Helper()
	if !directory.IsProblem(err, p) {
		t.Fatalf("error: got %v, want one of kind %q", err, p)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error: got %q, want it to say %q", err, part)
		}
	}
}

func person(name string) directory.User {
	first, last, _ := strings.Cut(name, " ")
	address := strings.ToLower(first + "." + last + "@example.com")
	return directory.User{UserPrincipalName: address, Mail: address, GivenName: first, Surname: last, DisplayName: name, AccountEnabled: true}
}

func addUser(t *testing.T, db *directory.DB, name string) directory.User {
	t.Helper()
	return must[directory.User](t)(db.CreateUser(t.Context(), person(name)))
}

func addGroup(t *testing.T, db *directory.DB, name string, members ...directory.User) directory.Group {
	t.Helper()
	g := must[directory.Group](t)(db.CreateGroup(t.Context(), directory.Group{DisplayName: name, SecurityEnabled: true}))
	for _, m := range members {
		must[bool](t)(db.AddMember(t.Context(), g.ID, m.ID))
	}
	return g
}

func addApplication(t *testing.T, db *directory.DB, name string) directory.Application {
	t.Helper()
	return must[directory.Application](t)(db.CreateApplication(t.Context(), directory.Application{DisplayName: name}))
}

// changed lists what happened to users and groups after a number, by name: "-" before a
// soft-deleted, "x " before the id of a purged one.
func changed(t *testing.T, db *directory.DB, since int64, limit int) []string {
	t.Helper()
	var list []string
	var after directory.Position
	for {
		page := must[[]directory.UserChange](t)(db.ChangedUsers(t.Context(), since, after, limit))
		for _, c := range page {
			list = append(list, mark(c.User.DisplayName, c.User.ID, c.User.DeletedAt, c.Purged))
			after = directory.Position{Seq: c.User.Seq, ID: c.User.ID}
		}
		if len(page) < limit {
			break
		}
	}
	after = directory.Position{}
	for {
		page := must[[]directory.GroupChange](t)(db.ChangedGroups(t.Context(), since, after, limit))
		for _, c := range page {
			list = append(list, mark(c.Group.DisplayName, c.Group.ID, c.Group.DeletedAt, c.Purged))
			after = directory.Position{Seq: c.Group.Seq, ID: c.Group.ID}
		}
		if len(page) < limit {
			break
		}
	}
	slices.Sort(list)
	return list
}

func mark(name string, id directory.ID, deleted time.Time, purged bool) string {
	switch {
	case purged:
		return fmt.Sprintf("x %s", id)
	case !deleted.IsZero():
		return "-" + name
	}
	return name
}

func head(t *testing.T, db *directory.DB) int64 {
	t.Helper()
	return must[int64](t)(db.HeadSeq(t.Context()))
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func userNames(list []directory.User) []string {
	var names []string
	for _, u := range list {
		names = append(names, u.DisplayName)
	}
	return names
}

func file(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "entra.db")
}

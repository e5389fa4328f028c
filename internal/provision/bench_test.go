package provision_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
)

// bench is an organization with many users: 100,000 of them, a group of 10 and one
// of 99,000.
type bench struct {
	s            *provision.Service
	caller       iam.SCIMCaller
	users        []iam.MemberID
	small, large string // groups
}

const benchUsers = 100_000

// BenchmarkScale measures what must not grow with an organization, on each engine.
func BenchmarkScale(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(engine, func(b *testing.B) {
			w := newBench(b, engine)
			b.Run("member", w.member)
			b.Run("cursor-page", w.cursorPage)
			b.Run("index-page", w.indexPage)
			b.Run("look-up", w.lookUp)
		})
	}
}

func newBench(b *testing.B, engine string) *bench {
	b.Helper()
	url := storetest.URL(b, engine)
	db := storetest.Reopen(b, url, store.Options{})
	org := iam.Organization{ID: iam.OrganizationID(db.NewID()), Name: "Bench", Plan: iam.PlanEnterprise, SCIMEnabled: true,
		Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: time.Now()}
	w := &bench{s: &provision.Service{DB: db}, caller: iam.SCIMCaller{Organization: org, Key: "scim_bench", Actor: iam.Actor{Type: iam.ActorAPI}}}
	write := func(fn func(tx *store.Tx) error) {
		if err := db.Write(b.Context(), fn); err != nil {
			b.Fatal(err)
		}
	}
	write(func(tx *store.Tx) error { return tx.InsertOrganization(org) })
	for len(w.users) < benchUsers {
		write(func(tx *store.Tx) error {
			for range 5000 {
				name := fmt.Sprintf("user%d@example.com", len(w.users))
				u := store.User{Org: org.ID, ID: iam.MemberID(db.NewID()), LoginKey: name, UserName: name, Status: iam.StatusActive, ManagedBy: iam.ManagedBySCIM,
					SCIM: true, Doc: `{"displayName":"User","emails":[{"type":"work","value":"` + name + `"}],"userName":"` + name + `"}`, Version: 1, CreatedAt: time.Now(), UpdatedAt: time.Now()}
				if _, err := tx.InsertUser(u); err != nil {
					return err
				}
				w.users = append(w.users, u.ID)
			}
			return tx.AddCount(org.ID, store.CountUsers, "", 5000)
		})
	}
	w.small, w.large = w.group(b, "Small", 10), w.group(b, "Large", benchUsers-1000)
	storetest.Analyze(b, url)
	return w
}

func (w *bench) group(b *testing.B, name string, members int) string {
	b.Helper()
	d, err := w.s.CreateGroup(b.Context(), w.caller, scim.Object{"displayName": name}, nil)
	if err != nil {
		b.Fatal(err)
	}
	err = w.s.DB.Write(b.Context(), func(tx *store.Tx) error {
		_, err := tx.AddGroupMembers(w.caller.Organization.ID, iam.GroupID(d.ID), w.users[:members])
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return d.ID
}

// member adds and removes one member of a group of 10 and of one of
// 99,000: it must cost the same.
func (w *bench) member(b *testing.B) {
	for name, group := range map[string]string{"10": w.small, "99000": w.large} {
		b.Run(name, func(b *testing.B) {
			user := string(w.users[len(w.users)-1])
			for b.Loop() {
				for _, op := range []string{"add", "remove"} {
					p, err := scim.ParsePatch(scim.Object{"Operations": []any{scim.Object{"op": op, "path": "members", "value": []any{scim.Object{"value": user}}}}})
					if err != nil {
						b.Fatal(err)
					}
					if _, err := w.s.PatchGroup(b.Context(), w.caller, group, p, provision.Match{}, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// cursorPage reads the first and the last page of 100 of 100,000 users.
func (w *bench) cursorPage(b *testing.B) {
	first, last := "", ""
	for cursor := ""; ; {
		page, err := w.s.ListUsers(b.Context(), w.caller, provision.Query{Cursor: &cursor, Count: 1000, HasCount: true})
		if err != nil {
			b.Fatal(err)
		}
		if page.NextCursor == "" {
			break
		}
		last, cursor = cursor, page.NextCursor
	}
	for name, cursor := range map[string]string{"first": first, "last": last} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := w.s.ListUsers(b.Context(), w.caller, provision.Query{Cursor: &cursor, Count: 100, HasCount: true})
				if err != nil || len(page.Items) != 100 {
					b.Fatalf("%d users, %v", len(page.Items), err)
				}
			}
		})
	}
}

// indexPage reads pages by startIndex at both ends.
func (w *bench) indexPage(b *testing.B) {
	for _, start := range []int{1, benchUsers - 99} {
		b.Run(strconv.Itoa(start), func(b *testing.B) {
			for b.Loop() {
				page, err := w.s.ListUsers(b.Context(), w.caller, provision.Query{StartIndex: start, Count: 100, HasCount: true})
				if err != nil || len(page.Items) != 100 {
					b.Fatalf("%d users, %v", len(page.Items), err)
				}
			}
		})
	}
}

// lookUp asks for a userName as Entra ID does, hit and miss.
func (w *bench) lookUp(b *testing.B) {
	for name, want := range map[string]int{"user77777@example.com": 1, "nobody@example.com": 0} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, err := scim.ParseFilter(`userName eq "` + name + `"`)
				if err != nil {
					b.Fatal(err)
				}
				page, err := w.s.ListUsers(b.Context(), w.caller, provision.Query{Filter: f})
				if err != nil || page.Total != want {
					b.Fatalf("%d users, %v", page.Total, err)
				}
			}
		})
	}
}

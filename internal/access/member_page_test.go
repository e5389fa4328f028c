package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// people adds SCIM users m00@example.com … and returns all addresses of the
// organization, its Admin first.
func (w *world) people(n int, change func(i int, u *store.User)) []string {
	w.t.Helper()
	all := []string{"ada@example.com"}
	err := w.db.Write(w.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutDomain(w.org, store.Domain{Domain: "example.com", VerifiedAt: start}); err != nil {
			return err
		}
		for i := range n {
			address := fmt.Sprintf("m%02d@example.com", i)
			u := store.User{
				Org: w.org, ID: iam.MemberID(w.db.NewID()), LoginKey: address, UserName: address, GivenName: "Olle", FamilyName: fmt.Sprint("Öberg ", i),
				Status: iam.StatusActive, ManagedBy: iam.ManagedBySCIM, SCIM: true, Doc: "{}", Version: 1, CreatedAt: start, UpdatedAt: start,
			}
			if change != nil {
				change(i, &u)
			}
			if _, err := tx.InsertUser(u); err != nil {
				return err
			}
			if err := tx.AddCount(w.org, store.CountUsers, string(u.ID), 1); err != nil {
				return err
			}
			if u.Status != iam.StatusInactive {
				all = append(all, u.UserName)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func emails(p access.MemberPage) []string {
	var list []string
	for _, m := range p.Members {
		list = append(list, m.Email)
	}
	return list
}

// Every member comes once, forwards and backwards, whatever the length of the last page.
func TestMemberPage_forwardsAndBackwards(t *testing.T) {
	each(t, func(w *world) {
		all := w.people(12, func(i int, u *store.User) {
			if i == 3 {
				u.Status = iam.StatusInactive
			}
		})
		for _, limit := range []int{1, 3, 4, 12, 50} {
			q := access.MemberQuery{Limit: limit}
			var pages []access.MemberPage
			for {
				p := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, q))
				if p.Total != len(all) || len(p.Members) > limit {
					t.Fatalf("limit %d: total %d, %d on a page; want %d in all", limit, p.Total, len(p.Members), len(all))
				}
				pages = append(pages, p)
				if p.Next == "" {
					break
				}
				q.After = p.Next
			}
			var seen []string
			for _, p := range pages {
				seen = append(seen, emails(p)...)
			}
			if !slices.Equal(seen, all) {
				t.Errorf("limit %d: %q, want %q", limit, seen, all)
			}
			for i := len(pages) - 1; i > 0; i-- {
				back := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Limit: limit, Before: pages[i].Previous}))
				if !slices.Equal(emails(back), emails(pages[i-1])) || back.Next == "" || (back.Previous == "") != (i == 1) {
					t.Errorf("limit %d: back from page %d: %q, %+v; want %q", limit, i, emails(back), back, emails(pages[i-1]))
				}
			}
			if pages[0].Previous != "" {
				t.Errorf("limit %d: something is before the first page", limit)
			}
		}
	})
}

func TestMemberPage_costIsThatOfThePage(t *testing.T) {
	each(t, func(w *world) {
		w.people(40, nil)
		count := func(q access.MemberQuery) int {
			w.sql.Reset()
			must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, q))
			return w.sql.Statements()
		}
		small, large := count(access.MemberQuery{Limit: 2}), count(access.MemberQuery{Limit: 30})
		if small != large {
			t.Errorf("a page of 2 takes %d statements, one of 30 takes %d", small, large)
		}
	})
}

func TestMemberPage_search(t *testing.T) {
	each(t, func(w *world) {
		w.people(30, func(i int, u *store.User) {
			if i == 7 {
				u.DisplayName, u.GivenName, u.FamilyName = "Ελένη Παπαδοπούλου", "", ""
			}
		})
		for _, test := range []struct {
			search string
			want   []string
		}{
			{"öberg 11", []string{"m11@example.com"}},
			{"ÖBERG olle 12", []string{"m12@example.com"}},
			{"ΕΛΈΝΗ", []string{"m07@example.com"}},
			{"M29@Example", []string{"m29@example.com"}},
			{"ada", []string{"ada@example.com"}},
			{"100%", nil},
			{"m_1", nil},
			{"nobody", nil},
		} {
			p := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Search: test.search}))
			if got := emails(p); !slices.Equal(got, test.want) || p.Next != "" {
				t.Errorf("search %q: %q, want %q", test.search, got, test.want)
			}
			if p.Looked != 31 || p.Total != 31 {
				t.Errorf("search %q: %d looked through of %d, want 31 of 31", test.search, p.Looked, p.Total)
			}
		}
		first := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Search: "öberg", Limit: 20}))
		second := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Search: "öberg", Limit: 20, After: first.Next}))
		if len(first.Members) != 20 || len(second.Members) != 9 || second.Next != "" || second.Members[0].Email == first.Members[19].Email {
			t.Errorf("%d and %d members on two pages of a search, want 20 and 9", len(first.Members), len(second.Members))
		}
		back := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Search: "öberg", Limit: 20, Before: second.Previous}))
		if !slices.Equal(emails(back), emails(first)) {
			t.Errorf("back to %q, want %q", emails(back), emails(first))
		}
	})
}

func TestMemberPage_conditions(t *testing.T) {
	each(t, func(w *world) {
		w.people(6, func(i int, u *store.User) {
			switch i {
			case 1:
				u.LoginKey, u.UserName = "zoe", "zoe"
			case 2:
				u.LoginKey, u.UserName = "m02@elsewhere.example", "m02@elsewhere.example"
			}
		})
		role := must[access.RoleView](t)(w.CreateRole(t.Context(), iam.Operator, w.org, access.RoleInput{Name: new("Empty")}))
		must[iam.Member](t)(w.SetMemberRoles(t.Context(), iam.Operator, w.org, "m04@example.com", []string{"Empty"}))
		for name, test := range map[string]struct {
			query access.MemberQuery
			want  string
		}{
			"role":               {access.MemberQuery{Role: role.ID}, "m04@example.com"},
			"system role":        {access.MemberQuery{Role: iam.RoleAdmin}, "ada@example.com"},
			"by hand":            {access.MemberQuery{ManagedBy: iam.ManagedByAdmin}, "ada@example.com"},
			"cannot sign in":     {access.MemberQuery{State: access.MemberNoSignIn}, "m02@elsewhere.example zoe"},
			"no permissions":     {access.MemberQuery{State: access.MemberNoPermissions}, "m04@example.com"},
			"nothing to do":      {access.MemberQuery{State: access.MemberFine}, "ada@example.com m00@example.com m03@example.com m05@example.com"},
			"two conditions":     {access.MemberQuery{State: access.MemberNoSignIn, Search: "zoe"}, "zoe"},
			"conditions at odds": {access.MemberQuery{Role: role.ID, State: access.MemberFine}, ""},
		} {
			p := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, test.query))
			if got := strings.Join(emails(p), " "); got != test.want {
				t.Errorf("%s: %q, want %q", name, got, test.want)
			}
			if !test.query.Filtered() || p.Looked != 7 {
				t.Errorf("%s: filtered %v, looked through %d, want 7", name, test.query.Filtered(), p.Looked)
			}
		}
		one := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, access.MemberQuery{Role: iam.RoleAdmin}))
		if len(one.Members) != 1 || !one.Members[0].LocalSignIn {
			t.Errorf("the first Admin is shown without his local sign-in: %+v", one.Members)
		}
	})
}

func TestMemberPage_foreignCursors(t *testing.T) {
	each(t, func(w *world) {
		all := w.people(3, nil)
		for _, cursor := range []string{"!", "////", "AAAA", strings.Repeat("QUFB", 1000)} {
			for _, q := range []access.MemberQuery{{After: cursor}, {Before: cursor}} {
				p := must[access.MemberPage](t)(w.MemberPage(t.Context(), w.org, q))
				if !slices.Equal(emails(p), all) {
					t.Errorf("cursor %q: %q, want the first page", cursor[:min(len(cursor), 10)], emails(p))
				}
			}
		}
	})
}

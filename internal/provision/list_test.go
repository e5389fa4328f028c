package provision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
)

func filterOf(t *testing.T, s string) *scim.Filter {
	t.Helper()
	if s == "" {
		return nil
	}
	f, err := scim.ParseFilter(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// people provisions n users, user000 … , every third inactive, with names in
// another order than their ids.
func (w *world) people(n int) []string {
	w.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		d, err := w.createUser(fmt.Sprintf(`{"userName":"user%03d@example.com","externalId":"x%d","displayName":"%c Person","active":%t,"name":{"familyName":"F%03d"}}`,
			i, i%5, 'Z'-rune(i%26), i%3 != 2, n-i))
		ok(w.t, err)
		ids[i] = d.ID
	}
	return ids
}

func idsOf(docs []provision.Document) []string {
	ids := []string{}
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestList_pagesByIndex(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ids := w.people(25)
		var got []string
		for start := 1; ; start += 10 {
			page, err := w.s.ListUsers(w.t.Context(), w.caller, provision.Query{StartIndex: start, Count: 10, HasCount: true})
			ok(w.t, err)
			wantEqual(w.t, "total and startIndex", []int{page.Total, page.StartIndex}, []int{25, start})
			if len(page.Items) == 0 {
				break
			}
			got = append(got, idsOf(page.Items)...)
		}
		wantEqual(w.t, "all, once, in order", got, ids)
		page, err := w.s.ListUsers(w.t.Context(), w.caller, provision.Query{Count: 0, HasCount: true})
		ok(w.t, err)
		wantEqual(w.t, "count=0", []int{page.Total, len(page.Items), page.StartIndex}, []int{25, 0, 1})
		page, err = w.s.ListUsers(w.t.Context(), w.caller, provision.Query{StartIndex: -4, Count: -1, HasCount: true})
		ok(w.t, err)
		wantEqual(w.t, "below the bounds", []int{page.Total, len(page.Items), page.StartIndex}, []int{25, 0, 1})
	})
}

func TestList_cursors(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ids := w.people(25)
		for name, q := range map[string]provision.Query{
			"plain":           {},
			"sorted":          {Sort: scim.Sort{By: "displayName"}},
			"descending":      {Sort: scim.Sort{By: "name.familyName", Descending: true}},
			"by time":         {Sort: scim.Sort{By: "meta.lastModified"}},
			"filtered":        {Filter: filterOf(w.t, `userName sw "user0"`)},
			"filtered sorted": {Filter: filterOf(w.t, `userName sw "user0"`), Sort: scim.Sort{By: "displayName", Descending: true}},
		} {
			var pages [][]string
			cursor := ""
			for {
				q.Cursor, q.Count, q.HasCount = &cursor, 7, true
				page, err := w.s.ListUsers(w.t.Context(), w.caller, q)
				ok(w.t, err)
				wantEqual(w.t, name+" total", page.Total, 25)
				pages = append(pages, idsOf(page.Items))
				if page.NextCursor == "" {
					break
				}
				cursor = page.NextCursor
			}
			all := slices.Concat(pages...)
			sorted := slices.Clone(all)
			slices.Sort(sorted)
			wantEqual(w.t, name+": everybody once", sorted, ids)
			wantEqual(w.t, name+": pages", len(pages), 4)
			byIndex := provision.Query{Filter: q.Filter, Sort: q.Sort, Count: 100, HasCount: true}
			page, err := w.s.ListUsers(w.t.Context(), w.caller, byIndex)
			ok(w.t, err)
			wantEqual(w.t, name+": same order as by index", idsOf(page.Items), all)
		}
	})
}

func TestList_foreignCursor(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		w.people(5)
		ask := func(w *world, cursor string, q provision.Query) (provision.Page, error) {
			q.Cursor, q.Count, q.HasCount = &cursor, 2, true
			return w.s.ListUsers(w.t.Context(), w.caller, q)
		}
		page, err := ask(w, "", provision.Query{})
		ok(w.t, err)
		good := page.NextCursor
		flipped := good[:len(good)-3] + strings.Map(func(r rune) rune { return r ^ 1 }, good[len(good)-3:])
		for _, bad := range []string{"x", "!!", flipped, good + "A", strings.Repeat("A", 50_000)} {
			_, err := ask(w, bad, provision.Query{})
			wantError(w.t, err, 400, "invalidCursor")
		}
		_, err = ask(w, good, provision.Query{Sort: scim.Sort{By: "userName"}})
		wantError(w.t, err, 400, "invalidCursor")
		_, err = ask(w, good, provision.Query{Filter: filterOf(w.t, `active eq true`)})
		wantError(w.t, err, 400, "invalidCursor")
		other := newWorld(w.t, w.db)
		_, err = ask(other, good, provision.Query{})
		wantError(w.t, err, 400, "invalidCursor")
	})
}

func TestList_sortPutsAbsentLast(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		for _, body := range []string{`{"userName":"a@example.com"}`, `{"userName":"b@example.com","displayName":"beta"}`, `{"userName":"c@example.com","displayName":"Alpha"}`} {
			_, err := w.createUser(body)
			ok(w.t, err)
		}
		order := func(s scim.Sort, f *scim.Filter) string {
			page, err := w.s.ListUsers(w.t.Context(), w.caller, provision.Query{Sort: s, Filter: f})
			ok(w.t, err)
			out := ""
			for _, d := range page.Items {
				out += string(d.Attrs[strings.Index(string(d.Attrs), "@")-1])
			}
			return out
		}
		for _, f := range []*scim.Filter{nil, filterOf(w.t, `userName pr`)} {
			wantEqual(w.t, "ascending", order(scim.Sort{By: "displayName"}, f), "cba")
			wantEqual(w.t, "descending", order(scim.Sort{By: "displayName", Descending: true}, f), "abc")
		}
	})
}

func TestList_filters(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ids := w.people(12)
		group := w.group("Ops", ids[1], ids[2])
		second := w.group("Sales", ids[2])
		_, err := w.patchUser(ids[3], `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"`+ids[0]+`"}`)
		ok(w.t, err)
		for filter, want := range map[string][]string{
			`userName eq "USER004@example.com"`:                                       {ids[4]},
			`userName eq "nobody@example.com"`:                                        {},
			`id eq "` + ids[7] + `"`:                                                  {ids[7]},
			`externalId eq "x1"`:                                                      {ids[1], ids[6], ids[11]},
			`externalId eq "X1"`:                                                      {},
			`externalId eq "x1" and active eq false`:                                  {ids[11]},
			`active eq "False"`:                                                       {ids[2], ids[5], ids[8], ids[11]},
			`groups eq "` + group + `"`:                                               {ids[1], ids[2]},
			`groups.display eq "Sales"`:                                               {ids[2]},
			`not (groups pr) and userName sw "user00"`:                                {ids[0], ids[3], ids[4], ids[5], ids[6], ids[7], ids[8], ids[9]},
			`id eq "` + ids[3] + `" and manager eq "` + ids[0] + `"`:                  {ids[3]},
			`manager eq "` + ids[1] + `" and id eq "` + ids[3] + `"`:                  {},
			`name.familyName eq "F001" or userName eq "user001@example.com"`:          {ids[1], ids[11]},
			`meta.created ge "2026-11-24T00:00:00Z" and userName ew "11@example.com"`: {ids[11]},
			`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`: {ids[3]},
		} {
			page, err := w.s.ListUsers(w.t.Context(), w.caller, provision.Query{Filter: filterOf(w.t, filter), Want: provision.Want{Groups: true}})
			ok(w.t, err)
			got := idsOf(page.Items)
			wantEqual(w.t, filter, got, want)
			wantEqual(w.t, filter+" total", page.Total, len(want))
		}
		for filter, want := range map[string][]string{
			`displayName eq "ops"`:                                        {group},
			`id eq "` + group + `" and members eq "` + ids[1] + `"`:       {group},
			`members eq "` + ids[1] + `" and id eq "` + second + `"`:      {},
			`members.value eq "` + ids[2] + `"`:                           {group, second},
			`members eq "` + ids[2] + `" and members eq "` + ids[1] + `"`: {group},
			`members.display eq "Y Person"`:                               {group},
			`members[value eq "` + ids[2] + `"] and displayName sw "s"`:   {second},
			`not (members eq "` + ids[1] + `")`:                           {second},
		} {
			page, err := w.s.ListGroups(w.t.Context(), w.caller, provision.Query{Filter: filterOf(w.t, filter)})
			ok(w.t, err)
			wantEqual(w.t, filter, idsOf(page.Items), want)
		}
		_, err = w.s.ListUsers(w.t.Context(), w.caller, provision.Query{Filter: filterOf(w.t, `unknown eq "x"`)})
		wantError(w.t, err, 400, "invalidFilter", "unknown")
		_, err = w.s.ListUsers(w.t.Context(), w.caller, provision.Query{Filter: filterOf(w.t, `password eq "x"`)})
		wantError(w.t, err, 400, "invalidFilter")
	})
}

// A filter that no index serves is refused at once where there is too much to look
// at: it must not read 100,000 documents first.
func TestList_tooMuchToLookAt(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			d := &storetest.Driver{}
			w := newWorld(t, storetest.Open(t, engine, store.Options{Now: day.UTC, Wrap: d.Wrap}))
			ids := w.people(3)
			w.write(func(tx *store.Tx) error { return tx.AddCount(w.org, store.CountUsers, "", provision.MaxScan) })
			d.Reset()
			_, err := w.s.ListUsers(t.Context(), w.caller, provision.Query{Filter: filterOf(t, `title pr`)})
			wantError(t, err, 400, "tooMany", "100000")
			if n := d.Statements(); n != 1 {
				t.Errorf("the refusal took %d statements, want 1", n)
			}
			page, err := w.s.ListUsers(t.Context(), w.caller, provision.Query{Filter: filterOf(t, `externalId eq "x1" and title pr or id eq "x"`)})
			wantError(t, err, 400, "tooMany")
			wantEqual(t, "nothing", len(page.Items), 0)
			page, err = w.s.ListUsers(t.Context(), w.caller, provision.Query{Filter: filterOf(t, `externalId eq "x1" and displayName pr`)})
			ok(t, err)
			wantEqual(t, "what an index serves", idsOf(page.Items), ids[1:2])
		})
	}
}

// What has not the form of an id is nobody's, on both engines alike, and is not
// looked up: PostgreSQL takes neither NUL nor broken UTF-8.
func TestIDs_thatAreNone(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(w *world) {
		ctx, body := w.t.Context(), object(w.t, `{"userName":"x","displayName":"x"}`)
		for _, id := range []string{"", "x", "\x00", "\xff", strings.ToUpper(w.user("ada@example.com")), strings.Repeat("9", 100_000)} {
			_, err := w.getUser(id)
			wantError(w.t, err, 404, "", "there is no user")
			_, err = w.s.GetUser(ctx, w.caller, id, provision.Want{})
			wantError(w.t, err, 404, "", "there is no user")
			_, err = w.patchUser(id, disable)
			wantError(w.t, err, 404, "", "there is no user")
			_, err = w.s.ReplaceUser(ctx, w.caller, id, body, noMatch, nil)
			wantError(w.t, err, 404, "", "there is no user")
			wantError(w.t, w.deleteUser(id), 404, "", "there is no user")
			_, err = w.s.GetGroup(ctx, w.caller, id, provision.Want{Members: true})
			wantError(w.t, err, 404, "", "there is no group")
			_, err = w.s.ReplaceGroup(ctx, w.caller, id, body, noMatch, nil)
			wantError(w.t, err, 404, "", "there is no group")
			wantError(w.t, w.rename(id, "x"), 404, "", "there is no group")
			wantError(w.t, w.s.DeleteGroup(ctx, w.caller, id, noMatch), 404, "", "there is no group")
		}
	})
}

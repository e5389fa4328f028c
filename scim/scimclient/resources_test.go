package scimclient_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

func TestResources_requests(t *testing.T) {
	t.Parallel()
	two := 2
	for _, tc := range []struct {
		name   string
		call   func(*scimclient.Client) error
		target string
		body   string
	}{
		{"create", func(c *scimclient.Client) error {
			_, err := c.Users().Create(t.Context(), scim.Object{"userName": "a"})
			return err
		}, "POST /scim/Users", `{"userName":"a"}`},
		{"get", func(c *scimclient.Client) error {
			_, err := c.Groups().Get(t.Context(), "a/b", scimclient.Params{ExcludedAttributes: []string{"members"}})
			return err
		}, "GET /scim/Groups/a%2Fb?excludedAttributes=members", ""},
		{"find", func(c *scimclient.Client) error {
			_, err := c.Users().Find(t.Context(), `userName eq `+scimclient.Quote(`a"&+;é`))
			return err
		}, `GET /scim/Users?filter=userName%20eq%20%22a%5C%22%26%2B%3B%C3%A9%22`, ""},
		{"list", func(c *scimclient.Client) error {
			_, err := c.Users().List(t.Context(), scimclient.Params{SortBy: "userName", SortOrder: "descending", StartIndex: &two, Count: &two, Attributes: []string{"id", "name"}})
			return err
		}, `GET /scim/Users?attributes=id%2Cname&sortBy=userName&sortOrder=descending&startIndex=2&count=2`, ""},
		{"patch keeps the dialect", func(c *scimclient.Client) error {
			_, err := c.Users().Patch(t.Context(), "1", scim.Object{"Operations": []any{scim.Object{"op": "Replace", "path": "active", "value": "False"}}})
			return err
		}, "PATCH /scim/Users/1", `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`},
		{"patch op", func(c *scimclient.Client) error {
			_, err := c.Users().Patch(t.Context(), "1", scimclient.PatchOp(scim.Object{"op": "remove", "path": "title"}))
			return err
		}, "PATCH /scim/Users/1", `{"Operations":[{"op":"remove","path":"title"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`},
		{"replace", func(c *scimclient.Client) error {
			_, err := c.Groups().Replace(t.Context(), "1", scim.Object{"displayName": "x"})
			return err
		}, "PUT /scim/Groups/1", `{"displayName":"x"}`},
		{"delete", func(c *scimclient.Client) error { return c.Users().Delete(t.Context(), "1") }, "DELETE /scim/Users/1", ""},
		{"search", func(c *scimclient.Client) error {
			_, err := c.Users().Search(t.Context(), scim.Object{"count": 1})
			return err
		}, "POST /scim/Users/.search", `{"count":1,"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`},
		{"bulk", func(c *scimclient.Client) error {
			_, err := c.Bulk(t.Context(), scim.Object{"Operations": []any{}})
			return err
		}, "POST /scim/Bulk", `{"Operations":[],"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, got := server(t, respond(200, `{"id":"1","totalResults":0}`))
			if err := tc.call(c); err != nil {
				t.Fatal(err)
			}
			if r := (*got)[0]; r.target != tc.target || r.body != tc.body {
				t.Errorf("sent %s %s\nwant %s %s", r.target, r.body, tc.target, tc.body)
			}
		})
	}
}

func TestResources_Create_withoutID(t *testing.T) {
	t.Parallel()
	c, _ := server(t, respond(201, `{"userName":"a"}`))
	if _, err := c.Users().Create(t.Context(), scim.Object{"userName": "a"}); err == nil || !strings.Contains(err.Error(), "without the id") {
		t.Errorf("error %v, want one about the missing id", err)
	}
}

func TestResources_Patch_noContent(t *testing.T) {
	t.Parallel()
	c, _ := server(t, respond(204, ""))
	o, err := c.Groups().Patch(t.Context(), "1", scimclient.PatchOp())
	if err != nil || o != nil {
		t.Errorf("got %v, %v; want nil, nil", o, err)
	}
}

// pages serves n users by startIndex (at most limit a page) or by cursor.
func pages(n, limit int) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		start, next := 1, ""
		q := r.URL.Query()
		if q.Has("startIndex") {
			fmt.Sscan(q.Get("startIndex"), &start)
		}
		if q.Get("cursor") != "" {
			fmt.Sscan(q.Get("cursor"), &start)
		}
		var items []string
		for i := start; i <= n && len(items) < limit; i++ {
			items = append(items, fmt.Sprintf(`{"id":"%d"}`, i))
		}
		if end := start + len(items); q.Has("cursor") && end <= n {
			next = fmt.Sprintf(`,"nextCursor":"%d"`, end)
		}
		fmt.Fprintf(w, `{"totalResults":%d,"startIndex":%d,"itemsPerPage":%d,"Resources":[%s]%s}`, n, start, len(items), strings.Join(items, ","), next)
	}
}

func TestResources_All(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3, 7} {
		c, got := server(t, pages(n, 3))
		var want []string
		for i := 1; i <= n; i++ {
			want = append(want, fmt.Sprint(i))
		}
		for name, all := range map[string]func() ([]string, error){
			"index":  func() ([]string, error) { return ids(c.Users().All(t.Context(), scimclient.Params{})) },
			"cursor": func() ([]string, error) { return ids(c.Users().AllByCursor(t.Context(), scimclient.Params{})) },
		} {
			*got = nil
			have, err := all()
			if err != nil || !slices.Equal(have, want) {
				t.Errorf("%d users by %s: %v, %v", n, name, have, err)
			}
			if calls := max(1, (n+2)/3); len(*got) != calls {
				t.Errorf("%d users by %s: %d calls, want %d", n, name, len(*got), calls)
			}
		}
	}
}

func ids(all func(func(scim.Object, error) bool)) ([]string, error) {
	var list []string
	for o, err := range all {
		if err != nil {
			return list, err
		}
		list = append(list, o["id"].(string))
	}
	return list, nil
}

func TestResources_All_stops(t *testing.T) {
	t.Parallel()
	c, got := server(t, pages(100, 3))
	for range c.Users().All(t.Context(), scimclient.Params{}) {
		break
	}
	if len(*got) != 1 {
		t.Errorf("%d calls after the first resource, want 1", len(*got))
	}
}

func TestResources_CursorPages_sameCursorTwice(t *testing.T) {
	t.Parallel()
	c, got := server(t, respond(200, `{"totalResults":9,"Resources":[{"id":"1"}],"nextCursor":"again"}`))
	_, err := ids(c.Users().AllByCursor(t.Context(), scimclient.Params{}))
	if err == nil || len(*got) != 2 {
		t.Errorf("error %v after %d calls, want an error after 2", err, len(*got))
	}
}

func TestParseList(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"array":                `[]`,
		"empty object":         `{}`,
		"total is a string":    `{"totalResults":"1"}`,
		"total is a fraction":  `{"totalResults":1.5}`,
		"Resources is not one": `{"totalResults":1,"Resources":{}}`,
		"a string in it":       `{"totalResults":1,"Resources":["x"]}`,
	} {
		c, _ := server(t, respond(200, body))
		if _, err := c.Users().Find(t.Context(), "id pr"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c, _ := server(t, respond(200, `{"totalResults":3,"startIndex":2,"itemsPerPage":1,"nextCursor":"n","previousCursor":"p","Resources":[{"id":"1"}]}`))
	l, err := c.Users().Find(t.Context(), "id pr")
	if err != nil {
		t.Fatal(err)
	}
	if l.TotalResults != 3 || l.StartIndex != 2 || l.ItemsPerPage != 1 || l.NextCursor != "n" || l.PrevCursor != "p" || len(l.Resources) != 1 {
		t.Errorf("list %+v", l)
	}
}

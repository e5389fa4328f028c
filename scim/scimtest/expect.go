package scimtest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// want fails unless the status is one of these.
func (a *answer) want(status ...int) *answer {
	if !slices.Contains(status, a.Status) {
		words := make([]string, len(status))
		for i, s := range status {
			words[i] = fmt.Sprint(s)
		}
		a.t.fail("%s: want %s, got %d", a.what, strings.Join(words, " or "), a.Status)
	}
	return a
}

// refused fails unless the answer is an error of the client's, 400 to 499.
func (a *answer) refused() *answer {
	if a.Status < 400 || a.Status > 499 {
		a.t.fail("%s: want the request refused with a status of 400 to 499, got %d", a.what, a.Status)
	}
	return a
}

// survived fails when the answer is an error of the server's. 501 is the
// honest answer to what is not implemented.
func (a *answer) survived() *answer {
	if a.Status >= 500 && a.Status != http.StatusNotImplemented {
		a.t.fail("%s: the server failed with %d on input that it should answer or refuse", a.what, a.Status)
	}
	return a
}

// object fails unless the body is a JSON object.
func (a *answer) object() obj {
	if a.Object == nil {
		a.t.fail("%s: want a JSON object in the body", a.what)
	}
	return a.Object
}

// str is the non-empty string at a place in the body.
func (a *answer) str(keys ...any) string {
	s, ok := value(a.object(), keys...).(string)
	if !ok || s == "" {
		a.t.fail("%s: want a string as %s in the answer", a.what, place(keys))
	}
	return s
}

// scimError fails unless the body is an error as RFC 7644 section 3.12 has it.
func (a *answer) scimError() *answer {
	o := a.object()
	if !slices.Contains(items(o["schemas"]), any(scim.ErrorURN)) {
		a.t.fail("%s: want schemas with %s in the error", a.what, scim.ErrorURN)
	}
	if fmt.Sprint(o["status"]) != fmt.Sprint(a.Status) {
		a.t.fail("%s: want status %d in the error, got %v", a.what, a.Status, o["status"])
	}
	return a
}

// scimType fails unless the error has this scimType.
func (a *answer) scimType(want string) *answer {
	if got := value(a.object(), "scimType"); got != want {
		a.t.fail("%s: want scimType %s in the error, got %s", a.what, want, show(got))
	}
	return a
}

// mediaType fails unless the body is declared as SCIM.
func (a *answer) mediaType() *answer {
	got, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || got != scim.MediaType {
		a.t.fail("%s: want Content-Type %s, got %q", a.what, scim.MediaType, a.Header.Get("Content-Type"))
	}
	return a
}

// holds fails unless the body has at least these values.
func (a *answer) holds(want obj) *answer {
	a.t.holds(a.what, a.object(), want)
	return a
}

// holds fails unless got has at least the values of want: strings, numbers and
// booleans are equal, objects hold the wanted members, and lists have the same
// length and for each wanted element one that holds it, in any order.
func (t *T) holds(what string, got obj, want obj) {
	if problem := differs(got, want, ""); problem != "" {
		t.fail("%s: %s", what, problem)
	}
}

func differs(got, want any, at string) string {
	switch want := want.(type) {
	case obj:
		o, ok := got.(obj)
		if !ok {
			return fmt.Sprintf("%s is %s, want an object", named(at), show(got))
		}
		for _, key := range sortedKeys(want) {
			if problem := differs(o[key], want[key], join(at, key)); problem != "" {
				return problem
			}
		}
		return ""
	case list:
		l, ok := got.(list)
		if !ok && len(want) > 0 {
			return fmt.Sprintf("%s is %s, want a list", named(at), show(got))
		}
		if len(l) != len(want) {
			return fmt.Sprintf("%s has %d values, want %d: %s", named(at), len(l), len(want), show(want))
		}
		for _, w := range want {
			if !slices.ContainsFunc(l, func(g any) bool { return differs(g, w, at) == "" }) {
				return fmt.Sprintf("%s is %s, want a value %s in it", named(at), show(got), show(w))
			}
		}
		return ""
	}
	if !same(got, want) {
		return fmt.Sprintf("%s is %s, want %s", named(at), show(got), show(want))
	}
	return ""
}

func same(got, want any) bool {
	if n, ok := want.(int); ok {
		number, ok := got.(json.Number)
		return ok && number.String() == fmt.Sprint(n)
	}
	return got == want
}

func named(at string) string {
	if at == "" {
		return "the body"
	}
	return at
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// equal fails unless two values are the same.
func (t *T) equal(what string, got, want any) {
	if !same(got, want) {
		t.fail("%s is %s, want %s", what, show(got), show(want))
	}
}

// absent fails when the object has the member, even empty.
func (t *T) absent(what string, o obj, key string) {
	if v, ok := o[key]; ok {
		t.fail("%s: %s must not be in the answer, but it is %s", what, key, show(v))
	}
}

// gone fails unless the value at a place is absent, null or empty.
func (t *T) gone(what string, o obj, keys ...any) {
	switch v := value(o, keys...).(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case list:
		if len(v) == 0 {
			return
		}
	case obj:
		if len(v) == 0 {
			return
		}
	}
	t.fail("%s: %s should be gone, but it is %s", what, place(keys), show(value(o, keys...)))
}

// list fails unless the answer is a list response, and returns it.
func (a *answer) list() *scimclient.List {
	a.want(http.StatusOK)
	if !slices.Contains(items(value(a.object(), "schemas")), any(scim.ListResponseURN)) {
		a.t.fail("%s: want schemas with %s in the answer", a.what, scim.ListResponseURN)
	}
	l, err := scimclient.ParseList(a.Object)
	if err != nil {
		a.t.fail("%s: %v", a.what, err)
	}
	if len(l.Resources) == 0 && l.TotalResults > 0 && a.Object["Resources"] == nil {
		for key, v := range a.Object {
			if key != "Resources" && strings.EqualFold(key, "Resources") {
				a.t.fail("%s: the resources are in %q (%s), want them in \"Resources\"", a.what, key, show(v))
			}
		}
	}
	return l
}

// find lists what a filter matches.
func (t *T) find(path, filter string, more ...string) *scimclient.List {
	t.bystander(path)
	return t.get(path, append([]string{"filter", filter}, more...)...).list()
}

// findsOnly fails unless a filter matches exactly one resource, this one.
func (r *resource) findsOnly(filter string) {
	l := r.t.find(r.kind, filter)
	if got := idsOf(l.Resources); l.TotalResults != 1 || !slices.Equal(got, []string{r.id}) {
		r.t.fail("filter %s: want exactly the resource %s, got totalResults %d with %v", filter, r.id, l.TotalResults, shortIDs(got))
	}
}

// findsNone fails unless a filter matches nothing.
func (t *T) findsNone(path, filter string) {
	l := t.find(path, filter)
	if l.TotalResults != 0 || len(l.Resources) != 0 {
		t.fail("filter %s: want no match, got totalResults %d with %v", filter, l.TotalResults, shortIDs(idsOf(l.Resources)))
	}
}

func shortIDs(ids []string) []string {
	if len(ids) > 5 {
		return append(slices.Clone(ids[:5]), "…")
	}
	return ids
}

func idsOf(resources []obj) []string {
	ids := make([]string, len(resources))
	for i, o := range resources {
		ids[i], _ = o["id"].(string)
	}
	return ids
}

// hasMembers fails unless the group has exactly these members.
func (r *resource) hasMembers(ids ...string) {
	got := r.memberIDs()
	want := slices.Sorted(slices.Values(ids))
	if !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		r.t.fail("members of the group are %v, want %v", got, ids)
	}
}

// memberIDs are the members of the group as the server has them now.
func (r *resource) memberIDs() []string {
	ids := []string{}
	for i, m := range items(value(r.read(), "members")) {
		id, ok := value(m, "value").(string)
		if !ok {
			r.t.fail("members[%d] is %s, want an object whose value is the id of the member", i, show(m))
		}
		ids = append(ids, id)
	}
	return ids
}

// instant parses a dateTime (RFC 7643 section 2.3.5).
func (t *T) instant(what string, v any) time.Time {
	s, _ := v.(string)
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.fail("%s is %s, want a date and time like 2026-01-31T23:59:59Z", what, show(v))
	}
	return at
}

// pickID is the resource with this id, nil when there is none.
func pickID(resources []obj, id string) obj {
	for _, o := range resources {
		if o["id"] == id {
			return o
		}
	}
	return nil
}

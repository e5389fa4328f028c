package scimapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// Whatever stands in a query, reading it does not panic, a refusal is a SCIM error
// of 400, and a filter that any reader of URLs would see does not vanish: without
// it a list is everybody.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		``, `filter=userName+eq+"x"`, `filter=userName%20eq%20%22a%40b%22&startIndex=1&count=100`, `aadOptscim062020&filter=userName eq "x;y"`, `;filter=x`, `a=1;filter=x`, `filter=a&filter=b`, `FILTER=a&filter=b`,
		`filter=%`, `filter=%zz`, `?filter=x`, `filter=members[value eq "x"]`, `attributes=emails[type eq "work"],id&excludedAttributes=members`, `count=-1&startIndex=99999999999999999999`, `cursor=&cursor=`, `sortBy=userName&sortOrder=descending`, "filter=\x00\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.RawQuery = raw
		x := &exchange{r: r}
		q, err := x.parameters()
		if err != nil {
			e, ok := err.(*scim.Error) //nolint:errorlint // it must be that very type
			if !ok || e.Status != http.StatusBadRequest || e.Detail == "" {
				t.Fatalf("%q is refused with %#v", raw, err)
			}
			return
		}
		if q.StartIndex < 1 || q.Count < 0 || q.Count > scim.MaxPageSize {
			t.Errorf("%q: startIndex %d, count %d", raw, q.StartIndex, q.Count)
		}
		for part := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '&' || r == ';' }) {
			name, value, _ := strings.Cut(part, "=")
			value, bad := url.QueryUnescape(value)
			if strings.EqualFold(name, "filter") && bad == nil && strings.TrimSpace(value) != "" && q.Filter == "" && !strings.ContainsAny(value, "\u0130\u017f\u212a") {
				t.Errorf("%q: the filter %q vanished", raw, value)
			}
		}
	})
}

// Whatever stands in a path, it names an organization or none, and no segment is
// empty.
func FuzzSplitPath(f *testing.F) {
	for _, seed := range []string{"/v1/organizations/o/scim/Users", "//v1/organizations//o/scim/%2e%2e/%2F", "/v1/organizations/o/scim/%", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		org, below := splitPath(path)
		for _, segment := range below {
			if segment == "" {
				t.Errorf("%q has an empty segment below %q: %q", path, org, below)
			}
		}
		if org == "" && len(below) > 0 {
			t.Errorf("%q leads somewhere without an organization: %q", path, below)
		}
	})
}

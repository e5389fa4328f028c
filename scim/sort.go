package scim

import "slices"

// Sort is the order of a list.
type Sort struct {
	By         string // canonical path like "name.familyName", "" for the server's own order
	Descending bool
}

// sortable are the attributes that lists can be sorted by.
var sortable = []string{"id", "userName", "externalId", "displayName", "name.familyName", "name.givenName",
	"active", "meta.created", "meta.lastModified"}

// ParseSort reads sortBy and sortOrder (RFC 7644 section 3.4.2.3). An order that
// is not offered is no error: the list comes in the server's own order, and the
// note says so.
func ParseSort(rt *ResourceType, sortBy, sortOrder string) (Sort, []Note) {
	if sortBy == "" {
		return Sort{}, nil
	}
	path, err := ParsePath(sortBy)
	if err == nil && path.Filter == nil {
		t, ok := rt.resolve(path)
		if ok && t.ext == nil && slices.Contains(sortable, t.name()) {
			s := Sort{By: t.name(), Descending: asciiEqual(sortOrder, "descending")}
			if !s.Descending && sortOrder != "" && !asciiEqual(sortOrder, "ascending") {
				return s, []Note{{Path: "sortOrder", Text: quote(sortOrder) + " is neither ascending nor descending; the list is ascending"}}
			}
			return s, nil
		}
	}
	return Sort{}, []Note{{Path: "sortBy", Text: quote(sortBy) + " is not an attribute that lists are sorted by"}}
}

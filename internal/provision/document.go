package provision

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/scim"
)

// Want says which of the costly parts of a resource an answer needs.
type Want struct {
	Groups  bool // a user's groups
	Members bool // a group's members
}

// Document is one resource, ready to be encoded: the client's attributes as they
// are stored, and beside them what the server adds while writing.
type Document struct {
	Type     *scim.ResourceType
	ID       string
	Version  int64
	Created  time.Time
	Modified time.Time
	Active   bool // of users
	// Attrs is the canonical JSON object of the client's attributes, without
	// schemas, id, meta, active, groups and members. It is at least `{}`.
	Attrs   []byte
	Schemas []string
	// Groups are the user's groups when they were wanted; nil otherwise.
	Groups []Ref
	// Members yields the group's members when they were wanted, page by page from
	// the store while the caller writes; nil otherwise. It may be ranged over once
	// and must be ranged over before the request's context ends.
	Members iter.Seq2[Ref, error]
}

// Ref points at another resource: a group of a user, or a member of a group.
type Ref struct{ Value, Display string }

// ETag is the entity tag of the document (RFC 7644 section 3.14): a weak one,
// because an answer may be projected.
func (d Document) ETag() string { return ETag(d.Version) }

// ETag writes a version as a weak entity tag, W/"12".
func ETag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// Match is a parsed If-Match or If-None-Match header. The zero value is no
// condition.
type Match struct {
	given bool
	any   bool
	tags  []string
}

// ParseMatch reads the value of an If-Match or If-None-Match header: "*" or a
// comma list of entity tags, compared weakly because SCIM's are weak. A value
// that is no tag matches nothing. "" is no condition.
func ParseMatch(header string) Match {
	header = strings.TrimSpace(header)
	switch header {
	case "":
		return Match{}
	case "*":
		return Match{given: true, any: true}
	}
	m := Match{given: true}
	for tag := range strings.SplitSeq(header, ",") {
		m.tags = append(m.tags, opaque(strings.TrimSpace(tag)))
	}
	return m
}

func opaque(tag string) string {
	return strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
}

// Given tells whether there is a condition.
func (m Match) Given() bool { return m.given }

// Holds tells whether version is among the tags, or any version will do.
func (m Match) Holds(version int64) bool {
	if m.any {
		return true
	}
	want := strconv.FormatInt(version, 10)
	for _, tag := range m.tags {
		if tag == want {
			return true
		}
	}
	return false
}

// Trail collects what happened to each operation of a request, for the request
// log. A nil Trail collects nothing. It is set anew on each run of a transaction.
type Trail struct{ Verdicts []scim.Verdict }

func (t *Trail) set(v ...scim.Verdict) {
	if t != nil {
		t.Verdicts = append(t.Verdicts[:0], v...)
	}
}

// Query is what a list is asked for. Filter and Sort were parsed; whether they
// fit the resource type is checked here.
type Query struct {
	Filter     *scim.Filter
	Sort       scim.Sort // zero: by id
	StartIndex int       // 1-based; below 1 means 1
	Count      int       // meaningful with HasCount; below 0 means 0
	HasCount   bool
	Cursor     *string // RFC 9865: nil: no cursors; "": the first page
	Want       Want
}

// Page is one page of a list.
type Page struct {
	Total      int
	StartIndex int // 0 with cursors
	Items      []Document
	NextCursor string // "" on the last page and without cursors
}

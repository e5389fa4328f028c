package provision

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/scim"
)

// position is where a resource stands in an order: its sort key and its id. In the
// default order the key is empty. Absent tells that the resource has no value,
// which sorts last ascending and first descending (RFC 7644 section 3.4.2.3).
type position struct {
	Absent bool   `json:"a,omitempty"`
	Key    string `json:"k,omitempty"`
	ID     string `json:"i"`
}

// compare orders positions by the listing's sort.
func (l *listing) compare(a, b position) int {
	order := cmp.Or(compareBool(a.Absent, b.Absent), strings.Compare(a.Key, b.Key), strings.Compare(a.ID, b.ID))
	if l.q.Sort.Descending {
		return -order
	}
	return order
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// positionOf takes the sort key out of a resource, as the store's columns give it:
// texts with ASCII case folded unless the attribute is exact, times as
// microseconds, false before true.
func (l *listing) positionOf(d Document, o scim.Object) position {
	p := position{ID: d.ID}
	switch l.q.Sort.By {
	case "", "id":
		return p
	case "meta.created":
		p.Key = strconv.FormatInt(d.Created.UnixMicro(), 10)
	case "meta.lastModified":
		p.Key = strconv.FormatInt(d.Modified.UnixMicro(), 10)
	case "active":
		p.Key = "0"
		if d.Active {
			p.Key = "1"
		}
	case "externalId":
		p.Key = text(o, "externalId")
	default:
		inner, name := o, l.q.Sort.By
		if parent, sub, nested := strings.Cut(name, "."); nested {
			inner, _ = o[parent].(scim.Object)
			name = sub
		}
		p.Key = iam.Fold(text(inner, name))
	}
	p.Absent = p.Key == ""
	return p
}

// cursor is what a cursor carries: the last position of the page before, and a hash
// over it and over everything the list depends on.
type cursor struct {
	Position position `json:"p"`
	Hash     []byte   `json:"h"`
}

const (
	cursorHashBytes = 16
	maxCursorBytes  = 16 << 10
)

// hash binds a position to organization, resource, filter and sort, so that an
// edited cursor, or one of another list, is told from a good one (D14).
func (l *listing) hash(p position) []byte {
	filter := ""
	if l.q.Filter != nil {
		filter = l.q.Filter.String()
	}
	text, _ := json.Marshal([]any{l.org, l.kind.counted(), filter, l.q.Sort.By, l.q.Sort.Descending, p}) // strings and bools always encode
	sum := sha256.Sum256(text)
	return sum[:cursorHashBytes]
}

func (l *listing) writeCursor(p position) string {
	text, _ := json.Marshal(cursor{Position: p, Hash: l.hash(p)}) // strings and bytes always encode
	return base64.RawURLEncoding.EncodeToString(text)
}

// readCursor returns the position a cursor stands for, nil for the first page
// (RFC 9865 section 2: an empty cursor).
func (l *listing) readCursor(s string) (*position, error) {
	if s == "" {
		return nil, nil
	}
	bad := scim.Errorf(400, scim.InvalidCursor, "the cursor was not made by this server for this list (same organization, resource, filter and sort); begin again with an empty cursor")
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(s) > maxCursorBytes {
		return nil, bad
	}
	var c cursor
	if err := json.Unmarshal(text, &c); err != nil || subtle.ConstantTimeCompare(c.Hash, l.hash(c.Position)) != 1 {
		return nil, bad
	}
	return &c.Position, nil
}

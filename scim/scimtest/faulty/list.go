package faulty

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// list answers a query (RFC 7644 section 3.4.2).
func (t *endpoint) list(q scim.Query) (reply, error) {
	filter, err := t.filter(q.Filter)
	if err != nil {
		return reply{}, err
	}
	projection, err := t.projection(q)
	if err != nil {
		return reply{}, err
	}
	order, _ := scim.ParseSort(t.rt, q.SortBy, q.SortOrder)
	after, err := t.cursorID(q)
	if err != nil {
		return reply{}, err
	}
	var matches []scim.Object
	skip := 0 // matches up to and with the resource that the cursor names
	for _, doc := range t.sorted(order) {
		if filter == nil || t.match(filter, doc) {
			matches = append(matches, doc)
		}
		if after != "" && doc["id"] == after {
			skip = len(matches)
		}
	}
	if filter != nil && len(matches) == 0 && t.has(NoMatchIsNotFound) {
		return reply{}, notFound(q.Filter)
	}
	l, page := t.page(q, matches, skip)
	for i, doc := range page {
		page[i] = projection.Apply(doc)
	}
	body := l.Object(page)
	if t.has(ResourcesLowerCase) {
		body["resources"] = body["Resources"]
		delete(body, "Resources")
	}
	return reply{status: http.StatusOK, body: body}, nil
}

// page cuts a page out of the matches.
func (t *endpoint) page(q scim.Query, matches []scim.Object, skip int) (scim.ListResponse, []scim.Object) {
	count := scim.DefaultPageSize
	if q.HasCount {
		count = q.Count
	}
	if t.has(PageLimitTen) {
		count = 10
	}
	l := scim.ListResponse{TotalResults: len(matches)}
	from := skip
	if !q.HasCursor {
		l.StartIndex = q.StartIndex
		from = q.StartIndex - 1
		switch {
		case t.has(OffsetTimesCount):
			from *= count
		case t.has(StartIndexZero):
			from++
		}
	}
	from = min(max(from, 0), len(matches))
	to := min(from+count, len(matches))
	page := slices.Clone(matches[from:to])
	l.ItemsPerPage = len(page)
	if t.has(TotalIsPageLength) {
		l.TotalResults = len(page)
	}
	if q.HasCursor && to < len(matches) && len(page) > 0 {
		l.NextCursor = cursorOf(t.rt, page[len(page)-1]["id"])
	}
	return l, page
}

// cursorOf names the last resource of a page.
func cursorOf(rt *scim.ResourceType, id any) string {
	return base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf("%s %s", rt.Name, id)))
}

// cursorID is the id of the resource that a cursor names, "" for the first page
// (RFC 9865 section 2).
func (t *endpoint) cursorID(q scim.Query) (string, error) {
	if q.Cursor == "" || t.has(CursorRestarts) {
		return "", nil
	}
	data, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	kind, id, _ := strings.Cut(string(data), " ")
	if err == nil && kind == t.rt.Name {
		if find(*t.table, id) != nil {
			return id, nil
		}
		return "", scim.Errorf(400, scim.ExpiredCursor, "the cursor has expired: begin again without it")
	}
	if t.has(CursorUnchecked) {
		return "", nil
	}
	return "", scim.Errorf(400, scim.InvalidCursor, "the cursor was not given out by this server")
}

func (t *endpoint) filter(text string) (*scim.Filter, error) {
	if text == "" || t.has(FilterIgnored) {
		return nil, nil
	}
	f, err := scim.ParseFilter(text)
	if err == nil {
		err = f.Check(t.rt)
	}
	switch {
	case err != nil && t.has(UnknownFilterListsAll):
		return nil, nil
	case err != nil && t.has(FilterPanics):
		return nil, scim.Errorf(http.StatusInternalServerError, "", "panic: unsupported filter")
	case err != nil:
		return nil, err
	case t.has(OrBeforeAnd):
		return orFirst(f), nil
	}
	return f, nil
}

// orFirst turns a or (b and c) into (a or b) and c, and the other way round.
func orFirst(f *scim.Filter) *scim.Filter {
	if f == nil || (f.Op != scim.And && f.Op != scim.Or) {
		return f
	}
	left, right := orFirst(f.Left), orFirst(f.Right)
	switch {
	case f.Op == scim.Or && right.Op == scim.And:
		return &scim.Filter{Op: scim.And, Left: &scim.Filter{Op: scim.Or, Left: left, Right: right.Left}, Right: right.Right}
	case f.Op == scim.Or && left.Op == scim.And:
		return &scim.Filter{Op: scim.And, Left: left.Left, Right: &scim.Filter{Op: scim.Or, Left: left.Right, Right: right}}
	}
	return &scim.Filter{Op: f.Op, Left: left, Right: right}
}

func (t *endpoint) match(f *scim.Filter, doc scim.Object) bool {
	if want, ok := f.Equality("username"); ok && t.has(NameCaseSensitive) && doc["userName"] != want {
		return false
	}
	if want, ok := f.Equality("externalid"); ok && t.has(ExternalIDAsUserName) {
		name, _ := doc["userName"].(string)
		return fold(name) == fold(want)
	}
	return f.Match(t.rt, doc)
}

// sorted are all resources in the order asked for, else in that of creation.
func (t *endpoint) sorted(order scim.Sort) []scim.Object {
	var docs []scim.Object
	for _, r := range *t.table {
		if t.hiddenUser(r) {
			continue
		}
		doc := t.render(r)
		if t.has(RenameNotIndexed) {
			doc[t.nameAttribute()] = r.firstName
		}
		docs = append(docs, doc)
	}
	if order.By == "" || t.has(SortIgnored) {
		return docs
	}
	slices.SortStableFunc(docs, func(a, b scim.Object) int {
		c := compareKeys(sortKey(a, order.By), sortKey(b, order.By))
		if order.Descending {
			return -c
		}
		return c
	})
	return docs
}

// compareKeys puts what has no value last (RFC 7644 section 3.4.2.3).
func compareKeys(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

// sortKey is a value to sort by. id and externalId are case exact; the form of
// times makes their text sort like the times.
func sortKey(doc scim.Object, path string) *string {
	var v any = doc
	for name := range strings.SplitSeq(path, ".") {
		o, _ := v.(scim.Object)
		if v = o[name]; v == nil {
			return nil
		}
	}
	s := fmt.Sprint(v)
	if path != "id" && path != "externalId" {
		s = fold(s)
	}
	return &s
}

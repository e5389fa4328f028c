package graph

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/web/words"
)

// The page sizes of Graph (Microsoft Graph docs, "paging": users and groups by 100, at most 999).
const (
	usualPage = 100
	mostPage  = 999
)

// query are the query options of a request.
type query struct {
	top      int
	after    string // where the page begins; "" for the first
	filter   *filter
	words    string // of $search
	searched string // the property that $search names; "" for any
	selected []string
	count    bool
}

// options are the query options that a list takes beside $top, $skiptoken and $select.
type options struct {
	properties map[string]kind
	search     []string // the properties that $search may name; nil: no $search
}

// query reads the query options. What the stand-in does not do is refused: a script that asks
// for an order and gets none goes wrong unseen.
func (x *exchange) query(o options) (query, error) {
	given, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return query{}, bad("The query of the address cannot be read: %s.", words.Clip(err.Error()))
	}
	q := query{top: usualPage}
	for name, values := range given {
		if !strings.HasPrefix(name, "$") {
			continue
		}
		if len(values) > 1 {
			return query{}, bad("Query option '%s' was specified more than once, but it must be specified at most once.", words.Clip(name))
		}
		if err := q.option(o, name, values[0]); err != nil {
			return query{}, err
		}
	}
	return q, nil
}

func (q *query) option(o options, name, value string) error {
	var err error
	switch name {
	case "$top":
		if q.top, err = strconv.Atoi(value); err != nil || q.top < 1 || q.top > mostPage {
			return bad("Invalid value %q for the $top query option: it must be between 1 and %d.", words.Clip(value), mostPage)
		}
	case "$skiptoken":
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(raw) == 0 || len(raw) > 100 {
			return refuse(400, codePageToken, "The specified page token value %q is not one of the stand-in's.", words.Clip(value))
		}
		q.after = string(raw)
	case "$filter":
		q.filter, err = parseFilter(value, o.properties)
		return err
	case "$search":
		return q.search(o, value)
	case "$count":
		if value != "true" && value != "false" {
			return bad("Invalid value %q for the $count query option: it must be true or false.", words.Clip(value))
		}
		q.count = value == "true"
	case "$select":
		return q.choose(o, value)
	default:
		return bad("The query option '%s' is not supported by the stand-in.", words.Clip(name))
	}
	return nil
}

// search reads "property:words" or "words", in double quotes (Microsoft Graph docs,
// "search-query-parameter"). Several of them, joined by AND or OR, are not supported. The
// ConsistencyLevel header that Graph asks for is not needed.
func (q *query) search(o options, value string) error {
	if o.search == nil {
		return bad("The query option '$search' is not supported here.")
	}
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' || strings.Count(value, `"`) != 2 {
		return bad(`Syntax error in $search: it must be one text in double quotes, such as "displayName:Ada".`)
	}
	property, wanted, named := strings.Cut(value[1:len(value)-1], ":")
	if !named {
		property, wanted = "", property
	}
	if named && !slices.Contains(o.search, property) {
		return bad("The stand-in does not search in the property '%s'; it does in %s.", words.Clip(property), strings.Join(o.search, ", "))
	}
	q.words, q.searched = wanted, property
	return nil
}

func (q *query) choose(o options, value string) error {
	for _, name := range strings.Split(value, ",") {
		name = strings.TrimSpace(name)
		if _, ok := o.properties[name]; !ok {
			return bad("Could not find a property named '%s' to $select.", words.Clip(name))
		}
		q.selected = append(q.selected, name)
	}
	return nil
}

// passes tells whether a whole document passes $filter and the property of $search.
func (q query) passes(document object) bool {
	if q.searched != "" {
		text := fold(document[q.searched])
		for _, word := range strings.Fields(strings.ToLower(q.words)) {
			if !strings.Contains(text, word) {
				return false
			}
		}
	}
	return q.filter == nil || q.filter.match(document)
}

// show is a document as it is answered: what $select names, else what Graph shows unasked;
// nil shows all.
func (q query) show(document object, usual []string) object {
	names := q.selected
	if names == nil {
		names = usual
	}
	if names == nil {
		return document
	}
	shown := object{}
	if of, ok := document["@odata.type"]; ok {
		shown["@odata.type"] = of
	}
	for _, name := range names {
		shown[name] = document[name]
	}
	return shown
}

// pageToken hides that a page begins after an id or a number.
func pageToken(after string) string { return base64.RawURLEncoding.EncodeToString([]byte(after)) }

// source is a list that is read by pages.
type source[T any] struct {
	read     func(after string, limit int) ([]T, error)
	key      func(T) string      // what read takes as after
	document func(T) object      // with every property
	usual    []string            // what is shown of a document without $select; nil: all
	show     func(object) object // shows a document in place of usual
	total    func() (int, error) // without filter or search; nil: they are counted
}

// page answers with a page of a list.
func page[T any](x *exchange, context string, q query, s source[T]) error {
	var values []any
	next, last := "", ""
	err := s.each(q, q.after, func(one T, document object) bool {
		if len(values) == q.top {
			next = last
			return false
		}
		last = s.key(one)
		if s.show != nil {
			values = append(values, s.show(document))
		} else {
			values = append(values, q.show(document, s.usual))
		}
		return true
	})
	if err != nil {
		return err
	}
	total := -1
	if q.count {
		if total, err = s.count(q); err != nil {
			return err
		}
	}
	return x.counted(context, values, next, total)
}

// each yields what passes the query, from a place on, until yield returns false.
func (s source[T]) each(q query, after string, yield func(T, object) bool) error {
	limit := mostPage
	if q.filter == nil && q.searched == "" {
		limit = min(q.top+1, mostPage)
	}
	for {
		list, err := s.read(after, limit)
		if err != nil {
			return err
		}
		for _, one := range list {
			document := s.document(one)
			if q.passes(document) && !yield(one, document) {
				return nil
			}
		}
		if len(list) < limit {
			return nil
		}
		after = s.key(list[len(list)-1])
	}
}

func (s source[T]) count(q query) (int, error) {
	if s.total != nil && q.filter == nil && q.words == "" {
		return s.total()
	}
	n := 0
	q.top = mostPage
	err := s.each(q, "", func(T, object) bool { n++; return true })
	return n, err
}

// once makes a source's read of a list that is known as a whole.
func once[T any](list []T, key func(T) string) func(string, int) ([]T, error) {
	return func(after string, limit int) ([]T, error) {
		rest := list
		if after != "" {
			at := slices.IndexFunc(list, func(one T) bool { return key(one) == after })
			if at < 0 {
				return nil, nil
			}
			rest = list[at+1:]
		}
		return rest[:min(limit, len(rest))], nil
	}
}

package scim

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Query is what a request for a list asks for, by the parameters of a GET or by
// the body of POST /.search (RFC 7644 sections 3.4.2 and 3.4.3, RFC 9865).
type Query struct {
	Attributes         string // comma list for ParseProjection
	ExcludedAttributes string
	Filter             string // for ParseFilter, "" = none
	SortBy, SortOrder  string // for ParseSort
	StartIndex         int    // at least 1; 1 when none was sent
	Count              int    // 0 to MaxPageSize; only with HasCount
	HasCount           bool
	Cursor             string // "" with HasCursor asks for the first page
	HasCursor          bool
}

// ParseQuery reads the query of a URL, without its question mark. It is not
// net/url's reading: there a raw semicolon makes a parameter vanish, and a
// filter that vanished would list everybody. Here only & separates. Names count
// in any case, unknown ones are ignored (Q17); a question mark in a name, as
// from a base URL that already had a query, ends what stands before it.
//
// A parameter given twice, a broken percent sequence and a number that is none
// are 400 invalidValue.
func ParseQuery(raw string) (Query, error) {
	q := Query{StartIndex: 1}
	seen := make(map[string]bool)
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := unescape(name)
		if err != nil {
			return Query{}, err
		}
		name = asciiLower(name[strings.LastIndexByte(name, '?')+1:])
		if !knownParameter(name) {
			continue
		}
		if seen[name] {
			return Query{}, Errorf(400, InvalidValue, "the parameter %s is given twice", quote(name))
		}
		seen[name] = true
		if value, err = unescape(value); err != nil {
			return Query{}, err
		}
		if err := q.set(name, value); err != nil {
			return Query{}, err
		}
	}
	q.limitCount()
	return q, nil
}

func knownParameter(name string) bool {
	switch name {
	case "attributes", "excludedattributes", "filter", "sortby", "sortorder", "startindex", "count", "cursor":
		return true
	}
	return false
}

// set takes one parameter; name is in lower case.
func (q *Query) set(name, value string) (err error) {
	switch name {
	case "attributes":
		q.Attributes = value
	case "excludedattributes":
		q.ExcludedAttributes = value
	case "filter":
		q.Filter = strings.TrimSpace(value)
	case "sortby":
		q.SortBy = strings.TrimSpace(value)
	case "sortorder":
		q.SortOrder = strings.TrimSpace(value)
	case "cursor":
		q.Cursor, q.HasCursor = value, true
	case "startindex":
		if value != "" {
			q.StartIndex, err = integer("startIndex", value)
		}
		// RFC 7644 section 3.4.2.4: a value below 1 is 1.
		q.StartIndex = max(q.StartIndex, 1)
	case "count":
		if value != "" {
			q.Count, err = integer("count", value)
			q.HasCount = true
		}
	}
	return err
}

// limitCount brings count into its range. RFC 7644 section 3.4.2.4: a negative
// value is 0, and fewer resources may be answered than asked for.
func (q *Query) limitCount() { q.Count = min(max(q.Count, 0), MaxPageSize) }

// integer reads a whole number, held within 32 bits.
func integer(name, value string) (int, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil && n != math.MaxInt64 && n != math.MinInt64 {
		return 0, Errorf(400, InvalidValue, "%s must be a whole number; %s was sent", name, quote(value))
	}
	return int(min(max(n, math.MinInt32), math.MaxInt32)), nil
}

// unescape decodes percent sequences and plus signs.
func unescape(s string) (string, error) {
	if !strings.ContainsAny(s, "%+") {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
				return "", Errorf(400, InvalidValue, "the query has a %% that is not followed by two hexadecimal digits (%s); a %% itself is written %%25", quote(s[i:min(i+3, len(s))]))
			}
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b), nil
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c - 'a' + 10)
	case c >= 'A' && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}

// ParseSearch reads the body of POST /.search. Attributes may be a list or a
// comma-separated text, numbers may be text; other members are ignored. A wrong
// type is 400 invalidValue.
func ParseSearch(body Object) (Query, error) {
	q := Query{StartIndex: 1}
	for name, v := range body {
		lower := asciiLower(name)
		if v == nil || !knownParameter(lower) {
			continue
		}
		value, ok := searchValue(lower, v)
		if !ok {
			return Query{}, Errorf(400, InvalidValue, "%s of a search request has the wrong type: %s", name, quoteAny(v))
		}
		if err := q.set(lower, value); err != nil {
			return Query{}, err
		}
	}
	q.limitCount()
	return q, nil
}

// searchValue returns a member of a search request as the text of the parameter
// of the same name.
func searchValue(name string, v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return string(v), name == "startindex" || name == "count"
	case []any:
		if name != "attributes" && name != "excludedattributes" {
			return "", false
		}
		names := make([]string, len(v))
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return "", false
			}
			names[i] = s
		}
		return strings.Join(names, ","), true
	}
	return "", false
}

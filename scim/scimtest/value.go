package scimtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim/scimclient"
)

// at is the value at a place: strings are member names, exact in case, and
// integers are positions in a list.
func at(v any, keys ...any) (any, bool) {
	for _, key := range keys {
		switch key := key.(type) {
		case string:
			o, ok := v.(obj)
			if !ok {
				return nil, false
			}
			if v, ok = o[key]; !ok {
				return nil, false
			}
		case int:
			l, ok := v.(list)
			if !ok || key >= len(l) {
				return nil, false
			}
			v = l[key]
		}
	}
	return v, true
}

// value is at without saying whether there is one.
func value(v any, keys ...any) any {
	v, ok := at(v, keys...)
	if !ok {
		return nil
	}
	return v
}

// items is a list's values; nothing for anything else.
func items(v any) list {
	l, _ := v.(list)
	return l
}

// pick is the first object in a list whose member has this value.
func pick(v any, key string, want any) obj {
	for _, item := range items(v) {
		if o, ok := item.(obj); ok && o[key] == want {
			return o
		}
	}
	return nil
}

// place names a place for a message: emails[0].value.
func place(keys []any) string {
	var b strings.Builder
	for i, key := range keys {
		switch key := key.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", key)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, key)
		}
	}
	return b.String()
}

// show is a value as JSON, shortened, for a message.
func show(v any) string {
	if v == nil {
		return "absent"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return shortenTo(string(data), 200)
}

func sortedKeys(o obj) []string { return slices.Sorted(maps.Keys(o)) }

func isInteger(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	_, err := n.Int64()
	return err == nil
}

// eq is a filter that compares an attribute with a string.
func eq(attribute, want string) string {
	return attribute + " eq " + scimclient.Quote(want)
}

// query encodes pairs of name and value.
func query(pairs ...string) string { return scimclient.Query(pairs...) }

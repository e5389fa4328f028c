package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// absent stands for a member the answer does not have; a JSON null is nil.
type absent struct{}

// match compares an answer with a pattern (see doc.go) and returns the first difference, named by its place.
func match(want, got any, at string) error {
	switch w := want.(type) {
	case map[string]any:
		if isCondition(w) {
			return matchConditions(w, got, at)
		}
		g, isObject := got.(map[string]any)
		if !isObject {
			return differs(at, want, got)
		}
		for _, name := range sortedKeys(w) {
			value, present := g[name]
			if !present {
				value = absent{}
			}
			if err := match(w[name], value, at+"."+name); err != nil {
				return err
			}
		}
		return nil
	case []any:
		g, isArray := got.([]any)
		if !isArray {
			return differs(at, want, got)
		}
		if len(g) != len(w) {
			return fmt.Errorf("%s: want %d elements, got %d: %s", at, len(w), len(g), show(got))
		}
		return matchElements(w, g, at)
	default: // string, bool, json.Number, nil. Numbers compare as written: a client that reads integers cannot read 1.0.
		if want != got {
			return differs(at, want, got)
		}
		return nil
	}
}

// matchElements finds a distinct element of got for each pattern of want (a bipartite matching, as an element may match
// several patterns).
func matchElements(want, got []any, at string) error {
	taken := make([]int, len(got)) // 1 + index of the pattern that holds the element
	var place func(i int, tried []bool) bool
	place = func(i int, tried []bool) bool {
		for j := range got {
			if tried[j] || match(want[i], got[j], at) != nil {
				continue
			}
			tried[j] = true
			if taken[j] == 0 || place(taken[j]-1, tried) {
				taken[j] = i + 1
				return true
			}
		}
		return false
	}
	for i := range want {
		if !place(i, make([]bool, len(got))) {
			return fmt.Errorf("%s: no element of its own for %s in %s", at, show(want[i]), show(got))
		}
	}
	return nil
}

// isCondition says whether an object of a pattern holds conditions; checkPattern has refused mixtures. $ref is a member
// that SCIM itself has.
func isCondition(pattern map[string]any) bool {
	for name := range pattern {
		if strings.HasPrefix(name, "$") && name != "$ref" {
			return true
		}
	}
	return false
}

func matchConditions(want map[string]any, got any, at string) error {
	for _, name := range sortedKeys(want) {
		if !holds(name, want[name], got, at) {
			return differs(at, map[string]any{name: want[name]}, got)
		}
	}
	return nil
}

// holds says whether got fulfils one condition, whose argument checkArgument has accepted.
func holds(condition string, arg, got any, at string) bool {
	elements, isArray := got.([]any)
	switch condition {
	case "$absent":
		return got == absent{}
	case "$any":
		return got != absent{} && got != nil
	case "$empty":
		return isEmpty(got)
	case "$not":
		return got != absent{} && match(arg, got, at) != nil
	case "$exact":
		return isArray && matchInOrder(arg.([]any), elements, at)
	case "$contains":
		if part, isText := arg.(string); isText {
			text, ok := got.(string)
			return ok && strings.Contains(text, part)
		}
		return isArray && matchElements(arg.([]any), elements, at) == nil
	case "$lacks":
		matches := func(element any) bool { return match(arg, element, at) == nil }
		return got == absent{} || isArray && !slices.ContainsFunc(elements, matches)
	case "$length":
		n, _ := integer(arg)
		return isArray && int64(len(elements)) == n
	case "$integer":
		_, ok := integer(got)
		return ok
	case "$min":
		least, _ := integer(arg)
		n, ok := integer(got)
		return ok && n >= least
	case "$matches":
		text, ok := got.(string)
		return ok && regexp.MustCompile(arg.(string)).MatchString(text)
	case "$oneOf":
		matches := func(want any) bool { return match(want, got, at) == nil }
		return slices.ContainsFunc(arg.([]any), matches)
	}
	panic("condition " + condition + " was not checked")
}

// checkArgument refuses an unknown condition and an argument that its condition cannot use.
func checkArgument(condition string, arg any) error {
	_, isArray := arg.([]any)
	text, isText := arg.(string)
	ok := false
	switch condition {
	case "$absent", "$any", "$empty", "$integer":
		ok = arg == true
	case "$exact", "$oneOf":
		ok = isArray
	case "$contains":
		ok = isArray || isText && text != ""
	case "$length", "$min":
		_, ok = integer(arg)
	case "$matches":
		_, err := regexp.Compile(text)
		ok = isText && err == nil
	case "$not", "$lacks":
		ok = true
	default:
		return fmt.Errorf("there is no condition %s", condition)
	}
	if !ok {
		return fmt.Errorf("%s cannot be %s", condition, show(arg))
	}
	return nil
}

func matchInOrder(want, got []any, at string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if match(want[i], got[i], at) != nil {
			return false
		}
	}
	return true
}

// checkPattern refuses conditions that are misspelt, have an unusable argument, or stand beside plain members: each would
// otherwise make a pattern that asks for less than its author meant.
func checkPattern(want any, at string) error {
	switch w := want.(type) {
	case []any:
		for i, element := range w {
			if err := checkPattern(element, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		asked := 0
		for _, name := range sortedKeys(w) {
			if strings.HasPrefix(name, "$") && name != "$ref" {
				asked++
				if err := checkArgument(name, w[name]); err != nil {
					return fmt.Errorf("%s: %w", at, err)
				}
			}
			if err := checkPattern(w[name], at+"."+name); err != nil {
				return err
			}
		}
		if asked > 0 && asked < len(w) {
			return fmt.Errorf("%s: conditions and members in one object: %s", at, show(want))
		}
	}
	return nil
}

func isEmpty(v any) bool {
	switch x := v.(type) {
	case absent:
		return true
	case string:
		return x == ""
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

func integer(v any) (int64, bool) {
	n, isNumber := v.(json.Number)
	if !isNumber {
		return 0, false
	}
	i, err := strconv.ParseInt(n.String(), 10, 64)
	return i, err == nil
}

func differs(at string, want, got any) error {
	return fmt.Errorf("%s: want %s, got %s", at, show(want), show(got))
}

// show prints a value as JSON, shortened: a failed step must fit on a screen.
func show(v any) string {
	if (v == absent{}) {
		return "nothing"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	return shorten(string(data), 600)
}

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}

// matchHeader compares one header with a pattern in which * stands for any text; "*" alone wants a non-empty value.
func matchHeader(pattern, value string) bool {
	if pattern == "*" {
		return value != ""
	}
	parts := strings.Split(pattern, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, ".*") + ")$").MatchString(value)
}

package mapping

import (
	"slices"
	"strconv"
	"strings"
)

// evalCount counts the values: 0 for null, 1 for one text.
func evalCount(a arguments) (Value, error) {
	value, err := a.value(0)
	return String(strconv.Itoa(len(value.texts))), err
}

// evalItem counts from 1. Beyond the last value there is null.
func evalItem(a arguments) (Value, error) {
	value, err := a.value(0)
	if err != nil {
		return Null(), err
	}
	index, null, err := a.integer(1)
	switch {
	case err != nil || null:
		return Null(), err
	case index < 1:
		return Null(), a.fail("the index is %d; the first value has the index 1", index)
	case index > int64(len(value.texts)):
		return Null(), nil
	}
	return String(value.texts[index-1]), nil
}

// evalJoin leaves out what is null or empty, as the page's example of a comma between
// names shows. Of nothing but nulls it is null.
func evalJoin(a arguments) (Value, error) {
	separator, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	var parts []string
	size, null := 0, true
	for i := 1; i < a.len(); i++ {
		value, err := a.value(i)
		if err != nil {
			return Null(), err
		}
		null = null && value.IsNull()
		for _, text := range value.texts {
			if text != "" {
				parts = append(parts, text)
				size += len(separator) + len(text)
			}
		}
		if err := a.call.tooLong(size, 0); err != nil {
			return Null(), err
		}
	}
	if null {
		return Null(), nil
	}
	return String(strings.Join(parts, separator)), nil
}

// removeDuplicates keeps the first of several values that are the same, case included.
func removeDuplicates(v Value) Value {
	seen := make(map[string]bool, len(v.texts))
	texts := slices.DeleteFunc(v.Strings(), func(text string) bool {
		twice := seen[text]
		seen[text] = true
		return twice
	})
	return Value{texts: texts, multi: v.multi}
}

// evalSplit takes spaces around the parts away, as the page's example shows. An empty
// source has no parts.
func evalSplit(a arguments) (Value, error) {
	source, err := a.text(0)
	if err != nil {
		return Null(), err
	}
	delimiter, err := a.text(1)
	switch {
	case err != nil || source == "":
		return Null(), err
	case delimiter == "":
		return Null(), a.fail("the delimiter is empty")
	}
	parts := strings.Split(source, delimiter)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return Multi(parts...), nil
}

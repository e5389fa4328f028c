package store

import (
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
)

// listSizes are the lengths that value lists have in statements: a list is padded
// to the next one by repeating its last value, so that few texts are prepared.
var listSizes = [...]int{1, 2, 5, 10, 20, 50, 100, 200, maxInList}

func padded[T any](values []T) []T {
	for _, size := range listSizes {
		if len(values) <= size {
			for len(values) < size {
				values = append(values[:len(values):len(values)], values[len(values)-1])
			}
			break
		}
	}
	return values
}

// eachChunk calls visit with consecutive parts of values, each padded to one of
// listSizes; visit's statement must not mind a value that stands twice.
func eachChunk[T any](values []T, visit func(chunk []T) error) error {
	for len(values) > 0 {
		n := min(len(values), maxInList)
		if err := visit(padded(values[:n])); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// listIn runs a statement that ends in "… IN ", once for each chunk of values, and
// returns all rows. The statement's other placeholders are org, as often as it
// names them; tail follows the list.
func listIn[T, V any](r *Reader, scan func(scanner) (T, error), text string, org iam.OrganizationID, values []V, tail ...string) ([]T, error) {
	var all []T
	err := eachChunk(values, func(chunk []V) error {
		args := make([]any, 0, len(chunk)+1)
		for range strings.Count(text, "?") {
			args = append(args, org)
		}
		for _, v := range chunk {
			args = append(args, v)
		}
		got, err := list(r, scan, text+"("+inList(len(chunk))+")"+strings.Join(tail, ""), args...)
		all = append(all, got...)
		return err
	})
	return all, err
}

// valueLists returns n groups of width placeholders: "(?, ?), (?, ?)".
func valueLists(n, width int) string {
	group := "(" + inList(width) + ")"
	return strings.Repeat(group+", ", n-1) + group
}

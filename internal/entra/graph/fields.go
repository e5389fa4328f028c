package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/web/words"
)

// The limits of bodies in bytes.
const (
	maxBody   = 1 << 20
	maxSchema = 4 << 20
	maxCSV    = 64 << 20
)

// fields are the members of a JSON object of a request, taken one by one: what is left at the
// end is nothing that is known here, and refused. Annotations of OData are passed over.
type fields struct {
	of   string // what the object is, for errors: "User"
	left map[string]json.RawMessage
}

// body reads the JSON object of a request.
func (x *exchange) body(of string, limit int64) (*fields, error) {
	if err := x.contentType("application/json"); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, limit))
	if err != nil {
		return nil, unread(err)
	}
	return parseFields(of, data)
}

// optionalBody is body for requests that may have none.
func (x *exchange) optionalBody(of string) (*fields, error) {
	data, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		return nil, unread(err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return &fields{of: of}, nil
	}
	if err := x.contentType("application/json"); err != nil {
		return nil, err
	}
	return parseFields(of, data)
}

func unread(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return bad("The body could not be read to its end.")
}

func parseFields(of string, data []byte) (*fields, error) {
	f := &fields{of: of}
	if err := json.Unmarshal(data, &f.left); err != nil {
		return nil, bad("Unable to read JSON request payload: %s.", jsonFault(err))
	}
	if f.left == nil {
		return nil, bad("Unable to read JSON request payload: it must be an object.")
	}
	return f, nil
}

// jsonFault says what is wrong with a text that is no JSON object.
func jsonFault(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return "it must be an object, not " + article(wrong.Value)
	}
	return words.Clip(err.Error())
}

func article(kind string) string {
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

// take removes a member; ok is false when there is none.
func (f *fields) take(name string) (raw json.RawMessage, ok bool) {
	raw, ok = f.left[name]
	delete(f.left, name)
	return raw, ok
}

// done refuses what was not taken.
func (f *fields) done() error {
	for _, name := range slices.Sorted(maps.Keys(f.left)) {
		if !strings.HasPrefix(name, "@") {
			return bad("Property %q does not exist on %s, or is not kept by the stand-in.", words.Clip(name), f.of)
		}
	}
	return nil
}

// invalid is the error for a value of the wrong kind; it also says which is right.
func (f *fields) invalid(name, want string) error { return invalid(f.of, name, want) }

func invalid(of, name, want string) error {
	return bad("Invalid value specified for property '%s' of resource '%s': it must be %s.", name, of, want)
}

// required is the error for a member that is missing (observed).
func (f *fields) required(name string) error {
	return bad("A value is required for property '%s' of resource '%s'.", name, f.of)
}

// text takes a string. null is "".
func (f *fields) text(name string) (value string, given bool, err error) {
	raw, given := f.take(name)
	if !given {
		return "", false, nil
	}
	value, ok := textOf(raw)
	if !ok {
		return "", true, f.invalid(name, "a string or null")
	}
	return value, true, nil
}

// needText takes a string that must be there.
func (f *fields) needText(name string) (string, error) {
	value, _, err := f.text(name)
	if err == nil && value == "" {
		err = f.required(name)
	}
	return value, err
}

func (f *fields) boolean(name string) (value, given bool, err error) {
	raw, given := f.take(name)
	if !given {
		return false, false, nil
	}
	value, ok := booleanOf(raw)
	if !ok {
		return false, true, f.invalid(name, "true or false")
	}
	return value, true, nil
}

func (f *fields) number(name string) (value int, given bool, err error) {
	raw, given := f.take(name)
	if !given {
		return 0, false, nil
	}
	if err := json.Unmarshal(raw, &value); err != nil || isNull(raw) {
		return 0, true, f.invalid(name, "a whole number")
	}
	return value, true, nil
}

func (f *fields) texts(name string) (values []string, given bool, err error) {
	raw, given := f.take(name)
	if !given {
		return nil, false, nil
	}
	values, ok := textsOf(raw)
	if !ok {
		return nil, true, f.invalid(name, "a list of strings")
	}
	return values, true, nil
}

// object takes a JSON object; nil when there is none.
func (f *fields) object(name, of string) (*fields, error) {
	raw, given := f.take(name)
	if !given || isNull(raw) {
		return nil, nil
	}
	inner := &fields{of: of}
	if err := json.Unmarshal(raw, &inner.left); err != nil {
		return nil, f.invalid(name, "an object")
	}
	return inner, nil
}

// objects takes a list of JSON objects.
func (f *fields) objects(name, of string) (list []*fields, given bool, err error) {
	raw, given := f.take(name)
	if !given || isNull(raw) {
		return nil, given, nil
	}
	var members []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, true, f.invalid(name, "a list of objects")
	}
	for i, one := range members {
		if one == nil {
			return nil, true, f.invalid(fmt.Sprintf("%s[%d]", name, i), "an object")
		}
		list = append(list, &fields{of: of, left: one})
	}
	return list, true, nil
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// textOf reads a string; null is the empty one.
func textOf(raw json.RawMessage) (string, bool) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", false
	}
	if s == nil {
		return "", true
	}
	return *s, true
}

func booleanOf(raw json.RawMessage) (value, ok bool) {
	var b *bool
	if err := json.Unmarshal(raw, &b); err != nil || b == nil {
		return false, false
	}
	return *b, true
}

func textsOf(raw json.RawMessage) ([]string, bool) {
	var list []*string
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, false
	}
	values := make([]string, 0, len(list))
	for _, s := range list {
		if s == nil {
			return nil, false
		}
		values = append(values, *s)
	}
	return values, true
}

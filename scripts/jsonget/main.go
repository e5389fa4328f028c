// Command jsonget prints values of a JSON document, for shell scripts on machines without jq.
//
//	rollcall member list --org "$org" --json | jsonget '[email=ada@example.com].roles.*.name'
//
// The document comes on standard input. A path is a chain of member names with dots between them and of selectors in
// brackets:
//
//	name      the member of an object          [2]           the third element of an array
//	*         every element of an array        [name=value]  the first element whose member is value
//	#         the number of elements           ["a.b"]       a member whose name has dots or brackets
//
// Each path prints one line: a text as it is, anything else as JSON, what * has found in order with commas between. A path
// that leads nowhere is an error (exit 1), or prints the value of -or. "." is the whole document.
//
// It owns no knowledge of SCIM or Rollcall.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "jsonget:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("jsonget", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	otherwise := flags.String("or", "", "what to print for a path that leads nowhere")
	if err := flags.Parse(args); err != nil {
		return err
	}
	tolerant := false
	flags.Visit(func(f *flag.Flag) { tolerant = tolerant || f.Name == "or" })
	if flags.NArg() == 0 {
		return errors.New("usage: jsonget [-or TEXT] PATH…")
	}
	doc, err := read(in)
	if err != nil {
		return err
	}
	for _, path := range flags.Args() {
		steps, err := parsePath(path)
		if err != nil {
			return err
		}
		text, err := find(doc, steps)
		if errors.Is(err, errNowhere) && tolerant {
			text, err = *otherwise, nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w in %s", path, err, shorten(render(doc)))
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	return nil
}

// read decodes exactly one JSON document with its numbers as they are written.
func read(in io.Reader) (any, error) {
	dec := json.NewDecoder(in)
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("standard input is not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("standard input holds more than one JSON document")
	}
	return doc, nil
}

// step is one part of a path.
type step struct {
	kind  byte   // 'm' member, 'i' index, 's' selection, '*' every element, '#' count
	name  string // of the member, or of the member that is compared
	value string // compared with
	index int
}

func parsePath(path string) ([]step, error) {
	if path == "." {
		return nil, nil
	}
	var steps []step
	for rest := path; rest != ""; {
		rest = strings.TrimPrefix(rest, ".")
		if inside, found := strings.CutPrefix(rest, "["); found {
			end := closing(inside)
			if end < 0 {
				return nil, fmt.Errorf("path %q has a bracket that is not closed", path)
			}
			steps = append(steps, parseBracket(inside[:end]))
			rest = inside[end+1:]
			continue
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		name := rest[:end]
		rest = rest[end:]
		switch name {
		case "":
			return nil, fmt.Errorf("path %q has an empty part", path)
		case "*", "#":
			steps = append(steps, step{kind: name[0]})
		default:
			steps = append(steps, step{kind: 'm', name: name})
		}
	}
	return steps, nil
}

// closing finds the bracket that ends a selector; inside quotes brackets are text.
func closing(inside string) int {
	if quoted, found := strings.CutPrefix(inside, `"`); found {
		if end := strings.Index(quoted, `"]`); end >= 0 {
			return end + 2
		}
		return -1
	}
	return strings.IndexByte(inside, ']')
}

func parseBracket(inside string) step {
	if len(inside) >= 2 && inside[0] == '"' && inside[len(inside)-1] == '"' {
		return step{kind: 'm', name: inside[1 : len(inside)-1]}
	}
	if index, err := strconv.Atoi(inside); err == nil {
		return step{kind: 'i', index: index}
	}
	name, value, _ := strings.Cut(inside, "=")
	return step{kind: 's', name: name, value: value}
}

// errNowhere is what a path meets that the document does not have.
var errNowhere = errors.New("nothing there")

// find returns what the steps lead to, as text.
func find(v any, steps []step) (string, error) {
	for i, s := range steps {
		if s.kind == 'm' {
			object, _ := v.(map[string]any)
			member, present := object[s.name]
			if !present {
				return "", errNowhere
			}
			v = member
			continue
		}
		array, isArray := v.([]any)
		if !isArray {
			return "", errNowhere
		}
		switch s.kind {
		case '#':
			v = json.Number(strconv.Itoa(len(array)))
		case '*':
			return join(array, steps[i+1:])
		case 'i':
			if s.index < 0 || s.index >= len(array) {
				return "", errNowhere
			}
			v = array[s.index]
		case 's':
			element, found := selected(array, s)
			if !found {
				return "", errNowhere
			}
			v = element
		}
	}
	return render(v), nil
}

// join follows the steps from each element; an element that does not have them is left out.
func join(array []any, steps []step) (string, error) {
	var parts []string
	for _, element := range array {
		text, err := find(element, steps)
		if err == nil {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ","), nil
}

func selected(array []any, s step) (any, bool) {
	for _, element := range array {
		object, _ := element.(map[string]any)
		if member, present := object[s.name]; present && render(member) == s.value {
			return element, true
		}
	}
	return nil, false
}

// render prints a text as it is and anything else as compact JSON.
func render(v any) string {
	if text, isText := v.(string); isText {
		return text
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err.Error() // cannot happen: v was decoded from JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func shorten(text string) string {
	if len(text) > 500 {
		return text[:500] + "…"
	}
	return text
}

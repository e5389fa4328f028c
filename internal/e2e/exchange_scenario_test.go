package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Scenario is one file of testdata/exchanges; doc.go describes the format.
type Scenario struct {
	ID      string            `json:"id"`
	Title   string            `json:"title"`
	Mark    string            `json:"mark"`
	Source  string            `json:"source"`
	Headers map[string]string `json:"headers"`
	Setup   []Step            `json:"setup"`
	Steps   []Step            `json:"steps"`

	// File is the path below testdata/exchanges, "entra/m14-add-members.json".
	File string `json:"-"`
}

// Step is one request and what its answer must be.
type Step struct {
	Name    string            `json:"name"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	RawBody *string           `json:"rawBody"`
	Expect  Expect            `json:"expect"`
	Save    map[string]string `json:"save"`
}

// Expect is what the client relies on in one answer. A nil Body leaves it open.
type Expect struct {
	Status  Statuses          `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// Statuses is the set of statuses a client takes: 200 or [200, 204] in the file.
type Statuses []int

// UnmarshalJSON accepts a number or a list of numbers.
func (s *Statuses) UnmarshalJSON(data []byte) error {
	var one int
	if json.Unmarshal(data, &one) == nil {
		*s = Statuses{one}
		return nil
	}
	var many []int
	if err := json.Unmarshal(data, &many); err != nil {
		return fmt.Errorf("status %s is neither a number nor a list of numbers", data)
	}
	*s = many
	return nil
}

// LoadScenarios reads every *.json below fsys, in the order of their paths. One bad file fails the whole load.
func LoadScenarios(fsys fs.FS) ([]Scenario, error) {
	var all []Scenario
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if path.Ext(name) != ".json" {
			return fmt.Errorf("%s is not a .json file", name)
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		s, err := ParseScenario(data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.File = name
		all = append(all, s)
		return nil
	})
	return all, err
}

// ParseScenario reads one scenario and refuses what would make it test less than it says: unknown or repeated members, a
// step without a status, a pattern with an unknown condition, a variable nobody sets, a change that is never read back.
func ParseScenario(data []byte) (Scenario, error) {
	var s Scenario
	if err := refuseRepeatedMembers(data); err != nil {
		return s, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return s, errors.New("something follows the scenario")
	}
	return s, s.check()
}

var (
	scenarioID = regexp.MustCompile(`^([MKQ][1-9][0-9]?|[a-z]+(-[a-z0-9]+)+)$`)
	variable   = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
	uuidName   = regexp.MustCompile(`^uuid[0-9]*$`)
	methods    = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
)

func (s *Scenario) check() error {
	switch {
	case !scenarioID.MatchString(s.ID):
		return fmt.Errorf("id %q is neither like M14 nor like entra-new-user", s.ID)
	case s.Title == "":
		return errors.New("title is missing")
	case s.Mark != "D" && s.Mark != "O" && s.Mark != "I":
		return fmt.Errorf("mark is %q, want D, O or I", s.Mark)
	case s.Source == "":
		return errors.New("source is missing")
	case len(s.Steps) == 0:
		return errors.New("steps are missing")
	}
	known := map[string]bool{"run": true, "RUN": true, "base": true}
	for i, step := range slices.Concat(s.Setup, s.Steps) {
		if err := step.check(known); err != nil {
			return fmt.Errorf("step %d (%s): %w", i+1, step.Name, err)
		}
	}
	writes := slices.ContainsFunc(s.Steps, func(st Step) bool { return st.Method != http.MethodGet })
	if last := s.Steps[len(s.Steps)-1]; writes && last.Method != http.MethodGet {
		return fmt.Errorf("the last step is %s: what was changed is never read back", last.Method)
	}
	return nil
}

// check refuses a step that could not be sent or would prove nothing, and adds what the step saves to known.
func (st *Step) check(known map[string]bool) error {
	switch {
	case st.Name == "":
		return errors.New("name is missing")
	case !slices.Contains(methods, st.Method):
		return fmt.Errorf("method %q", st.Method)
	case !strings.HasPrefix(st.Path, "/"):
		return fmt.Errorf("path %q does not begin with /", st.Path)
	case strings.ContainsFunc(st.Path, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("path %q has a blank or control character, which no HTTP request can carry", st.Path)
	case st.Body != nil && st.RawBody != nil:
		return errors.New("both body and rawBody")
	case len(st.Expect.Status) == 0:
		return errors.New("expect.status is missing")
	}
	for _, code := range st.Expect.Status {
		if code < 100 || code > 599 {
			return fmt.Errorf("expect.status %d", code)
		}
	}
	for _, name := range sortedKeys(st.Save) {
		if known[name] || uuidName.MatchString(name) || !regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`).MatchString(name) {
			return fmt.Errorf("save: %q is taken or no name", name)
		}
	}
	if err := st.checkVariables(known); err != nil {
		return err
	}
	if st.Expect.Body != nil {
		want, err := decode(st.Expect.Body)
		if err != nil {
			return fmt.Errorf("expect.body: %w", err)
		}
		return checkPattern(want, "body")
	}
	return nil
}

func (st *Step) checkVariables(known map[string]bool) error {
	sent := []string{st.Path, string(st.Body)}
	if st.RawBody != nil {
		sent = append(sent, *st.RawBody)
	}
	for _, v := range st.Headers {
		sent = append(sent, v)
	}
	if err := unknownVariable(known, sent...); err != nil {
		return err
	}
	// An answer's own id may be used in what is expected of that answer, so that Location can be compared with it.
	for name := range st.Save {
		known[name] = true
	}
	expected := []string{string(st.Expect.Body)}
	for _, v := range st.Expect.Headers {
		expected = append(expected, v)
	}
	return unknownVariable(known, expected...)
}

func unknownVariable(known map[string]bool, texts ...string) error {
	for _, text := range texts {
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			if !known[m[1]] && !uuidName.MatchString(m[1]) {
				return fmt.Errorf("variable %s is used before a step saves it", m[0])
			}
		}
	}
	return nil
}

// decode reads one JSON value with its numbers as they are written.
func decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return v, nil
}

// refuseRepeatedMembers finds a member given twice, of which encoding/json would silently keep the last. A scenario that
// wants to send one uses rawBody.
func refuseRepeatedMembers(data []byte) error {
	type level struct {
		object bool
		key    bool // the next string is a member name
		seen   map[string]bool
	}
	var stack []level
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		top := len(stack) - 1
		if name, isText := tok.(string); isText && top >= 0 && stack[top].object && stack[top].key {
			if stack[top].seen[name] {
				return fmt.Errorf("member %q is given twice", name)
			}
			stack[top].seen[name] = true
			stack[top].key = false
			continue
		}
		if top >= 0 {
			stack[top].key = true // whatever comes now is a value; a name may follow
		}
		switch tok {
		case json.Delim('{'):
			stack = append(stack, level{object: true, key: true, seen: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

package cycle_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// call is one request that the scripted target got.
type call struct {
	Method, URI, Body string // the URI without the base path
	Header            http.Header
	Status            int
}

func (c call) String() string { return c.Method + " " + c.URI }

// scriptedTarget is a small SCIM server in memory that records what it is asked, and fails
// where a test tells it to.
type scriptedTarget struct {
	url string

	mu      sync.Mutex
	calls   []call
	users   map[string]scim.Object
	groups  map[string]scim.Object
	members map[string]map[string]bool
	next    int
	// refuse answers in the server's place when its status is not 0.
	refuse func(c call) (status int, body string, header http.Header)
	token  string
	// raw answers in the server's place, byte for byte, when it returns true. It may hang and break.
	raw func(http.ResponseWriter, call) bool
}

const basePath = "/scim/v2"

func newTarget(t *testing.T) *scriptedTarget {
	t.Helper()
	s := &scriptedTarget{users: map[string]scim.Object{}, groups: map[string]scim.Object{}, members: map[string]map[string]bool{}, token: "scim_key:secret"}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + basePath
	return s
}

func (s *scriptedTarget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c := call{Method: r.Method, URI: strings.TrimPrefix(r.RequestURI, basePath), Body: string(body), Header: r.Header.Clone()}
	s.mu.Lock()
	raw := s.raw
	if raw != nil {
		s.calls = append(s.calls, c) // before the answer: who has it may ask for the calls at once
	}
	s.mu.Unlock()
	if raw != nil && raw(w, c) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if raw != nil {
		noted := slices.IndexFunc(s.calls, func(one call) bool {
			return one.Status == 0 && one.Method == c.Method && one.URI == c.URI && one.Body == c.Body
		})
		if noted >= 0 {
			s.calls = slices.Delete(s.calls, noted, noted+1) // it is noted again with its status
		}
	}
	status, answer, header := s.answer(c)
	if status < 0 {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	c.Status = status
	s.calls = append(s.calls, c)
	maps.Copy(w.Header(), header)
	w.Header().Set("Content-Type", scim.MediaType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer) // a client that went away
}

func (s *scriptedTarget) answer(c call) (int, string, http.Header) {
	if s.refuse != nil {
		if status, body, header := s.refuse(c); status != 0 {
			return status, body, header
		}
	}
	if c.Header.Get("Authorization") != "Bearer "+s.token {
		return failure(scim.Errorf(401, "", "The key is wrong."))
	}
	path, rawQuery, _ := strings.Cut(c.URI, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	all, rt := s.users, scim.User
	if parts[0] == "Groups" {
		all, rt = s.groups, scim.Group
	}
	id := ""
	if len(parts) > 1 {
		id, _ = url.PathUnescape(parts[1])
	}
	if id != "" && all[id] == nil {
		return failure(scim.Errorf(404, "", "There is no %s %s.", parts[0], id))
	}
	switch {
	case c.Method == http.MethodGet && id != "":
		return 200, string(scim.Encode(all[id])), nil
	case c.Method == http.MethodGet:
		return s.list(rt, all, rawQuery)
	case c.Method == http.MethodPost:
		return s.post(rt, all, c.Body)
	case c.Method == http.MethodPatch:
		return s.patch(rt, all, id, c.Body)
	case c.Method == http.MethodDelete:
		delete(all, id)
		delete(s.members, id)
		for _, members := range s.members {
			delete(members, id)
		}
		return 204, "", nil
	}
	return failure(scim.Errorf(405, "", "no %s here", c.Method))
}

func failure(err error) (int, string, http.Header) {
	e, ok := err.(*scim.Error)
	if !ok {
		e = scim.Errorf(400, scim.InvalidValue, "%s", err.Error())
	}
	return e.Status, string(e.Body()), nil
}

// filterOf reads the filter of a query by hand: a client may send raw quotes.
func filterOf(rawQuery string) (string, error) {
	for _, pair := range strings.Split(rawQuery, "&") {
		if value, ok := strings.CutPrefix(pair, "filter="); ok {
			return url.QueryUnescape(value)
		}
	}
	return "", fmt.Errorf("no filter in %q", rawQuery)
}

func (s *scriptedTarget) list(rt *scim.ResourceType, all map[string]scim.Object, rawQuery string) (int, string, http.Header) {
	text, err := filterOf(rawQuery)
	if err != nil {
		return failure(err)
	}
	filter, err := scim.ParseFilter(text)
	if err != nil {
		return failure(err)
	}
	resources := []any{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		document := all[id]
		var members []any
		for member := range s.members[id] {
			members = append(members, scim.Object{"value": member})
		}
		if len(members) > 0 {
			document = document.Clone()
			document["members"] = members
		}
		if filter.Match(rt, document) {
			resources = append(resources, all[id])
		}
	}
	return 200, string(scim.Encode(scim.Object{
		"schemas": []any{scim.ListResponseURN}, "totalResults": json.Number(fmt.Sprint(len(resources))), "Resources": resources,
	})), nil
}

func (s *scriptedTarget) post(rt *scim.ResourceType, all map[string]scim.Object, body string) (int, string, http.Header) {
	in, err := scim.Decode([]byte(body))
	if err != nil {
		return failure(err)
	}
	document, _, err := rt.Normalize(in)
	if err != nil {
		return failure(err)
	}
	if rt == scim.User {
		for id, other := range all {
			if strings.EqualFold(other["userName"].(string), document["userName"].(string)) {
				return failure(scim.Errorf(409, scim.Uniqueness, "The userName is taken by %s.", id))
			}
		}
	}
	s.next++
	id := fmt.Sprintf("%c%05d", strings.ToLower(rt.Name)[0], s.next)
	document["id"] = id
	all[id] = document
	return 201, string(scim.Encode(document)), nil
}

func (s *scriptedTarget) patch(rt *scim.ResourceType, all map[string]scim.Object, id, body string) (int, string, http.Header) {
	in, err := scim.Decode([]byte(body))
	if err != nil {
		return failure(err)
	}
	p, err := scim.ParsePatch(in)
	if err != nil {
		return failure(err)
	}
	if rt == scim.Group {
		rest, _, changes, err := p.SplitMembers()
		if err != nil {
			return failure(err)
		}
		for _, change := range changes {
			if err := s.changeMembers(id, change); err != nil {
				return failure(err)
			}
		}
		p = rest
	}
	document, _, err := p.Apply(rt, all[id])
	if err != nil {
		return failure(err)
	}
	document["id"] = id
	all[id] = document
	if rt == scim.Group {
		return 204, "", nil
	}
	return 200, string(scim.Encode(document)), nil
}

func (s *scriptedTarget) changeMembers(group string, change scim.MemberChange) error {
	ids := change.IDs
	if change.Filter != nil {
		if value, ok := change.Filter.Equality("value"); ok {
			ids = append(ids, value)
		}
	}
	if s.members[group] == nil {
		s.members[group] = map[string]bool{}
	}
	for _, id := range ids {
		if s.users[id] == nil && change.Op != scim.OpRemove {
			return scim.Errorf(400, scim.InvalidValue, "There is no user %s.", id)
		}
		if change.Op == scim.OpRemove {
			delete(s.members[group], id)
		} else {
			s.members[group][id] = true
		}
	}
	return nil
}

// taken returns the calls since the last time.
func (s *scriptedTarget) taken() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// fail sets what the target refuses; nil ends it.
func (s *scriptedTarget) fail(refuse func(call) (int, string, http.Header)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

// answerRaw sets what answers instead of the target; nil ends it.
func (s *scriptedTarget) answerRaw(raw func(http.ResponseWriter, call) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = raw
}

func (s *scriptedTarget) user(t *testing.T, userName string) scim.Object {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u["userName"] == userName {
			return u
		}
	}
	t.Fatalf("the target has no user %s", userName)
	return nil
}

// groupMembers are the userNames of a group's members.
func (s *scriptedTarget) groupMembers(displayName string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for id, g := range s.groups {
		if g["displayName"] == displayName {
			for member := range s.members[id] {
				names = append(names, s.users[member]["userName"].(string))
			}
		}
	}
	slices.Sort(names)
	return names
}

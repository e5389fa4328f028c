package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// target is a SCIM server as the provisioning service sees one: enough of it to be
// provisioned to, to refuse a token, and to refuse a user.
type target struct {
	*httptest.Server
	arrived chan struct{} // gets one when a request comes, if nobody has taken the last
	mu      sync.Mutex
	objects map[string]map[string]any // by path
	calls   []string
}

const (
	targetToken  = "scim_abc:s3cr3t"
	wrongToken   = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401","detail":"The key \"scim_abc\" is revoked."}`
	refusedUser  = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidValue","detail":"userName and work e-mail differ, <b>map</b> userName from mail."}`
	emptyAnswer  = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`
	answerFormat = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"Resources":[%s]}`
)

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{objects: map[string]map[string]any{}, arrived: make(chan struct{}, 1)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/scim+json")
	if r.Header.Get("Authorization") != "Bearer "+targetToken {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, wrongToken)
		return
	}
	var body map[string]any
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if name, _ := body["userName"].(string); strings.Contains(name, "refused") {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, refusedUser)
			return
		}
		id := fmt.Sprintf("target-%d", len(s.objects)+1)
		body["id"] = id
		s.objects[r.URL.Path+"/"+id] = body
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(body)
		return
	}
	if object, ok := s.objects[r.URL.Path]; ok {
		if r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(object)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	filter, _ := url.QueryUnescape(r.URL.Query().Get("filter"))
	for path, object := range s.objects {
		name, _ := object["userName"].(string)
		if name == "" {
			name, _ = object["displayName"].(string)
		}
		if strings.HasPrefix(path, r.URL.Path) && strings.Contains(filter, `"`+name+`"`) {
			one, _ := json.Marshal(object)
			fmt.Fprintf(w, answerFormat, one)
			return
		}
	}
	fmt.Fprint(w, emptyAnswer)
}

func (s *target) count(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

package graph_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/graph"
	"github.com/rollcall/rollcall/internal/entra/idp"
	"github.com/rollcall/rollcall/internal/web"
)

const publicURL = "http://standin.example"

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// world is the API over real HTTP, with an empty directory and a target that takes everything.
type world struct {
	*testing.T
	db     *directory.DB
	api    *graph.API
	url    string
	target *target
}

func newWorld(t *testing.T, change ...func(*graph.Config)) *world {
	t.Helper()
	now := func() time.Time { return start }
	db, err := directory.Open(t.Context(), "", directory.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	service := &cycle.Service{Directory: db, Now: now, Concurrency: 2}
	if err := service.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	people, err := idp.New(t.Context(), idp.Config{Directory: db, PublicURL: publicURL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	config := graph.Config{Directory: db, Cycle: service, IDP: people, PublicURL: publicURL, Now: now}
	for _, c := range change {
		c(&config)
	}
	api, err := graph.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	server := httptest.NewServer(web.NewServer(web.Config{Log: slog.New(slog.DiscardHandler), Mounts: []func(*http.ServeMux){api.Mount}}).Handler())
	t.Cleanup(server.Close)
	return &world{T: t, db: db, api: api, url: server.URL, target: newTarget(t)}
}

// answer is what came back.
type answer struct {
	*world
	status int
	header http.Header
	text   string
	body   map[string]any
}

// send sends a request; a body that is a string goes as it is, any other as JSON.
func (w *world) send(method, path string, body any, header ...string) answer {
	w.Helper()
	var data io.Reader
	text, raw := body.(string)
	if raw {
		data = strings.NewReader(text)
	} else if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			w.Fatal(err)
		}
		data = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(w.Context(), method, w.url+path, data)
	if err != nil {
		w.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	a := answer{world: w, status: response.StatusCode, header: response.Header, text: string(all)}
	_ = json.Unmarshal(all, &a.body) // not everything is an object
	return a
}

// want sends and expects a status.
func (w *world) want(status int, method, path string, body any, header ...string) answer {
	w.Helper()
	a := w.send(method, path, body, header...)
	if a.status != status {
		w.Fatalf("%s %s: got %d %s, want %d", method, path, a.status, a.text, status)
	}
	return a
}

// refused expects Graph's error object with a part of its message.
func (w *world) refused(status int, code, message, method, path string, body any, header ...string) {
	w.Helper()
	a := w.want(status, method, path, body, header...)
	failure, _ := a.body["error"].(map[string]any)
	inner, _ := failure["innerError"].(map[string]any)
	text, _ := failure["message"].(string)
	if failure["code"] != code || !strings.Contains(text, message) || inner["request-id"] == "" || inner["date"] == nil {
		w.Errorf("%s %s: got %s, want %s %q", method, path, a.text, code, message)
	}
}

func (a answer) at(path ...string) any {
	a.Helper()
	var value any = a.body
	for _, name := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(v) {
				a.Fatalf("there is no %v in %s", path, a.text)
			}
			value = v[i]
		default:
			a.Fatalf("there is no %v in %s", path, a.text)
		}
	}
	return value
}

func (a answer) str(path ...string) string {
	a.Helper()
	s, ok := a.at(path...).(string)
	if !ok {
		a.Fatalf("%v is no text in %s", path, a.text)
	}
	return s
}

func (a answer) is(want any, path ...string) {
	a.Helper()
	if got := a.at(path...); got != want {
		a.Errorf("%v is %v, want %v", path, got, want)
	}
}

// names are a property of every object of a list.
func (a answer) names(property string) []string {
	a.Helper()
	list, ok := a.body["value"].([]any)
	if !ok {
		a.Fatalf("%s is no list", a.text)
	}
	names := []string{}
	for _, one := range list {
		name, _ := one.(map[string]any)[property].(string)
		names = append(names, name)
	}
	return names
}

func (a answer) lists(property string, want ...string) {
	a.Helper()
	if got := a.names(property); !slices.Equal(got, append([]string{}, want...)) {
		a.Errorf("the list has %s %q, want %q", property, got, want)
	}
}

func (w *world) addUser(name string) string {
	w.Helper()
	return w.want(http.StatusCreated, "POST", "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": name + " Example", "mailNickname": name, "userPrincipalName": name + "@example.com", "mail": name + "@example.com",
		"passwordProfile": map[string]any{"password": "not kept"},
	}).str("id")
}

func (w *world) addGroup(name string, members ...string) string {
	w.Helper()
	body := map[string]any{"displayName": name, "mailEnabled": false, "mailNickname": name, "securityEnabled": true}
	if len(members) > 0 {
		bind := []string{}
		for _, id := range members {
			bind = append(bind, "https://graph.microsoft.com/v1.0/directoryObjects/"+id)
		}
		body["members@odata.bind"] = bind
	}
	return w.want(http.StatusCreated, "POST", "/v1.0/groups", body).str("id")
}

// addApp makes an application with a job that speaks to the target, switched on.
func (w *world) addApp() (principal, job string) {
	w.Helper()
	principal = w.want(http.StatusCreated, "POST", "/v1.0/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate", map[string]any{"displayName": "Contoso app"}).
		str("servicePrincipal", "id")
	sync := "/v1.0/servicePrincipals/" + principal + "/synchronization"
	job = w.want(http.StatusCreated, "POST", sync+"/jobs", map[string]any{"templateId": "scim"}).str("id")
	w.want(http.StatusNoContent, "PUT", sync+"/secrets", map[string]any{"value": []any{
		map[string]any{"key": "BaseAddress", "value": w.target.url}, map[string]any{"key": "SecretToken", "value": "key:secret"},
	}})
	return principal, job
}

func (w *world) assign(principal string, ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.want(http.StatusCreated, "POST", "/v1.0/servicePrincipals/"+principal+"/appRoleAssignedTo",
			map[string]any{"principalId": id, "resourceId": principal, "appRoleId": string(directory.DefaultAppRole)})
	}
}

// target is a SCIM server that keeps what it is sent.
type target struct {
	url   string
	mu    sync.Mutex
	kept  map[string]map[string]any
	calls []string
	wrong bool // answers 401
}

func newTarget(t *testing.T) *target {
	t.Helper()
	s := &target{kept: map[string]map[string]any{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + "/scim"
	return s
}

func (s *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in map[string]any
	_ = json.NewDecoder(r.Body).Decode(&in) // GET has none
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	status, out := s.answer(r, in)
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	if out != nil {
		_ = json.NewEncoder(w).Encode(out) // a client that went away
	}
}

func (s *target) answer(r *http.Request, in map[string]any) (int, any) {
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/scim/"), "/")
	switch {
	case s.wrong:
		return 401, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": "401", "detail": "The key was revoked."}
	case r.Method == http.MethodPost:
		id = kind + strconv.Itoa(len(s.kept)+1)
		in["id"] = id
		s.kept[id] = in
		return 201, in
	case r.Method == http.MethodGet && id != "" && s.kept[id] != nil:
		return 200, s.kept[id]
	case r.Method == http.MethodGet && id == "":
		return 200, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}, "totalResults": 0, "Resources": []any{}}
	case r.Method == http.MethodPatch && s.kept[id] != nil:
		return 204, nil
	case r.Method == http.MethodDelete && s.kept[id] != nil:
		delete(s.kept, id)
		return 204, nil
	}
	return 404, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": "404"}
}

func (s *target) userNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for one := range maps.Values(s.kept) {
		if name, ok := one["userName"].(string); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *target) refuse(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = on
}

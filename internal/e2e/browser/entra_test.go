package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall/rollcall/internal/e2e/live"
)

// entra is the provisioning service of Entra ID, as far as the guide has it do something:
// it knows what the admin pasted into it.
type entra struct {
	t           *testing.T
	client      *http.Client
	tenantURL   string
	secretToken string
}

func newEntra(t *testing.T, s *live.Server, tenantURL, secretToken string) *entra {
	return &entra{t, s.Client, tenantURL, secretToken}
}

// send makes one request and wants a status.
func (e *entra) send(want int, method, path, body string) map[string]any {
	e.t.Helper()
	got, err := e.try(want, method, path, body)
	if err != nil {
		e.t.Fatal(err)
	}
	return got
}

func (e *entra) try(want int, method, path, body string) (map[string]any, error) {
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.tenantURL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+e.secretToken)
	r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	res, err := e.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode != want {
		return nil, fmt.Errorf("%s %s: %d, want %d: %v", method, path, res.StatusCode, want, got)
	}
	return got, nil
}

// testConnection asks for a user that does not exist.
func (e *entra) testConnection() {
	e.t.Helper()
	if got := e.send(http.StatusOK, http.MethodGet, "/Users?filter=userName+eq+%227a1d0b7e-0000-4000-8000-000000000001%22", ""); got["totalResults"] != 0.0 {
		e.t.Fatalf("Test Connection: %v", got)
	}
}

// person is what the directory knows of somebody.
type person struct{ userName, mail, given, family string }

func (e *entra) createUser(p person) (id string) {
	e.t.Helper()
	body, err := json.Marshal(map[string]any{
		"schemas":     []string{"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"},
		"externalId":  p.userName,
		"userName":    p.userName,
		"active":      true,
		"displayName": p.given + " " + p.family,
		"emails":      []any{map[string]any{"primary": true, "type": "work", "value": p.mail}},
		"meta":        map[string]any{"resourceType": "User"},
		"name":        map[string]any{"formatted": p.given + " " + p.family, "familyName": p.family, "givenName": p.given},
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return idOf(e.t, e.send(http.StatusCreated, http.MethodPost, "/Users", string(body)))
}

// createMany makes people, many at a time.
func (e *entra) createMany(n int) (ids []string) {
	e.t.Helper()
	const workers = 32
	var (
		mu     sync.Mutex
		failed error
		all    sync.WaitGroup
	)
	next := make(chan int)
	for range workers {
		all.Go(func() {
			for i := range next {
				address := fmt.Sprintf("person%05d@example.com", i)
				body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"displayName":"Person %05d","active":true,"emails":[{"type":"work","value":%q}]}`, address, i, address)
				made, err := e.try(http.StatusCreated, http.MethodPost, "/Users", body)
				id, _ := made["id"].(string)
				mu.Lock()
				ids, failed = append(ids, id), errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	if failed != nil {
		e.t.Fatal(failed)
	}
	return ids
}

// addMembers adds many with one request.
func (e *entra) addMembers(group string, users []string) {
	e.t.Helper()
	var list []map[string]string
	for _, id := range users {
		list = append(list, map[string]string{"value": id})
	}
	value, err := json.Marshal(list)
	if err != nil {
		e.t.Fatal(err)
	}
	e.send(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, patch(`{"op":"Add","path":"members","value":`+string(value)+`}`))
}

func (e *entra) createGroup(name string) (id string) {
	e.t.Helper()
	return idOf(e.t, e.send(http.StatusCreated, http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"`+name+`","displayName":"`+name+`","meta":{"resourceType":"Group"}}`))
}

func idOf(t *testing.T, resource map[string]any) string {
	t.Helper()
	id, ok := resource["id"].(string)
	if !ok {
		t.Fatalf("the resource has no id: %v", resource)
	}
	return id
}

func patch(operation string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operation + `]}`
}

func (e *entra) addMember(group, user string) {
	e.t.Helper()
	e.send(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, patch(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+user+`"}]}`))
}

func (e *entra) removeMember(group, user string) {
	e.t.Helper()
	e.send(http.StatusNoContent, http.MethodPatch, "/Groups/"+group, patch(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+user+`"}]}`))
}

// rename is an update of a user's first name.
func (e *entra) rename(user, given, display string) {
	e.t.Helper()
	e.send(http.StatusOK, http.MethodPatch, "/Users/"+user, patch(`{"op":"Replace","path":"name.givenName","value":"`+given+`"},{"op":"Replace","path":"displayName","value":"`+display+`"}`))
}

// activate disables a user who was unassigned, and enables one who came back.
func (e *entra) activate(user string, active bool) {
	e.t.Helper()
	value := "False"
	if active {
		value = "True"
	}
	e.send(http.StatusOK, http.MethodPatch, "/Users/"+user, patch(`{"op":"Replace","path":"active","value":"`+value+`"}`))
}

package console

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/web/scimapi"
)

// entra is the provisioning service of an identity provider: it calls the SCIM endpoint
// with a key, as from outside.
type entra struct {
	t       *testing.T
	org     *org
	handler http.Handler
	bearer  string
}

// provisioning enables SCIM, with a key that actor made.
func (o *org) provisioning(actor iam.Actor) *entra {
	o.t.Helper()
	must[access.SCIMView](o.t)(o.access.EnableSCIM(o.t.Context(), iam.Operator, o.id))
	key := must[access.NewKey](o.t)(o.access.CreateKey(o.t.Context(), actor, o.id, ""))
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	door := scimapi.New(scimapi.Config{
		Provision: &provision.Service{DB: o.db, Now: o.clock, Log: quiet}, SignIn: o.signin,
		Log: housekeeping.NewRequestLog(o.db, quiet), PublicURL: publicURL, Now: o.clock,
	})
	mux := http.NewServeMux()
	door.Mount(mux)
	return &entra{t: o.t, org: o, handler: mux, bearer: key.Bearer}
}

// call sends one request and returns the id of what it answers with.
func (e *entra) call(status int, method, path, body string) string {
	e.t.Helper()
	r := httptest.NewRequestWithContext(e.t.Context(), method, publicURL+"/v1/organizations/"+string(e.org.id)+"/scim"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+e.bearer)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	e.handler.ServeHTTP(w, r)
	if w.Code != status {
		e.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	var answered struct{ ID string }
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &answered); err != nil {
			e.t.Fatal(err)
		}
	}
	return answered.ID
}

// user provisions somebody who is assigned to the application.
func (e *entra) user(email, name string) string {
	e.t.Helper()
	body, err := json.Marshal(map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": email, "displayName": name, "active": true,
		"emails": []map[string]any{{"type": "work", "primary": true, "value": email}},
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return e.call(http.StatusCreated, http.MethodPost, "/Users", string(body))
}

// group provisions a group with members.
func (e *entra) group(name string, members ...string) string {
	e.t.Helper()
	list := make([]map[string]any, 0, len(members))
	for _, id := range members {
		list = append(list, map[string]any{"value": id})
	}
	body, err := json.Marshal(map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name, "members": list,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return e.call(http.StatusCreated, http.MethodPost, "/Groups", string(body))
}

// patch sends one operation on a resource.
func (e *entra) patch(path, operation string) {
	e.t.Helper()
	status := http.StatusNoContent
	if strings.HasPrefix(path, "/Users") {
		status = http.StatusOK
	}
	e.call(status, http.MethodPatch, path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operation+`]}`)
}

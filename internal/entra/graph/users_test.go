package graph_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestUsers_lifeOfOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.want(http.StatusCreated, "POST", "/v1.0/users", map[string]any{
		"@odata.type": "#microsoft.graph.user", "accountEnabled": true, "displayName": "Ada Lovelace", "mailNickname": "ada", "userPrincipalName": "ada@example.com",
		"businessPhones": []string{"+44 1"}, "onPremisesExtensionAttributes": map[string]any{"extensionAttribute3": "x"}, "passwordProfile": map[string]any{"password": "p"},
	})
	id := made.str("id")
	if got := made.header.Get("Location"); got != publicURL+"/v1.0/users/"+id {
		t.Errorf("Location is %q", got)
	}
	made.is(publicURL+"/v1.0/$metadata#users/$entity", "@odata.context")
	made.is(nil, "mail")
	if _, shown := made.body["accountEnabled"]; shown {
		t.Error("accountEnabled is shown without $select")
	}

	// By object id, by user principal name, and in both versions.
	for _, path := range []string{"/v1.0/users/" + strings.ToUpper(id), "/beta/users/ADA@example.com"} {
		w.want(http.StatusOK, "GET", path, nil).is("Ada Lovelace", "displayName")
	}
	all := w.want(http.StatusOK, "GET", "/v1.0/users/"+id+"?$select=accountEnabled,onPremisesExtensionAttributes,createdDateTime,businessPhones", nil)
	all.is(true, "accountEnabled")
	all.is("x", "onPremisesExtensionAttributes", "extensionAttribute3")
	all.is("2026-03-01T09:00:00Z", "createdDateTime")
	all.is("+44 1", "businessPhones", "0")

	w.want(http.StatusNoContent, "PATCH", "/v1.0/users/"+id, map[string]any{"accountEnabled": false, "jobTitle": "Countess", "businessPhones": []string{}})
	changed := w.want(http.StatusOK, "GET", "/v1.0/users/"+id+"?$select=accountEnabled,jobTitle,businessPhones,displayName", nil)
	changed.is(false, "accountEnabled")
	changed.is("Countess", "jobTitle")
	changed.is("Ada Lovelace", "displayName")

	w.want(http.StatusNoContent, "DELETE", "/v1.0/users/"+id, nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "does not exist", "GET", "/v1.0/users/"+id, nil)
	w.want(http.StatusOK, "GET", "/v1.0/directory/deletedItems/microsoft.graph.user", nil).lists("id", id)
	w.want(http.StatusOK, "GET", "/v1.0/directory/deletedItems/"+id, nil).is("#microsoft.graph.user", "@odata.type")
	w.want(http.StatusOK, "POST", "/v1.0/directory/deletedItems/"+id+"/restore", nil).is(id, "id")
	w.want(http.StatusNoContent, "DELETE", "/v1.0/users/"+id, nil)
	w.want(http.StatusNoContent, "DELETE", "/v1.0/directory/deletedItems/"+id, nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", id, "GET", "/v1.0/directory/deletedItems/"+id, nil)
}

func TestUsers_refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.addUser("ada")
	user := func(change func(map[string]any)) map[string]any {
		body := map[string]any{"accountEnabled": true, "displayName": "B", "mailNickname": "b", "userPrincipalName": "b@example.com"}
		change(body)
		return body
	}
	tests := []struct {
		name, method, path, message string
		body                        any
	}{
		{"no name", "POST", "/v1.0/users", "A value is required for property 'displayName'", user(func(u map[string]any) { delete(u, "displayName") })},
		{"null name", "POST", "/v1.0/users", "A value is required for property 'displayName'", user(func(u map[string]any) { u["displayName"] = nil })},
		{"text as boolean", "POST", "/v1.0/users", "Invalid value specified for property 'accountEnabled' of resource 'User': it must be true or false", user(func(u map[string]any) { u["accountEnabled"] = "true" })},
		{"number as text", "POST", "/v1.0/users", "'jobTitle' of resource 'User': it must be a string or null", user(func(u map[string]any) { u["jobTitle"] = 7 })},
		{"two phones", "POST", "/v1.0/users", "a list of one string", user(func(u map[string]any) { u["businessPhones"] = []string{"1", "2"} })},
		{"sixteenth attribute", "POST", "/v1.0/users", "extensionAttribute15", user(func(u map[string]any) {
			u["onPremisesExtensionAttributes"] = map[string]any{"extensionAttribute16": "x"}
		})},
		{"name in use", "POST", "/v1.0/users", "same value for property userPrincipalName", user(func(u map[string]any) { u["userPrincipalName"] = "ADA@example.com" })},
		{"no address", "POST", "/v1.0/users", "must have the form name@domain", user(func(u map[string]any) { u["userPrincipalName"] = "b" })},
		{"unknown property", "PATCH", "/v1.0/users/" + id, `"shoeSize" does not exist on User`, map[string]any{"shoeSize": 44}},
		{"read-only property", "PATCH", "/v1.0/users/" + id, "'id' is read-only", map[string]any{"id": "x"}},
		{"list as body", "PATCH", "/v1.0/users/" + id, "it must be an object, not an array", []any{}},
		{"torn body", "PATCH", "/v1.0/users/" + id, "Unable to read JSON request payload", `{"a":`},
		{"null body", "PATCH", "/v1.0/users/" + id, "it must be an object", `null`},
		{"no reference", "PUT", "/v1.0/users/" + id + "/manager/$ref", "@odata.id", map[string]any{}},
		{"himself", "PUT", "/v1.0/users/" + id + "/manager/$ref", "manager", map[string]any{"@odata.id": "x/" + id}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := *w
			in.T = t
			in.refused(http.StatusBadRequest, "Request_BadRequest", test.message, test.method, test.path, test.body)
		})
	}
	if n := w.want(http.StatusOK, "GET", "/v1.0/users/$count", nil).text; n != "1" {
		t.Errorf("%s users are there after refusals, want 1", n)
	}
}

func TestUsers_managerAndMemberOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, boss := w.addUser("ada"), w.addUser("boss")
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "manager", "GET", "/v1.0/users/"+ada+"/manager", nil)
	w.want(http.StatusNoContent, "PUT", "/v1.0/users/"+ada+"/manager/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + boss})
	w.want(http.StatusOK, "GET", "/v1.0/users/"+ada+"/manager?$select=displayName", nil).is("boss Example", "displayName")
	w.want(http.StatusOK, "GET", "/v1.0/users/boss@example.com/directReports", nil).lists("id", ada)
	w.want(http.StatusNoContent, "DELETE", "/v1.0/users/"+ada+"/manager/$ref", nil)
	w.want(http.StatusOK, "GET", "/v1.0/users/"+boss+"/directReports", nil).lists("id")

	inner := w.addGroup("Inner", ada)
	outer := w.addGroup("Outer", inner)
	w.want(http.StatusOK, "GET", "/v1.0/users/"+ada+"/memberOf", nil).lists("displayName", "Inner")
	w.want(http.StatusOK, "GET", "/v1.0/groups/"+inner+"/memberOf", nil).lists("id", outer)
	w.want(http.StatusOK, "GET", "/v1.0/directoryObjects/"+inner, nil).is("#microsoft.graph.group", "@odata.type")
	w.want(http.StatusOK, "POST", "/v1.0/users/"+ada+"/revokeSignInSessions", nil).is(true, "value")
}

func TestUsers_lists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"ada", "bob", "cleo", "o'neil"} {
		w.addUser(name)
	}
	w.want(http.StatusNoContent, "PATCH", "/v1.0/users/bob@example.com", map[string]any{"accountEnabled": false, "department": "IT", "mail": nil})
	tests := []struct {
		query string
		want  []string
	}{
		{"", []string{"ada", "bob", "cleo", "o'neil"}},
		{"$filter=userPrincipalName eq 'ADA@example.com'", []string{"ada"}},
		{"$filter=userPrincipalName eq 'nobody@example.com'", nil},
		{"$filter=mail eq 'cleo@example.com'", []string{"cleo"}},
		{"$filter=mail eq null", []string{"bob"}},
		{"$filter=displayName eq 'o''neil Example'", []string{"o'neil"}},
		{"$filter=startswith(displayName,'b') or startswith(mail,'CLEO')", []string{"bob", "cleo"}},
		{"$filter=startswith(userPrincipalName,'a') and accountEnabled eq true", []string{"ada"}},
		{"$filter=startswith(userPrincipalName,'a') and accountEnabled eq false", nil},
		{"$filter=not (department eq 'IT') and accountEnabled ne false", []string{"ada", "cleo", "o'neil"}},
		{"$filter=mailNickname in ('bob','ada')", []string{"ada", "bob"}},
		{"$filter=endswith(mail,'neil@example.com')", []string{"o'neil"}},
		{"$filter=createdDateTime ge 2026-03-01T09:00:00Z and contains(mail,'cl')", []string{"cleo"}},
		{"$filter=createdDateTime gt 2026-03-01", []string{"ada", "bob", "cleo", "o'neil"}},
		{"$filter=createdDateTime gt 2026-03-02", nil},
		{`$search="displayName:bob"`, []string{"bob"}},
		{`$search="cleo example"`, []string{"cleo"}},
		{`$search="mail:bob"`, nil},
	}
	for _, test := range tests {
		t.Run(test.query, func(t *testing.T) {
			name, value, _ := strings.Cut(test.query, "=")
			in := *w
			in.T = t
			in.want(http.StatusOK, "GET", "/v1.0/users?$select=mailNickname&"+name+"="+url.QueryEscape(value), nil).lists("mailNickname", test.want...)
		})
	}
	counted := w.want(http.StatusOK, "GET", "/v1.0/users?$count=true&$top=1&$filter="+url.QueryEscape("startswith(mail,'a') or startswith(mail,'c')"), nil)
	counted.is(2.0, "@odata.count")
	if n := w.want(http.StatusOK, "GET", "/v1.0/users/$count?$filter="+url.QueryEscape("accountEnabled eq false"), nil).text; n != "1" {
		t.Errorf("%s users are disabled, want 1", n)
	}
}

func TestUsers_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []string{"ada", "bob", "cleo", "dan", "eve"}
	for _, name := range want {
		w.addUser(name)
	}
	for _, query := range []string{"$top=2&$select=mailNickname", "$top=2&$select=mailNickname&$filter=" + url.QueryEscape("endswith(mail,'example.com')"), "$top=5&$select=mailNickname"} {
		var got []string
		for path := "/v1.0/users?" + query; path != ""; {
			a := w.want(http.StatusOK, "GET", path, nil)
			got = append(got, a.names("mailNickname")...)
			next, _ := a.body["@odata.nextLink"].(string)
			path = strings.TrimPrefix(next, publicURL)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the pages have %q, want %q", query, got, want)
		}
	}
}

func TestQuery_refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := []struct{ query, code, message string }{
		{"$top=0", "Request_BadRequest", "between 1 and 999"},
		{"$top=1000", "Request_BadRequest", "between 1 and 999"},
		{"$top=x", "Request_BadRequest", "between 1 and 999"},
		{"$top=1&$top=2", "Request_BadRequest", "more than once"},
		{"$skiptoken=!", "Directory_ExpiredPageToken", "page token"},
		{"$orderby=displayName", "Request_BadRequest", "'$orderby' is not supported"},
		{"$expand=manager", "Request_BadRequest", "'$expand' is not supported"},
		{"$count=1", "Request_BadRequest", "true or false"},
		{"$select=shoeSize", "Request_BadRequest", "'shoeSize'"},
		{"$search=ada", "Request_BadRequest", "double quotes"},
		{`$search="jobTitle:x"`, "Request_BadRequest", "does not search in the property 'jobTitle'"},
		{"$filter=shoeSize eq 'x'", "Request_BadRequest", "'shoeSize'"},
		{"$filter=displayName eq 'x", "Request_BadRequest", "closing quote"},
		{"$filter=displayName is 'x'", "Request_BadRequest", `"is"`},
		{"$filter=displayName eq x", "Request_BadRequest", "'displayName' (Edm.String) with x"},
		{"$filter=accountEnabled eq 'true'", "Request_BadRequest", "'accountEnabled' (Edm.Boolean)"},
		{"$filter=displayName eq 'x' displayName", "Request_BadRequest", "Syntax error"},
		{"$filter=(displayName eq 'x'", "Request_BadRequest", `")" is expected`},
		{"$filter=startswith(accountEnabled,'x')", "Request_BadRequest", "needs a text"},
		{"$filter=proxyAddresses eq 'x'", "Request_BadRequest", "several values"},
		{"$filter=" + strings.Repeat("(", 30) + "displayName eq 'x'" + strings.Repeat(")", 30), "Request_BadRequest", "deeper than"},
		{"$filter=displayName eq 'x'" + strings.Repeat(" or displayName eq 'x'", 101), "Request_BadRequest", "more than 100"},
		{"$filter=" + strings.Repeat("x", 9000), "Request_BadRequest", "longer than"},
		{"$filter=", "Request_BadRequest", "''"},
	}
	for _, test := range tests {
		t.Run(test.query[:min(40, len(test.query))], func(t *testing.T) {
			name, value, _ := strings.Cut(test.query, "=")
			path := "/v1.0/users?" + name + "=" + url.QueryEscape(value)
			if test.message == "more than once" {
				path = "/v1.0/users?" + test.query
			}
			in := *w
			in.T = t
			in.refused(http.StatusBadRequest, test.code, test.message, "GET", path, nil)
		})
	}
	w.refused(http.StatusBadRequest, "Request_BadRequest", "cannot be read", "GET", "/v1.0/users?a=%zz", nil)
}

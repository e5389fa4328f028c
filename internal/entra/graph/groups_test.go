package graph_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func TestGroups_lifeOfOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	id := w.addGroup("Developers", ada)
	path := "/v1.0/groups/" + id
	got := w.want(http.StatusOK, "GET", path, nil)
	got.is("Developers", "displayName")
	got.is(false, "mailEnabled")
	w.want(http.StatusOK, "GET", path+"/members?$count=true", nil).is("ada Example", "value", "0", "displayName")
	w.want(http.StatusOK, "GET", path+"/members?$select=id", nil).lists("@odata.type", "#microsoft.graph.user")

	w.want(http.StatusNoContent, "POST", path+"/members/$ref", map[string]any{"@odata.id": publicURL + "/v1.0/directoryObjects/" + bob})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "already exist", "POST", path+"/members/$ref", map[string]any{"@odata.id": "x/" + bob})
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "does not exist", "POST", path+"/members/$ref", map[string]any{"@odata.id": "x/00000000-0000-4000-8000-000000000000"})
	if n := w.want(http.StatusOK, "GET", path+"/members/$count", nil).text; n != "2" {
		t.Errorf("the group has %s members, want 2", n)
	}
	w.want(http.StatusOK, "GET", path+"/members/microsoft.graph.user?$select=userPrincipalName", nil)
	w.want(http.StatusNoContent, "DELETE", path+"/members/"+ada+"/$ref", nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", ada, "DELETE", path+"/members/"+ada+"/$ref", nil)
	w.want(http.StatusOK, "GET", path+"/members", nil).lists("id", bob)

	// PATCH changes and binds in one request, or does neither.
	bind := map[string]any{"displayName": "Engineers", "members@odata.bind": []string{"x/" + ada, "x/" + bob}}
	w.refused(http.StatusBadRequest, "Request_BadRequest", "already exist", "PATCH", path, bind)
	w.want(http.StatusOK, "GET", path, nil).is("Developers", "displayName")
	bind["members@odata.bind"] = []string{"x/" + ada}
	w.want(http.StatusNoContent, "PATCH", path, bind)
	w.want(http.StatusOK, "GET", path, nil).is("Engineers", "displayName")
	members := w.want(http.StatusOK, "GET", path+"/members", nil).names("id")
	slices.Sort(members)
	if want := []string{ada, bob}; !slices.Equal(members, slices.Sorted(slices.Values(want))) {
		t.Errorf("members are %q, want %q", members, want)
	}

	w.want(http.StatusNoContent, "DELETE", path, nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", id, "GET", path, nil)
	w.want(http.StatusOK, "GET", "/v1.0/directory/deletedItems/microsoft.graph.group", nil).lists("id", id)
	w.want(http.StatusOK, "POST", "/v1.0/directory/deletedItems/"+id+"/restore", map[string]any{}).is("#microsoft.graph.group", "@odata.type")
	w.want(http.StatusNoContent, "DELETE", path, nil)
	w.want(http.StatusNoContent, "DELETE", "/v1.0/directory/deletedItems/"+id, nil)
}

func TestGroups_listsAndRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.addGroup("Admins"), w.addGroup("Developers")
	w.want(http.StatusOK, "GET", "/v1.0/groups", nil).lists("id", a, b)
	w.want(http.StatusOK, "GET", "/v1.0/groups?$filter="+url.QueryEscape("displayName eq 'developers'"), nil).lists("id", b)
	w.want(http.StatusOK, "GET", "/v1.0/groups?$filter="+url.QueryEscape("id eq '"+a+"'"), nil).lists("id", a)
	w.want(http.StatusOK, "GET", "/v1.0/groups?$count=true&$search="+url.QueryEscape(`"displayName:adm"`), nil).is(1.0, "@odata.count")
	if n := w.want(http.StatusOK, "GET", "/v1.0/groups/$count", nil).text; n != "2" {
		t.Errorf("%s groups, want 2", n)
	}
	body := map[string]any{"displayName": "X", "mailEnabled": true, "mailNickname": "x", "securityEnabled": true}
	w.refused(http.StatusBadRequest, "Request_BadRequest", "no groups with mail", "POST", "/v1.0/groups", body)
	body["mailEnabled"], body["groupTypes"] = false, []string{"Unified"}
	w.refused(http.StatusBadRequest, "Request_BadRequest", "neither Microsoft 365 groups", "POST", "/v1.0/groups", body)
	delete(body, "groupTypes")
	body["members@odata.bind"] = slices.Repeat([]string{"x/y"}, 21)
	w.refused(http.StatusBadRequest, "Request_BadRequest", "at most 20", "POST", "/v1.0/groups", body)
	body["members@odata.bind"] = []string{"x/00000000-0000-4000-8000-000000000000"}
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "00000000-0000-4000-8000-000000000000", "POST", "/v1.0/groups", body)
	if n := w.want(http.StatusOK, "GET", "/v1.0/groups/$count", nil).text; n != "2" {
		t.Errorf("%s groups after refusals, want 2", n)
	}
}

func TestApplications_setUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	templates := "/v1.0/applicationTemplates"
	id := w.want(http.StatusOK, "GET", templates, nil).str("value", "0", "id")
	w.want(http.StatusOK, "GET", templates+"/"+id, nil).is("Custom", "displayName")
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "no gallery", "POST", templates+"/x/instantiate", map[string]any{"displayName": "A"})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "'displayName'", "POST", templates+"/"+id+"/instantiate", map[string]any{})
	made := w.want(http.StatusCreated, "POST", templates+"/"+id+"/instantiate", map[string]any{"displayName": "Contoso app"})
	app, principal := "/v1.0/applications/"+made.str("application", "id"), "/v1.0/servicePrincipals/"+made.str("servicePrincipal", "id")
	if made.str("application", "appId") != made.str("servicePrincipal", "appId") {
		t.Error("the application and its service principal have different appIds")
	}

	w.want(http.StatusNoContent, "PATCH", principal, map[string]any{"preferredSingleSignOnMode": "saml", "loginUrl": "https://app.example/", "appRoleAssignmentRequired": false,
		"samlSingleSignOnSettings": map[string]any{"relayState": "r"}, "notificationEmailAddresses": []string{"ops@example.com"}})
	w.want(http.StatusNoContent, "PATCH", app, map[string]any{"identifierUris": []string{"https://app.example/saml"},
		"web": map[string]any{"redirectUris": []string{"https://app.example/acs", "https://app.example/acs2"}, "logoutUrl": "https://app.example/logout"}})
	got := w.want(http.StatusOK, "GET", principal, nil)
	got.is("saml", "preferredSingleSignOnMode")
	got.is(false, "appRoleAssignmentRequired")
	got.is("https://app.example/acs", "replyUrls", "0")
	got.is("r", "samlSingleSignOnSettings", "relayState")
	got.is("https://app.example/logout", "logoutUrl")
	first := got.str("preferredTokenSigningKeyThumbprint")
	w.want(http.StatusOK, "GET", app, nil).is("https://app.example/saml", "identifierUris", "0")

	// A second certificate waits until it is made active.
	second := w.want(http.StatusOK, "POST", principal+"/addTokenSigningCertificate", map[string]any{"displayName": "CN=X", "endDateTime": "2027-01-01T00:00:00Z"}).str("thumbprint")
	w.want(http.StatusOK, "GET", principal, nil).is(first, "preferredTokenSigningKeyThumbprint")
	w.want(http.StatusNoContent, "PATCH", principal, map[string]any{"preferredTokenSigningKeyThumbprint": second})
	w.want(http.StatusOK, "GET", principal, nil).is(second, "preferredTokenSigningKeyThumbprint")
	w.refused(http.StatusBadRequest, "Request_BadRequest", "endDateTime", "POST", principal+"/addTokenSigningCertificate", map[string]any{"endDateTime": "soon"})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "the only method", "PATCH", principal, map[string]any{"preferredSingleSignOnMode": "oidc"})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "redirectUris", "PATCH", app, map[string]any{"web": map[string]any{"implicitGrantSettings": map[string]any{}}})

	own := "/standin/applications/" + made.str("application", "id") + "/saml"
	settings := w.want(http.StatusOK, "PATCH", own, map[string]any{"nameIdSource": "user.mail", "replyUrls": []string{"https://app.example/acs"},
		"claims": []any{map[string]any{"name": "email", "namespace": "", "source": "user.mail"}}, "signingOption": "Sign SAML response"})
	settings.is("user.mail", "nameIdSource")
	settings.is("email", "claims", "0", "name")
	settings.is("https://app.example/saml", "identifier")
	if !strings.Contains(settings.str("endpoints", "metadataUrl"), "federationmetadata") {
		t.Errorf("endpoints are %v", settings.at("endpoints"))
	}
	w.refused(http.StatusBadRequest, "Request_BadRequest", "user.shoesize", "PATCH", own, map[string]any{"nameIdSource": "user.shoesize"})
	w.want(http.StatusOK, "GET", own, nil).is("user.mail", "nameIdSource")

	w.want(http.StatusOK, "GET", "/v1.0/servicePrincipals?$filter="+url.QueryEscape("appId eq '"+made.str("application", "appId")+"'"), nil).lists("displayName", "Contoso app")
	w.want(http.StatusOK, "GET", "/beta/applications?$filter="+url.QueryEscape("startswith(displayName,'x')"), nil).lists("displayName")
	w.want(http.StatusCreated, "POST", principal+"/synchronization/jobs", map[string]any{"templateId": "scim"})
	w.want(http.StatusNoContent, "DELETE", app, nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "does not exist", "GET", principal, nil)
}

func TestAssignments_fromBothEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, group := w.addUser("ada"), w.addGroup("Developers")
	principal, _ := w.addApp()
	path := "/v1.0/servicePrincipals/" + principal + "/appRoleAssignedTo"
	role := string(directory.DefaultAppRole)
	body := func(who, what, role string) map[string]any {
		return map[string]any{"principalId": who, "resourceId": what, "appRoleId": role}
	}
	made := w.want(http.StatusCreated, "POST", path, body(ada, principal, role))
	made.is("ada Example", "principalDisplayName")
	made.is("Contoso app", "resourceDisplayName")
	w.refused(http.StatusBadRequest, "Request_BadRequest", "already exists on the object", "POST", path, body(ada, principal, role))
	w.refused(http.StatusBadRequest, "Request_BadRequest", "the service principal", "POST", path, body(ada, ada, role))
	w.refused(http.StatusBadRequest, "Request_BadRequest", "was not found on application", "POST", path, body(group, principal, ada))
	w.refused(http.StatusBadRequest, "Request_BadRequest", "of the address", "POST", "/v1.0/users/"+ada+"/appRoleAssignments", body(group, principal, role))
	w.want(http.StatusCreated, "POST", "/v1.0/groups/"+group+"/appRoleAssignments", body(group, principal, "00000000-0000-0000-0000-000000000000"))
	w.want(http.StatusOK, "GET", path+"?$count=true", nil).lists("principalType", "Group", "User")
	w.want(http.StatusOK, "GET", path+"/"+made.str("id"), nil).is(ada, "principalId")
	w.want(http.StatusOK, "GET", path+"?$filter="+url.QueryEscape("principalType eq 'User'"), nil).lists("principalId", ada)
	id := w.want(http.StatusOK, "GET", "/v1.0/groups/"+group+"/appRoleAssignments", nil).str("value", "0", "id")
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", id, "DELETE", "/v1.0/users/"+ada+"/appRoleAssignments/"+id, nil)
	w.want(http.StatusNoContent, "DELETE", "/v1.0/groups/"+group+"/appRoleAssignments/"+id, nil)
	w.want(http.StatusNoContent, "DELETE", path+"/"+made.str("id"), nil)
	w.want(http.StatusOK, "GET", "/v1.0/users/"+ada+"/appRoleAssignments", nil).lists("id")
	w.want(http.StatusCreated, "POST", "/v1.0/users/"+ada+"/appRoleAssignments", body(ada, principal, role))
	id = w.want(http.StatusOK, "GET", "/v1.0/users/"+ada+"/appRoleAssignments", nil).str("value", "0", "id")
	w.want(http.StatusNoContent, "DELETE", "/v1.0/users/"+ada+"/appRoleAssignments/"+id, nil)
}

// Groups need a licence (Microsoft Entra docs, "assign-user-or-group-access-portal").
func TestLicence_freeHasNoGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := w.addGroup("Developers")
	principal, _ := w.addApp()
	w.want(http.StatusOK, "GET", "/v1.0/subscribedSkus", nil).lists("skuPartNumber", "AAD_PREMIUM")
	w.want(http.StatusOK, "PUT", "/standin/licence", map[string]any{"licence": "Free"}).is("Microsoft Entra ID Free", "licence")
	w.want(http.StatusOK, "GET", "/v1.0/subscribedSkus", nil).lists("skuPartNumber")
	w.refused(http.StatusForbidden, "Authorization_RequestDenied", "Microsoft Entra ID Free", "POST", "/v1.0/servicePrincipals/"+principal+"/appRoleAssignedTo",
		map[string]any{"principalId": group, "resourceId": principal, "appRoleId": string(directory.DefaultAppRole)})
	w.refused(http.StatusBadRequest, "Request_BadRequest", `"Free" or "P1"`, "PUT", "/standin/licence", map[string]any{"licence": "P2"})
	w.want(http.StatusOK, "PUT", "/standin/licence", map[string]any{"licence": "Microsoft Entra ID P1"})
	w.want(http.StatusOK, "GET", "/standin/licence", nil).is("Microsoft Entra ID P1", "licence")
	w.assign(principal, group)
}

func TestStandin_people(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	csv := []string{"Content-Type", "text/csv"}
	w.want(http.StatusOK, "POST", "/standin/import/users", "userPrincipalName,displayName\nada@example.com,Ada\nbob@example.com,Bob\n", csv...).is(2.0, "users")
	w.refused(http.StatusBadRequest, "Request_BadRequest", "2", "POST", "/standin/import/users", "userPrincipalName,displayName\nada@example.com,Ada\n", csv...)
	w.refused(http.StatusUnsupportedMediaType, "Request_BadRequest", "text/csv", "POST", "/standin/import/users", map[string]any{})
	imported := w.want(http.StatusOK, "POST", "/standin/import/groups", "displayName,members\nDevelopers,ada@example.com;bob@example.com\n", csv...)
	imported.is(1.0, "groups")
	imported.is(2.0, "memberships")
	w.want(http.StatusOK, "POST", "/standin/generate", map[string]any{"users": 20, "groups": 2, "memberships": 30, "seed": 7}).is(20.0, "users")
	w.refused(http.StatusBadRequest, "Request_BadRequest", "not negative", "POST", "/standin/generate", map[string]any{"users": -1})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "a whole number", "POST", "/standin/generate", map[string]any{"users": "7"})
	counts := w.want(http.StatusOK, "GET", "/standin/counts", nil)
	counts.is(22.0, "users")
	counts.is(3.0, "groups")
	counts.is(32.0, "memberships")

	w.want(http.StatusOK, "PATCH", "/standin/tenant", map[string]any{"displayName": "Fabrikam"}).is("Fabrikam", "displayName")
	w.want(http.StatusOK, "GET", "/v1.0/organization", nil).lists("displayName", "Fabrikam")
	w.want(http.StatusOK, "GET", "/standin/tenant", nil).is("Fabrikam", "displayName")
	roles := "/standin/users/ada@example.com/directoryRoles"
	w.want(http.StatusOK, "PUT", roles, map[string]any{"directoryRoles": []string{"Global Administrator"}}).is(true, "mayConfigure")
	w.want(http.StatusOK, "GET", roles, nil).is("Global Administrator", "directoryRoles", "0")
	w.refused(http.StatusBadRequest, "Request_BadRequest", "King", "PUT", roles, map[string]any{"directoryRoles": []string{"King"}})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "'directoryRoles'", "PUT", roles, map[string]any{})
}

// Pages of members, and of other lists, hold every object once.
func TestMembers_pages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []string
	for i := range 7 {
		want = append(want, w.addUser(fmt.Sprintf("user%d", i)))
	}
	group := w.addGroup("Everyone", want...)
	principal, _ := w.addApp()
	w.assign(principal, want...)
	slices.Sort(want)
	for path, property := range map[string]string{
		"/v1.0/groups/" + group + "/members?$top=3":                            "id",
		"/v1.0/groups/" + group + "/members/microsoft.graph.user?$top=2":       "id",
		"/v1.0/servicePrincipals/" + principal + "/appRoleAssignedTo?$top=3":   "principalId",
		"/v1.0/servicePrincipals/" + principal + "/appRoleAssignedTo?$top=999": "principalId",
	} {
		var got []string
		for next := path; next != ""; {
			a := w.want(http.StatusOK, "GET", next, nil)
			got = append(got, a.names(property)...)
			link, _ := a.body["@odata.nextLink"].(string)
			next = strings.TrimPrefix(link, publicURL)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

package graph_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The guide's way from nothing to people in the target, with nothing but requests.
func TestJobs_provision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	group := w.addGroup("Developers", ada, bob)
	principal, id := w.addApp()
	jobs := "/v1.0/servicePrincipals/" + principal + "/synchronization/jobs"
	job := jobs + "/" + id
	own := "/standin/jobs/" + id

	got := w.want(http.StatusOK, "GET", job, nil)
	got.is("NotRun", "status", "code")
	got.is("Disabled", "schedule", "state")
	got.is("PT40M", "schedule", "interval")
	w.refused(http.StatusConflict, "Conflict", "is off", "POST", own+"/cycle", nil)
	w.assign(principal, group)
	w.want(http.StatusNoContent, "POST", job+"/start", nil)
	c := w.want(http.StatusOK, "POST", own+"/cycle", nil)
	c.is("Initial", "kind")
	c.is(2.0, "users")
	c.is(2.0, "members")
	c.is(3.0, "outcomes", "Create", "Success")
	if got, want := w.target.userNames(), []string{"ada@example.com", "bob@example.com"}; !slices.Equal(got, want) {
		t.Errorf("the target has %q, want %q", got, want)
	}
	got = w.want(http.StatusOK, "GET", job, nil)
	got.is("Active", "status", "code")
	got.is("Succeeded", "status", "lastExecution", "state")
	got.is(c.str("id"), "status", "lastSuccessfulExecutionWithExports", "activityIdentifier")
	got.is(2.0, "status", "synchronizedEntryCountByType", "0", "value")
	w.want(http.StatusOK, "POST", own+"/cycle", map[string]any{}).is("Incremental", "kind")
	w.want(http.StatusOK, "GET", own+"/cycles", nil).lists("kind", "Incremental", "Initial")
	w.want(http.StatusOK, "GET", own+"/progress", nil).is(false, "running")
	links := w.want(http.StatusOK, "GET", own+"/links?$top=2", nil)
	links.lists("kind", "User", "User")
	w.want(http.StatusOK, "GET", strings.TrimPrefix(links.str("@odata.nextLink"), publicURL), nil).lists("kind", "Group")
	w.refused(http.StatusBadRequest, "Request_BadRequest", "does not import", "POST", own+"/import", nil)
	w.want(http.StatusOK, "GET", own+"/escrows", nil).lists("kind")

	w.want(http.StatusNoContent, "POST", job+"/pause", nil)
	w.want(http.StatusOK, "GET", job, nil).is("Paused", "status", "code")
	for scope, kind := range map[string]string{"": "Initial", "Escrows": "Incremental", "Watermark, Escrows, QuarantineState": "Initial", "Full": "Initial"} {
		w.want(http.StatusNoContent, "POST", job+"/restart", map[string]any{"criteria": map[string]any{"resetScope": scope}})
		w.want(http.StatusOK, "POST", own+"/cycle", nil).is(kind, "kind")
	}
	w.want(http.StatusNoContent, "POST", job+"/restart", nil)
	w.refused(http.StatusBadRequest, "Request_BadRequest", `"Everything"`, "POST", job+"/restart", map[string]any{"criteria": map[string]any{"resetScope": "Everything"}})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "stands alone", "POST", job+"/restart", map[string]any{"criteria": map[string]any{"resetScope": "ForceDeletes, Full"}})
	w.refused(http.StatusConflict, "Conflict", "nothing to allow", "POST", job+"/restart", map[string]any{"criteria": map[string]any{"resetScope": "ForceDeletes"}})
	w.refused(http.StatusConflict, "Conflict", "nothing to allow", "POST", own+"/allowDeletes", nil)

	w.refused(http.StatusConflict, "Conflict", "already", "POST", jobs, map[string]any{"templateId": "scim"})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "'Workday'", "POST", jobs, map[string]any{"templateId": "Workday"})
	w.want(http.StatusOK, "GET", jobs, nil).lists("id", id)
	w.want(http.StatusOK, "GET", strings.TrimSuffix(jobs, "/jobs")+"/templates", nil).lists("id", "scim")
	w.want(http.StatusNoContent, "DELETE", job, nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", id, "GET", job, nil)
}

func TestJobs_belongToTheirApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.addApp()
	other := w.want(http.StatusCreated, "POST", "/v1.0/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate", map[string]any{"displayName": "Other"}).str("servicePrincipal", "id")
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", id, "POST", "/v1.0/servicePrincipals/"+other+"/synchronization/jobs/"+id+"/start", nil)
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "create one first", "GET", "/v1.0/servicePrincipals/"+other+"/synchronization/secrets", nil)
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	principal, id := w.addApp()
	path := "/v1.0/servicePrincipals/" + principal + "/synchronization/secrets"
	if text := w.want(http.StatusOK, "GET", path, nil).text; strings.Contains(text, "key:secret") || !strings.Contains(text, `"value":"*"`) {
		t.Errorf("the secrets are shown as %s", text)
	}
	put := func(pairs map[string]any) map[string]any {
		var value []any
		for _, key := range slices.Sorted(maps.Keys(pairs)) {
			value = append(value, map[string]any{"key": key, "value": pairs[key]})
		}
		return map[string]any{"value": value}
	}
	w.want(http.StatusNoContent, "PUT", path, put(map[string]any{"SecretToken": "*", "SyncAll": "True", "SkipOutOfScopeDeletions": "true",
		"SyncNotificationSettings": `{"Enabled":true,"Recipients":"ops@example.com","DeleteThresholdEnabled":true,"DeleteThresholdValue":3,"HumanResourcesLookaheadQueryEnabled":false}`}))
	settings := w.want(http.StatusOK, "GET", "/standin/jobs/"+id+"/settings", nil)
	settings.is("Sync all users and groups", "scope")
	settings.is("ops@example.com", "notificationEmail")
	settings.is(true, "preventAccidentalDeletions")
	settings.is(3.0, "deletionThreshold")
	settings.is(true, "skipOutOfScopeDeletions")
	changed := w.want(http.StatusOK, "PATCH", "/standin/jobs/"+id+"/settings", map[string]any{"scope": "Sync only assigned users and groups", "deletionThreshold": 9, "skipOutOfScopeDeletions": false, "notificationEmail": ""})
	changed.is(9.0, "deletionThreshold")
	changed.is(true, "preventAccidentalDeletions")
	for message, body := range map[string]any{
		`no secret "Password"`:       put(map[string]any{"Password": "x"}),
		`"True" or "False"`:          put(map[string]any{"SyncAll": "perhaps"}),
		"a JSON object in a string":  put(map[string]any{"SyncNotificationSettings": "x"}),
		"'value' of resource":        put(map[string]any{"SecretToken": 7}),
		"required for property 'va":  map[string]any{},
		"property 'value' of resour": map[string]any{"value": "x"},
	} {
		w.refused(http.StatusBadRequest, "Request_BadRequest", message, "PUT", path, body)
	}
	w.refused(http.StatusBadRequest, "Request_BadRequest", "no scope", "PATCH", "/standin/jobs/"+id+"/settings", map[string]any{"scope": "Some"})

	// Test Connection, with what was typed and with what is saved.
	test := strings.TrimSuffix(path, "secrets") + "jobs/" + id + "/validateCredentials"
	w.want(http.StatusNoContent, "POST", test, map[string]any{"useSavedCredentials": true, "templateId": "scim"})
	credentials := map[string]any{"credentials": put(map[string]any{"BaseAddress": w.target.url, "SecretToken": "other"})["value"]}
	w.want(http.StatusNoContent, "POST", strings.TrimSuffix(path, "secrets")+"jobs/validateCredentials", credentials)
	w.refused(http.StatusBadRequest, "Request_BadRequest", "must hold BaseAddress", "POST", test, map[string]any{})
	w.refused(http.StatusBadRequest, "Request_BadRequest", "needs the job", "POST", strings.TrimSuffix(path, "secrets")+"jobs/validateCredentials", map[string]any{"useSavedCredentials": true})
	w.target.refuse(true)
	w.refused(http.StatusBadRequest, "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable", "The key was revoked.", "POST", test, map[string]any{"useSavedCredentials": true})
}

func TestProvisionOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	group := w.addGroup("Developers", ada)
	principal, id := w.addApp()
	w.assign(principal, group)
	job := "/v1.0/servicePrincipals/" + principal + "/synchronization/jobs/" + id
	rule := w.want(http.StatusOK, "GET", job+"/schema", nil).str("synchronizationRules", "0", "id")
	demand := func(rule string, subject map[string]any) map[string]any {
		return map[string]any{"parameters": []any{map[string]any{"ruleId": rule, "subjects": []any{subject}}}}
	}
	read := func(a answer) (key, value map[string]any) {
		if json.Unmarshal([]byte(a.str("key")), &key) != nil || json.Unmarshal([]byte(a.str("value")), &value) != nil {
			t.Fatalf("key and value are no JSON texts: %s", a.text)
		}
		return key, value
	}
	key, value := read(w.want(http.StatusOK, "POST", job+"/provisionOnDemand", demand(rule, map[string]any{"objectId": ada, "objectTypeName": "User"})))
	steps, _ := value["provisioningSteps"].([]any)
	if key["result"] != "Success" || value["action"] != "Create" || len(steps) < 4 || steps[0].(map[string]any)["type"] != "Import" {
		t.Errorf("got %v %v", key, value)
	}
	if target, _ := value["targetIdentity"].(map[string]any); target["id"] != "Users1" || target["type"] != "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User" {
		t.Errorf("targetIdentity is %v", target)
	}
	key, _ = read(w.want(http.StatusOK, "POST", job+"/provisionOnDemand", demand("", map[string]any{"objectId": ada, "objectTypeName": "User"})))
	if details, _ := key["details"].(map[string]any); key["result"] != "Skipped" || details["errorCode"] != "RedundantExport" {
		t.Errorf("the second time gives %v", key)
	}
	members := map[string]any{"members": []any{map[string]any{"objectId": ada, "objectTypeName": "User"}}}
	key, value = read(w.want(http.StatusOK, "POST", job+"/provisionOnDemand", demand(rule, map[string]any{"objectId": group, "objectTypeName": "Group", "links": members})))
	list, _ := value["standinMembers"].([]any)
	if key["result"] != "Success" || len(list) != 1 || list[0].(map[string]any)["action"] != "Create" {
		t.Errorf("the group gives %v %v", key, value)
	}
	for message, body := range map[string]map[string]any{
		"no synchronization rule":    demand("x", map[string]any{"objectId": ada, "objectTypeName": "User"}),
		`"User" or "Group"`:          demand(rule, map[string]any{"objectId": ada, "objectTypeName": "Device"}),
		"'objectId'":                 demand(rule, map[string]any{"objectTypeName": "User"}),
		"must be a list of one":      {"parameters": []any{}},
		"Members can be chosen":      demand(rule, map[string]any{"objectId": ada, "objectTypeName": "User", "links": members}),
		"is not a direct member":     demand(rule, map[string]any{"objectId": group, "objectTypeName": "Group", "links": map[string]any{"members": []any{map[string]any{"objectId": bob, "objectTypeName": "User"}}}}),
		"groups among the members":   demand(rule, map[string]any{"objectId": group, "objectTypeName": "Group", "links": map[string]any{"members": []any{map[string]any{"objectId": bob, "objectTypeName": "Group"}}}}),
		`"shoes" does not exist on`:  demand(rule, map[string]any{"objectId": ada, "objectTypeName": "User", "shoes": 1}),
		`Property "rules" does not `: {"parameters": []any{map[string]any{"rules": 1, "subjects": []any{map[string]any{"objectId": ada, "objectTypeName": "User"}}}}},
	} {
		w.refused(http.StatusBadRequest, "Request_BadRequest", message, "POST", job+"/provisionOnDemand", body)
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	group := w.addGroup("Developers", ada, bob)
	principal, id := w.addApp()
	w.assign(principal, ada, bob, group)
	w.want(http.StatusNoContent, "POST", "/v1.0/servicePrincipals/"+principal+"/synchronization/jobs/"+id+"/start", nil)
	c := w.want(http.StatusOK, "POST", "/standin/jobs/"+id+"/cycle", nil).str("id")
	logs := func(filter string) answer {
		return w.want(http.StatusOK, "GET", "/v1.0/auditLogs/provisioning?$filter="+url.QueryEscape(filter), nil)
	}
	one := logs("sourceIdentity/id eq '" + ada + "'")
	one.lists("provisioningAction", "create")
	for path, want := range map[string]any{
		"jobId": id, "cycleId": c, "activityDateTime": "2026-03-01T09:00:00Z", "provisioningStatusInfo/status": "success", "sourceIdentity/displayName": "ada Example",
		"sourceIdentity/identityType": "User", "servicePrincipal/id": principal, "sourceSystem/displayName": "Azure Active Directory", "targetSystem/displayName": "customappsso",
		"targetSystem/details/ServicePrincipalDisplayName": "Contoso app", "initiatedBy/displayName": "Azure AD Provisioning Service", "initiatedBy/initiatorType": "system",
	} {
		one.is(want, append([]string{"value", "0"}, strings.Split(path, "/")...)...)
	}
	for _, path := range []string{"id", "tenantId", "changeId", "durationInMilliseconds", "provisioningSteps", "modifiedProperties", "targetIdentity"} {
		if one.at("value", "0", path) == nil {
			t.Errorf("the entry has no %s", path)
		}
	}
	change := one.str("value", "0", "changeId")
	w.want(http.StatusOK, "GET", "/v1.0/auditLogs/provisioning/"+change, nil).is(ada, "sourceIdentity", "id")
	w.refused(http.StatusNotFound, "Request_ResourceNotFound", "nothing-like-it", "GET", "/v1.0/auditLogs/provisioning/nothing-like-it", nil)
	exchanges := w.want(http.StatusOK, "GET", "/standin/provisioningLogs/"+change+"/exchanges", nil)
	exchanges.lists("method", "GET", "POST")

	for filter, want := range map[string]int{
		"jobId eq '" + id + "' and provisioningAction eq 'create'":                            3,
		"provisioningAction eq 'update' and sourceIdentity/identityType eq 'Group'":           1,
		"provisioningStatusInfo/status eq 'failure'":                                          0,
		"activityDateTime ge 2026-03-01T09:00:00Z":                                            4,
		"activityDateTime gt 2026-03-01T09:00:00Z or activityDateTime lt 2026-01-01":          0,
		"activityDateTime le 2026-03-01T09:00:00Z and contains(targetIdentity/id,'Users')":    2,
		"changeId eq '" + change + "'":                                                        1,
		"cycleId eq '" + c + "' and servicePrincipal/id eq '" + principal + "'":               4,
		"startswith(sourceIdentity/displayName,'ADA')":                                        1,
		"provisioningStatusInfo/errorInformation/errorCode eq null and jobId eq '" + id + "'": 4,
	} {
		if got := len(logs(filter).names("id")); got != want {
			t.Errorf("%s finds %d entries, want %d", filter, got, want)
		}
	}
	page := w.want(http.StatusOK, "GET", "/v1.0/auditLogs/provisioning?$top=3", nil)
	rest := w.want(http.StatusOK, "GET", strings.TrimPrefix(page.str("@odata.nextLink"), publicURL), nil)
	if len(page.names("id")) != 3 || len(rest.names("id")) != 1 || rest.body["@odata.nextLink"] != nil {
		t.Errorf("pages of %d and %d entries, want 3 and 1", len(page.names("id")), len(rest.names("id")))
	}
	w.refused(http.StatusBadRequest, "Directory_ExpiredPageToken", "page token", "GET", "/v1.0/auditLogs/provisioning?$skiptoken=eHg", nil)

	audits := w.want(http.StatusOK, "GET", "/v1.0/auditLogs/directoryAudits", nil)
	audits.lists("activityDisplayName", "Enable/start provisioning configuration", "Update provisioning setting or credentials", "Add provisioning configuration")
	audits.is("automation API", "value", "0", "initiatedBy", "app", "displayName")
	audits.is(principal, "value", "0", "targetResources", "0", "id")
	w.want(http.StatusOK, "GET", "/v1.0/auditLogs/directoryAudits?$filter="+url.QueryEscape("operationType eq 'Add'"), nil).lists("activityDisplayName", "Add provisioning configuration")
}

// A schema that is read, changed and sent back is what the next read gives.
func TestSchema_roundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	principal, id := w.addApp()
	path := "/v1.0/servicePrincipals/" + principal + "/synchronization/jobs/" + id + "/schema"
	before := w.want(http.StatusOK, "GET", path, nil)
	w.want(http.StatusNoContent, "PUT", path, before.body)
	if same := w.want(http.StatusOK, "GET", path, nil); same.text != before.text {
		t.Errorf("a schema sent back unchanged became %s, was %s", same.text, before.text)
	}
	audits := w.want(http.StatusOK, "GET", "/v1.0/auditLogs/directoryAudits?$filter="+url.QueryEscape("activityDisplayName eq 'Update attribute mappings or scope'"), nil)
	audits.lists("id")

	users := before.at("synchronizationRules", "0", "objectMappings", "0").(map[string]any)
	attributes := users["attributeMappings"].([]any)
	userName := attributes[0].(map[string]any)
	if userName["targetAttributeName"] != "userName" || userName["matchingPriority"] != 1.0 {
		t.Fatalf("the first mapping is %v", userName)
	}
	userName["source"] = map[string]any{"type": "Attribute", "name": "mail", "expression": "[mail]"}
	users["attributeMappings"] = append(attributes,
		map[string]any{"targetAttributeName": "nickName", "source": map[string]any{"expression": `ToLower([mailNickname])`}, "flowType": "ObjectAddOnly"},
		map[string]any{"targetAttributeName": "userType", "source": map[string]any{"type": "Constant", "name": `a "b"`}, "defaultValue": "x"})
	users["scope"] = map[string]any{"groups": []any{map[string]any{"name": "Sales", "clauses": []any{
		map[string]any{"operatorName": "EQUALS", "sourceOperandName": "department", "targetOperand": map[string]any{"values": []string{"Sales"}}},
		map[string]any{"operatorName": "IS NOT NULL", "sourceOperandName": "mail", "targetOperand": map[string]any{"values": []string{}}},
	}}}}
	groups := before.at("synchronizationRules", "0", "objectMappings", "1").(map[string]any)
	groups["enabled"], groups["flowTypes"] = false, "Add, Update"
	w.want(http.StatusNoContent, "PUT", path, before.body)
	after := w.want(http.StatusOK, "GET", path, nil)
	at := func(path ...string) []string {
		return append([]string{"synchronizationRules", "0", "objectMappings"}, path...)
	}
	n := len(attributes)
	after.is("[mail]", at("0", "attributeMappings", "0", "source", "expression")...)
	after.is("ObjectAddOnly", at("0", "attributeMappings", strconvItoa(n), "flowType")...)
	after.is("Function", at("0", "attributeMappings", strconvItoa(n), "source", "type")...)
	after.is(`"a \"b\""`, at("0", "attributeMappings", strconvItoa(n+1), "source", "expression")...)
	after.is("x", at("0", "attributeMappings", strconvItoa(n+1), "defaultValue")...)
	after.is("Sales", at("0", "scope", "groups", "0", "clauses", "0", "targetOperand", "values", "0")...)
	after.is(false, at("1", "enabled")...)
	after.is("Add, Update", at("1", "flowTypes")...)
}

func strconvItoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestSchema_refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	principal, id := w.addApp()
	path := "/v1.0/servicePrincipals/" + principal + "/synchronization/jobs/" + id + "/schema"
	before := w.want(http.StatusOK, "GET", path, nil)
	tests := []struct {
		name, message string
		change        func(schema, rule, users, first map[string]any)
	}{
		{"no rule", "one synchronization rule", func(s, _, _, _ map[string]any) { s["synchronizationRules"] = []any{} }},
		{"foreign rule", "no synchronization rule 'x'", func(_, r, _, _ map[string]any) { r["id"] = "x" }},
		{"one mapping", "both mappings", func(_, r, u, _ map[string]any) { r["objectMappings"] = []any{u} }},
		{"twice the same", "stands there twice", func(_, r, u, _ map[string]any) { r["objectMappings"] = []any{u, u} }},
		{"users disabled", "cannot be disabled", func(_, _, u, _ map[string]any) { u["enabled"] = false }},
		{"flow", "Add, Update and Delete", func(_, _, u, _ map[string]any) { u["flowTypes"] = "Sing" }},
		{"expression", "ToLouder", func(_, _, _, a map[string]any) {
			a["source"] = map[string]any{"type": "Function", "expression": "ToLouder([mail])"}
		}},
		{"source type", "Attribute, Constant or Function", func(_, _, _, a map[string]any) { a["source"] = map[string]any{"type": "Magic"} }},
		{"flow type", "Always or ObjectAddOnly", func(_, _, _, a map[string]any) { a["flowType"] = "MultiValueAddOnly" }},
		{"priority", "a whole number", func(_, _, _, a map[string]any) { a["matchingPriority"] = "1" }},
		{"no matching", "matching precedence", func(_, _, _, a map[string]any) { a["matchingPriority"] = 0 }},
		{"unknown member", `"shoeSize" does not exist`, func(_, _, _, a map[string]any) { a["shoeSize"] = 1 }},
		{"operator", "SOUNDS LIKE", func(_, _, u, _ map[string]any) {
			u["scope"] = map[string]any{"groups": []any{map[string]any{"name": "x", "clauses": []any{map[string]any{"operatorName": "SOUNDS LIKE", "sourceOperandName": "mail"}}}}}
		}},
		{"two values", "compares with one value", func(_, _, u, _ map[string]any) {
			u["scope"] = map[string]any{"groups": []any{map[string]any{"name": "x", "clauses": []any{map[string]any{"operatorName": "EQUALS", "sourceOperandName": "mail", "targetOperand": map[string]any{"values": []string{"a", "b"}}}}}}}
		}},
		{"target type", "no object type", func(s, _, _, _ map[string]any) {
			s["directories"] = []any{map[string]any{"name": "customappsso", "objects": []any{map[string]any{"name": "Device"}}}}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var schema map[string]any
			if err := json.Unmarshal([]byte(before.text), &schema); err != nil {
				t.Fatal(err)
			}
			rule := schema["synchronizationRules"].([]any)[0].(map[string]any)
			users := rule["objectMappings"].([]any)[0].(map[string]any)
			test.change(schema, rule, users, users["attributeMappings"].([]any)[0].(map[string]any))
			in := *w
			in.T = t
			in.refused(http.StatusBadRequest, "Request_BadRequest", test.message, "PUT", path, schema)
		})
	}
	if after := w.want(http.StatusOK, "GET", path, nil); after.text != before.text {
		t.Error("a refused schema changed something")
	}
}

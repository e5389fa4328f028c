package graph

import "net/http"

// route is a path of the API.
type route struct {
	method  string
	pattern string // below the version, or below /standin
	handle  func(*exchange) error
	own     bool // the stand-in's, not Graph's
}

func get(pattern string, handle func(*exchange) error) route {
	return route{method: http.MethodGet, pattern: pattern, handle: handle}
}

func post(pattern string, handle func(*exchange) error) route {
	return route{method: http.MethodPost, pattern: pattern, handle: handle}
}

func put(pattern string, handle func(*exchange) error) route {
	return route{method: http.MethodPut, pattern: pattern, handle: handle}
}

func patch(pattern string, handle func(*exchange) error) route {
	return route{method: http.MethodPatch, pattern: pattern, handle: handle}
}

func remove(pattern string, handle func(*exchange) error) route {
	return route{method: http.MethodDelete, pattern: pattern, handle: handle}
}

// own marks a route as the stand-in's own.
func own(r route) route {
	r.own = true
	return r
}

const (
	principalPath = "/servicePrincipals/{app}"
	syncPath      = principalPath + "/synchronization"
	jobPath       = syncPath + "/jobs/{job}"
)

// routes are all of them; docs/entra-stand-in.md lists the same.
var routes = []route{
	get("/users", (*exchange).listUsers),
	get("/users/$count", (*exchange).countUsers),
	post("/users", (*exchange).createUser),
	get("/users/{user}", (*exchange).getUser),
	patch("/users/{user}", (*exchange).updateUser),
	remove("/users/{user}", (*exchange).deleteUser),
	get("/users/{user}/manager", (*exchange).getManager),
	put("/users/{user}/manager/$ref", (*exchange).setManager),
	remove("/users/{user}/manager/$ref", (*exchange).removeManager),
	get("/users/{user}/directReports", (*exchange).directReports),
	get("/users/{user}/memberOf", (*exchange).userMemberOf),
	post("/users/{user}/revokeSignInSessions", (*exchange).revokeSessions),
	get("/users/{user}/appRoleAssignments", (*exchange).userAssignments),
	post("/users/{user}/appRoleAssignments", (*exchange).assignUser),
	remove("/users/{user}/appRoleAssignments/{assignment}", (*exchange).unassignUser),

	get("/groups", (*exchange).listGroups),
	get("/groups/$count", (*exchange).countGroups),
	post("/groups", (*exchange).createGroup),
	get("/groups/{group}", (*exchange).getGroup),
	patch("/groups/{group}", (*exchange).updateGroup),
	remove("/groups/{group}", (*exchange).deleteGroup),
	get("/groups/{group}/members", (*exchange).listMembers),
	get("/groups/{group}/members/$count", (*exchange).countMembers),
	get("/groups/{group}/members/microsoft.graph.user", (*exchange).listMemberUsers),
	post("/groups/{group}/members/$ref", (*exchange).addMember),
	remove("/groups/{group}/members/{member}/$ref", (*exchange).removeMember),
	get("/groups/{group}/memberOf", (*exchange).groupMemberOf),
	get("/groups/{group}/appRoleAssignments", (*exchange).groupAssignments),
	post("/groups/{group}/appRoleAssignments", (*exchange).assignGroup),
	remove("/groups/{group}/appRoleAssignments/{assignment}", (*exchange).unassignGroup),

	get("/directoryObjects/{object}", (*exchange).getObject),
	get("/directory/deletedItems/microsoft.graph.user", (*exchange).deletedUsers),
	get("/directory/deletedItems/microsoft.graph.group", (*exchange).deletedGroups),
	get("/directory/deletedItems/{object}", (*exchange).getDeleted),
	post("/directory/deletedItems/{object}/restore", (*exchange).restoreDeleted),
	remove("/directory/deletedItems/{object}", (*exchange).purgeDeleted),
	get("/organization", (*exchange).listOrganizations),
	get("/subscribedSkus", (*exchange).listSKUs),

	get("/applicationTemplates", (*exchange).listTemplates),
	get("/applicationTemplates/{template}", (*exchange).getTemplate),
	post("/applicationTemplates/{template}/instantiate", (*exchange).instantiate),
	get("/applications", (*exchange).listApplications),
	get("/applications/{app}", (*exchange).getApplication),
	patch("/applications/{app}", (*exchange).updateApplication),
	remove("/applications/{app}", (*exchange).deleteApp),
	get("/servicePrincipals", (*exchange).listPrincipals),
	get(principalPath, (*exchange).getPrincipal),
	patch(principalPath, (*exchange).updatePrincipal),
	remove(principalPath, (*exchange).deleteApp),
	post(principalPath+"/addTokenSigningCertificate", (*exchange).addCertificate),
	get(principalPath+"/appRoleAssignedTo", (*exchange).listAssigned),
	post(principalPath+"/appRoleAssignedTo", (*exchange).assignTo),
	get(principalPath+"/appRoleAssignedTo/{assignment}", (*exchange).getAssigned),
	remove(principalPath+"/appRoleAssignedTo/{assignment}", (*exchange).unassign),

	get(syncPath+"/templates", (*exchange).listSyncTemplates),
	get(syncPath+"/secrets", (*exchange).getSecrets),
	put(syncPath+"/secrets", (*exchange).putSecrets),
	get(syncPath+"/jobs", (*exchange).listJobs),
	post(syncPath+"/jobs", (*exchange).createJob),
	post(syncPath+"/jobs/validateCredentials", (*exchange).validateCredentials),
	get(jobPath, (*exchange).getJob),
	remove(jobPath, (*exchange).deleteJob),
	post(jobPath+"/start", (*exchange).startJob),
	post(jobPath+"/pause", (*exchange).pauseJob),
	post(jobPath+"/restart", (*exchange).restartJob),
	post(jobPath+"/validateCredentials", (*exchange).validateCredentials),
	post(jobPath+"/provisionOnDemand", (*exchange).provisionOnDemand),
	get(jobPath+"/schema", (*exchange).getSchema),
	put(jobPath+"/schema", (*exchange).putSchema),

	get("/auditLogs/provisioning", (*exchange).listLogs),
	get("/auditLogs/provisioning/{entry}", (*exchange).getLog),
	get("/auditLogs/directoryAudits", (*exchange).listAudits),

	own(post("/jobs/{job}/cycle", (*exchange).runCycle)),
	own(post("/jobs/{job}/import", (*exchange).importTarget)),
	own(get("/jobs/{job}/cycles", (*exchange).listCycles)),
	own(get("/jobs/{job}/progress", (*exchange).getProgress)),
	own(get("/jobs/{job}/settings", (*exchange).getSettings)),
	own(patch("/jobs/{job}/settings", (*exchange).patchSettings)),
	own(post("/jobs/{job}/allowDeletes", (*exchange).allowDeletes)),
	own(get("/jobs/{job}/escrows", (*exchange).listEscrows)),
	own(get("/jobs/{job}/links", (*exchange).listLinks)),
	own(get("/provisioningLogs/{entry}/exchanges", (*exchange).getExchanges)),
	own(get("/applications/{app}/saml", (*exchange).getSAML)),
	own(patch("/applications/{app}/saml", (*exchange).patchSAML)),
	own(get("/users/{user}/directoryRoles", (*exchange).getDirectoryRoles)),
	own(put("/users/{user}/directoryRoles", (*exchange).putDirectoryRoles)),
	own(post("/import/users", (*exchange).importUsers)),
	own(post("/import/groups", (*exchange).importGroups)),
	own(post("/generate", (*exchange).generate)),
	own(get("/counts", (*exchange).counts)),
	own(get("/licence", (*exchange).getLicence)),
	own(put("/licence", (*exchange).putLicence)),
	own(get("/tenant", (*exchange).getTenant)),
	own(patch("/tenant", (*exchange).patchTenant)),
}

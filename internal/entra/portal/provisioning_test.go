package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// set is a form of Edit provisioning with changes.
func set(base url.Values, pairs ...string) url.Values {
	form := url.Values{}
	for name, values := range base {
		form[name] = slices.Clone(values)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// provisioned is an application whose provisioning is set up and off.
func (b *browserTab) provisioned(s *target) (cycle.Job, string) {
	b.t.Helper()
	id, path := b.app("Rollcall")
	b.post(path+"/provisioning/edit", url.Values{
		"mode": {"Automatic"}, "tenant_url": {s.URL + "/scim"}, "secret_token": {targetToken}, "scope": {string(cycle.ScopeAssigned)}, "status": {"Off"}, "act": {"save"},
	}).leadsTo(path + "/provisioning/edit")
	jobs := must[[]cycle.Job](b.t)(b.cycle.Jobs(b.t.Context(), id))
	if len(jobs) != 1 {
		b.t.Fatalf("%d jobs", len(jobs))
	}
	return jobs[0], path + "/provisioning"
}

func (w *world) job(id cycle.JobID) cycle.Job {
	w.t.Helper()
	return must[cycle.Job](w.t)(w.cycle.Job(w.t.Context(), id))
}

// R52-R59, R77-R80: from Get started to the mappings, as the guide has it.
func TestProvisioning_setUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	id, path := b.app("Rollcall")
	at := path + "/provisioning"
	b.get(at).says("Get started").has(`href="` + at + `/edit"`)
	b.get(at+"/edit").says("Provisioning Mode", "Admin Credentials", "They can be opened when the credentials are saved.").has(`value="Manual" selected`).saysNot("Provision Microsoft Entra ID Users")

	form := url.Values{"mode": {"Automatic"}, "tenant_url": {s.URL + "/scim"}, "secret_token": {targetToken}, "scope": {string(cycle.ScopeAssigned)}, "status": {"Off"}, "threshold": {"500"}, "act": {"test"}}
	tested := b.post(at+"/edit", form).is(http.StatusOK).says("The supplied credentials are authorized to enable provisioning.", "Nothing is saved yet.")
	if len(must[[]cycle.Job](t)(w.cycle.Jobs(t.Context(), id))) != 0 {
		t.Error("Test Connection has saved something")
	}
	// What was entered comes back sealed: the next click does not need it again.
	sealed := sealedIn(t, tested)
	b.post(at+"/edit", set(form, "secret_token", "", "sealed", sealed, "act", "save")).leadsTo(at + "/edit")
	b.get(at+"/edit").says("Provisioning settings saved.", "Expand Mappings now", "Provision Microsoft Entra ID Users", "Provision Microsoft Entra ID Groups", "It cannot be read back.").has(`value="Automatic" selected`, s.URL+"/scim")
	job := must[[]cycle.Job](t)(w.cycle.Jobs(t.Context(), id))[0]
	if job.TenantURL != s.URL+"/scim" || string(job.SecretToken) != targetToken || job.Status != cycle.StatusOff || job.Scope != cycle.ScopeAssigned {
		t.Errorf("saved %#v", job)
	}
	b.post(at+"/edit", set(form, "secret_token", "", "status", "On", "act", "save", "email", "it@example.com", "prevent", "true", "threshold", "7", "skip", "true", "scope", string(cycle.ScopeAll))).leadsTo(at + "/edit")
	b.get(at+"/edit").says("Provisioning is on. The first cycle begins at once").has(`value="it@example.com"`, `value="7"`, `value="On" checked`)
	job = w.job(job.ID)
	want := cycle.Settings{Scope: cycle.ScopeAll, NotificationEmail: "it@example.com", PreventAccidentalDeletions: true, DeletionThreshold: 7, SkipOutOfScopeDeletions: true}
	if job.Status != cycle.StatusOn || job.Settings != want || string(job.SecretToken) != targetToken {
		t.Errorf("saved %#v", job)
	}
	b.get("/audit").says("Add provisioning configuration", "Update provisioning setting or credentials", "Enable/start provisioning configuration", "dana.ruiz@example.com", "••••••••").hasNot(targetToken)

	// Manual takes it all away, but asks first.
	b.post(at+"/edit", set(form, "mode", "Manual", "act", "save")).leadsTo(at + "/manual")
	b.post(at+"/manual", nil).leadsTo(at)
	b.get(at).says("Provisioning Mode is Manual.", "Get started")
	b.post(at+"/edit", set(form, "mode", "Manual", "act", "save")).leadsTo(at)
}

func sealedIn(t *testing.T, a answer) string {
	t.Helper()
	found := regexp.MustCompile(`name="sealed" value="([^"]+)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("%s has nothing sealed", a.what)
	}
	a.hasNot(targetToken, "s3cr3t")
	return found[1]
}

// R57, R121-R126: why a connection fails is said with the status and the target's own words.
func TestProvisioning_testConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	_, path := b.app("Rollcall")
	at := path + "/provisioning/edit"
	form := url.Values{"mode": {"Automatic"}, "tenant_url": {s.URL + "/scim"}, "secret_token": {"scim_abc:old"}, "status": {"Off"}, "act": {"test"}}
	b.post(at, form).says("Testing connection to Rollcall failed: status 401", wrongToken)
	b.post(at, set(form, "secret_token", " "+targetToken)).says("failed: status 401", "begins or ends with white space")
	b.post(at, set(form, "secret_token", "Bearer "+targetToken)).says("failed: status 401", `begins with the word "Bearer"`)
	b.post(at, set(form, "secret_token", "")).says("failed", "Enter the secret token.")
	b.post(at, set(form, "tenant_url", "nonsense")).says("failed", `"nonsense"`)
	gone := newTarget(t)
	gone.Close()
	b.post(at, set(form, "tenant_url", gone.URL)).says("Testing connection to Rollcall failed")

	// R124: white space is removed on request only.
	a := b.post(at, set(form, "secret_token", targetToken+"\t", "act", "save")).is(http.StatusBadRequest).says("Not saved yet: the Secret Token begins or ends with white space.")
	b.post(at, set(form, "secret_token", "", "sealed", sealedIn(t, a), "act", "trim")).leadsTo(at)
	job := must[[]cycle.Job](t)(w.cycle.Jobs(t.Context(), ""))
	if len(job) != 1 || string(job[0].SecretToken) != targetToken {
		t.Fatalf("saved %#v", job)
	}
	b.post(at, set(form, "secret_token", "x ", "act", "as-is")).leadsTo(at)
	if got := w.job(job[0].ID).SecretToken; string(got) != "x " {
		t.Errorf("saved %q", string(got))
	}
}

// A sealed secret counts for one person, one application and half an hour.
func TestProvisioning_sealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	_, path := b.app("Rollcall")
	_, elsewhere := b.app("Other")
	form := url.Values{"mode": {"Automatic"}, "tenant_url": {s.URL + "/scim"}, "secret_token": {targetToken}, "status": {"Off"}, "act": {"test"}}
	sealed := sealedIn(t, b.post(path+"/provisioning/edit", form))
	again := set(form, "secret_token", "", "sealed", sealed)
	const missing = "Enter the secret token."
	b.post(path+"/provisioning/edit", again).says("are authorized").saysNot(missing)
	b.post(elsewhere+"/provisioning/edit", again).says(missing)
	w.as(w.user("other@example.com", role(directory.GlobalAdministrator))).post(path+"/provisioning/edit", again).says(missing)
	b.post(path+"/provisioning/edit", set(again, "sealed", "x"+sealed)).says(missing)
	w.sleep(sealLifetime + time.Second)
	b.post(path+"/provisioning/edit", again).says(missing)
}

// The saved token is in no page, and goes to no other server.
func TestProvisioning_tokenStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	for _, page := range []string{at, at + "/edit", "/audit", "/logs", at + "/logs"} {
		b.get(page).hasNot(targetToken, "s3cr3t")
	}
	other := newTarget(t)
	form := url.Values{"mode": {"Automatic"}, "tenant_url": {other.URL + "/scim"}, "status": {"Off"}}
	for _, act := range []string{"test", "save"} {
		b.post(at+"/edit", set(form, "act", act)).is(http.StatusBadRequest).says("enter the Secret Token again")
	}
	if other.count("") != 0 || w.job(job.ID).TenantURL != s.URL+"/scim" {
		t.Error("the token went to another server")
	}
	b.post(at+"/edit", set(form, "tenant_url", s.URL+"/scim?aadOptscim062020", "act", "test")).says("are authorized")
	b.post(at+"/edit", set(form, "tenant_url", s.URL+"/scim?aadOptscim062020", "act", "save")).leadsTo(at + "/edit")
	if got := w.job(job.ID); !got.Optscim() || string(got.SecretToken) != targetToken {
		t.Errorf("saved %#v", got)
	}
}

func TestProvisioning_refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	id, path := b.app("Rollcall")
	at := path + "/provisioning/edit"
	form := url.Values{"mode": {"Automatic"}, "tenant_url": {"nonsense"}, "secret_token": {targetToken}, "status": {"On"}, "act": {"save"}}
	b.post(at, form).is(http.StatusBadRequest).says("Nothing was changed.", `"nonsense"`).has(`value="nonsense"`)
	b.post(at, set(form, "tenant_url", s.URL, "secret_token", "")).is(http.StatusBadRequest).says("Enter the secret token.")
	if jobs := must[[]cycle.Job](t)(w.cycle.Jobs(t.Context(), id)); len(jobs) != 0 {
		t.Errorf("%d jobs after a refusal", len(jobs))
	}
	// Credentials are good, a setting is not: the page says what was saved.
	b.post(at, set(form, "tenant_url", s.URL, "email", "nobody")).is(http.StatusBadRequest).says("Only a part was saved. The admin credentials were saved.", `"nobody"`)
	job := must[[]cycle.Job](t)(w.cycle.Jobs(t.Context(), id))[0]
	if job.Status != cycle.StatusOff || job.NotificationEmail != "" {
		t.Errorf("saved %#v", job)
	}
	b.post(at, set(form, "tenant_url", s.URL, "secret_token", "", "prevent", "true", "threshold", "many")).is(http.StatusBadRequest).says("threshold")
}

// R90-R92, R119, R130: on, a cycle, its counts, off.
func TestProvisioning_cycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	u, refused := w.user("ulla@example.com"), w.user("refused@example.com")
	g := w.group("Fleet-Admins", u.ID)
	for _, principal := range []directory.ID{u.ID, refused.ID, g.ID} {
		must[directory.Assignment](t)(w.directory.Assign(t.Context(), job.ApplicationID, principal))
	}
	b.get(at).says("Provisioning is off: no cycle runs.", "No cycle has run yet.", "Not in Microsoft Entra ID", string(job.ID))
	b.post(at+"/run", nil).is(http.StatusConflict).says("Provisioning of this application is off", "Nothing was changed.")
	b.post(at+"/start", nil).leadsTo(at)
	b.get(at).says("Provisioning was started.", "40 minutes", "Stop provisioning")
	b.post(at+"/run", nil).leadsTo(at)
	last := w.job(job.ID).LastCycle
	b.get(at).says("The cycle has run.", "Initial cycle completed", "100% complete", "Create 2", "Failed 1", "Memberships 1", "On, with failures", last.ID, "Next cycle")
	if s.count("POST /scim/Users") != 2 || s.count("POST /scim/Groups") != 1 {
		t.Errorf("calls: %q", s.calls)
	}
	b.get("/").says("On, with failures")
	b.post(at+"/run", nil).leadsTo(at)
	b.get(at).says("Incremental cycle completed")
	b.get(at+"/restart").says("Restart provisioning", "Full reset")
	b.post(at+"/restart", url.Values{"reset": {"Watermark"}}).leadsTo(at)
	b.post(at+"/restart", url.Values{"reset": {"Everything"}}).is(http.StatusBadRequest).says(`"Everything"`)
	if w.job(job.ID).Watermark != 0 {
		t.Error("the watermark stays after a restart")
	}
	b.post(at+"/stop", nil).leadsTo(at)
	b.get(at).says("Provisioning was stopped.", "Start provisioning")
	if w.job(job.ID).Status != cycle.StatusOff {
		t.Error("provisioning is on")
	}
	b.post(at+"/allow-deletes", nil).is(http.StatusConflict).says("nothing to allow")
}

// R120: a quarantine is shown with its reason, the target's words verbatim.
func TestProvisioning_quarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	must[cycle.Job](t)(w.cycle.SaveCredentials(t.Context(), job.ID, s.URL+"/scim", "scim_abc:old", cycle.Actor{}))
	b.post(at+"/start", nil)
	b.post(at+"/run", nil).leadsTo(at)
	b.get(at).says("Provisioning is in quarantine", string(cycle.EncounteredQuarantineException), wrongToken, "1 cycle has failed", "The last cycle ended before it had seen every object.")
	b.get("/").says("Quarantine")
	b.post(at+"/edit", url.Values{"mode": {"Automatic"}, "tenant_url": {s.URL + "/scim"}, "secret_token": {targetToken}, "status": {"On"}, "act": {"save"}}).leadsTo(at + "/edit")
	b.post(at+"/run", nil).leadsTo(at)
	b.get(at).saysNot("quarantine")
}

func TestProvisioning_accidentalDeletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	b.post(at+"/edit", url.Values{"mode": {"Automatic"}, "tenant_url": {s.URL + "/scim"}, "status": {"On"}, "prevent": {"true"}, "threshold": {"1"}, "act": {"save"}}).leadsTo(at + "/edit")
	var people []directory.ID
	for _, name := range []string{"a", "b", "c"} {
		u := w.user(name + "@example.com")
		people = append(people, u.ID)
		must[directory.Assignment](t)(w.directory.Assign(t.Context(), job.ApplicationID, u.ID))
	}
	b.post(at+"/run", nil).leadsTo(at)
	for _, id := range people {
		if err := w.directory.Unassign(t.Context(), job.ApplicationID, id); err != nil {
			t.Fatal(err)
		}
	}
	b.post(at+"/run", nil).leadsTo(at)
	b.get(at).says("A cycle would disable or delete 3 objects, more than the threshold of 1.", "Allow deletes")
	if s.count("PATCH") != 0 {
		t.Error("the guard let deletions through")
	}
	b.get(at + "/logs?action=StagedDelete").says("StagedDelete")
	b.post(at+"/allow-deletes", nil).leadsTo(at)
	b.post(at+"/run", nil).leadsTo(at)
	b.get(at).saysNot("quarantine")
	if got := s.count("PATCH"); got != 3 {
		t.Errorf("%d disables, want 3", got)
	}
}

// R92, R94: search, choose, run, see the steps.
func TestOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	at += "/on-demand"
	u, refused := w.user("ulla@example.com", func(u *directory.User) { u.DisplayName = "Ulla User" }), w.user("refused@example.com")
	out := w.user("out@example.com")
	g := w.group("Fleet-Admins", u.ID)
	for _, principal := range []directory.ID{u.ID, refused.ID, g.ID} {
		must[directory.Assignment](t)(w.directory.Assign(t.Context(), job.ApplicationID, principal))
	}
	b.get(at).says("Provision on demand")
	b.get(at+"?kind=User&q=ulla").says("Ulla User", "ulla@example.com").saysNot("refused@example.com")
	b.get(at + "?kind=User&q=nobody").says("Nothing matches “nobody”")
	a := b.post(at, url.Values{"kind": {"User"}, "id": {string(u.ID)}}).is(http.StatusOK)
	a.says("Ulla User", "Success", "Import user", "Determine if user is in scope", "Active in the source system", "Assigned to the application", "Match user between source and target system", "Perform action",
		"Retry", "Provision another object", "userName", "ulla@example.com", "POST")
	a.hasNot(targetToken)
	b.post(at, url.Values{"kind": {"User"}, "id": {string(refused.ID)}}).says("Failure", refusedUser)
	b.post(at, url.Values{"kind": {"User"}, "id": {string(out.ID)}}).says("Skipped", "NotEffectivelyEntitled")

	b.get(at + "?kind=Group&q=fleet").says("Choose members").has(url.Values{"group": {string(g.ID)}}.Encode())
	b.get(at+"?group="+string(g.ID)).says("Select up to 5 members.", "Ulla User")
	b.post(at, url.Values{"kind": {"Group"}, "id": {string(g.ID)}, "member": {string(u.ID)}}).says("Fleet-Admins", "Success", "Ulla User : added").has(`name="member" value="` + string(u.ID) + `"`)
	// Who has left the group can be chosen, so that he is removed.
	must[bool](t)(w.directory.RemoveMember(t.Context(), g.ID, u.ID))
	b.get(at+"?group="+string(g.ID)).says("Ulla User", "left the group")
	b.post(at, url.Values{"kind": {"Group"}, "id": {string(g.ID)}, "member": {string(u.ID)}}).says("Ulla User : removed")

	b.post(at, url.Values{"kind": {"Group"}, "id": {string(g.ID)}, "member": {string(out.ID)}}).is(http.StatusBadRequest).says("is not a direct member")
	b.post(at, url.Values{"kind": {"User"}}).is(http.StatusBadRequest).says("Nobody was chosen")
	must[directory.User](t)(w.directory.DisableUser(t.Context(), u.ID))
	b.get(at + "?kind=User&q=ulla").says("disabled: use a cycle")
	b.post(at, url.Values{"kind": {"User"}, "id": {string(u.ID)}}).is(http.StatusBadRequest).says("disabled or deleted")
}

// R103, R104: both lists show the entry, with the request, the target and the error
// verbatim.
func TestLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	_, elsewhere := b.app("Other")
	u, refused := w.user("ulla@example.com"), w.user("refused@example.com")
	for _, principal := range []directory.ID{u.ID, refused.ID} {
		must[directory.Assignment](t)(w.directory.Assign(t.Context(), job.ApplicationID, principal))
	}
	b.get("/logs").says("No entry yet")
	b.post(at+"/start", nil)
	b.post(at+"/run", nil)
	entries, _, err := w.cycle.Logs(t.Context(), cycle.LogFilter{Statuses: []cycle.Result{cycle.Failure}})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries: %v", len(entries), err)
	}
	id := entries[0].ChangeID
	for _, list := range []string{"/logs", at + "/logs"} {
		b.get(list).says("ulla", "refused", "Create", "Failure", "Success", "2 entries")
		b.get(list + "?status=Failure").says("refused").saysNot("ulla")
		b.get(list + "?status=Skipped").says("No entry is like that")
		b.get(list + "?identity=" + string(u.ID)).says("ulla").saysNot("refused")
		b.get(list + "?identity=nobody").says("No entry matches “nobody”")
		b.get(list+"?action=Disable&days=1").saysNot("ulla", "refused")
		b.get(list + "?action=nonsense&status=%3Cb%3E&days=99").says("2 entries")
		a := b.get(list+"?status=Failure&entry="+id).says("Import user", "Perform action", "POST", "/Users", `"userName":"refused@example.com"`, refusedUser, "Authorization: Bearer ••••••••")
		a.hasNot(targetToken)
		b.get(list+"?entry="+id+"&tab=troubleshooting").says("Recommended action", entries[0].Error.Code, refusedUser)
		b.get(list+"?entry="+id+"&tab=modified").says("userName", "refused@example.com")
		b.get(list+"?entry="+id+"&tab=summary").says(id, string(job.ID), string(refused.ID), "Rollcall")
	}
	b.get("/logs?entry=nonsense").is(http.StatusNotFound)
	b.get(elsewhere + "/provisioning/logs?entry=" + id).is(http.StatusNotFound)
	b.get(elsewhere + "/provisioning/logs").says("No entry yet")

	csv := b.get(at + "/logs/download?status=Failure").is(http.StatusOK)
	if got := csv.header.Get("Content-Disposition"); got != "attachment; filename=ProvisioningLogs.csv" || !strings.Contains(csv.body, id) || strings.Contains(csv.body, string(u.ID)) {
		t.Errorf("%s: %s", got, csv.body)
	}
	b.get("/logs/download?file=steps").has("EntryExportAdd", id)
	b.get("/logs/download?file=properties").has("userName", id)
	b.get("/logs/download?file=others").is(http.StatusNotFound)
	if got := b.get(elsewhere + "/provisioning/logs/download").body; strings.Contains(got, id) {
		t.Error("the file of one application has entries of another")
	}
}

// R60-R64: the table, the row editor, deleting and restoring.
func TestMappings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	job, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users"
	find := func(target string) *mapping.AttributeMapping {
		t.Helper()
		for _, a := range w.job(job.ID).Users.Attributes {
			if a.Target == target {
				return &a
			}
		}
		return nil
	}
	b.get(at).says("Provision Microsoft Entra ID Users", "userName required userPrincipalName 1", `emails[type eq "work"].value mail`, `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "All records", "Add New Mapping")
	b.get(path+"/mappings/groups").says("Provision Microsoft Entra ID Groups", "displayName", "members")
	b.get(path + "/mappings/nonsense").is(http.StatusNotFound)

	// R62: userName from mail.
	b.get(at+"/attribute?target=userName").says("Mapping type", "Source attribute", "Default value if null", "Target attribute", "Match objects using this attribute", "Matching precedence", "Apply this mapping").
		has(`value="userPrincipalName" list`, `value="yes" selected`)
	edit := url.Values{"original": {"userName"}, "type": {"Direct"}, "source": {"mail"}, "target": {"userName"}, "matching": {"yes"}, "precedence": {"1"}, "apply": {"Always"}}
	b.post(at+"/attribute", edit).leadsTo(at)
	b.get(at).says("The mapping of userName was saved.", "The next cycle is an initial one", "userName required mail 1")
	if a := find("userName"); a.Source != (mapping.Source{Type: mapping.Direct, Text: "mail"}) || a.MatchingPrecedence != 1 {
		t.Errorf("saved %+v", a)
	}
	b.get(path).saysNot("May differ from the sign-in email")

	b.post(at+"/attribute", set(edit, "source", "nonsense")).is(http.StatusBadRequest).says("Nothing was changed.", `"nonsense" is not an attribute of the directory`).has(`value="nonsense"`)
	b.post(at+"/attribute", set(edit, "type", "Expression", "expression", `ToLower([mail]`)).is(http.StatusBadRequest).says("Nothing was changed.").has("ToLower([mail]</textarea>")
	b.post(at+"/attribute", set(edit, "type", "Expression", "expression", `ToLower([mail])`)).leadsTo(at)
	b.get(at).says("ToLower([mail])")
	b.post(at+"/attribute", set(edit, "type", "Magic")).is(http.StatusBadRequest).says(`"Magic"`)
	b.post(at+"/attribute", set(edit, "matching", "no")).is(http.StatusBadRequest).says("Nothing was changed.") // nothing is left to match by
	b.post(at+"/attribute", set(edit, "precedence", "first")).is(http.StatusBadRequest).says(`"first"`)
	b.post(at+"/attribute", set(edit, "original", "nonsense")).is(http.StatusNotFound)

	// A precedence that is taken moves the other one behind.
	b.post(at+"/attribute", url.Values{"original": {"externalId"}, "type": {"Direct"}, "source": {"objectId"}, "target": {"externalId"}, "matching": {"yes"}, "precedence": {"1"}, "apply": {"Always"}}).leadsTo(at)
	if e, u := find("externalId"), find("userName"); e.MatchingPrecedence != 1 || u.MatchingPrecedence != 2 {
		t.Errorf("saved %+v and %+v", e, u)
	}
	b.post(at+"/attribute", url.Values{"original": {"title"}, "type": {"Direct"}, "source": {"jobTitle"}, "target": {"title"}, "matching": {"no"}, "apply": {"ObjectAddOnly"}, "default": {"none"}}).leadsTo(at)
	if a := find("title"); a.ApplyOnly != mapping.DuringCreation || a.DefaultValue != "none" {
		t.Errorf("saved %+v", a)
	}
	b.get(at).says("Default value: none", "Only during object creation")

	// R64: remove a mapping, add it again.
	b.get(at + "/attribute/delete?target=title").says("Delete the mapping of title?")
	b.post(at+"/attribute/delete", url.Values{"target": {"title"}}).leadsTo(at)
	if find("title") != nil {
		t.Error("the mapping is there")
	}
	b.get(at + "/attribute/new").has(`<option value="title">`)
	b.post(at+"/attribute/new", url.Values{"type": {"Constant"}, "constant": {"Staff"}, "target": {"title"}, "matching": {"no"}, "apply": {"Always"}}).leadsTo(at)
	if a := find("title"); a == nil || a.Source != (mapping.Source{Type: mapping.Constant, Text: "Staff"}) {
		t.Errorf("saved %+v", a)
	}
	b.post(at+"/attribute/new", url.Values{"type": {"Constant"}, "constant": {"x"}, "target": {"title"}, "matching": {"no"}}).is(http.StatusBadRequest)

	b.post(at, url.Values{"create": {"true"}, "update": {"true"}}).leadsTo(at)
	if m := w.job(job.ID).Users; !m.Create || !m.Update || m.Delete || !m.Enabled {
		t.Errorf("actions: %v %v %v %v", m.Create, m.Update, m.Delete, m.Enabled)
	}
	b.post(path+"/mappings/groups", url.Values{"create": {"true"}}).leadsTo(path + "/mappings/groups")
	if w.job(job.ID).Groups.Enabled {
		t.Error("the mapping of groups is enabled")
	}
	b.post(at+"/restore", nil).leadsTo(at)
	if a := find("userName"); a.Source.Text != "userPrincipalName" {
		t.Errorf("restored %+v", a)
	}
}

func TestScopingFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	job, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users/scope"
	b.get(at).says("All records")
	form := url.Values{"title": {"Sales"}, "attribute": {"department", "", "mail"}, "operator": {"EQUALS", "EQUALS", "IS NOT NULL"}, "value": {"Sales", "x", "ignored"}, "act": {"save"}}
	more := b.post(at+"/new", set(form, "act", "more")).is(http.StatusOK)
	if got := strings.Count(more.body, `name="operator"`); got != 3 {
		t.Errorf("%d rows, want the two with an attribute and a new one", got)
	}
	b.post(at+"/new", form).leadsTo(at)
	want := mapping.ScopingFilter{Title: "Sales", Clauses: []mapping.Clause{{Attribute: "department", Operator: mapping.Equals, Value: "Sales"}, {Attribute: "mail", Operator: mapping.IsNotNull}}}
	if got := w.job(job.ID).Users.Filters; len(got) != 1 || got[0].Title != want.Title || !slices.Equal(got[0].Clauses, want.Clauses) {
		t.Errorf("saved %+v", got)
	}
	b.get(at).says("Sales", "department EQUALS 'Sales'")
	b.get(at+"/edit?filter=0").has(`value="Sales"`, `value="department"`)
	b.post(at+"/edit", set(form, "filter", "0", "title", "Sales people")).leadsTo(at)
	b.get(at).says("Sales people")
	b.get(path + "/mappings/users").says("1 scoping filter")
	b.post(at+"/new", url.Values{"title": {"Bad"}, "attribute": {"mail"}, "operator": {"REGEX MATCH"}, "value": {"("}}).is(http.StatusBadRequest).says("Nothing was changed.")
	b.post(at+"/new", url.Values{"title": {"Empty"}}).is(http.StatusBadRequest)
	b.get(at + "/edit?filter=7").is(http.StatusNotFound)
	b.post(at+"/delete", url.Values{"filter": {"0"}}).leadsTo(at)
	b.get(at).says("All records")
}

func TestExpression(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	_, path := b.provisioned(newTarget(t))
	at := path + "/mappings/users/expression"
	w.user("Ulla@example.com", func(u *directory.User) { u.Department = "" })
	try := func(expression, object string) answer {
		return b.post(at, url.Values{"expression": {expression}, "object": {object}})
	}
	try(`ToLower([userPrincipalName])`, "ulla@example.com").is(http.StatusOK).says(`Result Value "ulla@example.com"`, `userPrincipalName "Ulla@example.com"`)
	try(`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "ulla@example.com").says(`"True"`)
	try(`[department]`, "ulla@example.com").says("Null: not sent")
	try(`IgnoreFlowIfNullOrEmpty([department])`, "ulla@example.com").says("Left out of the flow")
	try(`Nonsense([mail])`, "").is(http.StatusBadRequest).says("The expression gives no value.", "Nonsense").has("Nonsense([mail])</textarea>")
	try(`[mail]`, "nobody@example.com").is(http.StatusBadRequest).says(`"nobody@example.com"`)
	w.group("Fleet-Admins")
	groups := path + "/mappings/groups/expression"
	b.post(groups, url.Values{"expression": {`ToUpper([displayName])`}, "object": {"Fleet-Admins"}}).says(`"FLEET-ADMINS"`)
	b.post(groups, url.Values{"expression": {`[displayName]`}, "object": {"nothing"}}).is(http.StatusBadRequest).says(`"nothing"`)
	b.get(groups).says("Select a group", "Switch(")
}

func TestPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	must[directory.Assignment](t)(w.directory.Assign(t.Context(), job.ApplicationID, w.user("slow@example.com").ID))
	b.post(at+"/start", nil)
	s.mu.Lock() // the target does not answer
	b.post(at+"/run", nil).leadsTo(at)
	b.get(at).says("A cycle is running.", "running", "loaded anew every three seconds").has(" disabled>")
	if got := b.get(at).header.Get("Refresh"); got != refreshWhileRunning {
		t.Errorf("Refresh: %q", got)
	}
	b.post(at+"/run", nil).is(http.StatusConflict).says("running already")
	s.mu.Unlock()
	w.portal.background.Wait()
	b.get(at).says("Initial cycle completed")
}

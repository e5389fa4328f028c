package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
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

func TestPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, s := w.admin(), newTarget(t)
	job, at := b.provisioned(s)
	must[directory.Assignment](t)(w.directory.Assign(t.Context(), job.ApplicationID, w.user("slow@example.com").ID))
	b.post(at+"/start", nil)
	s.mu.Lock() // the target does not answer
	answer := sync.OnceFunc(s.mu.Unlock)
	t.Cleanup(answer) // also when the test fails: the target waits for its requests
	w.portal.patience = time.Millisecond
	b.post(at+"/run", nil).leadsTo(at)
	<-s.arrived
	b.get(at).says("A cycle is running.", "running", "loaded anew every three seconds").has(" disabled>")
	if got := b.get(at).header.Get("Refresh"); got != refreshWhileRunning {
		t.Errorf("Refresh: %q", got)
	}
	b.post(at+"/run", nil).is(http.StatusConflict).says("running already")
	answer()
	w.portal.background.Wait()
	b.get(at).says("Initial cycle completed")
}

package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
)

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
		a := b.get(list+"?status=Failure&entry="+id).says("Import user", "Perform action", "POST "+s.URL+"/scim/Users", `"userName":"refused@example.com"`, refusedUser, "Authorization: Bearer ••••••••")
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

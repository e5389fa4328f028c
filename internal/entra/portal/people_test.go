package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web"
)

func TestUsers_acts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	w.user("boss@example.com")
	b.get("/users/new").has(`value="true" checked`)
	form := url.Values{
		"displayName": {"Katrin Berg"}, "userPrincipalName": {"k.berg@example.com"}, "mail": {"katrin.berg@example.com"}, "givenName": {" Katrin "},
		"otherMails": {"a@example.org\r\n\r\nb@example.org"}, "extensionAttribute3": {"x"}, "manager": {"BOSS@example.com"}, "enabled": {"true"},
	}
	id := b.post("/users/new", form).created("/users/")
	u := must[directory.User](t)(w.directory.User(t.Context(), id))
	if u.GivenName != "Katrin" || len(u.OtherMails) != 2 || u.ExtensionAttributes[2] != "x" || u.ManagerID == "" || !u.AccountEnabled {
		t.Errorf("created %+v", u)
	}
	b.get("/users/"+string(id)).says("Katrin Berg was created.", "katrin.berg@example.com", "b@example.org", "extensionAttribute3", "boss", "A member of no group.")

	// What is refused is shown again, as it was entered.
	form.Set("manager", "nobody@example.com")
	form.Set("displayName", "Other")
	b.post("/users/new", form).is(http.StatusBadRequest).says("Nothing was changed.", `The manager "nobody@example.com" is not the user principal name of a user.`).has(`value="Other"`, `value="k.berg@example.com"`)
	form.Set("manager", "")
	b.post("/users/new", form).is(http.StatusConflict).says("Nothing was changed.", "k.berg@example.com")

	path := "/users/" + string(id)
	b.get(path+"/edit").is(http.StatusOK).has(`value="boss@example.com"`, "a@example.org\nb@example.org")
	form.Set("givenName", "Kat")
	form.Set("role", string(directory.ApplicationAdministrator))
	b.post(path+"/edit", form).leadsTo(path)
	u = must[directory.User](t)(w.directory.User(t.Context(), id))
	if u.GivenName != "Kat" || !u.MayConfigure() || u.ManagerID != "" {
		t.Errorf("saved %+v", u)
	}
	form.Set("mail", "no address")
	b.post(path+"/edit", form).is(http.StatusBadRequest).says("Nothing was changed.", `"no address"`).has(`value="no address"`)

	b.post(path+"/enabled", url.Values{"enabled": {"false"}}).leadsTo(path)
	b.get(path).says("Account disabled.", "Disabled", "Enable account")
	b.post(path+"/enabled", url.Values{"enabled": {"true"}}).leadsTo(path)
	b.get(path).says("Account enabled.", "Disable account")

	b.get(path+"/delete").says("Delete Other?", "It can be restored for 30 days.")
	b.post(path+"/delete", nil).leadsTo("/users")
	b.get("/users").says("Other was deleted.").saysNot("k.berg@example.com")
	b.get("/deleted-users").says("k.berg@example.com")
	b.get(path).says("Deleted", "Restore user")
	b.post("/deleted-users/"+string(id)+"/restore", nil).leadsTo(path)
	b.get(path).says("Other was restored.")
	b.post(path+"/delete", nil)
	b.post("/deleted-users/"+string(id)+"/purge", nil).leadsTo("/deleted-users")
	b.get(path).is(http.StatusNotFound)
}

// Nobody locks himself out of the portal with a click.
func TestUsers_oneself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.user("me@example.com", role(directory.GlobalAdministrator))
	b := w.as(me)
	path := "/users/" + string(me.ID)
	b.post(path+"/enabled", url.Values{"enabled": {"false"}}).is(http.StatusConflict).says("your own account")
	b.post(path+"/delete", nil).is(http.StatusConflict).says("your own account")
	b.post(path+"/edit", url.Values{"displayName": {"Me"}, "userPrincipalName": {"me@example.com"}, "enabled": {"true"}}).is(http.StatusConflict).says("you would lose access")
	b.get("/users").is(http.StatusOK)
}

// A role that the form does not list is not taken away by it.
func TestUsers_otherRolesStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	u := w.user("reader@example.com", role("Global Reader"), role(directory.GlobalAdministrator))
	b.post("/users/"+string(u.ID)+"/edit", url.Values{"displayName": {"R"}, "userPrincipalName": {u.UserPrincipalName}, "enabled": {"true"}}).is(http.StatusSeeOther)
	if got := must[directory.User](t)(w.directory.User(t.Context(), u.ID)).DirectoryRoles; len(got) != 1 || got[0] != "Global Reader" {
		t.Errorf("roles are %q", got)
	}
}

func TestGroups_acts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	u, v := w.user("u@example.com"), w.user("v@example.com")
	id := b.post("/groups/new", url.Values{"displayName": {"Fleet-Admins"}, "description": {"Who may"}, "type": {"security"}}).created("/groups/")
	path := "/groups/" + string(id)
	b.get(path).says("Fleet-Admins was created.", "Security", "No members")
	b.post("/groups/new", url.Values{"displayName": {" "}}).is(http.StatusBadRequest).says("Nothing was changed.")

	b.get(path+"/members/add").says("u@example.com", "v@example.com")
	b.post(path+"/members", url.Values{"id": {string(u.ID), string(v.ID)}}).leadsTo(path)
	b.get(path).says("2 members were added.", "2 direct members", "u@example.com")
	b.get(path + "/members/add").says("a member already")
	b.post(path+"/members", nil).is(http.StatusBadRequest).says("Nobody was chosen")
	b.post(path+"/members/remove", url.Values{"id": {string(u.ID)}}).leadsTo(path)
	b.get(path).says("1 member was removed.", "1 direct member", "v@example.com").saysNot("u@example.com")
	b.post(path+"/members/remove", nil).is(http.StatusBadRequest).says("No member was chosen")
	b.post(path+"/members/remove", url.Values{"id": {string(u.ID)}}).leadsTo(path) // removed in another window meanwhile
	b.get(path).says("0 members were removed.")
	b.post(path+"/members", url.Values{"id": {string(u.ID), "nobody"}}).is(http.StatusNotFound)
	b.get(path).saysNot("u@example.com") // all or none

	b.post(path+"/edit", url.Values{"displayName": {"Fleet-Owners"}, "type": {"microsoft365"}}).leadsTo(path)
	b.get(path).says("Fleet-Owners", "Microsoft 365")
	b.get(path + "/delete").says("1 person or group loses what they have through it.")
	b.post(path+"/delete", nil).leadsTo("/groups")
	b.get("/deleted-groups").says("Fleet-Owners")
	b.post("/deleted-groups/"+string(id)+"/restore", nil).leadsTo(path)
	b.post(path+"/delete", nil)
	b.post("/deleted-groups/"+string(id)+"/purge", nil).leadsTo("/deleted-groups")
	b.get(path).is(http.StatusNotFound)
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	send := b.upload
	send("/users/import", "userPrincipalName,displayName\na@example.com,Ada\nb@example.com,Bea\n").leadsTo("/users")
	b.get("/users").says("2 users were created.", "Ada", "Bea")
	send("/users/import", "userPrincipalName,displayName\nc@example.com,Cay\nnonsense,Dan\n").is(http.StatusBadRequest).says("Nothing was imported", "3", "nonsense")
	b.get("/users").saysNot("Cay")
	send("/users/import", "").is(http.StatusBadRequest).says("The file is empty")
	send("/groups/import", "displayName,members\nOps,a@example.com;b@example.com\n").leadsTo("/groups")
	b.get("/groups").says("1 group was created.", "2 memberships were added.", "Ops")
	b.post("/users/import", nil).is(http.StatusBadRequest).says("No file was chosen")
}

func TestLicences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	b.post("/licences", url.Values{"licence": {"free"}}).leadsTo("/licences")
	b.get("/licences").says("The licence is Microsoft Entra ID Free now.").has(`value="free" checked`)
	if got := must[directory.Licence](t)(w.directory.Licence(t.Context())); got != directory.LicenceFree {
		t.Errorf("the licence is %s", got)
	}
	b.post("/licences", url.Values{"licence": {"gold"}}).is(http.StatusBadRequest).says(`"gold"`)
}

func TestOverview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.admin().get("/").is(http.StatusOK).says("Basic information", "Tenant ID", "Application Administrator", "No application yet")
	plain := w.as(w.user("plain@example.com"))
	plain.get("/").leadsTo("/my-apps")
	plain.get("/my-apps").is(http.StatusOK).says("No application yet").hasNot(`href="/users"`)
	w.browser().get("/users?q=x").leadsTo("/login?to=%2Fusers%3Fq%3Dx")
	w.browser().post("/licences", nil).is(http.StatusUnauthorized).says("nothing was changed")
}

func TestTheme(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	b.get("/users").hasNot(`<html lang="en" data-theme`)
	b.post("/preferences/theme", url.Values{"theme": {"dark"}, "to": {"/users?q=a"}}).leadsTo("/users?q=a")
	b.get("/users").has(`<html lang="en" data-theme="dark">`)
	b.post("/preferences/theme", url.Values{"theme": {"dark"}, "to": {"//elsewhere.example"}}).leadsTo("/")
	b.post("/preferences/theme", url.Values{"theme": {`"><script>`}}).is(http.StatusBadRequest)
	b.post("/preferences/theme", url.Values{"theme": {""}}).leadsTo("/")
	b.get("/users").hasNot(`<html lang="en" data-theme`)
}

// What a page says once comes from the server alone, for this person, for a minute.
func TestFlash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	const says = "The licence is Microsoft Entra ID Free now."
	leave := func() string {
		b.post("/licences", url.Values{"licence": {"p1"}})
		b.post("/licences", url.Values{"licence": {"free"}}).is(http.StatusSeeOther)
		return b.cookies["entra-flash"]
	}
	value := leave()
	b.get("/users").says(says)
	b.get("/users").saysNot(says)
	other := w.as(w.user("other@example.com", role(directory.GlobalAdministrator)))
	other.cookies["entra-flash"] = value
	other.get("/users").saysNot(says)
	for _, forged := range []string{"x" + value, strings.Split(value, ".")[0], "."} {
		b.cookies["entra-flash"] = forged
		b.get("/users").saysNot(says)
	}
	b.cookies["entra-flash"] = leave()
	w.sleep(web.FlashLifetime + time.Second)
	b.get("/users").saysNot(says)
}

func TestAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	path := must[string](t)(w.portal.files.URL("portal.css"))
	a := b.get(path).is(http.StatusOK)
	if a.header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v", a.header)
	}
	if old := b.get("/static/entra/000000000000/portal.css").is(http.StatusOK); strings.Contains(old.header.Get("Cache-Control"), "immutable") {
		t.Error("an old address is kept for good")
	}
	b.get("/static/entra/000000000000/passwd").is(http.StatusNotFound)
}

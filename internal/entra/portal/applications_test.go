package portal

import (
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// app creates an application through the portal.
func (b *browserTab) app(name string) (directory.ID, string) {
	b.t.Helper()
	id := b.post("/applications/new", url.Values{"name": {name}, "kind": {"non-gallery"}}).created("/applications/")
	return id, "/applications/" + string(id)
}

func TestApplications_acts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	b.get("/applications/new").says("Create your own application", "What's the name of your app?", "Integrate any other application you don't find in the gallery (Non-gallery)")
	b.post("/applications/new", url.Values{"name": {""}}).is(http.StatusBadRequest).says("Nothing was changed.")
	id, path := b.app("Rollcall")
	app := must[directory.Application](t)(w.directory.Application(t.Context(), id))
	b.get(path).says("Rollcall was created.", "Object ID "+string(id), "Application ID "+string(app.AppID), "Assign users and groups", "Not set up").
		has(`data-copy="object-id"`, `data-copy="app-id"`, `data-copy="app-name"`)
	b.get("/applications").says("Rollcall", string(id))
	b.get("/").says("Rollcall", "Not set up")

	b.post(path+"/properties", url.Values{"name": {"Rollcall 2"}, "required": {"true"}}).leadsTo(path)
	b.get(path).says("Rollcall 2", "Sign-in disabled")
	b.post(path+"/properties", url.Values{"name": {strings.Repeat("x", 121)}}).is(http.StatusBadRequest).says("Nothing was changed.")
	b.get(path + "/delete").says("Delete Rollcall 2?")
	b.post(path+"/delete", nil).leadsTo("/applications")
	b.get(path).is(http.StatusNotFound)
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	u, v := w.user("u@example.com"), w.user("v@example.com")
	g := w.group("Fleet-Admins", v.ID)
	id, path := b.app("Rollcall")
	b.get(path+"/assignments").says("Add user/group", "Nobody is assigned")
	b.get(path + "/assignments/add?kind=User&q=u%40").says("u@example.com").saysNot("Fleet-Admins")
	b.get(path + "/assignments/add?kind=Group").says("Fleet-Admins")
	b.post(path+"/assignments", url.Values{"id": {string(u.ID), string(g.ID)}}).leadsTo(path + "/assignments")
	b.get(path+"/assignments").says("2 users or groups were assigned.", "u@example.com", "Fleet-Admins", "1 direct member")
	b.post(path+"/assignments", url.Values{"id": {string(w.user("late@example.com").ID), "nobody"}}).is(http.StatusNotFound)
	b.get(path + "/assignments").saysNot("late@example.com") // all or none
	b.post(path+"/assignments", url.Values{"id": {string(u.ID), string(g.ID)}}).leadsTo(path + "/assignments")
	b.get(path + "/assignments").says("0 users or groups were assigned.")
	b.get(path + "/assignments/add?kind=Group").says("assigned")
	b.get("/users/"+string(v.ID)).says("Rollcall", "through Fleet-Admins")
	b.get("/groups/" + string(g.ID)).says("Rollcall")
	w.as(v).get("/my-apps").says("Rollcall", "through Fleet-Admins", "Single sign-on is not set up.")

	// R85: without P1 groups cannot be assigned, and those that are count for nothing.
	must[directory.Application](t)(w.directory.Application(t.Context(), id))
	b.post("/licences", url.Values{"licence": {"free"}})
	b.get(path+"/assignments").says("Groups take Microsoft Entra ID P1.", "Not provisioned: groups take Microsoft Entra ID P1")
	b.get(path+"/assignments/add?kind=Group").says("Groups are not available for assignment due to the plan level of this tenant.", "takes Microsoft Entra ID P1")
	other := w.group("Other")
	b.post(path+"/assignments", url.Values{"id": {string(other.ID)}}).is(http.StatusForbidden).says("not available for assignment")
	w.as(v).get("/my-apps").saysNot("Rollcall")

	b.post(path+"/assignments/remove", url.Values{"id": {string(u.ID)}}).leadsTo(path + "/assignments")
	b.get(path + "/assignments").says("1 assignment was removed.").saysNot("u@example.com")
	b.post(path+"/assignments/remove", nil).is(http.StatusBadRequest)
	b.post(path+"/assignments", nil).is(http.StatusBadRequest).says("Nobody was chosen")
}

func TestSignOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	id, path := b.app("Rollcall")
	at := path + "/sign-on"
	tenant := must[directory.Tenant](t)(w.directory.Tenant(t.Context()))
	b.get(at).says("Basic SAML Configuration", "Attributes & Claims", "SAML Certificates", "App Federation Metadata Url", "Set up Rollcall", "Login URL", "Microsoft Entra Identifier", "Logout URL",
		"Test single sign-on with Rollcall", publicURL+"/"+string(tenant.ID)+"/saml2", "Required", "user.userprincipalname", "Active", "Enter the Reply URL in section 1 first.").has(" disabled>Test sign in")

	b.post(at+"/basic", url.Values{"identifier": {"https://app.example.com/saml"}, "reply": {"https://app.example.com/acs\nhttps://app.example.com/acs2"}, "signon": {"https://app.example.com/login"}, "relay": {"x"}}).leadsTo(at)
	s := must[directory.Application](t)(w.directory.Application(t.Context(), id)).SAML
	if s.Identifier != "https://app.example.com/saml" || s.ReplyURL != "https://app.example.com/acs" || len(s.MoreReplyURLs) != 1 || s.SignOnURL != "https://app.example.com/login" || s.RelayState != "x" {
		t.Errorf("saved %+v", s)
	}
	b.get(at).says("https://app.example.com/acs2", "Test sign in", "Begin at the application").has("/signin/")
	b.post(at+"/basic", url.Values{"identifier": {"x"}, "reply": {"javascript:alert(1)"}}).is(http.StatusBadRequest).says("Nothing was changed.").has("javascript:alert(1)</textarea>")
	b.get(at + "/basic").has("https://app.example.com/acs\nhttps://app.example.com/acs2</textarea>")

	b.post(at+"/claims/name-id", url.Values{"source": {"user.mail"}, "format": {"Persistent"}}).leadsTo(at + "/claims")
	b.get(at).says("user.mail [Persistent]")
	b.post(at+"/claims/name-id", url.Values{"source": {"user.nonsense"}, "format": {"Persistent"}}).is(http.StatusBadRequest).has(`value="user.nonsense"`)
	b.post(at+"/claims/new", url.Values{"name": {"dept"}, "namespace": {"https://claims.example/"}, "source": {"user.department"}}).leadsTo(at + "/claims")
	b.get(at+"/claims").says("https://claims.example/dept", "user.department")
	b.post(at+"/claims/new", url.Values{"name": {"dept"}, "namespace": {"https://claims.example"}, "source": {"user.mail"}}).is(http.StatusBadRequest).says("two claims")
	b.get(at + "/claims/edit?claim=4").has(`value="dept"`)
	b.post(at+"/claims/edit", url.Values{"claim": {"4"}, "name": {"department"}, "source": {`"Fleet"`}}).leadsTo(at + "/claims")
	b.get(at).says("department", `"Fleet"`).saysNot("https://claims.example/dept")
	b.post(at+"/claims/delete", url.Values{"uri": {"department"}}).leadsTo(at + "/claims")
	b.get(at + "/claims").saysNot(`"Fleet"`)
	b.post(at+"/claims/delete", url.Values{"uri": {"department"}}).is(http.StatusNotFound)
	b.get(at + "/claims/edit?claim=99").is(http.StatusNotFound)
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	id, path := b.app("Rollcall")
	at := path + "/sign-on/certificates"
	list := func() []directory.Certificate {
		t.Helper()
		return must[[]directory.Certificate](t)(w.directory.Certificates(t.Context(), id))
	}
	first := list()[0]
	b.post(at+"/new", nil).leadsTo(at)
	b.get(at).says("A new certificate was made.", "It is inactive", first.Thumbprint, "Make active")
	if len(list()) != 2 {
		t.Fatalf("%d certificates", len(list()))
	}
	second := list()[1]
	b.post(at+"/"+second.Thumbprint+"/activate", nil).leadsTo(at)
	if active := list()[0]; active.Thumbprint != second.Thumbprint {
		t.Errorf("%s is active", active.Thumbprint)
	}
	b.post(at+"/"+second.Thumbprint+"/delete", nil).is(http.StatusBadRequest).says("is active")
	b.post(at+"/"+first.Thumbprint+"/delete", nil).leadsTo(at)
	b.get(at).saysNot(first.Thumbprint)

	raw := b.get(at + "/" + second.Thumbprint + "/raw").is(http.StatusOK)
	if raw.body != string(second.DER) || raw.header.Get("Content-Disposition") != "attachment; filename=Rollcall.cer" {
		t.Errorf("raw: %v", raw.header)
	}
	for _, form := range []string{"base64", "pem"} {
		block, _ := pem.Decode([]byte(b.get(at + "/" + second.Thumbprint + "/" + form).is(http.StatusOK).body))
		if block == nil || string(block.Bytes) != string(second.DER) {
			t.Errorf("%s is not the certificate", form)
		}
	}
	b.get(at + "/" + second.Thumbprint + "/gif").is(http.StatusNotFound)
	b.get(at + "/nonsense/raw").is(http.StatusNotFound)

	b.post(at, url.Values{"option": {string(directory.SignResponseAndAssertion)}, "email": {"it@example.com"}}).leadsTo(at)
	b.get(at).has(`value="it@example.com"`, "Sign SAML response and assertion\" selected")
	b.post(at, url.Values{"option": {"none"}}).is(http.StatusBadRequest).says("Nothing was changed.")
}

func TestMyApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	id, path := b.app("Rollcall")
	u := w.user("u@example.com")
	must[directory.Assignment](t)(w.directory.Assign(t.Context(), id, u.ID))
	app := must[directory.Application](t)(w.directory.Application(t.Context(), id))
	one := w.as(u)
	b.post(path+"/sign-on/basic", url.Values{"identifier": {"https://app.example.com"}, "reply": {"https://app.example.com/acs"}})
	one.get("/my-apps").says("Rollcall", "Assigned directly").has(`href="/signin/` + string(app.AppID) + `?start=here"`).saysNot("IdP-initiated")
	b.post(path+"/sign-on/basic", url.Values{"identifier": {"https://app.example.com"}, "reply": {"https://app.example.com/acs"}, "signon": {"https://app.example.com/login"}})
	one.get("/my-apps").says("Begins at app.example.com", "IdP-initiated").has(`href="/signin/` + string(app.AppID) + `"`)
	if a := one.get("/signin/" + string(app.AppID) + "?start=here").is(http.StatusOK); !strings.Contains(a.body, "SAMLResponse") {
		t.Errorf("the tile does not sign in: %s", text(a.body))
	}
	b.post(path+"/properties", url.Values{"name": {"Rollcall"}, "required": {"true"}})
	one.get("/my-apps").saysNot("Rollcall")
	b.post(path+"/properties", url.Values{"name": {"Rollcall"}, "enabled": {"true"}})
	w.as(w.user("v@example.com")).get("/my-apps").says("Rollcall", "for everybody")
}

func TestUploadMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	id, path := b.app("Rollcall")
	at := path + "/sign-on/upload"
	metadata := func(acs string) string {
		return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://app.example.com/saml"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://app.example.com/soap"/><md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://app.example.com/logout"/>` + acs + `</md:SPSSODescriptor></md:EntityDescriptor>`
	}
	const post = `<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" `
	b.upload(at, metadata(post+`Location="https://app.example.com/acs2"/>`+post+`Location="https://app.example.com/acs" isDefault="true"/>`)).is(http.StatusOK).
		says("Filled in from the metadata. Not saved yet.").has(`value="https://app.example.com/saml"`, "https://app.example.com/acs\nhttps://app.example.com/acs2</textarea>", `value="https://app.example.com/logout"`)
	if s := must[directory.Application](t)(w.directory.Application(t.Context(), id)).SAML; s.Identifier != "" {
		t.Errorf("saved %+v", s)
	}
	for content, want := range map[string]string{
		"not xml": "is no XML", `<x/>`: `holds "x"`, metadata(""): "no AssertionConsumerService",
		`<md:EntityDescriptor xmlns:md="m" entityID="x"><md:IDPSSODescriptor/></md:EntityDescriptor>`: "not the metadata of a service provider",
	} {
		b.upload(at, content).is(http.StatusBadRequest).says("Nothing was changed.", want)
	}
	b.post(at, nil).is(http.StatusBadRequest).says("No file was chosen")
}

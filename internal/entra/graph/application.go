package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// templateID is that of an application that is none of the gallery (Microsoft Graph docs,
// "applicationtemplate-instantiate").
const templateID = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"

// app is an application with what Graph shows of its certificates. Here the application and
// its service principal are one object, with one object id (chosen); Graph gives each its own.
type app struct {
	directory.Application
	certificates []directory.Certificate
}

func (x *exchange) withCertificates(a directory.Application) (app, error) {
	list, err := x.api.directory.Certificates(x.r.Context(), a.ID)
	return app{a, list}, err
}

// servicePrincipals is the resource type servicePrincipal, as far as there is something here
// that it shows.
var servicePrincipals = resource[app]{
	name: "ServicePrincipal",
	properties: []property[app]{
		readOnly("id", kindText, true, func(a *app) any { return string(a.ID) }),
		readOnly("appId", kindText, true, func(a *app) any { return string(a.AppID) }),
		text("displayName", true, func(a *app) *string { return &a.DisplayName }),
		readOnly("appDisplayName", kindText, true, func(a *app) any { return a.DisplayName }),
		boolean("accountEnabled", true, func(a *app) *bool { return &a.Enabled }),
		boolean("appRoleAssignmentRequired", true, func(a *app) *bool { return &a.AssignmentRequired }),
		readOnly("applicationTemplateId", kindText, true, func(*app) any { return templateID }),
		readOnly("servicePrincipalType", kindText, true, func(*app) any { return "Application" }),
		readOnly("servicePrincipalNames", kindTexts, true, func(a *app) any {
			return append([]string{string(a.AppID)}, identifiers(a)...)
		}),
		{name: "preferredSingleSignOnMode", kind: kindText, usual: true, get: singleSignOnMode, set: func(_ *app, raw json.RawMessage) string {
			if mode, ok := textOf(raw); !ok || mode != "saml" {
				return `"saml", the only method of the stand-in`
			}
			return ""
		}},
		text("loginUrl", true, func(a *app) *string { return &a.SAML.SignOnURL }),
		text("logoutUrl", true, func(a *app) *string { return &a.SAML.LogoutURL }),
		readOnly("replyUrls", kindTexts, true, func(a *app) any { return replyURLs(a) }),
		{name: "samlSingleSignOnSettings", kind: kindTexts, usual: true,
			get: func(a *app) any { return object{"relayState": nullable(a.SAML.RelayState)} }, set: setRelayState},
		{name: "notificationEmailAddresses", kind: kindTexts, usual: true, get: notificationEmails, set: setNotificationEmails},
		{name: "preferredTokenSigningKeyThumbprint", kind: kindText, usual: true, get: activeThumbprint, set: func(_ *app, raw json.RawMessage) string {
			if thumbprint, ok := textOf(raw); !ok || thumbprint == "" {
				return "the thumbprint of a certificate"
			}
			return ""
		}},
		readOnly("keyCredentials", kindTexts, true, keyCredentials),
		readOnly("appRoles", kindTexts, true, func(*app) any {
			return []any{object{
				"id": string(directory.DefaultAppRole), "displayName": "User", "description": "User", "isEnabled": true, "value": nil,
				"allowedMemberTypes": []string{"User"}, "origin": "Application",
			}}
		}),
		readOnly("tags", kindTexts, true, func(*app) any {
			return []string{"WindowsAzureActiveDirectoryCustomSingleSignOnApplication", "WindowsAzureActiveDirectoryIntegratedApp"}
		}),
	},
}

// applications is the resource type application.
var applications = resource[app]{
	name: "Application",
	properties: []property[app]{
		readOnly("id", kindText, true, func(a *app) any { return string(a.ID) }),
		readOnly("appId", kindText, true, func(a *app) any { return string(a.AppID) }),
		text("displayName", true, func(a *app) *string { return &a.DisplayName }),
		readOnly("applicationTemplateId", kindText, true, func(*app) any { return templateID }),
		{name: "identifierUris", kind: kindTexts, usual: true, get: func(a *app) any { return identifiers(a) }, set: setIdentifiers},
		{name: "web", kind: kindTexts, usual: true, set: setWeb, get: func(a *app) any {
			return object{"redirectUris": replyURLs(a), "logoutUrl": nullable(a.SAML.LogoutURL), "homePageUrl": nullable(a.SAML.SignOnURL)}
		}},
		readOnly("createdDateTime", kindTime, true, func(a *app) any { return moment(a.CreatedAt) }),
	},
}

func identifiers(a *app) []string {
	if a.SAML.Identifier == "" {
		return []string{}
	}
	return []string{a.SAML.Identifier}
}

func setIdentifiers(a *app, raw json.RawMessage) string {
	list, ok := textsOf(raw)
	if !ok || len(list) > 1 {
		return "a list of one string at most: the stand-in keeps one Identifier (Entity ID)"
	}
	a.SAML.Identifier = ""
	if len(list) == 1 {
		a.SAML.Identifier = list[0]
	}
	return ""
}

// replyURLs are the reply URLs, the default one first.
func replyURLs(a *app) []string {
	if a.SAML.ReplyURL == "" {
		return []string{}
	}
	return append([]string{a.SAML.ReplyURL}, a.SAML.MoreReplyURLs...)
}

func setWeb(a *app, raw json.RawMessage) string {
	const wanted = "an object of redirectUris, logoutUrl and homePageUrl"
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return wanted
	}
	for name, value := range given {
		text, isText := textOf(value)
		list, isList := textsOf(value)
		switch {
		case name == "redirectUris" && isList:
			a.SAML.ReplyURL, a.SAML.MoreReplyURLs = "", nil
			if len(list) > 0 {
				a.SAML.ReplyURL, a.SAML.MoreReplyURLs = list[0], list[1:]
			}
		case name == "logoutUrl" && isText:
			a.SAML.LogoutURL = text
		case name == "homePageUrl" && isText:
			a.SAML.SignOnURL = text
		default:
			return wanted
		}
	}
	return ""
}

// singleSignOnMode: SAML is chosen when there is a certificate to sign with, as choosing it in
// the portal makes one.
func singleSignOnMode(a *app) any {
	if len(a.certificates) == 0 {
		return nil
	}
	return "saml"
}

func setRelayState(a *app, raw json.RawMessage) string {
	const wanted = "an object with relayState, a string or null"
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil || len(given) > 1 {
		return wanted
	}
	state, ok := textOf(given["relayState"])
	if len(given) == 1 && (given["relayState"] == nil || !ok) {
		return wanted
	}
	a.SAML.RelayState = state
	return ""
}

func notificationEmails(a *app) any {
	if a.SAML.NotificationEmail == "" {
		return []string{}
	}
	return []string{a.SAML.NotificationEmail}
}

func setNotificationEmails(a *app, raw json.RawMessage) string {
	list, ok := textsOf(raw)
	if !ok || len(list) > 1 {
		return "a list of one address at most"
	}
	a.SAML.NotificationEmail = ""
	if len(list) == 1 {
		a.SAML.NotificationEmail = list[0]
	}
	return ""
}

func activeThumbprint(a *app) any {
	for _, c := range a.certificates {
		if c.Active {
			return c.Thumbprint
		}
	}
	return nil
}

func keyCredentials(a *app) any {
	list := []any{}
	for _, c := range a.certificates {
		list = append(list, object{
			"customKeyIdentifier": c.Thumbprint, "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "CN=Microsoft Azure Federated SSO Certificate",
			"startDateTime": moment(c.NotBefore), "endDateTime": moment(c.NotAfter), "key": base64.StdEncoding.EncodeToString(c.DER),
		})
	}
	return list
}

func (x *exchange) listTemplates() error {
	return x.many("applicationTemplates", []any{templateDocument()}, "")
}

func (x *exchange) getTemplate() error {
	if x.r.PathValue("template") != templateID {
		return noTemplate(x.r.PathValue("template"))
	}
	return x.one(http.StatusOK, "applicationTemplates/$entity", templateDocument())
}

func templateDocument() object {
	return object{
		"id": templateID, "displayName": "Custom", "categories": []string{}, "supportedProvisioningTypes": []string{"scim"},
		"supportedSingleSignOnModes": []string{"saml"}, "publisher": nil, "description": nil,
	}
}

func noTemplate(id string) error {
	return refuse(http.StatusNotFound, codeNotFound, "There is no application template '%s': the stand-in has no gallery, only %s for an application that is not in it.", words.Clip(id), templateID)
}

// instantiate: Microsoft Graph docs, "applicationtemplate-instantiate".
func (x *exchange) instantiate() error {
	if x.r.PathValue("template") != templateID {
		return noTemplate(x.r.PathValue("template"))
	}
	f, err := x.body("applicationServicePrincipal", maxBody)
	if err != nil {
		return err
	}
	name, err := f.needText("displayName")
	if err != nil {
		return err
	}
	if err := f.done(); err != nil {
		return err
	}
	a, err := x.api.directory.CreateApplication(x.r.Context(), directory.Application{DisplayName: name})
	if err != nil {
		return err
	}
	return x.one(http.StatusCreated, "microsoft.graph.applicationServicePrincipal", object{
		"application": applications.document(app{a, nil}), "servicePrincipal": servicePrincipals.document(app{a, nil}),
	})
}

func (x *exchange) listApplications() error { return x.listApps("applications", applications) }
func (x *exchange) listPrincipals() error   { return x.listApps("servicePrincipals", servicePrincipals) }

func (x *exchange) listApps(set string, r resource[app]) error {
	q, err := x.query(options{properties: r.kinds()})
	if err != nil {
		return err
	}
	all, err := x.api.directory.Applications(x.r.Context())
	if err != nil {
		return err
	}
	list := make([]app, 0, len(all))
	for _, a := range all {
		whole, err := x.withCertificates(a)
		if err != nil {
			return err
		}
		list = append(list, whole)
	}
	key := func(a app) string { return string(a.ID) }
	return page(x, set, q, source[app]{key: key, document: r.document, read: once(list, key)})
}

func (x *exchange) application() (directory.Application, error) {
	a, err := x.api.directory.Application(x.r.Context(), x.id("app"))
	if directory.IsProblem(err, directory.NotFound) {
		err = noObject(x.r.PathValue("app"))
	}
	return a, err
}

func (x *exchange) getApplication() error { return x.getApp("applications", applications) }
func (x *exchange) getPrincipal() error   { return x.getApp("servicePrincipals", servicePrincipals) }

func (x *exchange) getApp(set string, r resource[app]) error {
	q, err := x.query(options{properties: r.kinds()})
	if err != nil {
		return err
	}
	a, err := x.application()
	if err != nil {
		return err
	}
	whole, err := x.withCertificates(a)
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, set+"/$entity", q.show(r.document(whole), nil))
}

func (x *exchange) updateApplication() error { return x.updateApp(applications) }
func (x *exchange) updatePrincipal() error   { return x.updateApp(servicePrincipals) }

func (x *exchange) updateApp(r resource[app]) error {
	f, err := x.body(r.name, maxBody)
	if err != nil {
		return err
	}
	a, err := x.application()
	if err != nil {
		return err
	}
	saml := f.left["preferredSingleSignOnMode"] != nil
	thumbprint, _ := textOf(f.left["preferredTokenSigningKeyThumbprint"])
	ctx := x.r.Context()
	_, err = x.api.directory.UpdateApplication(ctx, a.ID, func(a *directory.Application) error {
		whole := app{Application: *a}
		err := r.apply(&whole, f)
		*a = whole.Application
		return err
	})
	if err != nil {
		return err
	}
	if saml {
		if err := x.api.idp.EnsureCertificate(ctx, a.ID); err != nil {
			return err
		}
	}
	if thumbprint != "" {
		if err := x.api.directory.ActivateCertificate(ctx, a.ID, thumbprint); err != nil {
			return err
		}
	}
	return x.noContent()
}

// deleteApp deletes an application with its provisioning. Nothing changes in the target.
func (x *exchange) deleteApp() error {
	a, err := x.application()
	if err != nil {
		return err
	}
	if err := x.deleteJobs(x.r.Context(), a.ID); err != nil {
		return err
	}
	if err := x.api.directory.DeleteApplication(x.r.Context(), a.ID); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) deleteJobs(ctx context.Context, application directory.ID) error {
	jobs, err := x.api.cycle.Jobs(ctx, application)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if err := x.api.cycle.DeleteJob(ctx, j.ID, x.by()); err != nil && !cycle.IsProblem(err, cycle.NotFound) {
			return err
		}
	}
	return nil
}

// addCertificate: Microsoft Graph docs, "serviceprincipal-addtokensigningcertificate".
func (x *exchange) addCertificate() error {
	f, err := x.body("selfSignedCertificate", maxBody)
	if err != nil {
		return err
	}
	a, err := x.application()
	if err != nil {
		return err
	}
	if _, _, err := f.text("displayName"); err != nil { // the subject is always Entra's
		return err
	}
	end, _, err := f.text("endDateTime")
	if err != nil {
		return err
	}
	var notAfter time.Time
	if end != "" {
		if notAfter, err = time.Parse(time.RFC3339, end); err != nil {
			return f.invalid("endDateTime", "a time such as 2029-01-31T00:00:00Z")
		}
	}
	if err := f.done(); err != nil {
		return err
	}
	c, err := x.api.idp.CreateCertificate(x.r.Context(), a.ID, notAfter)
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "microsoft.graph.selfSignedCertificate", object{
		"thumbprint": c.Thumbprint, "customKeyIdentifier": c.Thumbprint, "type": "AsymmetricX509Cert", "usage": "Verify",
		"displayName": "CN=Microsoft Azure Federated SSO Certificate", "startDateTime": moment(c.NotBefore), "endDateTime": moment(c.NotAfter),
		"key": base64.StdEncoding.EncodeToString(c.DER),
	})
}

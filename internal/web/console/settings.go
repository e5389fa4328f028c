package console

import "github.com/rollcall/rollcall/internal/iam"

// settingsTitle is the heading of the pages below SAML and SCIM settings.
const settingsTitle = "SAML and SCIM settings"

// settingsRoutes are those of SAML and SCIM settings, for whoever may manage the
// organization (R13), and of what is on record.
func (c *Console) settingsRoutes() []route {
	manage, activities := holders(iam.PermOrganizationManage), holders(iam.PermOrganizationViewActivities)
	connect := act("/settings/saml/setup/metadata", manage, c.connectSAML, "connect the identity provider, or replace its metadata")
	connect.limit = maxMetadataForm
	return []route{
		show("/settings/saml", manage, c.saml, "saml.html", samlPage{}, "see the SAML connection, its domains, and whose sign-in was refused and why"),
		show("/settings/saml/setup", manage, c.samlSetup, "samlsetup.html", samlSetupPage{}, "see what the identity provider has to be told"),
		show("/settings/saml/setup/metadata", manage, c.samlMetadata, "samlsetup.html", samlSetupPage{}, "enter the identity provider's metadata"),
		connect,
		show("/settings/saml/setup/domains", manage, c.samlDomains, "samlsetup.html", samlSetupPage{}, "see the domains and the TXT records that prove them"),
		act("/settings/saml/setup/domains", manage, c.checkDomain, "add a domain, or look for its TXT record"),
		act("/settings/saml/setup/finish", manage, c.finishSetup, "look for the TXT records of all domains"),
		act("/settings/saml/refresh", manage, c.refreshSAML, "read the metadata again from where it came"),
		act("/settings/saml/sign-in", manage, c.saveSignIn, "change the session timeouts, and whether sign-ins may begin at the identity provider"),
		act("/settings/saml/encryption", manage, c.enableEncryption, "make the certificate that assertions may be encrypted for"),
		show("/settings/saml/encryption/remove", manage, c.encryptionRemove, "encryptionremove.html", encryptionRemovePage{}, "see what removing that certificate does"),
		act("/settings/saml/encryption/remove", manage, c.removeEncryption, "remove it"),
		show("/settings/saml/domains/{domain}/remove", manage, c.domainRemove, "domainremove.html", domainRemovePage{}, "see whom removing a domain shuts out"),
		act("/settings/saml/domains/{domain}/remove", manage, c.removeDomain, "remove it"),
		show("/settings/saml/disable", manage, c.samlDisable, "samldisable.html", samlDisablePage{}, "see what disabling SAML takes away"),
		act("/settings/saml/disable", manage, c.disableSAML, "remove the SAML connection"),
		show("/settings/scim", manage, c.scimSettings, "scim.html", scimPage{}, "see the SCIM configuration and the keys"),
		act("/settings/scim/enable", manage, c.enableSCIM, "enable SCIM"),
		show("/settings/scim/disable", manage, c.scimDisable, "scimdisable.html", scimDisablePage{}, "see what disabling SCIM stops"),
		act("/settings/scim/disable", manage, c.disableSCIM, "disable SCIM"),
		act("/settings/scim/keys", manage, c.generateKey, "generate a SCIM key, which is shown once"),
		act("/settings/scim/keys/credentials", manage, c.downloadCredentials, "save the key that is shown as a file"),
		get("/settings/scim/keys/{key}/expiry.ics", manage, c.keyReminder, "get a calendar entry for the day on which a key expires"),
		show("/settings/scim/keys/{key}/revoke", manage, c.revoke, "revokekey.html", revokePage{}, "see what revoking a key stops"),
		act("/settings/scim/keys/{key}/revoke", manage, c.revokeKey, "revoke it"),
		act("/settings/scim/rules", manage, c.saveRules, "change what happens to unmapped groups, and the identity policy").shows("scimstrict.html", strictPage{}),
		show("/settings/activity", admins, c.activity, "activity.html", activityPage{}, "see what the identity provider sent, and what came of it"),

		show("/audit", activities, c.audit, "audit.html", auditPage{}, "see what was changed, and who signed in"),
		get("/audit/export", activities, c.auditExport, "get that as a file"),
		show("/audit/{event}", activities, c.event, "event.html", eventPage{}, "see one activity"),
	}
}

// planGate is what a page shows when the plan has no SAML and SCIM (R2, R3).
type planGate struct {
	Locked bool
	Plans  string // URL of the plans, "" for whoever may not see them
}

func (c *Console) planGate(x *exchange) planGate {
	return planGate{Locked: !x.session.Organization.Plan.HasSCIM(), Plans: c.linkTo(x, "/plans")}
}

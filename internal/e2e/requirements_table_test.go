package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirements are the sentences of the guide "SCIM provisioning with Microsoft Entra ID" (R1-R151, in its order) and the
// promises of the guides beside it (X1-X22: SAML, Okta, the API), so that none is silently missing. Where the design
// overrules a sentence, the test shows what the design says.
//
// where says who has to keep it: the server (SP), the console (CON), the identity provider (IDP), a document (DOC), or
// server and identity provider together (E2E). tests are the functions that hold it: of this package, or of another one that
// stands before the colon. Those of console and portal ask their pages for it by forms, those of browser click through the
// console with a real browser; what of the portal is clicking alone is not listed. docs: is a document that is there. says is
// what a requirement is about whose tests did not tell by their names. No sentence of the guide waits. waits names what is
// not there yet for four of the promises beside it: the API for programs, which has no package until it is built as a whole.
var requirements = []struct{ id, where, tests, waits, says string }{
	{"R1", "CON SP", "TestR001_noPreviewFlag", "", ""},
	{"R2", "SP CON", "TestR002_planBelowEnterprise console:TestR2_R3_plan", "", ""},
	{"R3", "CON", "console:TestR2_R3_plan", "", "badge leads to the Plans page"},
	{"R4", "SP", "TestR004_lifecycleOfUsersAndGroups", "", ""},
	{"R5", "E2E", "TestR005_assignedUserIsMemberWithRole TestGuide_Assign_viaGroups TestGuide_fromTheFirstLineToTheLast", "", ""},
	{"R6", "E2E", "TestR006_profileUpdatesFlow TestGuide_fromTheFirstLineToTheLast", "", ""},
	{"R7", "E2E", "TestR007_removalTakesAccess TestGuide_Step5_unassigned TestGuide_Step5_accountDisabled TestGuide_fromTheFirstLineToTheLast", "", ""},
	{"R8", "E2E", "TestR008_noInvitesNoOrphans TestGuide_fromTheFirstLineToTheLast", "", ""},
	{"R9", "E2E DOC", "TestGuideScript TestGuide_fromTheFirstLineToTheLast", "", "the guide from its first line to its last"},
	{"R10", "SP", "TestR010_followsRFC7644", "", ""},
	{"R11", "SP", "TestR011_keyWorksUntilItEnds", "", ""},
	{"R12", "SP DOC", "TestR012_oktaWithHTTPBasic docs:okta.md", "", ""},
	{"R13", "SP CON", "console:TestR13_onlyWhoManages", "", "settings, keys and mapping are for organization managers"},
	{"R14", "E2E", "TestGuide_BeforeYouBegin_signInFirst", "", "one SAML sign-in before SCIM"},
	{"R15", "SP", "TestR015_accountOfSCIMHasNoLocalSignIn TestGuide_BeforeYouBegin_signInFirst signin:TestPassword_wrongOnesAreAlike", "", ""},
	{"R16", "IDP", "TestGuide_BeforeYouBegin_whoMayConfigure portal:TestRoutes_whoMay", "", "who may edit provisioning"},
	{"R17", "CON", "browser:TestGuide console:TestR44_customRoleWrapsSystemPermissions", "", "custom roles beforehand"},
	{"R18", "IDP", "TestGuide_Assign_viaGroups TestGuide_Assign_directly portal:TestAssignments", "", "users and groups can be assigned"},
	{"R19", "SP IDP", "TestR019_servesTLS TestGuide_HowSCIMWorks_overHTTPS", "", ""},
	{"R20", "SP", "TestR020_rolesByGroupMembership", "", ""},
	{"R21", "E2E", "TestGuide_BeforeYouBegin_signInFirst", "", "sign-in through the same connection"},
	{"R22", "E2E", "TestGuide_fromTheFirstLineToTheLast", "", "changes arrive with the next cycle"},
	{"R23", "CON", "console:TestR23_navigation browser:TestGuide", "", "the way to SCIM Configuration"},
	{"R24", "CON SP", "TestR024_switchIsKeptAndRecorded console:TestR24_R25_enable browser:TestGuide", "", ""},
	{"R25", "CON SP", "TestR025_lockedUntilSAMLIsConnected console:TestR24_R25_enable TestFAQ_samlBeforeSCIM", "", ""},
	{"R26", "CON SP", "TestR026_endpointURL console:TestR26_R27_endpoint", "", ""},
	{"R27", "CON IDP", "TestR027_tenantURLAsPasted console:TestR26_R27_endpoint TestGuide_Credentials_everyRequestIsAuthorized", "", ""},
	{"R28", "CON SP", "TestR028_expiredFromThatInstant console:TestR28_R29_expiry", "", ""},
	{"R29", "CON", "console:TestR28_R29_expiry console:TestR29_reminder", "", "12 months preselected, reminder, warning"},
	{"R30", "SP", "TestR030_atMostTwoActive", "", ""},
	{"R31", "E2E", "TestR031_rotationWithoutDowntime TestBestPractice_rotateTokens", "", ""},
	{"R32", "CON", "console:TestR33_R37_shownOnce browser:TestGuide", "", "the button Generate new key"},
	{"R33", "CON SP", "TestR033_secretIsShownOnce console:TestR33_R37_shownOnce", "", ""},
	{"R34", "CON", "console:TestR34_download browser:TestGuide", "", "copy and download of the credentials"},
	{"R35", "SP", "TestR035_secretIsNowhere", "", ""},
	{"R36", "SP CON", "TestR036_revokeWithoutSecretOnAllReplicas console:TestR36_R143_revoke", "", ""},
	{"R37", "CON SP", "TestR037_joinedValueIsReady console:TestR33_R37_shownOnce", "", ""},
	{"R38", "SP", "TestR038_keyColonSecretWithoutSpaces", "", ""},
	{"R39", "SP IDP", "TestR039_everyPathNeedsTheKey TestGuide_Credentials_everyRequestIsAuthorized", "", ""},
	{"R40", "CON", "browser:TestGuide", "", "the link Map roles"},
	{"R41", "CON", "console:TestR41_rolesTab", "", "the same page by the menu"},
	{"R42", "SP", "TestR042_groupsBindByNameInTheirOrganization", "", ""},
	{"R43", "SP CON", "TestR043_systemRolesCannotBeMapped console:TestR43_systemRolesAreNotMapped", "", ""},
	{"R44", "SP CON", "TestR044_customRoleWrapsSystemCapabilities console:TestR44_customRoleWrapsSystemPermissions", "", ""},
	{"R45", "SP", "TestR045_matchingNameLinks", "", ""},
	{"R46", "CON SP", "TestR046_fieldBindsAnotherName console:TestR46_scimGroupField", "", ""},
	{"R47", "SP", "TestR047_unmappedGroupMakesRole", "", ""},
	{"R48", "CON SP", "TestR048_permissionsOfMadeRole console:TestR47_R48_unmappedGroup", "", ""},
	{"R49", "IDP", "TestGuide_Credentials_inThePortal", "", "the enterprise application is found"},
	{"R50", "IDP DOC", "TestGuide_Credentials_inThePortal portal:TestApplications_acts docs:saml.md", "", "an application can be made"},
	{"R51", "IDP", "TestFAQ_sameApplication", "", "one application for SAML and SCIM"},
	{"R52", "IDP", "TestGuide_Credentials_inThePortal portal:TestProvisioning_setUp", "", "both entries lead to the form"},
	{"R53", "IDP", "TestGuide_Credentials_inThePortal portal:TestProvisioning_setUp", "", "mode Automatic"},
	{"R54", "IDP", "TestR054_tenantURLIsTheBase TestGuide_Credentials_everyRequestIsAuthorized", "", ""},
	{"R55", "IDP", "TestR055_secretTokenAsBearer TestGuide_Credentials_everyRequestIsAuthorized portal:TestProvisioning_tokenStays", "", ""},
	{"R56", "IDP SP", "TestR056_testConnection TestGuide_Credentials_inThePortal TestGuide_Credentials_everyRequestIsAuthorized", "", ""},
	{"R57", "IDP DOC", "TestGuide_Credentials_inThePortal TestTroubleshooting_testConnectionFails_scimIsDisabled", "", "a failed test says why"},
	{"R58", "IDP", "TestGuide_Credentials_inThePortal", "", "credentials are kept and not shown"},
	{"R59", "IDP", "TestGuide_Credentials_inThePortal", "", "two mapping sets after saving"},
	{"R60", "IDP", "TestGuide_Mappings_userNameFromMail portal:TestMappings", "", "the mapping table"},
	{"R61", "IDP", "TestGuide_Mappings_userNameFromMail", "", "userName from userPrincipalName by default"},
	{"R62", "IDP", "TestGuide_Mappings_userNameFromMail portal:TestMappings", "", "userName from mail instead"},
	{"R63", "IDP SP", "TestR063_userNameIsTheMatchingAttribute TestGuide_Mappings_userNameFromMail", "", ""},
	{"R64", "IDP", "TestGuide_Mappings_otherSources portal:TestMappings", "", "mappings can be removed"},
	{"R65", "SP", "TestR065_unknownAttributesAreIgnored", "", ""},
	{"R66", "E2E", "TestGuide_Mappings_matchTheEmailOfSSO", "", "a userName that is not the SAML address cannot sign in"},
	{"R67", "IDP", "TestGuide_Mappings_otherSources", "", "any source attribute"},
	{"R68", "IDP", "TestGuide_Mappings_userNameFromMail", "", "the rows mapped by default"},
	{"R69", "SP IDP", "TestR069_workEmail TestGuide_Logs_strictFailuresVerbatim", "", ""},
	{"R70", "SP", "TestR070_givenName", "", ""},
	{"R71", "SP", "TestR071_familyName", "", ""},
	{"R72", "SP CON", "TestR072_displayNameIsShown console:TestMembers", "", ""},
	{"R73", "SP IDP", "TestR073_activeDrivesDeactivation TestGuide_Mappings_activeAndGroups", "", ""},
	{"R74", "IDP SP", "TestR074_groupSendsNameAndMembers TestGuide_Mappings_activeAndGroups", "", ""},
	{"R75", "SP", "TestR075_addressesAreLowerCase", "", ""},
	{"R76", "E2E", "TestR076_mismatchesAreVisible TestGuide_Logs_strictFailuresVerbatim", "", ""},
	{"R77", "IDP", "TestGuide_Scope_onlyAssigned", "", "scope: assigned only"},
	{"R78", "IDP", "TestGuide_Scope_onlyAssigned", "", "nobody else is sent"},
	{"R79", "IDP", "TestGuide_TurnOn_everyFortyMinutes", "", "nothing runs while it is off"},
	{"R80", "IDP", "TestGuide_Scope_onlyAssigned portal:TestProvisioning_setUp", "", "settings are kept"},
	{"R81", "E2E", "TestR081_assignmentAloneGivesRoles TestGuide_Assign_viaGroups", "", ""},
	{"R82", "E2E", "TestR082_sameDisplayNameBinds TestGuide_Assign_viaGroups TestGuide_Assign_manyGroups", "", ""},
	{"R83", "IDP", "TestGuide_Assign_manyGroups portal:TestAssignments", "", "many groups can be assigned"},
	{"R84", "IDP", "TestGuide_Assign_viaGroups", "", "members of other groups are not sent"},
	{"R85", "IDP", "TestGuide_Assign_groupsNeedP1", "", "groups need the licence"},
	{"R86", "SP", "TestR086_groupIsCreatedAndBound", "", ""},
	{"R87", "E2E", "TestR087_viaGroup TestGuide_Assign_viaGroups", "", ""},
	{"R88", "E2E", "TestR088_directlyHasDefaultRole TestGuide_Assign_directly", "", ""},
	{"R89", "E2E", "TestR089_onlyTheMembershipChanges TestGuide_Assign_viaGroups", "", ""},
	{"R90", "IDP", "TestGuide_TurnOn_everyFortyMinutes", "", "turning on starts the first cycle"},
	{"R91", "IDP", "TestGuide_TurnOn_everyFortyMinutes", "", "a cycle every 40 minutes"},
	{"R92", "IDP", "TestGuide_TurnOn_provisionOnDemand portal:TestOnDemand", "", "provision on demand"},
	{"R93", "E2E CON", "TestGuide_Test_onDemandForcesASync console:TestR93_R108_syncedMembers", "", "on demand, then Users and roles"},
	{"R94", "E2E", "TestGuide_Test_onDemandForcesASync", "", "on demand applies a skipped change"},
	{"R95", "E2E", "TestR095_addedToAdmins TestGuide_Step1_addToGroupAndProvisionOnDemand browser:TestGuide", "", ""},
	{"R96", "E2E", "TestGuide_Step2_signInBySSO browser:TestGuide", "", "signed in with admin access"},
	{"R97", "E2E", "TestR097_firstNameUpdated TestGuide_Step3_firstNameUpdated browser:TestGuide", "", ""},
	{"R98", "E2E", "TestR098_movedToReadOnly TestGuide_Step4_movedToReadOnly browser:TestGuide", "", ""},
	{"R99", "E2E", "TestR099_unassigned TestGuide_Step5_unassigned browser:TestGuide", "", ""},
	{"R100", "E2E", "TestR100_accountDisabled TestGuide_Step5_accountDisabled", "", ""},
	{"R101", "E2E", "TestGuide_Step5_unassigned TestGuide_Step5_accountDisabled", "", "sign-in fails after the removal"},
	{"R102", "E2E DOC", "TestGuide_fromTheFirstLineToTheLast TestGuideScript", "", "a script that stops at the first failing step"},
	{"R103", "IDP", "TestGuide_Logs_strictFailuresVerbatim portal:TestLogs", "", "provisioning logs in two places"},
	{"R104", "IDP", "TestGuide_Logs_strictFailuresVerbatim TestTroubleshooting_groupNameMismatch", "", "request, target and verbatim error"},
	{"R105", "CON", "console:TestR105_makerLeft", "", "age and maker of keys"},
	{"R106", "SP", "TestR106_twoForEachOrganization", "", ""},
	{"R107", "E2E", "TestR107_rotation TestBestPractice_rotateTokens", "", ""},
	{"R108", "CON", "console:TestR93_R108_syncedMembers TestBestPractice_groupsNotDirectAssignments", "", "why a member has a role"},
	{"R109", "CON", "console:TestR109_exportMembers TestBestPractice_groupsNotDirectAssignments", "", "members, roles and reasons exported"},
	{"R110", "SP", "TestR110_userCreated TestBestPractice_auditLog", "", ""},
	{"R111", "SP", "TestR111_userDeactivated TestBestPractice_auditLog", "", ""},
	{"R112", "SP", "TestR112_profileUpdated TestBestPractice_auditLog", "", ""},
	{"R113", "SP", "TestR113_everythingElseIsRecorded TestR113_refusedRequestLeavesNoEvent", "", ""},
	{"R114", "CON SP", "TestR114_burst console:TestR114_audit console:TestR114_S57_export", "", ""},
	{"R115", "CON SP", "TestR115_defaultRole console:TestR116_R129_defaultRole TestGuide_Assign_directly", "", ""},
	{"R116", "CON", "console:TestR116_R129_defaultRole", "", "a restrictive Default role"},
	{"R117", "CON SP", "TestR117_noInviteForUserOfSCIM console:TestR117_invitingWhileSCIMIsOn TestBestPractice_noManualInvites", "", ""},
	{"R118", "CON SP", "TestR118_noDuplicates console:TestR118_invitationAndProvisioningMakeOneMember TestBestPractice_noManualInvites", "", ""},
	{"R119", "CON IDP", "console:TestR119_lastCall TestBestPractice_accountForTheCycle", "", "last call, last and next cycle"},
	{"R120", "IDP", "TestBestPractice_monitorPersistentFailures portal:TestProvisioning_quarantine", "", "backoff and quarantine"},
	{"R121", "SP IDP", "TestR121_scimMustBeEnabled TestTroubleshooting_testConnectionFails_scimIsDisabled", "", ""},
	{"R122", "SP", "TestR122_organizationIDMustBeRight TestTroubleshooting_testConnectionFails_wrongTenantURL", "", ""},
	{"R123", "SP", "TestR123_keyStartsWithSCIM TestTroubleshooting_testConnectionFails_formOfTheSecretToken", "", ""},
	{"R124", "SP IDP", "TestR124_noWhiteSpaceAround TestTroubleshooting_testConnectionFails_formOfTheSecretToken TestGuide_Credentials_inThePortal", "", ""},
	{"R125", "SP", "TestR125_noBearerPrefix TestTroubleshooting_testConnectionFails_formOfTheSecretToken", "", ""},
	{"R126", "SP", "TestR126_newPairAfterRotation TestTroubleshooting_testConnectionFails_previousPair", "", ""},
	{"R127", "CON", "console:TestR127_noPermissions TestTroubleshooting_usersWithoutPermissions", "", "members without permissions are flagged"},
	{"R128", "SP", "TestR128_nameMustMatchExactly TestTroubleshooting_usersWithoutPermissions", "", ""},
	{"R129", "CON", "console:TestR129_defaultRole TestTroubleshooting_usersWithoutPermissions", "", "the Default role is shown"},
	{"R130", "IDP", "TestTroubleshooting_notProvisioning_statusScopeAndLicence", "", "off sends nothing"},
	{"R131", "IDP", "TestTroubleshooting_notProvisioning_statusScopeAndLicence", "", "what is not assigned is skipped and logged"},
	{"R132", "IDP", "TestTroubleshooting_notProvisioning_statusScopeAndLicence TestGuide_TurnOn_everyFortyMinutes", "", "40 minutes, or on demand"},
	{"R133", "IDP", "TestTroubleshooting_notProvisioning_statusScopeAndLicence TestGuide_Assign_groupsNeedP1", "", "the licence rule is logged"},
	{"R134", "E2E", "TestR134_inviteThenSCIM TestTroubleshooting_duplicateUser", "", ""},
	{"R135", "E2E", "TestR135_removedThenProvisionedAgain TestTroubleshooting_duplicateUser console:TestR105_removeMember", "", ""},
	{"R136", "SP IDP", "TestR136_unmappedGroupRejected TestTroubleshooting_groupNameMismatch console:TestR136_nameMismatch", "", ""},
	{"R137", "E2E", "TestR137_renameOrMappingRepairs TestTroubleshooting_groupNameMismatch", "", ""},
	{"R138", "E2E", "TestTroubleshooting_deactivationNotPropagated", "", "deactivation with the next cycle"},
	{"R139", "E2E", "TestR139_deactivationIsImmediate TestTroubleshooting_deactivationNotPropagated", "", ""},
	{"R140", "IDP", "TestTroubleshooting_deactivationNotPropagated", "", "a failed disable is logged and retried"},
	{"R141", "IDP", "TestTroubleshooting_rotatedToken", "", "credentials of each application"},
	{"R142", "E2E", "TestTroubleshooting_rotatedToken console:TestR31_rotation", "", "success ends quarantine"},
	{"R143", "CON", "TestTroubleshooting_lostToken console:TestR36_R143_revoke", "", "a lost key is replaced in SCIM Configuration"},
	{"R144", "SP", "TestR144_samlBeforeSCIM TestFAQ_samlBeforeSCIM", "", ""},
	{"R145", "IDP", "TestFAQ_sameApplication", "", "one application for both"},
	{"R146", "SP DOC", "TestR146_bearerIsKeyColonSecret TestFAQ_keyColonSecret docs:operate.md", "", ""},
	{"R147", "SP", "TestR147_visibleOnTheNextRead TestFAQ_howQuickly", "", ""},
	{"R148", "CON", "console:TestR148_contactSupport", "", "Contact support"},
	{"R149", "CON", "console:TestR148_contactSupport TestFAQ_whatSupportAsksFor", "", "the form knows the organization id"},
	{"R150", "CON IDP", "console:TestR148_contactSupport TestFAQ_whatSupportAsksFor TestGuide_Credentials_inThePortal", "", "application name and object id"},
	{"R151", "CON", "console:TestR148_contactSupport", "", "a screenshot is attached"},
	{"X1", "SP", "TestX001_basicBesideBearer", "", ""},
	{"X2", "SP", "TestX002_keyOpensNothingElse", "", ""},
	{"X3", "SP", "TestX003_disconnectingRevokesAndDisables", "", ""},
	{"X4", "SP", "TestX004_verifiedDomains", "", ""},
	{"X5", "SP", "TestX005_listsOnlySCIMUsersAndGroups", "", ""},
	{"X6", "SP", "TestX006_linkFollowsTheGroup console:TestR46_scimGroupField", "", ""},
	{"X7", "CON", "console:TestR42_R45_matchingNamesLink", "", "the column SCIM group"},
	{"X8", "SP", "TestX008_enterpriseExtension", "", ""},
	{"X9", "SP", "TestX009_passwordIsIgnored", "", ""},
	{"X10", "E2E", "TestX010_severalOrganizations TestTroubleshooting_rotatedToken", "", ""},
	{"X11", "SP", "TestX011_importByPages", "", ""},
	{"X12", "CON", "console:TestR23_samlSetup browser:TestGuide", "", "the SAML wizard"},
	{"X13", "E2E", "TestX013_signInBeginsHere signin:TestFinishSAML_idpInitiated", "", "sign-in begins here"},
	{"X14", "E2E", "console:TestSignIn_directLink console:TestSignIn_byEmail console:TestSignIn_byPassword", "", "direct links and e-mail first"},
	{"X15", "CON SP", "console:TestSAML_signInSettings signin:TestFinishSAML_justInTime signin:TestSession_settings", "", "session times, JIT"},
	{"X16", "SP", "TestX016_removingSAMLNeedsAnotherWayIn console:TestSAML_disable", "", ""},
	{"X17", "SP", "TestX017_lastAdmin TestX017_roleInUse", "", ""},
	{"X18", "SP", "", "management API", "permission rules of custom roles"},
	{"X19", "SP", "", "management API", "clients of the cloud API"},
	{"X20", "SP", "", "management API", "activity log for pollers"},
	{"X21", "SP", "TestX021_invitation signin:TestAcceptInvitation_saml console:TestInvitation", "", ""},
	{"X22", "SP", "", "management API", "API keys"},
}

// parts are what a requirement may wait for.
var parts = map[string]string{
	"management API": "the API for programs, its keys and its activity log",
}

// testsOf are the folders of this package and of others whose tests hold requirements.
var testsOf = map[string]string{
	"":        ".",
	"browser": "browser",
	"console": "../web/console",
	"portal":  "../entra/portal",
	"signin":  "../signin",
}

// testNames are the names of the test functions of a folder.
func testNames(t *testing.T, dir string) []string {
	t.Helper()
	entries := must[[]os.DirEntry](t)(os.ReadDir(dir))
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file := must[*ast.File](t)(parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil, parser.SkipObjectResolution))
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// A test of this package is named after the requirement, or after the chapter of the guide that it plays.
var (
	requirementTest = regexp.MustCompile(`^Test[RX][0-9]{3}_`)
	guideTest       = regexp.MustCompile(`^Test(Guide|Troubleshooting|BestPractice|FAQ)_|^TestGuideScript$`)
)

func TestRequirements_noneIsMissing(t *testing.T) {
	t.Parallel()
	names := map[string][]string{}
	for name, dir := range testsOf {
		names[name] = testNames(t, dir)
	}
	listed := map[string]bool{}
	for i, r := range requirements {
		kind, number := r.id[:1], 0
		if _, err := fmt.Sscan(r.id[1:], &number); err != nil {
			t.Fatalf("row %d is called %q", i, r.id)
		}
		if i < 151 && r.id != fmt.Sprintf("R%d", i+1) || i >= 151 && r.id != fmt.Sprintf("X%d", i-150) {
			t.Errorf("row %d is %s", i, r.id)
		}
		for _, test := range strings.Fields(r.tests) {
			of, name, elsewhere := strings.Cut(test, ":")
			if !elsewhere {
				of, name = "", test
			}
			if of == "docs" {
				must[os.FileInfo](t)(os.Stat(filepath.Join("../../docs", name)))
				continue
			}
			if !slices.Contains(names[of], name) {
				t.Errorf("%s: there is no test %s", r.id, test)
			}
			if elsewhere {
				continue
			}
			listed[name] = true
			if prefix := fmt.Sprintf("Test%s%03d_", kind, number); !strings.HasPrefix(name, prefix) && !guideTest.MatchString(name) {
				t.Errorf("%s: %s is not named after it", r.id, name)
			}
		}
		for part := range strings.FieldsFuncSeq(r.waits, func(c rune) bool { return c == ',' }) {
			if parts[strings.TrimSpace(part)] == "" {
				t.Errorf("%s waits for %q", r.id, part)
			}
		}
		if r.tests == "" && (r.says == "" || r.waits == "") {
			t.Errorf("%s has neither a test nor a reason, or does not say what it is", r.id)
		}
		if kind == "R" && (r.tests == "" || r.waits != "") {
			t.Errorf("%s is a sentence of the guide, and nothing holds all of it", r.id)
		}
	}
	if len(requirements) != 151+22 {
		t.Errorf("%d rows, want 151 and 22", len(requirements))
	}
	for _, name := range names[""] {
		if (requirementTest.MatchString(name) || guideTest.MatchString(name)) && !listed[name] {
			t.Errorf("%s is in no row", name)
		}
	}
}

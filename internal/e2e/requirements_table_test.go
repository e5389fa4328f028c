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
// server and identity provider together (E2E). tests are the functions that hold it, here or among those of the console's
// pages. waits names the parts of Rollcall that
// are not there yet and that the rest of it needs; for a requirement without a test, all of it. says is what a requirement is
// about whose tests do not tell by their names. (R13 waits because the command line is the operator's: only the pages have
// callers who might not be allowed.)
var requirements = []struct{ id, where, tests, waits, says string }{
	{"R1", "CON SP", "TestR001_noPreviewFlag", "", ""},
	{"R2", "SP CON", "TestR002_planBelowEnterprise", "console", ""},
	{"R3", "CON", "", "console", "badge leads to the Plans page"},
	{"R4", "SP", "TestR004_lifecycleOfUsersAndGroups", "", ""},
	{"R5", "E2E", "TestR005_assignedUserIsMemberWithRole", "stand-in", ""},
	{"R6", "E2E", "TestR006_profileUpdatesFlow", "stand-in", ""},
	{"R7", "E2E", "TestR007_removalTakesAccess", "stand-in, sign-in", ""},
	{"R8", "E2E", "TestR008_noInvitesNoOrphans", "stand-in, sign-in", ""},
	{"R9", "E2E DOC", "TestGuideScript", "stand-in, sign-in", "the guide from its first line to its last"},
	{"R10", "SP", "TestR010_followsRFC7644", "", ""},
	{"R11", "SP", "TestR011_keyWorksUntilItEnds", "", ""},
	{"R12", "SP DOC", "TestR012_oktaWithHTTPBasic", "guide", ""},
	{"R13", "SP CON", "", "console", "settings, keys and mapping are for organization managers"},
	{"R14", "E2E", "", "stand-in, sign-in", "one SAML sign-in before SCIM"},
	{"R15", "SP", "TestR015_accountOfSCIMHasNoLocalSignIn", "sign-in", ""},
	{"R16", "IDP", "", "stand-in", "who may edit provisioning"},
	{"R17", "CON", "", "console", "custom roles beforehand"},
	{"R18", "IDP", "", "stand-in", "users and groups can be assigned"},
	{"R19", "SP IDP", "TestR019_servesTLS", "stand-in", ""},
	{"R20", "SP", "TestR020_rolesByGroupMembership", "", ""},
	{"R21", "E2E", "", "sign-in", "sign-in through the same connection"},
	{"R22", "E2E", "", "stand-in", "changes arrive with the next cycle"},
	{"R23", "CON", "", "console", "the way to SCIM Configuration"},
	{"R24", "CON SP", "TestR024_switchIsKeptAndRecorded", "console", ""},
	{"R25", "CON SP", "TestR025_lockedUntilSAMLIsConnected", "console", ""},
	{"R26", "CON SP", "TestR026_endpointURL", "console", ""},
	{"R27", "CON IDP", "TestR027_tenantURLAsPasted", "console, stand-in", ""},
	{"R28", "CON SP", "TestR028_expiredFromThatInstant", "console", ""},
	{"R29", "CON", "", "console", "12 months preselected, reminder, warning"},
	{"R30", "SP", "TestR030_atMostTwoActive", "", ""},
	{"R31", "E2E", "TestR031_rotationWithoutDowntime", "stand-in", ""},
	{"R32", "CON", "", "console", "the button Generate new key"},
	{"R33", "CON SP", "TestR033_secretIsShownOnce", "console", ""},
	{"R34", "CON", "", "console", "copy and download of the credentials"},
	{"R35", "SP", "TestR035_secretIsNowhere", "", ""},
	{"R36", "SP CON", "TestR036_revokeWithoutSecretOnAllReplicas", "console", ""},
	{"R37", "CON SP", "TestR037_joinedValueIsReady", "console", ""},
	{"R38", "SP", "TestR038_keyColonSecretWithoutSpaces", "", ""},
	{"R39", "SP IDP", "TestR039_everyPathNeedsTheKey", "stand-in", ""},
	{"R40", "CON", "", "console", "the link Map roles"},
	{"R41", "CON", "", "console", "the same page by the menu"},
	{"R42", "SP", "TestR042_groupsBindByNameInTheirOrganization", "", ""},
	{"R43", "SP CON", "TestR043_systemRolesCannotBeMapped", "console", ""},
	{"R44", "SP CON", "TestR044_customRoleWrapsSystemCapabilities", "console", ""},
	{"R45", "SP", "TestR045_matchingNameLinks", "", ""},
	{"R46", "CON SP", "TestR046_fieldBindsAnotherName", "console", ""},
	{"R47", "SP", "TestR047_unmappedGroupMakesRole", "", ""},
	{"R48", "CON SP", "TestR048_permissionsOfMadeRole", "console", ""},
	{"R49", "IDP", "", "stand-in", "the enterprise application is found"},
	{"R50", "IDP DOC", "", "stand-in, guide", "an application can be made"},
	{"R51", "IDP", "", "stand-in", "one application for SAML and SCIM"},
	{"R52", "IDP", "", "stand-in", "both entries lead to the form"},
	{"R53", "IDP", "", "stand-in", "mode Automatic"},
	{"R54", "IDP", "TestR054_tenantURLIsTheBase", "stand-in", ""},
	{"R55", "IDP", "TestR055_secretTokenAsBearer", "stand-in", ""},
	{"R56", "IDP SP", "TestR056_testConnection", "stand-in", ""},
	{"R57", "IDP DOC", "", "stand-in, guide", "a failed test says why"},
	{"R58", "IDP", "", "stand-in", "credentials are kept and not shown"},
	{"R59", "IDP", "", "stand-in", "two mapping sets after saving"},
	{"R60", "IDP", "", "stand-in", "the mapping table"},
	{"R61", "IDP", "", "stand-in", "userName from userPrincipalName by default"},
	{"R62", "IDP", "", "stand-in", "userName from mail instead"},
	{"R63", "IDP SP", "TestR063_userNameIsTheMatchingAttribute", "stand-in", ""},
	{"R64", "IDP", "", "stand-in", "mappings can be removed"},
	{"R65", "SP", "TestR065_unknownAttributesAreIgnored", "", ""},
	{"R66", "E2E", "", "sign-in", "a userName that is not the SAML address cannot sign in"},
	{"R67", "IDP", "", "stand-in", "any source attribute"},
	{"R68", "IDP", "", "stand-in", "the rows mapped by default"},
	{"R69", "SP IDP", "TestR069_workEmail", "stand-in", ""},
	{"R70", "SP", "TestR070_givenName", "", ""},
	{"R71", "SP", "TestR071_familyName", "", ""},
	{"R72", "SP CON", "TestR072_displayNameIsShown", "console", ""},
	{"R73", "SP IDP", "TestR073_activeDrivesDeactivation", "stand-in", ""},
	{"R74", "IDP SP", "TestR074_groupSendsNameAndMembers", "stand-in", ""},
	{"R75", "SP", "TestR075_addressesAreLowerCase", "", ""},
	{"R76", "E2E", "TestR076_mismatchesAreVisible", "stand-in", ""},
	{"R77", "IDP", "", "stand-in", "scope: assigned only"},
	{"R78", "IDP", "", "stand-in", "nobody else is sent"},
	{"R79", "IDP", "", "stand-in", "nothing runs while it is off"},
	{"R80", "IDP", "", "stand-in", "settings are kept"},
	{"R81", "E2E", "TestR081_assignmentAloneGivesRoles", "stand-in", ""},
	{"R82", "E2E", "TestR082_sameDisplayNameBinds", "stand-in", ""},
	{"R83", "IDP", "", "stand-in", "many groups can be assigned"},
	{"R84", "IDP", "", "stand-in", "members of other groups are not sent"},
	{"R85", "IDP", "", "stand-in", "groups need the licence"},
	{"R86", "SP", "TestR086_groupIsCreatedAndBound", "", ""},
	{"R87", "E2E", "TestR087_viaGroup", "stand-in", ""},
	{"R88", "E2E", "TestR088_directlyHasDefaultRole", "stand-in", ""},
	{"R89", "E2E", "TestR089_onlyTheMembershipChanges", "stand-in", ""},
	{"R90", "IDP", "", "stand-in", "turning on starts the first cycle"},
	{"R91", "IDP", "", "stand-in", "a cycle every 40 minutes"},
	{"R92", "IDP", "", "stand-in", "provision on demand"},
	{"R93", "E2E CON", "", "console, stand-in", "on demand, then Users and roles"},
	{"R94", "E2E", "", "stand-in", "on demand applies a skipped change"},
	{"R95", "E2E", "TestR095_addedToAdmins", "stand-in, console", ""},
	{"R96", "E2E", "", "sign-in, console", "signed in with admin access"},
	{"R97", "E2E", "TestR097_firstNameUpdated", "stand-in, console", ""},
	{"R98", "E2E", "TestR098_movedToReadOnly", "stand-in, sign-in", ""},
	{"R99", "E2E", "TestR099_unassigned", "stand-in", ""},
	{"R100", "E2E", "TestR100_accountDisabled", "stand-in", ""},
	{"R101", "E2E", "", "sign-in", "sign-in fails after the removal"},
	{"R102", "E2E DOC", "", "stand-in", "a script that stops at the first failing step"},
	{"R103", "IDP", "", "stand-in", "provisioning logs in two places"},
	{"R104", "IDP", "", "stand-in", "request, target and verbatim error"},
	{"R105", "CON", "", "console", "age and maker of keys"},
	{"R106", "SP", "TestR106_twoForEachOrganization", "", ""},
	{"R107", "E2E", "TestR107_rotation", "stand-in", ""},
	{"R108", "CON", "", "console", "why a member has a role"},
	{"R109", "CON", "", "console", "members, roles and reasons exported"},
	{"R110", "SP", "TestR110_userCreated", "", ""},
	{"R111", "SP", "TestR111_userDeactivated", "", ""},
	{"R112", "SP", "TestR112_profileUpdated", "", ""},
	{"R113", "SP", "TestR113_everythingElseIsRecorded TestR113_refusedRequestLeavesNoEvent", "", ""},
	{"R114", "CON SP", "TestR114_burst", "console", ""},
	{"R115", "CON SP", "TestR115_defaultRole", "console", ""},
	{"R116", "CON", "", "console", "a restrictive Default role"},
	{"R117", "CON SP", "TestR117_noInviteForUserOfSCIM", "console", ""},
	{"R118", "CON SP", "TestR118_noDuplicates", "console", ""},
	{"R119", "CON IDP", "", "console, stand-in", "last call, last and next cycle"},
	{"R120", "IDP", "", "stand-in", "backoff and quarantine"},
	{"R121", "SP IDP", "TestR121_scimMustBeEnabled", "stand-in", ""},
	{"R122", "SP", "TestR122_organizationIDMustBeRight", "", ""},
	{"R123", "SP", "TestR123_keyStartsWithSCIM", "", ""},
	{"R124", "SP IDP", "TestR124_noWhiteSpaceAround", "stand-in", ""},
	{"R125", "SP", "TestR125_noBearerPrefix", "", ""},
	{"R126", "SP", "TestR126_newPairAfterRotation", "", ""},
	{"R127", "CON", "", "console", "members without permissions are flagged"},
	{"R128", "SP", "TestR128_nameMustMatchExactly", "", ""},
	{"R129", "CON", "", "console", "the Default role is shown"},
	{"R130", "IDP", "", "stand-in", "off sends nothing"},
	{"R131", "IDP", "", "stand-in", "what is not assigned is skipped and logged"},
	{"R132", "IDP", "", "stand-in", "40 minutes, or on demand"},
	{"R133", "IDP", "", "stand-in", "the licence rule is logged"},
	{"R134", "E2E", "TestR134_inviteThenSCIM", "sign-in", ""},
	{"R135", "E2E", "TestR135_removedThenProvisionedAgain", "stand-in, console", ""},
	{"R136", "SP IDP", "TestR136_unmappedGroupRejected", "stand-in", ""},
	{"R137", "E2E", "TestR137_renameOrMappingRepairs", "stand-in", ""},
	{"R138", "E2E", "", "stand-in", "deactivation with the next cycle"},
	{"R139", "E2E", "TestR139_deactivationIsImmediate", "stand-in", ""},
	{"R140", "IDP", "", "stand-in", "a failed disable is logged and retried"},
	{"R141", "IDP", "", "stand-in", "credentials of each application"},
	{"R142", "E2E", "", "stand-in", "success ends quarantine"},
	{"R143", "CON", "", "console", "a lost key is replaced in SCIM Configuration"},
	{"R144", "SP", "TestR144_samlBeforeSCIM", "", ""},
	{"R145", "IDP", "", "stand-in", "one application for both"},
	{"R146", "SP DOC", "TestR146_bearerIsKeyColonSecret", "guide", ""},
	{"R147", "SP", "TestR147_visibleOnTheNextRead", "", ""},
	{"R148", "CON", "TestR148_contactSupport", "", "Contact support"},
	{"R149", "CON", "TestR148_contactSupport", "", "the form knows the organization id"},
	{"R150", "CON IDP", "TestR148_contactSupport", "stand-in", "application name and object id"},
	{"R151", "CON", "TestR148_contactSupport", "", "a screenshot is attached"},
	{"X1", "SP", "TestX001_basicBesideBearer", "", ""},
	{"X2", "SP", "TestX002_keyOpensNothingElse", "", ""},
	{"X3", "SP", "TestX003_disconnectingRevokesAndDisables", "", ""},
	{"X4", "SP", "TestX004_verifiedDomains", "", ""},
	{"X5", "SP", "TestX005_listsOnlySCIMUsersAndGroups", "", ""},
	{"X6", "SP", "TestX006_linkFollowsTheGroup", "console", ""},
	{"X7", "CON", "", "console", "the column SCIM group"},
	{"X8", "SP", "TestX008_enterpriseExtension", "", ""},
	{"X9", "SP", "TestX009_passwordIsIgnored", "", ""},
	{"X10", "E2E", "TestX010_severalOrganizations", "stand-in", ""},
	{"X11", "SP", "TestX011_importByPages", "", ""},
	{"X12", "CON", "", "console", "the SAML wizard"},
	{"X13", "E2E", "", "sign-in", "sign-in begins here"},
	{"X14", "E2E", "", "sign-in", "direct links and e-mail first"},
	{"X15", "CON SP", "", "sign-in, console", "session times, JIT"},
	{"X16", "SP", "TestX016_removingSAMLNeedsAnotherWayIn", "sign-in, console", ""},
	{"X17", "SP", "TestX017_lastAdmin TestX017_roleInUse", "", ""},
	{"X18", "SP", "", "management API", "permission rules of custom roles"},
	{"X19", "SP", "", "management API", "clients of the cloud API"},
	{"X20", "SP", "", "management API", "activity log for pollers"},
	{"X21", "SP", "TestX021_invitation", "sign-in", ""},
	{"X22", "SP", "", "management API", "API keys"},
}

// parts are what a requirement may wait for.
var parts = map[string]string{
	"sign-in":        "SAML sign-in and sessions",
	"console":        "the pages for admins",
	"stand-in":       "the stand-in for Entra ID: its engine, its logs, its portal",
	"guide":          "the written guide",
	"management API": "the API for programs, its keys and its activity log",
}

// consoleTests is where rows may find the tests of single pages.
const consoleTests = "../web/console"

// testNames are the names of the test functions of the package in a folder.
func testNames(t *testing.T, folder string) []string {
	t.Helper()
	entries := must[[]os.DirEntry](t)(os.ReadDir(folder))
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file := must[*ast.File](t)(parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil, parser.SkipObjectResolution))
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

var requirementTest = regexp.MustCompile(`^Test[RX][0-9]{3}_`)

func TestRequirements_noneIsMissing(t *testing.T) {
	t.Parallel()
	names := testNames(t, ".")
	elsewhere := testNames(t, consoleTests)
	listed, named := map[string]bool{}, map[string]bool{}
	for i, r := range requirements {
		kind, number := r.id[:1], 0
		if _, err := fmt.Sscan(r.id[1:], &number); err != nil {
			t.Fatalf("row %d is called %q", i, r.id)
		}
		if i < 151 && r.id != fmt.Sprintf("R%d", i+1) || i >= 151 && r.id != fmt.Sprintf("X%d", i-150) {
			t.Errorf("row %d is %s", i, r.id)
		}
		for _, name := range strings.Fields(r.tests) {
			listed[name] = true
			if !slices.Contains(names, name) && !slices.Contains(elsewhere, name) {
				t.Errorf("%s: there is no test %s", r.id, name)
			}
			named[name] = named[name] || strings.HasPrefix(name, fmt.Sprintf("Test%s%03d_", kind, number)) || name == "TestGuideScript"
		}
		if r.tests == "" && r.waits == "" {
			t.Errorf("%s has neither a test nor a reason", r.id)
		}
		for part := range strings.FieldsFuncSeq(r.waits, func(c rune) bool { return c == ',' }) {
			if parts[strings.TrimSpace(part)] == "" {
				t.Errorf("%s waits for %q", r.id, part)
			}
		}
		if r.tests == "" && r.says == "" {
			t.Errorf("%s does not say what it is", r.id)
		}
	}
	// One test may hold several rows; it has its name from one of them.
	for name := range listed {
		if !named[name] {
			t.Errorf("%s is named after none of its rows", name)
		}
	}
	if len(requirements) != 151+22 {
		t.Errorf("%d rows, want 151 and 22", len(requirements))
	}
	for _, name := range names {
		if requirementTest.MatchString(name) && !listed[name] {
			t.Errorf("%s is in no row", name)
		}
	}
}

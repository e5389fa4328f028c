package faulty_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim/scimclient"
	"github.com/rollcall/rollcall/scim/scimtest"
	"github.com/rollcall/rollcall/scim/scimtest/faulty"
)

const token = "scim_testtesttesttesttest:c2VjcmV0LW9mLXRoZS10ZXN0"

// check runs a profile, or only some of its checks, against a server with
// faults.
func check(t *testing.T, profile scimtest.Profile, only []string, faults ...faulty.Fault) (*scimtest.Report, string) {
	t.Helper()
	srv := httptest.NewServer(faulty.New(token, faults...))
	t.Cleanup(srv.Close)
	var out strings.Builder
	report, err := scimtest.Run(t.Context(), scimtest.Config{
		Client:  &scimclient.Client{BaseURL: srv.URL, Token: token},
		Profile: profile,
		Only:    only,
		Out:     &out,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report, out.String()
}

func TestServer_withoutFault(t *testing.T) {
	t.Parallel()
	for _, profile := range scimtest.Profiles() {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			report, out := check(t, profile, nil)
			if report.Failed != 0 || report.Skipped != 0 || report.Passed != len(scimtest.Checks(profile)) || len(report.LeftBehind) != 0 {
				t.Errorf("%s; left behind %v\n%s", report.Summary(), report.LeftBehind, out)
			}
		})
	}
}

// A server may follow the RFCs and still not suit Entra: the profile RFC must
// not hold that against it.
func TestServer_rightByTheRFC(t *testing.T) {
	t.Parallel()
	report, out := check(t, scimtest.RFC, nil, faulty.ValuePathNoTarget, faulty.UnknownPathRefused, faulty.DottedNamesIgnored,
		faulty.ForeignSchemaRefused, faulty.CapitalOpsIgnored, faulty.NullsAnswered, faulty.DeactivationRemoves, faulty.RemoveAbsentRefused, faulty.SlashesNotFound)
	if report.Failed != 0 {
		t.Errorf("%s\n%s", report.Summary(), out)
	}
}

// found says which checks must find a fault.
var found = map[faulty.Fault]map[scimtest.Profile][]string{
	faulty.CapitalOpsIgnored:    {scimtest.Entra: {"patch.op_case", "patch.string_false"}},
	faulty.StringBooleansKept:   {scimtest.Entra: {"patch.string_false", "patch.string_true"}},
	faulty.DottedNamesIgnored:   {scimtest.Entra: {"patch.dotted_names", "patch.validator.replace"}},
	faulty.URNPathsIgnored:      {scimtest.RFC: {"patch.urn"}, scimtest.Entra: {"patch.extension", "patch.extension_dot", "patch.validator.replace_verbose"}},
	faulty.UnknownPathRefused:   {scimtest.Entra: {"patch.unknown_ignored"}, scimtest.Okta: {"patch.okta_password", "groups.rename.okta"}},
	faulty.ForeignSchemaRefused: {scimtest.Entra: {"groups.create.entra_body", "users.create.unknown_attributes"}},
	faulty.ValuePathNoTarget:    {scimtest.Entra: {"patch.path_creates", "patch.path_creates_one", "patch.primary_string", "patch.validator.add_verbose"}},
	faulty.RemoveValueSets:      {scimtest.Entra: {"patch.remove_with_value"}},
	faulty.NamesCaseSensitive:   {scimtest.RFC: {"users.create.names_any_case"}, scimtest.Entra: {"users.create.names_any_case"}},
	faulty.SlashesNotFound:      {scimtest.Entra: {"request.slashes"}},
	faulty.SemicolonDropsFilter: {scimtest.RFC: {"filter.semicolon"}, scimtest.Entra: {"filter.semicolon"}, scimtest.Okta: {"filter.semicolon"}},
	faulty.AnyToken:             {scimtest.RFC: {"auth.wrong", "auth.altered", "auth.write"}, scimtest.Entra: {"auth.wrong"}, scimtest.Okta: {"auth.wrong"}},
	faulty.PanicOnJSON:          {scimtest.RFC: {"errors.invalid_json", "hostile.deep_json", "hostile.strings"}, scimtest.Entra: {"errors.invalid_json"}},

	faulty.PatchDoesNothing:   {scimtest.RFC: {"patch.replace", "patch.add", "patch.remove"}, scimtest.Entra: {"patch.string_false", "members.add.entra"}, scimtest.Okta: {"patch.okta_active", "members.add"}},
	faulty.PatchNotAtomic:     {scimtest.RFC: {"patch.atomic"}, scimtest.Entra: {"patch.atomic"}},
	faulty.PatchLosesParallel: {scimtest.RFC: {"members.parallel"}, scimtest.Entra: {"members.parallel"}, scimtest.Okta: {"members.parallel"}},
	faulty.DuplicatesAccepted: {scimtest.RFC: {"users.create.duplicate", "users.create.duplicate_case", "users.replace.duplicate", "patch.taken"}, scimtest.Entra: {"users.create.duplicate", "groups.create.duplicate"}, scimtest.Okta: {"users.create.duplicate"}},
	faulty.DuplicateNoType:    {scimtest.RFC: {"users.create.duplicate_type"}, scimtest.Entra: {"users.create.duplicate_type"}, scimtest.Okta: {"users.create.duplicate_type"}},
	faulty.PasswordEchoed:     {scimtest.RFC: {"users.create.password"}, scimtest.Okta: {"users.create.password"}},
	faulty.RenameNotIndexed:   {scimtest.RFC: {"patch.rename", "groups.rename"}, scimtest.Entra: {"patch.rename", "groups.rename", "groups.rename.entra"}, scimtest.Okta: {"patch.rename", "groups.rename.okta"}},
	faulty.PutTakesID:         {scimtest.RFC: {"users.replace.unknown"}},

	faulty.FirstMemberOnly:       {scimtest.RFC: {"members.add_many"}, scimtest.Entra: {"members.add_many", "members.add.several"}, scimtest.Okta: {"members.add_many", "members.replace"}},
	faulty.RemoveListEmpties:     {scimtest.Entra: {"members.remove.list", "members.remove.absent"}},
	faulty.PostDropsMembers:      {scimtest.RFC: {"groups.create.members"}, scimtest.Entra: {"groups.create.members"}, scimtest.Okta: {"groups.create.members"}},
	faulty.PutDropsMembers:       {scimtest.RFC: {"groups.replace", "groups.replace.empty"}, scimtest.Okta: {"groups.replace.okta"}},
	faulty.MembersDoubled:        {scimtest.RFC: {"members.add_twice"}, scimtest.Entra: {"members.add_twice"}, scimtest.Okta: {"members.add_twice"}},
	faulty.MembersHidden:         {scimtest.RFC: {"members.shape"}, scimtest.Entra: {"members.shape"}, scimtest.Okta: {"members.shape"}},
	faulty.RemoveAbsentRefused:   {scimtest.Entra: {"members.remove.absent"}, scimtest.Okta: {"members.remove.absent"}},
	faulty.DeactivationRemoves:   {scimtest.Entra: {"users.deactivate.memberships"}},
	faulty.DeletedStaysMember:    {scimtest.Entra: {"users.delete.memberships"}, scimtest.Okta: {"users.delete.memberships"}},
	faulty.UserPutClearsGroups:   {scimtest.RFC: {"users.replace.memberships"}, scimtest.Okta: {"users.replace.memberships"}},
	faulty.UnknownMemberDropsAll: {scimtest.RFC: {"members.unknown"}, scimtest.Entra: {"members.unknown"}, scimtest.Okta: {"members.unknown"}},

	faulty.FilterIgnored:         {scimtest.RFC: {"filter.eq", "list.empty"}, scimtest.Entra: {"list.empty", "filter.group_name"}, scimtest.Okta: {"list.empty"}},
	faulty.UnknownFilterListsAll: {scimtest.RFC: {"filter.invalid", "filter.invalid_operator", "filter.unknown_attribute"}, scimtest.Entra: {"filter.unknown_attribute"}, scimtest.Okta: {"filter.unknown_attribute"}},
	faulty.FilterPanics:          {scimtest.RFC: {"filter.invalid", "filter.deep"}, scimtest.Entra: {"filter.invalid"}, scimtest.Okta: {"filter.invalid"}},
	faulty.NameCaseSensitive:     {scimtest.RFC: {"filter.eq_value_case"}, scimtest.Entra: {"filter.eq_value_case"}, scimtest.Okta: {"filter.upper_case"}},
	faulty.ExternalIDAsUserName:  {scimtest.RFC: {"filter.external_id"}, scimtest.Entra: {"filter.external_id", "filter.unquoted"}, scimtest.Okta: {"filter.external_id"}},
	faulty.OrBeforeAnd:           {scimtest.RFC: {"filter.precedence"}},
	faulty.NoMatchIsNotFound:     {scimtest.RFC: {"list.empty"}, scimtest.Entra: {"list.empty", "filter.test_connection"}, scimtest.Okta: {"list.empty"}},
	faulty.DeactivatedHidden:     {scimtest.RFC: {"users.create.inactive"}, scimtest.Entra: {"users.deactivate.readable", "users.deactivate.restore"}, scimtest.Okta: {"users.deactivate.readable"}},
	faulty.SortIgnored:           {scimtest.RFC: {"sort.descending", "sort.default", "sort.pages", "search.sort"}},

	faulty.PageLimitTen:      {scimtest.RFC: {"list.count"}, scimtest.Okta: {"list.hundred"}},
	faulty.StartIndexZero:    {scimtest.RFC: {"list.pages"}, scimtest.Entra: {"filter.eq"}, scimtest.Okta: {"list.hundred", "list.filter_with_page"}},
	faulty.OffsetTimesCount:  {scimtest.RFC: {"list.pages", "list.halves"}, scimtest.Entra: {"list.halves", "list.group_pages"}, scimtest.Okta: {"list.halves"}},
	faulty.TotalIsPageLength: {scimtest.RFC: {"list.total"}},
	faulty.CursorRestarts:    {scimtest.RFC: {"cursor.pages", "cursor.search"}},
	faulty.CursorUnchecked:   {scimtest.RFC: {"cursor.invalid"}},

	faulty.ResourcesLowerCase:  {scimtest.RFC: {"list.resources", "list.shape"}, scimtest.Entra: {"list.resources", "list.empty_array"}, scimtest.Okta: {"list.resources", "list.first_user"}},
	faulty.ExcludedIgnored:     {scimtest.RFC: {"projection.excluded", "projection.members"}, scimtest.Entra: {"projection.members", "projection.members_list"}},
	faulty.JSONOnly:            {scimtest.RFC: {"request.media_type", "errors.media_type"}, scimtest.Entra: {"request.media_type", "discovery.media_type"}},
	faulty.NoLocation:          {scimtest.RFC: {"users.create.location", "groups.create.location"}},
	faulty.PostIs200:           {scimtest.RFC: {"users.create.status", "groups.create.status"}, scimtest.Entra: {"users.create.status"}, scimtest.Okta: {"users.create.status"}},
	faulty.DeleteAnswersBody:   {scimtest.RFC: {"users.delete.status", "groups.delete"}, scimtest.Entra: {"users.delete.status"}, scimtest.Okta: {"users.delete.status"}},
	faulty.DeleteTwice:         {scimtest.RFC: {"users.delete.twice", "groups.delete.twice"}, scimtest.Entra: {"users.delete.twice"}},
	faulty.UnknownIs200:        {scimtest.RFC: {"users.get.unknown", "users.delete.gone"}, scimtest.Entra: {"users.get.unknown"}, scimtest.Okta: {"users.get.okta_unknown"}},
	faulty.NotFoundIs400:       {scimtest.RFC: {"patch.unknown", "users.delete.twice"}, scimtest.Entra: {"patch.unknown"}, scimtest.Okta: {"users.delete.gone"}},
	faulty.ErrorStatusNumber:   {scimtest.RFC: {"errors.status_text"}, scimtest.Okta: {"auth.non_token", "users.get.okta_unknown"}},
	faulty.NoChallenge:         {scimtest.RFC: {"auth.challenge"}},
	faulty.ManagerAsText:       {scimtest.Entra: {"users.create.manager", "patch.manager.object"}},
	faulty.NullsAnswered:       {scimtest.Entra: {"users.create.no_nulls"}},
	faulty.IfMatchIgnored:      {scimtest.RFC: {"etag.stale_put", "etag.stale_patch", "etag.stale_delete", "etag.group"}},
	faulty.ETagConstant:        {scimtest.RFC: {"etag.changes", "etag.none_match"}},
	faulty.BulkReferencesKept:  {scimtest.RFC: {"bulk.reference", "bulk.circular"}},
	faulty.NoServiceConfig:     {scimtest.RFC: {"discovery.config.get"}, scimtest.Entra: {"discovery.config.needed"}, scimtest.Okta: {"discovery.config.needed"}},
	faulty.SchemasWithoutGroup: {scimtest.RFC: {"discovery.schemas.list", "discovery.schemas.agree"}, scimtest.Entra: {"discovery.schemas.mapped"}},
}

func TestServer_everyFaultIsFound(t *testing.T) {
	t.Parallel()
	for _, fault := range faulty.Faults() {
		if len(found[fault]) == 0 {
			t.Errorf("no check is named for the fault %s", fault)
		}
		for profile, ids := range found[fault] {
			t.Run(string(fault)+"/"+string(profile), func(t *testing.T) {
				t.Parallel()
				report, out := check(t, profile, ids, fault)
				failed := []string{}
				for _, result := range report.Results {
					if result.Status == scimtest.Failed {
						failed = append(failed, result.ID)
						if len(result.Exchanges) == 0 || result.Problem == "" {
							t.Errorf("%s failed without a problem and an exchange to show", result.ID)
						}
					}
				}
				for _, id := range ids {
					if !slices.Contains(failed, id) {
						t.Errorf("check %s did not find the fault:\n%s", id, out)
					}
				}
			})
		}
	}
	if len(found) != len(faulty.Faults()) {
		t.Errorf("%d faults have checks, %d exist", len(found), len(faulty.Faults()))
	}
}

// A fault must be found however the run goes, and never end it: the report has
// every check and nothing of the run is left on the server.
func TestServer_wholeRunWithFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range []faulty.Fault{faulty.NotFoundIs400, faulty.FilterIgnored, faulty.ResourcesLowerCase, faulty.NoServiceConfig, faulty.DeactivatedHidden} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			report, _ := check(t, scimtest.RFC, nil, fault)
			if len(report.Results) != len(scimtest.Checks(scimtest.RFC)) || report.Failed == 0 || report.Skipped != 0 || len(report.LeftBehind) != 0 {
				t.Errorf("%d results: %s; left behind %v", len(report.Results), report.Summary(), report.LeftBehind)
			}
		})
	}
}

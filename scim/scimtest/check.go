package scimtest

import "slices"

// check is one check. Its run function returns normally when the server is
// right and calls one of the failing methods of T when it is not.
type check struct {
	id    string
	in    []Profile
	src   string
	needs feature
	says  string
	run   func(t *T)
}

func (c check) info() CheckInfo {
	return CheckInfo{ID: c.id, Says: c.says, Source: c.src, Profiles: c.in, Needs: string(c.needs)}
}

// The profile lists of checks.
var (
	inAll       = []Profile{RFC, Entra, Okta}
	inRFC       = []Profile{RFC}
	inRFCEntra  = []Profile{RFC, Entra}
	inRFCOkta   = []Profile{RFC, Okta}
	inEntra     = []Profile{Entra}
	inOkta      = []Profile{Okta}
	inEntraOkta = []Profile{Entra, Okta}
)

// feature is an optional feature that a ServiceProviderConfig declares (RFC
// 7643 section 5, RFC 9865 section 4).
type feature string

const (
	patchFeature  feature = "patch"
	filterFeature feature = "filter"
	sortFeature   feature = "sort"
	etagFeature   feature = "etag"
	bulkFeature   feature = "bulk"
	cursorFeature feature = "cursor"
)

// Sources of checks.
const (
	entraSCIM      = "Microsoft Entra docs, use-scim-to-provision-users-and-groups"
	entraCompat    = "Microsoft Entra docs, application-provisioning-config-problem-scim-compatibility"
	entraCustomize = "Microsoft Entra docs, customize-application-attributes"
	entraIssues    = "Microsoft Entra docs, known-issues"
	entraValidator = "Microsoft Entra SCIM Validator"
	entraGallery   = "Microsoft gallery validation (SCIMReferenceCode, SCIM-Validation-Test-Overview)"
	entraPostman   = "Microsoft SCIMReferenceCode, PostmanCollection"
	oktaSCIM       = "Okta SCIM 2.0 reference"
	oktaSpec       = "Okta SCIM 2.0 SPEC test"
)

// allChecks lists every check in the order of a run: discovery and
// authentication first, then reading, then writing, then hostile input.
func allChecks() []check {
	return slices.Concat(
		discoveryChecks(),
		discoveryClientChecks(),
		authChecks(),
		userCreateChecks(),
		userCreateClientChecks(),
		userReplaceChecks(),
		userDeleteChecks(),
		requestChecks(),
		listChecks(),
		listClientChecks(),
		cursorChecks(),
		sortChecks(),
		filterChecks(),
		filterLogicChecks(),
		filterBadChecks(),
		filterClientChecks(),
		projectionChecks(),
		etagChecks(),
		patchChecks(),
		patchErrorChecks(),
		patchEntraChecks(),
		patchManagerChecks(),
		patchClientChecks(),
		groupChecks(),
		groupClientChecks(),
		memberChecks(),
		memberFormChecks(),
		searchChecks(),
		bulkChecks(),
		errorChecks(),
		hostileChecks(),
	)
}

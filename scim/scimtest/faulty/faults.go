package faulty

// Fault is a way in which a server is wrong. Each is named after what it does,
// and each has been seen in a real SCIM server.
type Fault string

// The faults.
const (
	// Reading the request.
	CapitalOpsIgnored    Fault = "capital-ops-ignored"    // Add, Replace and Remove are answered 2xx and do nothing
	StringBooleansKept   Fault = "string-booleans-kept"   // active "False" is stored as text
	DottedNamesIgnored   Fault = "dotted-names-ignored"   // name.givenName in a value without a path does nothing
	URNPathsIgnored      Fault = "urn-paths-ignored"      // paths with a schema URI do nothing
	UnknownPathRefused   Fault = "unknown-path-refused"   // one unknown attribute makes the whole PATCH 400
	ForeignSchemaRefused Fault = "foreign-schema-refused" // a schema URI that is not the server's own is 400
	ValuePathNoTarget    Fault = "value-path-no-target"   // a value path that selects nothing is 400 noTarget
	RemoveValueSets      Fault = "remove-value-sets"      // a remove that carries a value sets it
	NamesCaseSensitive   Fault = "names-case-sensitive"   // USERNAME is not userName
	SlashesNotFound      Fault = "slashes-not-found"      // //Users and /Users/ are 404
	SemicolonDropsFilter Fault = "semicolon-drops-filter" // a raw semicolon makes the filter vanish
	AnyToken             Fault = "any-token"              // every bearer token is right
	PanicOnJSON          Fault = "panic-on-json"          // broken JSON is 500

	// Writing.
	PatchDoesNothing   Fault = "patch-does-nothing"   // PATCH is 2xx and changes nothing
	PatchNotAtomic     Fault = "patch-not-atomic"     // what came before the failed operation stays
	PatchLosesParallel Fault = "patch-loses-parallel" // of two PATCHes at a time one loses its members
	DuplicatesAccepted Fault = "duplicates-accepted"  // a taken userName is 201
	DuplicateNoType    Fault = "duplicate-no-type"    // the 409 has no scimType
	PasswordEchoed     Fault = "password-echoed"      // the password is kept and returned
	RenameNotIndexed   Fault = "rename-not-indexed"   // filters know the first name only
	PutTakesID         Fault = "put-takes-id"         // PUT of an unknown id creates

	// Members.
	FirstMemberOnly       Fault = "first-member-only"        // of several members one is added
	RemoveListEmpties     Fault = "remove-list-empties"      // a remove with values removes all members
	PostDropsMembers      Fault = "post-drops-members"       // members of a POST are lost
	PutDropsMembers       Fault = "put-drops-members"        // members of a PUT are lost
	MembersDoubled        Fault = "members-doubled"          // a member added again is listed twice
	MembersHidden         Fault = "members-hidden"           // groups are always answered with members []
	RemoveAbsentRefused   Fault = "remove-absent-refused"    // removing who is no member is 400
	DeactivationRemoves   Fault = "deactivation-removes"     // a deactivated user leaves his groups
	DeletedStaysMember    Fault = "deleted-stays-member"     // a deleted user stays in his groups
	UserPutClearsGroups   Fault = "user-put-clears-groups"   // PUT of a user takes him out of his groups
	UnknownMemberDropsAll Fault = "unknown-member-drops-all" // an unknown id in an add is 2xx and nobody is added

	// Finding.
	FilterIgnored         Fault = "filter-ignored"           // every filter lists everybody
	UnknownFilterListsAll Fault = "unknown-filter-lists-all" // what is no filter lists everybody
	FilterPanics          Fault = "filter-panics"            // what is no filter is 500
	NameCaseSensitive     Fault = "name-case-sensitive"      // userName eq regards case
	ExternalIDAsUserName  Fault = "external-id-as-user-name" // externalId eq looks at userName
	OrBeforeAnd           Fault = "or-before-and"            // or binds closer than and
	NoMatchIsNotFound     Fault = "no-match-is-not-found"    // a filter without matches is 404
	DeactivatedHidden     Fault = "deactivated-hidden"       // inactive users are 404 and not found
	SortIgnored           Fault = "sort-ignored"             // sortBy does nothing

	// Paging.
	PageLimitTen      Fault = "page-limit-ten"       // a page has ten resources, whatever count says
	StartIndexZero    Fault = "start-index-zero"     // startIndex counts from 0
	OffsetTimesCount  Fault = "offset-times-count"   // the page begins at (startIndex-1)*count
	TotalIsPageLength Fault = "total-is-page-length" // totalResults counts the page
	CursorRestarts    Fault = "cursor-restarts"      // nextCursor leads to the first page again
	CursorUnchecked   Fault = "cursor-unchecked"     // a wrong cursor gives the first page

	// Answering.
	ResourcesLowerCase  Fault = "resources-lower-case"  // the member is called resources
	ExcludedIgnored     Fault = "excluded-ignored"      // excludedAttributes does nothing
	JSONOnly            Fault = "json-only"             // answers are application/json
	NoLocation          Fault = "no-location"           // 201 without Location
	PostIs200           Fault = "post-is-200"           // a new resource is 200
	DeleteAnswersBody   Fault = "delete-answers-body"   // DELETE is 200 with a body
	DeleteTwice         Fault = "delete-twice"          // deleting what is gone is 204
	UnknownIs200        Fault = "unknown-is-200"        // an unknown id is 200 {}
	NotFoundIs400       Fault = "not-found-is-400"      // an unknown id is 400 in PATCH and DELETE
	ErrorStatusNumber   Fault = "error-status-number"   // status of an error is a number
	NoChallenge         Fault = "no-challenge"          // 401 without WWW-Authenticate
	ManagerAsText       Fault = "manager-as-text"       // manager is answered as text
	NullsAnswered       Fault = "nulls-answered"        // absent attributes are answered as null
	IfMatchIgnored      Fault = "if-match-ignored"      // a stale If-Match is carried out
	ETagConstant        Fault = "etag-constant"         // the ETag never changes
	BulkReferencesKept  Fault = "bulk-references-kept"  // bulkId:x is stored as it is
	NoServiceConfig     Fault = "no-service-config"     // /ServiceProviderConfig is 404
	SchemasWithoutGroup Fault = "schemas-without-group" // /Schemas lacks the Group schema
)

// Faults lists the faults.
func Faults() []Fault {
	return []Fault{
		CapitalOpsIgnored, StringBooleansKept, DottedNamesIgnored, URNPathsIgnored, UnknownPathRefused, ForeignSchemaRefused,
		ValuePathNoTarget, RemoveValueSets, NamesCaseSensitive, SlashesNotFound, SemicolonDropsFilter, AnyToken, PanicOnJSON,
		PatchDoesNothing, PatchNotAtomic, PatchLosesParallel, DuplicatesAccepted, DuplicateNoType, PasswordEchoed, RenameNotIndexed, PutTakesID,
		FirstMemberOnly, RemoveListEmpties, PostDropsMembers, PutDropsMembers, MembersDoubled, MembersHidden, RemoveAbsentRefused,
		DeactivationRemoves, DeletedStaysMember, UserPutClearsGroups, UnknownMemberDropsAll,
		FilterIgnored, UnknownFilterListsAll, FilterPanics, NameCaseSensitive, ExternalIDAsUserName, OrBeforeAnd, NoMatchIsNotFound, DeactivatedHidden, SortIgnored,
		PageLimitTen, StartIndexZero, OffsetTimesCount, TotalIsPageLength, CursorRestarts, CursorUnchecked,
		ResourcesLowerCase, ExcludedIgnored, JSONOnly, NoLocation, PostIs200, DeleteAnswersBody, DeleteTwice, UnknownIs200, NotFoundIs400, ErrorStatusNumber,
		NoChallenge, ManagerAsText, NullsAnswered, IfMatchIgnored, ETagConstant, BulkReferencesKept, NoServiceConfig, SchemasWithoutGroup,
	}
}

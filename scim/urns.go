package scim

// Schema URNs of RFC 7643 sections 4 to 7 and message URNs of RFC 7644
// section 8.2.
const (
	UserURN                  = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN                 = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURN        = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	SchemaURN                = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	ResourceTypeURN          = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	ServiceProviderConfigURN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"

	ListResponseURN  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	SearchRequestURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	PatchOpURN       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	BulkRequestURN   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	BulkResponseURN  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	ErrorURN         = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// MediaType is the content type of every SCIM request and answer
// (RFC 7644 section 8.1).
const MediaType = "application/scim+json"

// Limits of the protocol layer. Each is named in the error that a request
// beyond it gets, and those that a client can adapt to are advertised in the
// ServiceProviderConfig.
const (
	MaxDepth           = 32       // nesting of JSON values in a body
	MaxBodyBytes       = 1 << 20  // body of any request but those to a group
	MaxGroupBodyBytes  = 10 << 20 // body of a request to a group: 100,000 members are about 5 MiB
	MaxStringBytes     = 64 << 10 // one string value of a resource
	MaxResourceBytes   = 1 << 20  // one resource after a PATCH, members not counted
	MaxListValues      = 1000     // values of one multi-valued attribute, group members excepted
	MaxGroupMembers    = 200_000  // members in the body of a POST or PUT of a group
	MaxPatchMembers    = 10_000   // member ids in one PATCH
	MaxPatchOperations = 10_000   // operations in one PATCH: clients that send one operation per member need as many as members
	MaxFilterBytes     = 16 << 10 // a filter expression
	MaxFilterDepth     = 32       // nesting of parentheses, "not" and brackets in a filter
	MaxFilterTerms     = 100      // comparisons in a filter
	MaxPageSize        = 1000     // resources in one list answer
	DefaultPageSize    = 100      // resources in one list answer when the client names no count
	MaxBulkOperations  = 1000     // operations in one bulk request
)

package scim

// Group is the core Group (RFC 7643 section 4.2). Its members are users of the
// same organization, told by id; display, $ref and type are the server's, what
// a client sends for them is ignored.
//
// A group document of this package is without its members: they can be many,
// so callers keep them apart and use [TakeMembers] and [Patch.SplitMembers].
var Group = &ResourceType{
	Name:        "Group",
	Endpoint:    "/Groups",
	Description: "Group",
	Schema: &Schema{
		ID:          GroupURN,
		Name:        "Group",
		Description: "Group",
		Attributes: []Attribute{
			externalIDAttribute,
			{Name: "displayName", Type: TypeString, Required: true, Uniqueness: UniqueServer,
				Description: "The name of the group, unique without regard to ASCII case."},
			{Name: "members", Type: TypeComplex, MultiValued: true, apart: true, Description: "The users in the group.", SubAttributes: []Attribute{
				{Name: "value", Type: TypeString, CaseExact: true, Mutability: Immutable, Description: "The id of the user."},
				{Name: "$ref", Type: TypeReference, CaseExact: true, Mutability: ReadOnly, ReferenceTypes: []string{"User"}, Description: "The address of the user."},
				{Name: "display", Type: TypeString, Mutability: ReadOnly, Description: "The name of the user."},
				{Name: "type", Type: TypeString, Mutability: ReadOnly, CanonicalValues: []string{"User"}, Description: "Always User."},
			}},
		},
	},
}

package scim

// User is the core User with the enterprise extension: every attribute of
// RFC 7643 sections 4.1 and 4.3 except password, which is never stored. groups
// is read-only and computed by the server from the groups' members.
var User = &ResourceType{
	Name:        "User",
	Endpoint:    "/Users",
	Description: "User Account",
	Schema: &Schema{
		ID:          UserURN,
		Name:        "User",
		Description: "User Account",
		Attributes:  userAttributes,
	},
	Extensions: []*Schema{enterpriseUser},
}

var externalIDAttribute = Attribute{Name: "externalId", Type: TypeString, CaseExact: true,
	Description: "The identifier of the resource in the client's own directory, stored and answered as sent. It need not be unique."}

var userAttributes = []Attribute{
	externalIDAttribute,
	{Name: "userName", Type: TypeString, Required: true, Uniqueness: UniqueServer,
		Description: "The unique name of the user, compared without regard to ASCII case. It is the sign-in address when it is an e-mail address."},
	{Name: "name", Type: TypeComplex, Description: "The components of the user's name.", SubAttributes: []Attribute{
		{Name: "formatted", Type: TypeString, Description: "The full name, formatted for display."},
		{Name: "familyName", Type: TypeString, Description: "The family name, or last name."},
		{Name: "givenName", Type: TypeString, Description: "The given name, or first name."},
		{Name: "middleName", Type: TypeString, Description: "The middle name or names."},
		{Name: "honorificPrefix", Type: TypeString, Description: "The title before the name, for example Dr."},
		{Name: "honorificSuffix", Type: TypeString, Description: "What follows the name, for example III."},
	}},
	{Name: "displayName", Type: TypeString, Description: "The name of the user, suitable for display."},
	{Name: "nickName", Type: TypeString, Description: "The casual way to address the user."},
	{Name: "profileUrl", Type: TypeReference, CaseExact: true, ReferenceTypes: []string{"external"},
		Description: "The address of the user's online profile."},
	{Name: "title", Type: TypeString, Description: "The user's title, for example Vice President."},
	{Name: "userType", Type: TypeString, Description: "The relationship between organization and user, for example Employee."},
	{Name: "preferredLanguage", Type: TypeString, Description: "The preferred written or spoken language, as in an Accept-Language header."},
	{Name: "locale", Type: TypeString, Description: "The default location for currency, date and number formats, for example en-US."},
	{Name: "timezone", Type: TypeString, Description: "The time zone in the IANA form, for example America/Los_Angeles."},
	{Name: "active", Type: TypeBoolean, constant: true,
		Description: "Whether the user may sign in. false removes the member and keeps the SCIM user."},
	plural("emails", "E-mail addresses of the user.", TypeString, false, true, "work", "home", "other"),
	plural("phoneNumbers", "Phone numbers of the user.", TypeString, false, false, "work", "home", "mobile", "fax", "pager", "other"),
	plural("ims", "Instant messaging addresses of the user.", TypeString, false, false, "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
	plural("photos", "Addresses of photos of the user.", TypeReference, true, false, "photo", "thumbnail"),
	{Name: "addresses", Type: TypeComplex, MultiValued: true, Description: "Physical mailing addresses of the user.", SubAttributes: []Attribute{
		{Name: "formatted", Type: TypeString, Description: "The full address, formatted for display; it may contain line breaks."},
		{Name: "streetAddress", Type: TypeString, Description: "Street, house number, post office box."},
		{Name: "locality", Type: TypeString, Description: "The city or locality."},
		{Name: "region", Type: TypeString, Description: "The state or region."},
		{Name: "postalCode", Type: TypeString, Description: "The zip or postal code."},
		{Name: "country", Type: TypeString, Description: "The country."},
		{Name: "type", Type: TypeString, CanonicalValues: []string{"work", "home", "other"}, Description: "The kind of address."},
		// Part of RFC 7643 section 2.4, but not of the schema in section 8.7.1
		// that clients compare with.
		{Name: "primary", Type: TypeBoolean, Description: "Whether this is the preferred address.", hidden: true},
	}},
	{Name: "groups", Type: TypeComplex, MultiValued: true, Mutability: ReadOnly,
		Description: "The groups that the user is a direct member of. Change the members of a group to change it.", SubAttributes: []Attribute{
			{Name: "value", Type: TypeString, CaseExact: true, Mutability: ReadOnly, Description: "The id of the group."},
			{Name: "$ref", Type: TypeReference, CaseExact: true, Mutability: ReadOnly, ReferenceTypes: []string{"Group"}, Description: "The address of the group."},
			{Name: "display", Type: TypeString, Mutability: ReadOnly, Description: "The displayName of the group."},
			{Name: "type", Type: TypeString, Mutability: ReadOnly, CanonicalValues: []string{"direct"}, Description: "Always direct: groups have no groups as members."},
		}},
	plural("entitlements", "Entitlements of the user, stored as sent. They grant nothing here.", TypeString, false, false),
	plural("roles", "Roles of the user, stored as sent. They grant nothing here: roles follow from groups.", TypeString, false, false),
	plural("x509Certificates", "X.509 certificates of the user, DER in base64.", TypeBinary, true, false),
}

// plural is a multi-valued attribute with the sub-attributes of RFC 7643
// section 2.4: value, display, type and primary.
func plural(name, description, valueType string, caseExact, hideDisplay bool, types ...string) Attribute {
	value := Attribute{Name: "value", Type: valueType, CaseExact: caseExact, Description: "The value itself."}
	if valueType == TypeReference {
		value.ReferenceTypes = []string{"external"}
	}
	return Attribute{Name: name, Type: TypeComplex, MultiValued: true, Description: description, SubAttributes: []Attribute{
		value,
		// Entra's schema test refuses a server that lists emails.display, so it
		// is stored and answered without being advertised (Q28).
		{Name: "display", Type: TypeString, Description: "The value in a form for people.", hidden: hideDisplay},
		{Name: "type", Type: TypeString, CanonicalValues: types, Description: "What the value is for."},
		{Name: "primary", Type: TypeBoolean, Description: "Whether this is the preferred value; at most one is."},
	}}
}

// enterpriseUser is the extension of RFC 7643 section 4.3. manager.displayName
// is writable here, since clients send it and the server has nothing better;
// manager.$ref is not stored, because the address that a client sends is its
// own idea of ours.
var enterpriseUser = &Schema{
	ID:          EnterpriseUserURN,
	Name:        "EnterpriseUser",
	Description: "Enterprise User",
	Attributes: []Attribute{
		{Name: "employeeNumber", Type: TypeString, Description: "The number or code that the organization gave the user."},
		{Name: "costCenter", Type: TypeString, Description: "The name of the cost center."},
		{Name: "organization", Type: TypeString, Description: "The name of the organization."},
		{Name: "division", Type: TypeString, Description: "The name of the division."},
		{Name: "department", Type: TypeString, Description: "The name of the department."},
		{Name: "manager", Type: TypeComplex, Description: "The user's manager.", SubAttributes: []Attribute{
			{Name: "value", Type: TypeString, CaseExact: true, Description: "The id of the manager, stored as sent."},
			{Name: "displayName", Type: TypeString, Description: "The name of the manager, as sent."},
		}},
	},
}

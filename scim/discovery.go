package scim

// The discovery documents of RFC 7643 sections 5 to 7. They are the same for
// every caller but for the base URL in their locations, which has no slash at
// its end. Only what is stored is advertised.

// ServiceProviderConfig says which parts of the protocol are supported
// (RFC 7643 section 5; pagination is that of RFC 9865).
func ServiceProviderConfig(base string) Object {
	supported := func(yes bool) Object { return Object{"supported": yes} }
	return Object{
		"schemas":        []any{ServiceProviderConfigURN},
		"patch":          supported(true),
		"bulk":           Object{"supported": true, "maxOperations": MaxBulkOperations, "maxPayloadSize": MaxBodyBytes},
		"filter":         Object{"supported": true, "maxResults": MaxPageSize},
		"changePassword": supported(false),
		"sort":           supported(true),
		"etag":           supported(true),
		"pagination": Object{
			"cursor": true, "index": true, "defaultPaginationMethod": "index",
			"defaultPageSize": DefaultPageSize, "maxPageSize": MaxPageSize,
		},
		"authenticationSchemes": []any{
			Object{
				"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
				"description": "A SCIM key and its secret as key:secret in the Authorization header.",
				"specUri":     "https://www.rfc-editor.org/info/rfc6750",
			},
			Object{
				"type": "httpbasic", "name": "HTTP Basic", "primary": false,
				"description": "The SCIM key as user name and its secret as password.",
				"specUri":     "https://www.rfc-editor.org/info/rfc7617",
			},
		},
		"meta": Object{"resourceType": "ServiceProviderConfig", "location": base + "/ServiceProviderConfig"},
	}
}

// ResourceTypes returns the documents of /ResourceTypes (RFC 7643 section 6).
func ResourceTypes(base string) []Object {
	var out []Object
	for _, rt := range [...]*ResourceType{User, Group} {
		o := Object{
			"schemas":     []any{ResourceTypeURN},
			"id":          rt.Name,
			"name":        rt.Name,
			"endpoint":    rt.Endpoint,
			"description": rt.Description,
			"schema":      rt.Schema.ID,
			"meta":        Object{"resourceType": "ResourceType", "location": base + "/ResourceTypes/" + rt.Name},
		}
		if len(rt.Extensions) > 0 {
			list := make([]any, len(rt.Extensions))
			for i, ext := range rt.Extensions {
				list[i] = Object{"schema": ext.ID, "required": false}
			}
			o["schemaExtensions"] = list
		}
		out = append(out, o)
	}
	return out
}

// SchemaDocs returns the documents of /Schemas (RFC 7643 section 7).
func SchemaDocs(base string) []Object {
	var out []Object
	for _, rt := range [...]*ResourceType{User, Group} {
		for _, s := range append([]*Schema{rt.Schema}, rt.Extensions...) {
			out = append(out, Object{
				"schemas":     []any{SchemaURN},
				"id":          s.ID,
				"name":        s.Name,
				"description": s.Description,
				"attributes":  attributeDocs(s.Attributes),
				"meta":        Object{"resourceType": "Schema", "location": base + "/Schemas/" + s.ID},
			})
		}
	}
	return out
}

func attributeDocs(list []Attribute) []any {
	out := make([]any, 0, len(list))
	for i := range list {
		if !list[i].hidden {
			out = append(out, list[i].doc())
		}
	}
	return out
}

func (a *Attribute) doc() Object {
	o := Object{
		"name":        a.Name,
		"type":        a.Type,
		"multiValued": a.MultiValued,
		"description": a.Description,
		"required":    a.Required,
		"mutability":  or(a.Mutability, ReadWrite),
		"returned":    or(a.Returned, ReturnedDefault),
	}
	switch a.Type {
	case TypeComplex:
		o["subAttributes"] = attributeDocs(a.SubAttributes)
	case TypeBoolean:
	default:
		o["caseExact"] = a.CaseExact
		o["uniqueness"] = or(a.Uniqueness, UniqueNone)
	}
	if len(a.CanonicalValues) > 0 {
		o["canonicalValues"] = words(a.CanonicalValues)
	}
	if len(a.ReferenceTypes) > 0 {
		o["referenceTypes"] = words(a.ReferenceTypes)
	}
	return o
}

func or(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return word
}

func words(list []string) []any {
	out := make([]any, len(list))
	for i, w := range list {
		out[i] = w
	}
	return out
}

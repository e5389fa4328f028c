package scim

// Attribute types (RFC 7643 section 2.3).
const (
	TypeString    = "string"
	TypeBoolean   = "boolean"
	TypeDecimal   = "decimal"
	TypeInteger   = "integer"
	TypeDateTime  = "dateTime"
	TypeBinary    = "binary"
	TypeReference = "reference"
	TypeComplex   = "complex"
)

// Words of the other attribute characteristics (RFC 7643 section 7).
const (
	ReadOnly  = "readOnly"
	ReadWrite = "readWrite"
	Immutable = "immutable"
	WriteOnly = "writeOnly"

	ReturnedAlways  = "always"
	ReturnedNever   = "never"
	ReturnedDefault = "default"
	ReturnedRequest = "request"

	UniqueNone   = "none"
	UniqueServer = "server"
)

// Attribute describes one attribute or sub-attribute (RFC 7643 section 7).
// The zero values of Mutability, Returned and Uniqueness mean readWrite,
// default and none.
type Attribute struct {
	Name, Type, Description         string
	SubAttributes                   []Attribute // of a complex attribute
	MultiValued, Required           bool
	CaseExact                       bool // of comparisons: false ignores ASCII case
	Mutability, Returned            string
	Uniqueness                      string
	ReferenceTypes, CanonicalValues []string

	hidden   bool // stored and answered, but left out of the schema document
	constant bool // the server always holds a value: removing it changes nothing
	apart    bool // not part of the document: the members of a group
}

// Schema is a set of attributes under a URN.
type Schema struct {
	ID, Name, Description string
	Attributes            []Attribute
}

// ResourceType is a kind of resource: its endpoint, its schema and the
// extensions that it may carry (RFC 7643 section 6). Do not change one after
// its first use.
type ResourceType struct {
	Name, Endpoint, Description string // Endpoint is relative to the base, for example "/Users"
	Schema                      *Schema
	Extensions                  []*Schema
}

// Schemas returns the value of the "schemas" attribute for doc: the URN of the
// base schema and those of the extensions that doc carries
// (RFC 7643 section 3).
func (rt *ResourceType) Schemas(doc Object) []string {
	urns := make([]string, 1, 1+len(rt.Extensions))
	urns[0] = rt.Schema.ID
	for _, ext := range rt.Extensions {
		if _, ok := doc[ext.ID]; ok {
			urns = append(urns, ext.ID)
		}
	}
	return urns
}

// RequireAttributes reports the first required attribute that doc does not
// have, as 400 invalidValue. An empty string is no value
// (RFC 7643 section 2.5).
func (rt *ResourceType) RequireAttributes(doc Object) error {
	for i := range rt.Schema.Attributes {
		a := &rt.Schema.Attributes[i]
		if a.Required && isEmpty(doc[a.Name]) {
			return Errorf(400, InvalidValue, "%s is required for a %s and has no value", a.Name, rt.Name)
		}
	}
	return nil
}

// isEmpty reports whether v is no value: absent, null, "", or an empty list or
// object.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case Object:
		return len(v) == 0
	}
	return false
}

// commonAttributes are those of every resource that are not part of its schema
// (RFC 7643 section 3.1). externalId is in the schemas of this package, because
// clients that read /Schemas look for it there.
var commonAttributes = []Attribute{
	{Name: "schemas", Type: TypeReference, MultiValued: true, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Required: true},
	{Name: "id", Type: TypeString, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Uniqueness: UniqueServer},
	{Name: "meta", Type: TypeComplex, Mutability: ReadOnly, SubAttributes: []Attribute{
		{Name: "resourceType", Type: TypeString, CaseExact: true, Mutability: ReadOnly},
		{Name: "created", Type: TypeDateTime, Mutability: ReadOnly},
		{Name: "lastModified", Type: TypeDateTime, Mutability: ReadOnly},
		{Name: "location", Type: TypeReference, CaseExact: true, Mutability: ReadOnly},
		{Name: "version", Type: TypeString, CaseExact: true, Mutability: ReadOnly},
	}},
	{Name: "externalId", Type: TypeString, CaseExact: true},
}

// find returns the attribute called name, ASCII case ignored, or nil.
func find(list []Attribute, name string) *Attribute {
	for i := range list {
		if asciiEqual(list[i].Name, name) {
			return &list[i]
		}
	}
	return nil
}

// sub returns the sub-attribute called name, ASCII case ignored, or nil.
func (a *Attribute) sub(name string) *Attribute { return find(a.SubAttributes, name) }

// readOnly reports whether clients cannot set the attribute.
func (a *Attribute) readOnly() bool { return a.Mutability == ReadOnly }

// base finds an attribute of the base schema or a common one.
func (rt *ResourceType) base(name string) *Attribute {
	if a := find(rt.Schema.Attributes, name); a != nil {
		return a
	}
	return find(commonAttributes, name)
}

// extension finds an extension by its URN.
func (rt *ResourceType) extension(urn string) *Schema {
	for _, ext := range rt.Extensions {
		if asciiEqual(ext.ID, urn) {
			return ext
		}
	}
	return nil
}

// target is a Path resolved against a resource type: the canonical place of an
// attribute in a document.
type target struct {
	ext  *Schema    // nil = base schema or common attribute
	attr *Attribute // nil = the whole extension
	sub  *Attribute // nil = the whole attribute
}

// resolve finds what p names; ok is false when the type has no such attribute.
// Names are matched with ASCII case ignored. A name without a URN that the base
// schema does not have is looked for in the extensions: Entra writes plain
// "manager".
func (rt *ResourceType) resolve(p Path) (t target, ok bool) {
	switch {
	case p.Schema == "":
		t.attr = rt.base(p.Attr)
		for i := 0; t.attr == nil && i < len(rt.Extensions); i++ {
			if t.attr = find(rt.Extensions[i].Attributes, p.Attr); t.attr != nil {
				t.ext = rt.Extensions[i]
			}
		}
	case asciiEqual(p.Schema, rt.Schema.ID):
		t.attr = rt.base(p.Attr)
	default:
		if t.ext = rt.extension(p.Schema); t.ext == nil {
			// The bare URN of an extension that ParsePath does not know reads
			// like an attribute of a shorter URN.
			t.ext = rt.extension(p.Schema + ":" + p.Attr)
			return t, t.ext != nil && p.Sub == "" && p.Filter == nil
		}
		if p.Attr == "" {
			return t, true
		}
		t.attr = find(t.ext.Attributes, p.Attr)
	}
	if t.attr == nil {
		return target{}, false
	}
	if p.Sub != "" {
		if t.sub = t.attr.sub(p.Sub); t.sub == nil {
			return target{}, false
		}
	}
	return t, true
}

// leaf is the attribute that values belong to: the sub-attribute if one is
// named. It is nil for a whole extension.
func (t target) leaf() *Attribute {
	if t.sub != nil {
		return t.sub
	}
	return t.attr
}

// container returns the object of doc that holds the attribute, nil when it is
// absent.
func (t target) container(doc Object) Object {
	if t.ext == nil {
		return doc
	}
	o, _ := doc[t.ext.ID].(Object)
	return o
}

// name is the canonical path, for messages.
func (t target) name() string {
	s := ""
	if t.ext != nil {
		s = t.ext.ID
	}
	if t.attr != nil {
		s = pathOf(s, t.attr.Name)
	}
	if t.sub != nil {
		s += "." + t.sub.Name
	}
	return s
}

package mapping

import (
	"io"
	"time"
)

// Kind is the type of the objects that a mapping is for.
type Kind string

// The two mappings of an application. "User" and "Group" are the names in the logs.
const (
	KindUser  Kind = "User"
	KindGroup Kind = "Group"
)

// Env is what an expression is evaluated against.
type Env struct {
	// Attribute is the value of an attribute of the directory's object; false when the
	// directory has no attribute of that name, which is not the same as null.
	Attribute func(name string) (Value, bool)
	Now       time.Time // for Now()
	Random    io.Reader // for Guid() and RandomString()
}

// SourceType is what the "Mapping type" of the portal offers.
type SourceType string

// The types of a source. None sends nothing but the default value at creation.
const (
	Direct     SourceType = "Direct"
	Constant   SourceType = "Constant"
	Expressed  SourceType = "Expression"
	NoneSource SourceType = "None"
)

// Source is where a value comes from. Text is the attribute's name, the constant or the
// expression, by Type.
type Source struct {
	Type SourceType `json:"type"`
	Text string     `json:"expression"`
}

// ApplyOnly is when a mapping applies, with Graph's names of flowType; "" is Always.
type ApplyOnly string

// The portal calls them "Always" and "Only during object creation".
const (
	Always         ApplyOnly = "Always"
	DuringCreation ApplyOnly = "ObjectAddOnly"
)

// AttributeMapping fills one attribute of the target. Its JSON names are those of
// Microsoft Graph's attributeMapping where that has them.
type AttributeMapping struct {
	Target             string    `json:"targetAttributeName"` // a name of the target attribute list, e.g. emails[type eq "work"].value
	Source             Source    `json:"source"`
	DefaultValue       string    `json:"defaultValue,omitempty"` // sent at creation when the source is null; "" is none
	MatchingPrecedence int       `json:"matchingPriority"`       // 0: not used to match; 1 is tried first
	ApplyOnly          ApplyOnly `json:"flowType"`
}

// The types of target attributes.
const (
	TypeString    = "String"
	TypeBoolean   = "Boolean"
	TypeInteger   = "Integer"
	TypeDateTime  = "DateTime"
	TypeReference = "Reference"
	TypeBinary    = "Binary"
)

// TargetAttribute is a row of the "attribute list" of the target application.
type TargetAttribute struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Required   bool   `json:"required"`
	MultiValue bool   `json:"multivalued"`
	ExactCase  bool   `json:"caseExact"`
}

// ObjectMapping is one of the two mappings of an application with everything that an
// admin can set in it.
type ObjectMapping struct {
	Kind             Kind               `json:"kind"`
	Name             string             `json:"name"` // "Provision Microsoft Entra ID Users"
	Enabled          bool               `json:"enabled"`
	Create           bool               `json:"create"`
	Update           bool               `json:"update"`
	Delete           bool               `json:"delete"`
	Filters          []ScopingFilter    `json:"scopingFilters"` // none: everything is in scope; else one of them must pass
	Attributes       []AttributeMapping `json:"attributeMappings"`
	TargetAttributes []TargetAttribute  `json:"targetAttributes"`
}

// AttributeValue is what a mapping gives for one object: never null.
type AttributeValue struct {
	Target     string
	Value      Value
	Redacted   bool // the logs show [Redact] in its place
	Type       string
	MultiValue bool
	ExactCase  bool
	Roles      string // the function of Result.Roles
}

// MatchingAttribute is an attribute by which an object of the target is looked for.
type MatchingAttribute struct {
	Target string
	Value  string
}

// Change is one difference between the target's object and what the mapping gives.
type Change struct {
	Op       string // Add, Replace or Remove
	Target   string // the target attribute
	Old, New string // as the logs show them; New is [Redact] when Redacted
	NewValue any    // as a body carries it: string, bool, json.Number, or a list of them
	Redacted bool
	Type     string
}

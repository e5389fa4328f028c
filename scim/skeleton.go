package scim

func Decode(data []byte) (Object, error) { return nil, errSkeleton }
func Encode(o Object) []byte             { return nil }

var errSkeleton error = Errorf(501, "", "not there yet")

// Attribute types of RFC 7643 section 2.3, and the words of its other
// characteristics (section 2.2 and 7).
const (
	TypeString    = "string"
	TypeBoolean   = "boolean"
	TypeDecimal   = "decimal"
	TypeInteger   = "integer"
	TypeDateTime  = "dateTime"
	TypeBinary    = "binary"
	TypeReference = "reference"
	TypeComplex   = "complex"

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

type Attribute struct {
	Name, Type, Description         string
	SubAttributes                   []Attribute
	MultiValued                     bool
	Required                        bool
	CaseExact                       bool
	Mutability, Returned            string
	Uniqueness                      string
	ReferenceTypes, CanonicalValues []string
}

type Schema struct {
	ID, Name, Description string
	Attributes            []Attribute
}

type ResourceType struct {
	Name, Endpoint, Description string
	Schema                      *Schema
	Extensions                  []*Schema
}

var (
	User  = &ResourceType{}
	Group = &ResourceType{}
)

func (rt *ResourceType) Schemas(doc Object) []string { return nil }

// Note says what a body carried and the server ignored, for the request log.
type Note struct{ Path, Text string }

func (rt *ResourceType) Normalize(in Object) (Object, []Note, error) { return nil, nil, errSkeleton }
func (rt *ResourceType) RequireAttributes(doc Object) error          { return errSkeleton }
func TakeMembers(body Object) (ids []string, present bool, notes []Note, err error) {
	return nil, false, nil, errSkeleton
}

type Op uint8

const (
	Eq Op = iota + 1
	Ne
	Co
	Sw
	Ew
	Gt
	Ge
	Lt
	Le
	Pr
	And
	Or
	Not
	ValuePath
)

func (op Op) String() string { return "" }

type Filter struct {
	Op          Op
	Path        Path
	Value       any
	Left, Right *Filter
}

func ParseFilter(s string) (*Filter, error)                    { return nil, errSkeleton }
func (f *Filter) String() string                               { return "" }
func (f *Filter) Check(rt *ResourceType) error                 { return errSkeleton }
func (f *Filter) Match(rt *ResourceType, doc Object) bool      { return false }
func (f *Filter) Equality(attr string) (value string, ok bool) { return "", false }
func (f *Filter) Conjuncts() []*Filter                         { return nil }

// MatchValue evaluates an inner filter (of a value path, of a MemberChange) on
// one value of the multi-valued attribute attr.
func (f *Filter) MatchValue(rt *ResourceType, attr string, value any) bool { return false }

type Path struct {
	Schema, Attr string
	Filter       *Filter
	Sub          string
}

func ParsePath(s string) (Path, error) { return Path{}, errSkeleton }
func (p Path) String() string          { return "" }

type PatchOp string

const (
	OpAdd     PatchOp = "add"
	OpReplace PatchOp = "replace"
	OpRemove  PatchOp = "remove"
)

type Operation struct {
	Op       PatchOp
	RawPath  string
	Path     *Path
	Value    any
	HasValue bool
}

type Patch struct{ Operations []Operation }

func ParsePatch(body Object) (*Patch, error) { return nil, errSkeleton }

// The values of Verdict.Verdict.
const (
	Applied          = "applied"
	NoChange         = "no change"
	IgnoredAttribute = "ignored attribute"
	SkippedMember    = "skipped member"
)

// Verdict says what became of one operation, or of one attribute of a pathless
// operation.
type Verdict struct {
	Index   int    `json:"-"` // of the operation in the Patch that was applied
	Op      string `json:"op"`
	Path    string `json:"path"`
	Verdict string `json:"verdict"`
	Note    string `json:"note,omitempty"`
}

func (p *Patch) Apply(rt *ResourceType, doc Object) (Object, []Verdict, error) {
	return nil, nil, errSkeleton
}

type MemberChange struct {
	Index  int
	Op     PatchOp
	IDs    []string
	All    bool
	Filter *Filter
}

func (p *Patch) SplitMembers() (rest *Patch, restIndex []int, changes []MemberChange, err error) {
	return nil, nil, nil, errSkeleton
}

type Projection struct{ include, exclude []Path }

func ParseProjection(rt *ResourceType, attributes, excluded string) (Projection, error) {
	return Projection{}, errSkeleton
}
func (p Projection) Zero() bool             { return len(p.include)+len(p.exclude) == 0 }
func (p Projection) Wants(attr string) bool { return true }
func (p Projection) Apply(o Object) Object  { return o }

func ServiceProviderConfig(base string) Object { return nil }
func ResourceTypes(base string) []Object       { return nil }
func SchemaDocs(base string) []Object          { return nil }

// Sort is the order of a list; By is a canonical name like "name.familyName",
// "" for the server's own order.
type Sort struct {
	By         string
	Descending bool
}

// ParseSort never fails: an order that is not offered is ignored and noted.
func ParseSort(rt *ResourceType, sortBy, sortOrder string) (Sort, []Note) { return Sort{}, nil }

// ListResponse is the envelope of a list (RFC 7644 section 3.4.2). Head and
// Tail are for streaming: Head, the resources separated by commas, Tail.
type ListResponse struct {
	TotalResults               int
	StartIndex                 int // 0 with cursors: left out
	ItemsPerPage               int
	NextCursor, PreviousCursor string // RFC 9865, "" left out
	NoTotal                    bool   // leave totalResults out (only with cursors)
}

func (l ListResponse) Head() []byte                     { return nil }
func (l ListResponse) Tail() []byte                     { return nil }
func (l ListResponse) Object(resources []Object) Object { return nil }

// Query is what a list request asks for, as query parameters or as the body of
// POST /.search.
type Query struct {
	Attributes, ExcludedAttributes string // comma lists, for ParseProjection
	Filter                         string // "" = none
	SortBy, SortOrder              string
	StartIndex                     int // at least 1
	Count                          int // 0 to MaxPageSize; meaningful with HasCount
	HasCount                       bool
	Cursor                         string // meaningful with HasCursor; "" = first page
	HasCursor                      bool
}

// ParseQuery reads the raw query of a URL (a raw ';' and '+' included).
func ParseQuery(raw string) (Query, error) { return Query{}, errSkeleton }

// ParseSearch reads the body of POST /.search.
func ParseSearch(body Object) (Query, error) { return Query{}, errSkeleton }

type BulkRequest struct {
	FailOnErrors int // 0 = never stop
	Operations   []BulkOperation
}

type BulkOperation struct {
	Method, BulkID, Version, Path string
	Data                          Object
}

func ParseBulk(body Object) (*BulkRequest, error) { return nil, errSkeleton }

// BulkIDs lists the bulkIds that v refers to ("bulkId:xyz" as a whole string
// value or a path segment), each once, in the order met.
func BulkIDs(v any) []string { return nil }

// References lists the bulkIds that the operation's path and data refer to.
func (op BulkOperation) References() []string { return nil }

// Resolve returns a copy with every reference replaced by resolve(bulkId); a
// reference that resolve does not know is left and its bulkId returned.
func (op BulkOperation) Resolve(resolve func(bulkID string) (id string, ok bool)) (BulkOperation, []string) {
	return op, nil
}

// BulkResult is one operation of a bulk answer (RFC 7644 section 3.7.3).
type BulkResult struct {
	Method, BulkID, Version, Location string
	Status                            int
	Response                          Object // nil when successful or without body
}

// BulkResponse makes the body of a bulk answer.
func BulkResponse(results []BulkResult) Object { return nil }

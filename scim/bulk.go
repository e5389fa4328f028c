package scim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// BulkRequest is the body of POST /Bulk (RFC 7644 section 3.7).
type BulkRequest struct {
	FailOnErrors int // stop after so many errors; 0 = never
	Operations   []BulkOperation
}

// BulkOperation is one request of a bulk request.
type BulkOperation struct {
	Method  string // POST, PUT, PATCH or DELETE
	BulkID  string // the client's name for the operation; a POST always has one
	Version string // ETag for If-Match, "" = none
	Path    string // relative to the base, for example /Users or /Users/{id}
	Data    Object // body; nil for DELETE
}

// ParseBulk reads a bulk request. A request that is not well formed as a whole
// is refused as a whole, before anything runs: 400 invalidSyntax, or
// invalidValue for a bulkId that is missing or used twice. More than
// MaxBulkOperations operations are 413.
func ParseBulk(body Object) (*BulkRequest, error) {
	b := &BulkRequest{}
	if v, _ := get(body, "failOnErrors"); v != nil {
		n, ok := v.(json.Number)
		count, err := strconv.Atoi(string(n))
		if !ok || err != nil || count < 0 {
			return nil, Errorf(400, InvalidValue, "failOnErrors must be a whole number of at least 0; %s was sent", quoteAny(v))
		}
		b.FailOnErrors = count
	}
	v, _ := get(body, "Operations")
	list, ok := v.([]any)
	if !ok {
		return nil, Errorf(400, InvalidSyntax, `a bulk request needs a list "Operations"`)
	}
	if len(list) > MaxBulkOperations {
		// RFC 7644 section 3.7.4.
		return nil, Errorf(413, "", "the bulk request has %d operations; at most %d are accepted in one request", len(list), MaxBulkOperations)
	}
	b.Operations = make([]BulkOperation, len(list))
	used := make(map[string]int, len(list))
	for i, e := range list {
		op := &b.Operations[i]
		if err := op.parse(i, e); err != nil {
			return nil, err
		}
		if op.BulkID == "" {
			continue
		}
		if first, ok := used[op.BulkID]; ok {
			return nil, Errorf(400, InvalidValue, "bulk operations %d and %d have the same bulkId %s", first, i+1, quote(op.BulkID))
		}
		used[op.BulkID] = i + 1
	}
	return b, nil
}

func (op *BulkOperation) parse(index int, e any) error {
	o, ok := e.(Object)
	if !ok {
		return Errorf(400, InvalidSyntax, "bulk operation %d must be an object; %s was sent", index+1, quoteAny(e))
	}
	for _, field := range [...]struct {
		name string
		to   *string
	}{{"method", &op.Method}, {"bulkId", &op.BulkID}, {"version", &op.Version}, {"path", &op.Path}} {
		v, _ := get(o, field.name)
		if v == nil {
			continue
		}
		if *field.to, ok = v.(string); !ok {
			return Errorf(400, InvalidSyntax, "%s of bulk operation %d must be a string; %s was sent", field.name, index+1, quoteAny(v))
		}
	}
	method := strings.ToUpper(op.Method)
	if !slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, method) {
		return Errorf(400, InvalidSyntax, "bulk operation %d has the method %s; it must be POST, PUT, PATCH or DELETE", index+1, quote(op.Method))
	}
	op.Method = method
	if op.Path == "" {
		return Errorf(400, InvalidSyntax, "bulk operation %d (%s) has no path", index+1, method)
	}
	if method == "POST" && op.BulkID == "" {
		// RFC 7644 section 3.7: bulkId is required for POST.
		return Errorf(400, InvalidValue, "bulk operation %d (POST %s) has no bulkId", index+1, clip(op.Path))
	}
	if method == "DELETE" {
		return nil
	}
	v, _ := get(o, "data")
	if op.Data, ok = v.(Object); !ok {
		return Errorf(400, InvalidSyntax, "bulk operation %d (%s %s) needs an object \"data\"", index+1, method, clip(op.Path))
	}
	return nil
}

// bulkPrefix marks a reference to the resource that another operation makes
// (RFC 7644 section 3.7.2).
const bulkPrefix = "bulkId:"

// References returns the bulkIds that the operation refers to, each once, in the
// order met: as a whole string value of data, as a segment of the path, or in
// quotes in the path of a PATCH operation, as in members[value eq "bulkId:a"].
func (op BulkOperation) References() []string {
	var ids []string
	op.Resolve(func(id string) (string, bool) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return "", false
	})
	return ids
}

// Resolve returns the operation with every reference replaced by the id that
// resolve knows for its bulkId. References that it does not know stay as they
// are and are returned. op is not changed.
func (op BulkOperation) Resolve(resolve func(bulkID string) (id string, ok bool)) (BulkOperation, []string) {
	r := bulkResolver{resolve: resolve}
	segments := strings.Split(op.Path, "/")
	for i, s := range segments {
		segments[i] = r.whole(s)
	}
	op.Path = strings.Join(segments, "/")
	if op.Data != nil {
		op.Data = r.value("", op.Data).(Object)
	}
	return op, r.unknown
}

type bulkResolver struct {
	resolve func(string) (string, bool)
	unknown []string
}

// id returns what stands for a bulkId, or the reference itself.
func (r *bulkResolver) id(bulkID string) string {
	if id, ok := r.resolve(bulkID); ok {
		return id
	}
	if !slices.Contains(r.unknown, bulkID) {
		r.unknown = append(r.unknown, bulkID)
	}
	return bulkPrefix + bulkID
}

func (r *bulkResolver) whole(s string) string {
	if id, ok := strings.CutPrefix(s, bulkPrefix); ok && id != "" {
		return r.id(id)
	}
	return s
}

// value returns a copy of v with references replaced; key is the name of the
// member that holds it.
func (r *bulkResolver) value(key string, v any) any {
	switch v := v.(type) {
	case Object:
		out := make(Object, len(v))
		for _, k := range sortedKeys(v) {
			out[k] = r.value(k, v[k])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = r.value(key, e)
		}
		return out
	case string:
		if asciiEqual(key, "path") {
			return r.quoted(v)
		}
		return r.whole(v)
	}
	return v
}

// quoted replaces the references that stand in quotes in a path.
func (r *bulkResolver) quoted(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, `"`+bulkPrefix)
		if !ok {
			break
		}
		id, rest, ok := strings.Cut(after, `"`)
		if !ok {
			break
		}
		b.WriteString(before + `"` + r.id(id) + `"`)
		s = rest
	}
	return b.String() + s
}

// BulkResult is what became of one operation of a bulk request.
type BulkResult struct {
	Method   string
	BulkID   string
	Version  string // ETag of the resource, "" = none
	Location string // "" only where no resource was made or found
	Status   int
	Response Object // body of an error or, if the server sends it, the resource
}

// BulkResponse returns the body of the answer to a bulk request
// (RFC 7644 section 3.7.3); each status is a string in it.
func BulkResponse(results []BulkResult) Object {
	list := make([]any, len(results))
	for i, res := range results {
		o := Object{"method": res.Method, "status": strconv.Itoa(res.Status)}
		for name, v := range map[string]string{"bulkId": res.BulkID, "version": res.Version, "location": res.Location} {
			if v != "" {
				o[name] = v
			}
		}
		if res.Response != nil {
			o["response"] = res.Response
		}
		list[i] = o
	}
	return Object{"schemas": []any{BulkResponseURN}, "Operations": list}
}

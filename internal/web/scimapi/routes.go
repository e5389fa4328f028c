package scimapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// handler does one operation: it decodes, calls one use case, and encodes.
type handler func(x *exchange) error

// endpoint is what stands at a path.
type endpoint struct {
	pattern string // below the base, as logs and metrics name it
	methods map[string]handler
	allow   string // the Allow header of a 405
	limit   int64  // bytes of a request body
	hasID   bool   // the last segment names one resource
}

// routes is the table of the door's paths.
func (d *Door) routes() map[string]*endpoint {
	table := map[string]*endpoint{}
	add := func(pattern string, limit int64, methods map[string]handler) {
		names := make([]string, 0, len(methods)+1)
		for name := range methods {
			names = append(names, name)
		}
		if methods[http.MethodGet] != nil {
			names = append(names, http.MethodHead)
		}
		slices.Sort(names)
		table[pattern] = &endpoint{pattern: pattern, methods: methods, allow: strings.Join(names, ", "), limit: limit, hasID: strings.HasSuffix(pattern, "}")}
	}
	add("/Users", scim.MaxBodyBytes, map[string]handler{"GET": d.listUsers, "POST": d.createUser})
	add("/Users/.search", scim.MaxBodyBytes, map[string]handler{"POST": d.searchUsers})
	add("/Users/{id}", scim.MaxBodyBytes, map[string]handler{"GET": d.getUser, "PUT": d.replaceUser, "PATCH": d.patchUser, "DELETE": d.deleteUser})
	add("/Groups", scim.MaxGroupBodyBytes, map[string]handler{"GET": d.listGroups, "POST": d.createGroup})
	add("/Groups/.search", scim.MaxBodyBytes, map[string]handler{"POST": d.searchGroups})
	add("/Groups/{id}", scim.MaxGroupBodyBytes, map[string]handler{"GET": d.getGroup, "PUT": d.replaceGroup, "PATCH": d.patchGroup, "DELETE": d.deleteGroup})
	add("/.search", scim.MaxBodyBytes, map[string]handler{"POST": d.searchAll})
	add("/Bulk", scim.MaxBodyBytes, map[string]handler{"POST": d.bulk})
	add("/ServiceProviderConfig", 0, map[string]handler{"GET": d.serviceProviderConfig})
	add("/ResourceTypes", 0, map[string]handler{"GET": d.listResourceTypes})
	add("/ResourceTypes/{id}", 0, map[string]handler{"GET": d.getResourceType})
	add("/Schemas", 0, map[string]handler{"GET": d.listSchemas})
	add("/Schemas/{id}", 0, map[string]handler{"GET": d.getSchema})
	add("/Me", 0, map[string]handler{"GET": me, "POST": me, "PUT": me, "PATCH": me, "DELETE": me})
	return table
}

// nowhere stands for every path that leads nowhere, in logs and metrics too: what
// a client makes up must not name a metric.
var nowhere = &endpoint{pattern: "/{unknown}"}

// find returns what stands at the segments below the base.
func (d *Door) find(segments []string) (*endpoint, bool) {
	var e *endpoint
	switch len(segments) {
	case 1:
		e = d.endpoints["/"+segments[0]]
	case 2:
		if e = d.endpoints["/"+segments[0]+"/"+segments[1]]; e == nil || e.hasID {
			e = d.endpoints["/"+segments[0]+"/{id}"]
		}
	}
	if e == nil {
		return nowhere, false
	}
	return e, true
}

// splitPath reads /v1/organizations/{org}/scim/… as it was escaped: an id that
// holds an escaped slash is one segment. Empty segments are left out, so that a
// trailing slash and "//" change nothing (Q17); "." and ".." mean nothing here and
// lead nowhere. A path of another form has no organization, and so no key opens it.
func splitPath(escaped string) (org string, below []string) {
	segments := make([]string, 0, 8)
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" {
			continue
		}
		plain, err := url.PathUnescape(part)
		if err != nil {
			return "", nil
		}
		segments = append(segments, plain)
	}
	if len(segments) < 4 || segments[0] != "v1" || segments[1] != "organizations" || segments[3] != "scim" {
		return "", nil
	}
	return segments[2], segments[4:]
}

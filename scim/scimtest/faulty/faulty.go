// Package faulty is a SCIM server in memory whose faults can be switched on.
//
// Without a fault it passes every check of every profile of package scimtest;
// each fault is one that real servers have, and makes a named check fail. It
// shows that the checks find what they are for, and serves tests that need
// some SCIM server.
//
// It is no product: it keeps everything in memory behind one lock and compares
// every filter with every resource.
package faulty

import (
	"crypto/subtle"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/scim"
)

// Server is a SCIM endpoint; make it with New. It is safe for concurrent use.
type Server struct {
	// Base is the address of the endpoint for locations; "" means http:// and
	// the Host of the request.
	Base string

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	token  string
	faults map[Fault]bool

	mu      sync.Mutex
	users   []*record
	groups  []*record
	deleted map[string]bool // ids of deleted users
	pending map[string]bool // ids of users that a bulk request is about to make
	serial  int
	last    time.Time
	waiting chan struct{} // of PatchLosesParallel: a PATCH that has read and not written
}

// New makes an empty server that accepts one bearer token.
func New(token string, faults ...Fault) *Server {
	s := &Server{token: token, faults: map[Fault]bool{}, deleted: map[string]bool{}, pending: map[string]bool{}}
	for _, f := range faults {
		s.faults[f] = true
	}
	return s
}

func (s *Server) has(f Fault) bool { return s.faults[f] }

// request is one request, or one operation of a bulk request.
type request struct {
	method string
	path   []string // segments below the base, unescaped
	query  string
	header http.Header
	body   scim.Object
	base   string
	id     string // for a POST of a bulk request: the id to use
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   scim.Object // nil for none
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	re, err := s.serve(r)
	if err != nil {
		re = s.failed(err)
	}
	for name, values := range re.header {
		w.Header()[name] = values
	}
	if re.body != nil {
		mediaType := scim.MediaType
		if s.has(JSONOnly) {
			mediaType = "application/json"
		}
		w.Header().Set("Content-Type", mediaType)
	}
	w.WriteHeader(re.status)
	if re.body != nil {
		w.Write(scim.Encode(re.body)) //nolint:errcheck // the client is gone
	}
}

func (s *Server) serve(r *http.Request) (reply, error) {
	if err := s.authenticate(r.Header.Get("Authorization")); err != nil {
		return reply{}, err
	}
	path, err := s.segments(r.URL.EscapedPath())
	if err != nil {
		return reply{}, err
	}
	q := request{method: r.Method, path: path, query: r.URL.RawQuery, header: r.Header, base: s.Base}
	if q.base == "" {
		q.base = "http://" + r.Host
	}
	if slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, r.Method) {
		if q.body, err = s.readBody(r, path); err != nil {
			return reply{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.handle(q)
}

// authenticate compares the bearer token; the scheme may be in any case (RFC
// 9110 section 11.1).
func (s *Server) authenticate(header string) error {
	scheme, token, _ := strings.Cut(header, " ")
	right := subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
	if strings.EqualFold(scheme, "Bearer") && (right || s.has(AnyToken)) {
		return nil
	}
	return scim.Errorf(http.StatusUnauthorized, "", "the credentials are missing or wrong")
}

// segments splits a path; empty segments do not count, so that doubled and
// trailing slashes change nothing.
func (s *Server) segments(escaped string) ([]string, error) {
	var out []string
	for i, part := range strings.Split(strings.TrimPrefix(escaped, "/"), "/") {
		segment, err := url.PathUnescape(part)
		if err != nil {
			return nil, notFound(escaped)
		}
		if segment == "" {
			if s.has(SlashesNotFound) && (i > 0 || len(escaped) > 1) {
				return nil, notFound(escaped)
			}
			continue
		}
		out = append(out, segment)
	}
	return out, nil
}

func (s *Server) readBody(r *http.Request, path []string) (scim.Object, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, scim.Errorf(http.StatusUnsupportedMediaType, "", "a body in the encoding %.200q is not read", encoding)
	}
	if contentType := r.Header.Get("Content-Type"); contentType != "" {
		media, _, err := mime.ParseMediaType(contentType)
		if err != nil || (media != scim.MediaType && media != "application/json") {
			return nil, scim.Errorf(http.StatusUnsupportedMediaType, "", "the body is %.200q; it must be %s", contentType, scim.MediaType)
		}
	}
	limit := int64(scim.MaxBodyBytes)
	if len(path) > 0 && path[0] == "Groups" {
		limit = scim.MaxGroupBodyBytes
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, scim.Errorf(http.StatusBadRequest, scim.InvalidSyntax, "the body could not be read to its end")
	}
	if int64(len(data)) > limit {
		return nil, scim.Errorf(http.StatusRequestEntityTooLarge, "", "the body is longer than %d bytes", limit)
	}
	body, err := scim.Decode(data)
	if err != nil {
		if s.has(PanicOnJSON) {
			return nil, scim.Errorf(http.StatusInternalServerError, "", "panic: %v", err)
		}
		return nil, err
	}
	return body, nil
}

// handle answers one request; the lock is held.
func (s *Server) handle(q request) (reply, error) {
	if len(q.path) == 0 {
		return reply{}, notFound("/")
	}
	switch q.path[0] {
	case "ServiceProviderConfig", "ResourceTypes", "Schemas":
		return s.discover(q)
	case "Me":
		return reply{}, scim.Errorf(http.StatusNotImplemented, "", "/Me is not supported")
	case "Bulk":
		if len(q.path) == 1 && q.method == http.MethodPost {
			return s.bulk(q)
		}
		return reply{}, notAllowed(q)
	case "Users":
		return s.resource(q, scim.User, &s.users)
	case "Groups":
		return s.resource(q, scim.Group, &s.groups)
	}
	return reply{}, notFound("/" + strings.Join(q.path, "/"))
}

// resource answers a request to /Users or /Groups.
func (s *Server) resource(q request, rt *scim.ResourceType, table *[]*record) (reply, error) {
	t := &endpoint{Server: s, q: q, rt: rt, table: table}
	switch {
	case len(q.path) == 1 && q.method == http.MethodGet:
		query, err := s.parseQuery(q.query)
		if err != nil {
			return reply{}, err
		}
		return t.list(query)
	case len(q.path) == 1 && q.method == http.MethodPost:
		return t.create()
	case len(q.path) == 2 && q.path[1] == ".search" && q.method == http.MethodPost:
		query, err := scim.ParseSearch(q.body)
		if err != nil {
			return reply{}, err
		}
		return t.list(query)
	case len(q.path) != 2:
		if len(q.path) > 2 {
			return reply{}, notFound("/" + strings.Join(q.path, "/"))
		}
		return reply{}, notAllowed(q)
	}
	switch q.method {
	case http.MethodGet:
		return t.get()
	case http.MethodPut:
		return t.replace()
	case http.MethodPatch:
		return t.patch()
	case http.MethodDelete:
		return t.remove()
	}
	return reply{}, notAllowed(q)
}

func (s *Server) parseQuery(raw string) (scim.Query, error) {
	if s.has(SemicolonDropsFilter) && strings.Contains(raw, ";") {
		raw = ""
	}
	return scim.ParseQuery(raw)
}

func (s *Server) discover(q request) (reply, error) {
	if q.method != http.MethodGet {
		return reply{}, notAllowed(q)
	}
	if q.path[0] == "ServiceProviderConfig" {
		if s.has(NoServiceConfig) {
			return reply{}, notFound(q.path[0])
		}
		return reply{status: http.StatusOK, body: scim.ServiceProviderConfig(q.base)}, nil
	}
	docs := scim.ResourceTypes(q.base)
	if q.path[0] == "Schemas" {
		docs = scim.SchemaDocs(q.base)
		if s.has(SchemasWithoutGroup) {
			docs = slices.DeleteFunc(docs, func(d scim.Object) bool { return d["id"] == scim.GroupURN })
		}
	}
	if len(q.path) == 1 {
		l := scim.ListResponse{TotalResults: len(docs), StartIndex: 1, ItemsPerPage: len(docs)}
		return reply{status: http.StatusOK, body: l.Object(docs)}, nil
	}
	for _, doc := range docs {
		if len(q.path) == 2 && doc["id"] == q.path[1] {
			return reply{status: http.StatusOK, body: doc}, nil
		}
	}
	return reply{}, notFound(strings.Join(q.path, "/"))
}

// failed turns an error into an answer.
func (s *Server) failed(err error) reply {
	var e *scim.Error
	if !errors.As(err, &e) {
		e = scim.Errorf(http.StatusInternalServerError, "", "the server failed")
	}
	body := maps.Clone(e.Object())
	if s.has(ErrorStatusNumber) {
		body["status"] = e.Status
	}
	if s.has(DuplicateNoType) && e.Status == http.StatusConflict {
		delete(body, "scimType")
	}
	re := reply{status: e.Status, header: http.Header{}, body: body}
	if e.Status == http.StatusUnauthorized && !s.has(NoChallenge) {
		re.header.Set("WWW-Authenticate", `Bearer realm="SCIM"`)
	}
	return re
}

func notFound(what string) error {
	return scim.Errorf(http.StatusNotFound, "", "%.200q does not exist", what)
}

func notAllowed(q request) error {
	return scim.Errorf(http.StatusMethodNotAllowed, "", "the method %.200q is not allowed on /%.200s", q.method, strings.Join(q.path, "/"))
}

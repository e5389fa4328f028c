package faulty

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

// bulkRun is one bulk request that is being carried out.
type bulkRun struct {
	*Server
	q       request
	ops     []scim.BulkOperation
	ids     map[string]string // bulkId of a POST -> the id it gets
	index   map[string]int    // bulkId -> operation
	started []bool
	results []scim.BulkResult
	done    []bool
	errors  int
	stop    int // failOnErrors
}

// bulk carries out a bulk request (RFC 7644 section 3.7). Every new resource
// has its id before the first operation runs, so that circular references
// resolve; an operation runs after those that it refers to.
func (s *Server) bulk(q request) (reply, error) {
	b, err := scim.ParseBulk(q.body)
	if err != nil {
		return reply{}, err
	}
	n := len(b.Operations)
	run := &bulkRun{Server: s, q: q, ops: b.Operations, ids: map[string]string{}, index: map[string]int{},
		started: make([]bool, n), results: make([]scim.BulkResult, n), done: make([]bool, n), stop: b.FailOnErrors}
	for i, op := range b.Operations {
		if op.Method == http.MethodPost {
			id := s.newID()
			run.ids[op.BulkID], run.index[op.BulkID] = id, i
			if strings.Trim(op.Path, "/") == "Users" {
				s.pending[id] = true
			}
		}
	}
	defer clear(s.pending)
	var results []scim.BulkResult
	for i := range run.ops {
		if run.stop > 0 && run.errors >= run.stop {
			break
		}
		run.do(i)
	}
	for i, done := range run.done {
		if done {
			results = append(results, run.results[i])
		}
	}
	run.dropUnborn()
	return reply{status: http.StatusOK, body: scim.BulkResponse(results)}, nil
}

// do carries out an operation after those that it refers to.
func (b *bulkRun) do(i int) {
	if b.started[i] {
		return
	}
	b.started[i] = true
	op := b.ops[i]
	result := scim.BulkResult{Method: op.Method, BulkID: op.BulkID}
	re, err := b.answer(op)
	if err != nil {
		re = b.failed(err)
		result.Response = re.body
		b.errors++
	}
	result.Status = re.status
	result.Version = re.header.Get("Etag")
	result.Location = re.header.Get("Location")
	if result.Location == "" && op.Method != http.MethodPost {
		result.Location = b.q.base + op.Path
	}
	b.results[i], b.done[i] = result, true
}

func (b *bulkRun) answer(op scim.BulkOperation) (reply, error) {
	if !b.has(BulkReferencesKept) {
		for _, ref := range op.References() {
			j, ok := b.index[ref]
			if !ok {
				return reply{}, scim.Errorf(http.StatusConflict, "", "no operation of the request has the bulkId %.200q", ref)
			}
			b.do(j)
			if b.done[j] && b.results[j].Status >= 400 {
				return reply{}, scim.Errorf(http.StatusConflict, "", "the operation with the bulkId %.200q failed", ref)
			}
		}
		op, _ = op.Resolve(func(bulkID string) (string, bool) { id, ok := b.ids[bulkID]; return id, ok })
	}
	path, query, _ := strings.Cut(op.Path, "?")
	segments, err := b.segments((&url.URL{Path: path}).EscapedPath())
	if err != nil {
		return reply{}, err
	}
	if len(segments) == 0 || (segments[0] != "Users" && segments[0] != "Groups") {
		return reply{}, notFound(op.Path)
	}
	header := http.Header{}
	if op.Version != "" {
		header.Set("If-Match", op.Version)
	}
	q := request{method: op.Method, path: segments, query: query, header: header, body: op.Data, base: b.q.base}
	if op.Method == http.MethodPost {
		q.id = b.ids[op.BulkID]
	}
	re, err := b.handle(q)
	var e *scim.Error
	if err != nil && !errors.As(err, &e) {
		return reply{}, scim.Errorf(http.StatusInternalServerError, "", "the server failed")
	}
	return re, err
}

// dropUnborn takes out of the groups the users whose own operation failed after
// a group had named them.
func (b *bulkRun) dropUnborn() {
	for _, g := range b.groups {
		var members []string
		for _, id := range g.members {
			if !b.pending[id] || find(b.users, id) != nil {
				members = append(members, id)
			}
		}
		g.members = members
	}
}

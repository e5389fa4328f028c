package provision

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/scim"
)

// Bulk runs the operations of a bulk request (RFC 7644 section 3.7), each in a
// transaction of its own. Every POST with a bulkId gets its id before the first
// operation runs, so that circular references resolve; an operation runs after
// those it refers to where the references allow an order, and one whose reference
// failed is 409 naming the bulkId. It stops after FailOnErrors failures; the
// answer has the operations that ran, in the order of the request.
//
// location makes the URL of a resource from an endpoint ("/Users") and an id.
func (s *Service) Bulk(ctx context.Context, c iam.SCIMCaller, req *scim.BulkRequest, location func(endpoint, id string) string, tr *Trail) []scim.BulkResult {
	b := &bulk{s: s, ctx: ctx, c: c, req: req, location: location,
		byBulkID: map[string]int{}, ids: map[string]string{},
		state: make([]bulkState, len(req.Operations)), results: make([]scim.BulkResult, len(req.Operations))}
	for i, op := range req.Operations {
		if op.Method == "POST" && op.BulkID != "" {
			if _, twice := b.byBulkID[op.BulkID]; !twice {
				b.byBulkID[op.BulkID] = i
				b.ids[op.BulkID] = s.DB.NewID()
			}
		}
	}
	for i := range req.Operations {
		b.run(i)
	}
	var done []scim.BulkResult
	var verdicts []scim.Verdict
	for i, state := range b.state {
		if state == bulkDone {
			done = append(done, b.results[i])
			verdicts = append(verdicts, b.verdicts(i)...)
		}
	}
	tr.set(verdicts...)
	return done
}

type bulkState uint8

const (
	bulkWaiting bulkState = iota
	bulkRunning
	bulkDone
)

type bulk struct {
	s        *Service
	ctx      context.Context // of the request
	c        iam.SCIMCaller
	req      *scim.BulkRequest
	location func(endpoint, id string) string
	byBulkID map[string]int    // the operation that makes it
	ids      map[string]string // the id it gets
	state    []bulkState
	results  []scim.BulkResult
	trails   map[int]Trail
	failures int
}

// run runs operation i after those it refers to. Operations that wait for each
// other in a circle run in the order of the request; their ids exist already.
func (b *bulk) run(i int) {
	if b.state[i] != bulkWaiting {
		return
	}
	b.state[i] = bulkRunning
	op := b.req.Operations[i]
	for _, ref := range op.References() {
		if j, ok := b.byBulkID[ref]; ok && j != i {
			b.run(j)
		}
	}
	if b.stopped() {
		b.state[i] = bulkWaiting
		return
	}
	b.state[i] = bulkDone
	result := scim.BulkResult{Method: op.Method, BulkID: op.BulkID}
	trail := &Trail{}
	if err := b.perform(i, op, &result, trail); err != nil {
		var refused *scim.Error
		if !errors.As(err, &refused) {
			refused = scim.Errorf(500, "", "the operation met an unexpected fault")
		}
		result.Status, result.Response = refused.Status, refused.Object()
		b.failures++
	}
	if b.trails == nil {
		b.trails = map[int]Trail{}
	}
	b.trails[i], b.results[i] = *trail, result
}

func (b *bulk) stopped() bool {
	return b.req.FailOnErrors > 0 && b.failures >= b.req.FailOnErrors || b.ctx.Err() != nil
}

// failed tells whether the operation that makes a bulkId was refused.
func (b *bulk) failed(bulkID string) bool {
	i := b.byBulkID[bulkID]
	return b.state[i] == bulkDone && b.results[i].Status >= 300
}

func (b *bulk) perform(i int, op scim.BulkOperation, result *scim.BulkResult, tr *Trail) error {
	if op.Method == "POST" && op.BulkID != "" && b.byBulkID[op.BulkID] != i {
		return scim.Errorf(400, scim.InvalidValue, "bulkId %q stands on two operations; each needs its own", iam.Clip(op.BulkID))
	}
	for _, ref := range op.References() {
		if _, known := b.byBulkID[ref]; known && b.failed(ref) {
			return scim.Errorf(409, "", "the operation refers to bulkId %q, whose operation failed", iam.Clip(ref))
		}
	}
	op, unknown := op.Resolve(func(bulkID string) (string, bool) {
		id, ok := b.ids[bulkID]
		return id, ok
	})
	if len(unknown) > 0 {
		return scim.Errorf(409, "", "the operation refers to bulkId %q, which no POST of this request has", iam.Clip(unknown[0]))
	}
	endpoint, id, err := bulkTarget(op)
	if err != nil {
		return err
	}
	newID := b.ids[op.BulkID]
	if newID == "" {
		newID = b.s.DB.NewID()
	}
	doc, status, err := b.dispatch(op, endpoint, id, newID, tr)
	if err != nil {
		return err
	}
	result.Status = status
	if status == 204 && op.Method == "DELETE" {
		result.Location = b.location(endpoint, id)
		return nil
	}
	if op.BulkID != "" && op.Method == "POST" {
		b.ids[op.BulkID] = doc.ID // an adopted member keeps his own
	}
	result.Location, result.Version = b.location(endpoint, doc.ID), doc.ETag()
	return nil
}

// bulkTarget reads an operation's path: "/Users" for POST, "/Users/{id}" else.
func bulkTarget(op scim.BulkOperation) (endpoint, id string, err error) {
	path := strings.Trim(op.Path, "/")
	name, id, hasID := strings.Cut(path, "/")
	endpoint = "/" + name
	if endpoint != scim.User.Endpoint && endpoint != scim.Group.Endpoint {
		return "", "", scim.Errorf(400, scim.InvalidPath, "path %q is not /Users or /Groups, or one resource below them", iam.Clip(op.Path))
	}
	if hasID == (op.Method == "POST") || strings.Contains(id, "/") {
		return "", "", scim.Errorf(400, scim.InvalidPath, "path %q does not fit %s: POST goes to /Users or /Groups, any other method to one resource", iam.Clip(op.Path), iam.Clip(op.Method))
	}
	return endpoint, id, nil
}

func (b *bulk) dispatch(op scim.BulkOperation, endpoint, id, newID string, tr *Trail) (Document, int, error) {
	users := endpoint == scim.User.Endpoint
	match := ParseMatch(op.Version)
	switch op.Method {
	case "POST":
		create := b.s.createGroup
		if users {
			create = b.s.createUser
		}
		doc, err := create(b.ctx, b.c, newID, op.Data, tr)
		return doc, 201, err
	case "PUT":
		replace := b.s.ReplaceGroup
		if users {
			replace = b.s.ReplaceUser
		}
		doc, err := replace(b.ctx, b.c, id, op.Data, match, tr)
		return doc, 200, err
	case "PATCH":
		patch, err := scim.ParsePatch(op.Data)
		if err != nil {
			return Document{}, 0, err
		}
		if users {
			doc, err := b.s.PatchUser(b.ctx, b.c, id, patch, match, tr)
			return doc, 200, err
		}
		doc, err := b.s.PatchGroup(b.ctx, b.c, id, patch, match, tr)
		return doc, 204, err
	case "DELETE":
		remove := b.s.DeleteGroup
		if users {
			remove = b.s.DeleteUser
		}
		return Document{}, 204, remove(b.ctx, b.c, id, match)
	}
	return Document{}, 0, scim.Errorf(400, scim.InvalidValue, "method %q is not one of POST, PUT, PATCH, DELETE", iam.Clip(op.Method))
}

// verdicts tells what became of operation i, named by its place in the request.
func (b *bulk) verdicts(i int) []scim.Verdict {
	op, result := b.req.Operations[i], b.results[i]
	head := scim.Verdict{Op: strings.ToLower(op.Method), Path: iam.Clip(op.Path), Verdict: scim.Applied,
		Note: "operation " + strconv.Itoa(i+1) + " answered " + strconv.Itoa(result.Status)}
	if result.Status >= 300 {
		detail, _ := result.Response["detail"].(string)
		head.Verdict, head.Note = scim.NoChange, head.Note+": "+detail
	}
	return append([]scim.Verdict{head}, b.trails[i].Verdicts...)
}

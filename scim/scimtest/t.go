package scimtest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

type (
	obj  = scim.Object
	list = []any
)

// T is what a check works with. Its methods send requests and keep them for
// the report; the failing ones do not return.
type T struct {
	run *run
	ctx context.Context

	mu        sync.Mutex
	exchanges []sent
}

// failure carries the problem of a failed check from where it is found to
// runCheck. It never leaves the package.
type failure string

func (t *T) fail(format string, a ...any) {
	panic(failure(fmt.Sprintf(format, a...)))
}

// shown are the exchanges that the report has: the last ones.
func (t *T) shown() []Exchange {
	var shown []Exchange
	for _, s := range t.exchanges[max(0, len(t.exchanges)-shownExchanges):] {
		shown = append(shown, t.run.exchange(s))
	}
	return shown
}

// answer is an answer to a request of a check.
type answer struct {
	t *T
	*scimclient.Response
	what string // "GET /Users/1", for messages
}

// try sends a request; unlike send it reports a missing answer as an error, so
// that it can be used by several goroutines.
func (t *T) try(method, path, query string, body any, header http.Header) (*answer, error) {
	s := sent{method: method, path: path, query: query, body: encode(body), header: header}
	var data any // a nil []byte would be a body of no bytes
	if s.body != nil {
		data = s.body
	}
	s.resp, s.err = t.run.client.Do(t.ctx, method, path, query, data, header)
	t.mu.Lock()
	t.exchanges = append(t.exchanges, s)
	t.mu.Unlock()
	resp, err := s.resp, s.err
	if err != nil {
		return nil, fmt.Errorf("%s %s got no answer: %w", method, shortenTo(path, shownTarget), err)
	}
	t.run.noteMade(method, path, resp)
	return &answer{t: t, Response: resp, what: method + " " + shortenTo(targetOf(path, query), shownTarget)}, nil
}

func (t *T) send(method, path, query string, body any, header http.Header) *answer {
	a, err := t.try(method, path, query, body, header)
	if err != nil {
		t.fail("%v", err)
	}
	return a
}

// get reads a path; query is in pairs of name and value.
func (t *T) get(path string, query ...string) *answer {
	return t.send(http.MethodGet, path, scimclient.Query(query...), nil, nil)
}

func (t *T) post(path string, body any) *answer {
	return t.send(http.MethodPost, path, "", body, nil)
}

func (t *T) put(path string, body any) *answer {
	return t.send(http.MethodPut, path, "", body, nil)
}

func (t *T) patch(path string, operations ...obj) *answer {
	return t.send(http.MethodPatch, path, "", scimclient.PatchOp(operations...), nil)
}

func (t *T) del(path string) *answer {
	return t.send(http.MethodDelete, path, "", nil, nil)
}

// op makes a PATCH operation with a path; without a value for a remove.
func op(verb, path string, value ...any) obj {
	o := obj{"op": verb}
	if path != "" {
		o["path"] = path
	}
	if len(value) > 0 {
		o["value"] = value[0]
	}
	return o
}

func escapeID(id string) string { return url.PathEscape(id) }

// name is a name that nothing else on the server has.
func (t *T) name() string {
	t.run.mu.Lock()
	defer t.run.mu.Unlock()
	t.run.serial++
	return fmt.Sprintf("%s-%d", t.run.cfg.Prefix, t.run.serial)
}

// address makes the e-mail address of a name.
func (t *T) address(name string) string { return name + "@" + t.run.cfg.Domain }

// newBody is the body of a complete new user. Members of change replace those
// of the body; a nil takes one away. The e-mail address is the userName, as
// servers may demand, unless change has other addresses.
func (t *T) newBody(change obj) obj {
	name := t.name()
	address := t.address(name)
	if s, ok := change["userName"].(string); ok && s != "" {
		address = s
	}
	body := obj{
		"schemas":     list{scim.UserURN},
		"userName":    address,
		"externalId":  "ext-" + name,
		"name":        obj{"givenName": "Given " + name, "familyName": "Family " + name},
		"displayName": "Display " + name,
		"emails":      list{obj{"value": address, "type": "work", "primary": true}},
		"active":      true,
	}
	for key, value := range change {
		if value == nil {
			delete(body, key)
			continue
		}
		body[key] = value
	}
	// RFC 7643 section 3: schemas names the URI of every extension in use.
	if _, extended := body[scim.EnterpriseUserURN]; extended && change["schemas"] == nil {
		body["schemas"] = list{scim.UserURN, scim.EnterpriseUserURN}
	}
	return body
}

// resource is a user or group that a check made.
type resource struct {
	t    *T
	kind string // "/Users" or "/Groups"
	id   string
	sent obj
	got  obj // the answer to POST
}

// user makes a user.
func (t *T) user(change obj) *resource { return t.create("/Users", t.newBody(change)) }

// group makes a group with members.
func (t *T) group(members ...string) *resource {
	body := obj{"schemas": list{scim.GroupURN}, "displayName": t.name()}
	if len(members) > 0 {
		body["members"] = memberList(members...)
	}
	return t.create("/Groups", body)
}

// create makes a user or group. That a new one is answered with 201 is checked
// by checks of its own; a server that answers 200 fails those alone.
func (t *T) create(kind string, body obj) *resource {
	a := t.post(kind, body).want(http.StatusCreated, http.StatusOK)
	return &resource{t: t, kind: kind, id: a.str("id"), sent: body, got: a.Object}
}

func memberList(ids ...string) list {
	members := make(list, len(ids))
	for i, id := range ids {
		members[i] = obj{"value": id}
	}
	return members
}

func (r *resource) path() string { return r.kind + "/" + escapeID(r.id) }

// read gets the resource as it is now.
func (r *resource) read(query ...string) obj {
	return r.t.get(r.path(), query...).want(http.StatusOK).object()
}

// patch sends operations and wants them accepted.
func (r *resource) patch(operations ...obj) *answer {
	return r.t.patch(r.path(), operations...).want(http.StatusOK, http.StatusNoContent)
}

// put replaces the resource by what was sent with changes.
func (r *resource) put(change obj) *answer {
	body := maps.Clone(r.sent)
	for key, value := range change {
		if value == nil {
			delete(body, key)
			continue
		}
		body[key] = value
	}
	return r.t.put(r.path(), body)
}

// str is a string that the check sent for the resource.
func (r *resource) str(key string) string {
	s, _ := r.sent[key].(string)
	return s
}

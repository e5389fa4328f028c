package faulty

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

func (t *endpoint) create() (reply, error) {
	doc, members, _, err := t.readDoc()
	if err != nil {
		return reply{}, err
	}
	if t.isUser() && doc["active"] == nil {
		doc["active"] = true
	}
	if t.has(PostDropsMembers) {
		members = nil
	}
	id := t.q.id
	if id == "" {
		id = t.newID()
	}
	return t.insert(id, doc, members)
}

func (t *endpoint) insert(id string, doc scim.Object, members []string) (reply, error) {
	if err := t.unique(doc, nil); err != nil {
		return reply{}, err
	}
	at := t.tick()
	r := &record{id: id, doc: doc, members: members, created: at, modified: at, version: 1}
	r.firstName, _ = doc[t.nameAttribute()].(string)
	r.password, _ = t.q.body["password"].(string)
	*t.table = append(*t.table, r)
	re, err := t.answer(http.StatusCreated, r)
	if err != nil {
		return reply{}, err
	}
	if !t.has(NoLocation) {
		re.header.Set("Location", t.location(id))
	}
	if t.has(PostIs200) {
		re.status = http.StatusOK
	}
	return re, nil
}

// readDoc reads the body of a POST or PUT.
func (t *endpoint) readDoc() (doc scim.Object, members []string, hasMembers bool, err error) {
	body := t.q.body
	if t.has(NamesCaseSensitive) {
		body = body.Clone()
		for key := range body {
			if slices.ContainsFunc(t.rt.Schema.Attributes, func(a scim.Attribute) bool { return a.Name != key && strings.EqualFold(a.Name, key) }) {
				delete(body, key)
			}
		}
	}
	if err := t.checkSchemas(body); err != nil {
		return nil, nil, false, err
	}
	if doc, _, err = t.rt.Normalize(body); err != nil {
		return nil, nil, false, err
	}
	if err := t.required(doc); err != nil {
		return nil, nil, false, err
	}
	if t.isUser() {
		return doc, nil, false, nil
	}
	ids, present, _, err := scim.TakeMembers(body)
	if err != nil {
		return nil, nil, false, err
	}
	known, err := t.known(ids)
	return doc, known, present, err
}

func (t *endpoint) checkSchemas(body scim.Object) error {
	uris, _ := body["schemas"].([]any)
	for _, uri := range uris {
		s, _ := uri.(string)
		if t.has(ForeignSchemaRefused) && s != t.rt.Schema.ID && s != scim.EnterpriseUserURN {
			return scim.Errorf(400, scim.InvalidValue, "the schema %.200q is not known", s)
		}
	}
	return nil
}

// required fails without the required attributes; an empty name is none.
func (t *endpoint) required(doc scim.Object) error {
	if err := t.rt.RequireAttributes(doc); err != nil {
		return err
	}
	if doc[t.nameAttribute()] == "" {
		return scim.Errorf(400, scim.InvalidValue, "%s is empty", t.nameAttribute())
	}
	return nil
}

// known leaves out users that were deleted, and refuses ids that never were.
func (t *endpoint) known(ids []string) ([]string, error) {
	var known []string
	for _, id := range ids {
		switch {
		case find(t.users, id) != nil || t.pending[id]:
			known = append(known, id)
		case !t.deleted[id]:
			return nil, scim.Errorf(400, scim.InvalidValue, "there is no user with the id %.200q", id)
		}
	}
	return known, nil
}

// target is the resource that the path names.
func (t *endpoint) target() (*record, error) {
	r := find(*t.table, t.q.path[1])
	if r == nil || t.hiddenUser(r) {
		if t.has(NotFoundIs400) && t.q.method != http.MethodGet {
			return nil, scim.Errorf(400, "", "%s %.200q does not exist", t.rt.Name, t.q.path[1])
		}
		return nil, scim.Errorf(http.StatusNotFound, "", "%s %.200q does not exist", t.rt.Name, t.q.path[1])
	}
	if match := t.q.header.Get("If-Match"); match != "" && !t.has(IfMatchIgnored) && !t.matches(match, r) {
		return nil, scim.Errorf(http.StatusPreconditionFailed, "", "%s %s has the version %s, not %.200s", t.rt.Name, r.id, t.tag(r), match)
	}
	return r, nil
}

func (t *endpoint) hiddenUser(r *record) bool {
	return t.has(DeactivatedHidden) && t.isUser() && r.doc["active"] == false && t.q.method == http.MethodGet
}

// matches compares a list of ETags (RFC 9110 section 13.1).
func (s *Server) matches(tags string, r *record) bool {
	for tag := range strings.SplitSeq(tags, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == s.tag(r) {
			return true
		}
	}
	return false
}

// answer is a resource with its ETag.
func (t *endpoint) answer(status int, r *record) (reply, error) {
	body, err := t.projected(r)
	if err != nil {
		return reply{}, err
	}
	return reply{status: status, header: http.Header{"Etag": {t.tag(r)}}, body: body}, nil
}

func (t *endpoint) get() (reply, error) {
	r, err := t.target()
	if err != nil {
		if t.has(UnknownIs200) {
			return reply{status: http.StatusOK, body: scim.Object{}}, nil
		}
		return reply{}, err
	}
	if tags := t.q.header.Get("If-None-Match"); tags != "" && t.matches(tags, r) {
		return reply{status: http.StatusNotModified, header: http.Header{"Etag": {t.tag(r)}}}, nil
	}
	return t.answer(http.StatusOK, r)
}

func (t *endpoint) replace() (reply, error) {
	r, err := t.target()
	if err != nil && !t.has(PutTakesID) {
		return reply{}, err
	}
	doc, members, hasMembers, err := t.readDoc()
	if err != nil {
		return reply{}, err
	}
	if r == nil {
		return t.insert(t.q.path[1], doc, members)
	}
	if t.isUser() && doc["active"] == nil {
		doc["active"] = r.doc["active"]
	}
	if err := t.unique(doc, r); err != nil {
		return reply{}, err
	}
	if !hasMembers || t.has(PutDropsMembers) {
		members = r.members
	}
	if t.isUser() && t.has(UserPutClearsGroups) {
		t.leaveGroups(r.id)
	}
	t.save(r, doc, members)
	return t.answer(http.StatusOK, r)
}

// save stores a changed resource; what is no change leaves version and time.
func (t *endpoint) save(r *record, doc scim.Object, members []string) {
	if bytes.Equal(scim.Encode(r.doc), scim.Encode(doc)) && slices.Equal(r.members, members) {
		return
	}
	if t.has(DeactivationRemoves) && t.isUser() && doc["active"] == false {
		t.leaveGroups(r.id)
	}
	r.doc, r.members = doc, members
	r.version++
	r.modified = t.tick()
}

// leaveGroups takes a user out of all groups.
func (t *endpoint) leaveGroups(id string) {
	for _, g := range t.groups {
		if i := slices.Index(g.members, id); i >= 0 {
			g.members = slices.Delete(slices.Clone(g.members), i, i+1)
			g.version++
			g.modified = t.tick()
		}
	}
}

func (t *endpoint) remove() (reply, error) {
	r, err := t.target()
	if err != nil {
		if t.has(DeleteTwice) && find(*t.table, t.q.path[1]) == nil {
			return reply{status: http.StatusNoContent}, nil
		}
		return reply{}, err
	}
	*t.table = slices.DeleteFunc(*t.table, func(other *record) bool { return other == r })
	if t.isUser() {
		t.deleted[r.id] = true
		if !t.has(DeletedStaysMember) {
			t.leaveGroups(r.id)
		}
	}
	if t.has(DeleteAnswersBody) {
		return reply{status: http.StatusOK, body: scim.Object{}}, nil
	}
	return reply{status: http.StatusNoContent}, nil
}

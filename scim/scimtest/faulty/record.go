package faulty

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/scim"
)

// record is one user or group.
type record struct {
	id                string
	doc               scim.Object // the client's attributes, normalized
	members           []string    // of a group: ids of users
	created, modified time.Time
	version           int
	firstName         string // the name it was created with, for RenameNotIndexed
	password          string // for PasswordEchoed
}

// endpoint is one request to the resources of one type.
type endpoint struct {
	*Server
	q     request
	rt    *scim.ResourceType
	table *[]*record
}

func (t *endpoint) isUser() bool { return t.rt == scim.User }

// nameAttribute is the attribute that is unique without regard to case.
func (t *endpoint) nameAttribute() string {
	if t.isUser() {
		return "userName"
	}
	return "displayName"
}

func find(table []*record, id string) *record {
	i := slices.IndexFunc(table, func(r *record) bool { return r.id == id })
	if i < 0 {
		return nil
	}
	return table[i]
}

// newID makes an id that is used once only.
func (s *Server) newID() string {
	s.serial++
	return fmt.Sprintf("%08x-0000-7000-8000-%012x", s.serial, s.serial)
}

// tick is the time of a change; no two changes have the same.
func (s *Server) tick() time.Time {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	at := now().UTC().Truncate(time.Millisecond)
	if !at.After(s.last) {
		at = s.last.Add(time.Millisecond)
	}
	s.last = at
	return at
}

const timeForm = "2006-01-02T15:04:05.000Z"

func (s *Server) tag(r *record) string {
	version := r.version
	if s.has(ETagConstant) {
		version = 1
	}
	return `W/"` + strconv.Itoa(version) + `"`
}

func (t *endpoint) location(id string) string { return t.q.base + t.rt.Endpoint + "/" + id }

// render is the resource as it is answered.
func (t *endpoint) render(r *record) scim.Object {
	o := r.doc.Clone()
	o["id"] = r.id
	o["meta"] = scim.Object{
		"resourceType": t.rt.Name,
		"created":      r.created.Format(timeForm),
		"lastModified": r.modified.Format(timeForm),
		"location":     t.location(r.id),
		"version":      t.tag(r),
	}
	var schemas []any
	for _, urn := range t.rt.Schemas(o) {
		schemas = append(schemas, urn)
	}
	o["schemas"] = schemas
	if t.isUser() {
		t.renderUser(r, o)
	} else {
		t.renderMembers(r, o)
	}
	return o
}

func (t *endpoint) renderUser(r *record, o scim.Object) {
	var groups []any
	for _, g := range t.groups {
		if slices.Contains(g.members, r.id) {
			groups = append(groups, scim.Object{"value": g.id, "display": g.doc["displayName"], "type": "direct", "$ref": t.q.base + "/Groups/" + g.id})
		}
	}
	if groups != nil {
		o["groups"] = groups
	}
	if t.has(PasswordEchoed) && r.password != "" {
		o["password"] = r.password
	}
	if enterprise, ok := o[scim.EnterpriseUserURN].(scim.Object); ok && t.has(ManagerAsText) {
		if manager, ok := enterprise["manager"].(scim.Object); ok {
			enterprise["manager"] = manager["value"]
		}
	}
	if t.has(NullsAnswered) && o["title"] == nil {
		o["title"] = nil
	}
}

func (t *endpoint) renderMembers(r *record, o scim.Object) {
	members := []any{}
	for _, id := range r.members {
		members = append(members, scim.Object{"value": id, "type": "User", "$ref": t.q.base + "/Users/" + id})
	}
	if t.has(MembersHidden) {
		o["members"] = []any{}
	} else if len(members) > 0 {
		o["members"] = members
	}
}

// projected is the resource with what the client asked for.
func (t *endpoint) projected(r *record) (scim.Object, error) {
	query, err := t.parseQuery(t.q.query)
	if err != nil {
		return nil, err
	}
	projection, err := t.projection(query)
	if err != nil {
		return nil, err
	}
	return projection.Apply(t.render(r)), nil
}

func (t *endpoint) projection(q scim.Query) (scim.Projection, error) {
	if t.has(ExcludedIgnored) {
		q.ExcludedAttributes = ""
	}
	return scim.ParseProjection(t.rt, q.Attributes, q.ExcludedAttributes)
}

// unique fails when another resource has the name of a document. Only ASCII
// letters are folded.
func (t *endpoint) unique(doc scim.Object, self *record) error {
	name, _ := doc[t.nameAttribute()].(string)
	if t.has(DuplicatesAccepted) {
		return nil
	}
	for _, r := range *t.table {
		other, _ := r.doc[t.nameAttribute()].(string)
		if r != self && fold(other) == fold(name) {
			return scim.Errorf(409, scim.Uniqueness, "%s %.200q is taken by the %s %s", t.nameAttribute(), name, t.rt.Name, r.id)
		}
	}
	return nil
}

func fold(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

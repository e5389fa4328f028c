package scimapi

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// encoder writes resources for the clients of one organization.
type encoder struct{ base string }

// location is the address of a resource (RFC 7644 section 3.1).
func (e encoder) location(d provision.Document) string { return e.base + d.Type.Endpoint + "/" + d.ID }

// resource appends a document as the view shows it. The client's attributes are
// copied as they are stored; they are decoded only when a projection chooses among
// them.
func (e encoder) resource(o *output, d provision.Document, v view) error {
	if !v.spliced {
		return e.projected(o, d, v)
	}
	o.b = e.head(o.b, d)
	if d.Type == scim.User && v.wants("groups") {
		o.b = e.groups(o.b, d.Groups)
	}
	if d.Type == scim.Group && v.wants("members") && d.Members != nil {
		if err := e.members(o, d.Members, v.member()); err != nil {
			return err
		}
	}
	o.b = append(o.b, `,"meta":`...)
	o.b = e.meta(o.b, d)
	o.b = append(o.b, '}')
	return o.flush()
}

// head appends the resource up to its attributes and, of a user, active:
// {"schemas":[…],"id":"…",attributes,"active":true
func (e encoder) head(b []byte, d provision.Document) []byte {
	b = append(b, `{"schemas":[`...)
	for i, urn := range d.Schemas {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, urn)
	}
	b = append(b, `],"id":`...)
	b = appendString(b, d.ID)
	if attrs := d.Attrs; len(attrs) > len(`{}`) {
		b = append(b, ',')
		b = append(b, attrs[1:len(attrs)-1]...)
	}
	if d.Type == scim.User {
		b = append(b, `,"active":`...)
		b = strconv.AppendBool(b, d.Active)
	}
	return b
}

// groups appends the groups of a user (RFC 7643 section 4.1.2).
func (e encoder) groups(b []byte, groups []provision.Ref) []byte {
	b = append(b, `,"groups":[`...)
	for i, g := range groups {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.ref(b, g, scim.Group, "direct", everySub)
	}
	return append(b, ']')
}

// subs says which parts of a group or member are shown.
type subs struct{ value, ref, display, kind bool }

var everySub = subs{true, true, true, true}

// ref appends one group of a user or one member of a group.
func (e encoder) ref(b []byte, r provision.Ref, of *scim.ResourceType, kind string, s subs) []byte {
	start := len(b)
	if s.value {
		b = append(b, `,"value":`...)
		b = appendString(b, r.Value)
	}
	if s.ref {
		b = append(b, `,"$ref":`...)
		b = appendString(b, e.base+of.Endpoint+"/"+r.Value)
	}
	if s.display && r.Display != "" {
		b = append(b, `,"display":`...)
		b = appendString(b, r.Display)
	}
	if s.kind {
		b = append(b, `,"type":"`...)
		b = append(b, kind...)
		b = append(b, '"')
	}
	if len(b) == start {
		return append(b, "{}"...)
	}
	b[start] = '{'
	return append(b, '}')
}

// member writes one member, or nothing for one that the projection leaves out.
type member func(b []byte, r provision.Ref, e encoder) []byte

func wholeMember(b []byte, r provision.Ref, e encoder) []byte {
	return e.ref(b, r, scim.User, "User", everySub)
}

// members appends the members of a group while they are read, and sends what is
// ready: a group of 100,000 is as cheap to hold as one of ten.
func (e encoder) members(o *output, members func(func(provision.Ref, error) bool), write member) error {
	o.b = append(o.b, `,"members":[`...)
	first := true
	for r, err := range members {
		if err != nil {
			return err
		}
		n := len(o.b)
		if !first {
			o.b = append(o.b, ',')
		}
		start := len(o.b)
		if o.b = write(o.b, r, e); len(o.b) == start {
			o.b = o.b[:n]
			continue
		}
		first = false
		if err := o.flush(); err != nil {
			return err
		}
	}
	o.b = append(o.b, ']')
	return nil
}

// timeLayout is xsd:dateTime in UTC (RFC 7643 section 2.3.5), to the microsecond
// that is stored, so that a filter on it can be exact; always of one length.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func (e encoder) meta(b []byte, d provision.Document) []byte {
	b = append(b, `{"resourceType":`...)
	b = appendString(b, d.Type.Name)
	b = append(b, `,"created":"`...)
	b = d.Created.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","lastModified":"`...)
	b = d.Modified.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","location":`...)
	b = appendString(b, e.location(d))
	b = append(b, `,"version":`...)
	b = appendString(b, d.ETag())
	return append(b, '}')
}

func (e encoder) metaObject(d provision.Document) scim.Object {
	stamp := func(t time.Time) string { return t.UTC().Format(timeLayout) }
	return scim.Object{
		"resourceType": d.Type.Name, "created": stamp(d.Created), "lastModified": stamp(d.Modified),
		"location": e.location(d), "version": d.ETag(),
	}
}

// appendString appends s as a JSON string. Nearly every string needs no escape and
// is copied; the others are written as the library writes them.
func appendString(b []byte, s string) []byte {
	plain, ascii := true, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		plain = plain && c >= 0x20 && c != '"' && c != '\\'
		ascii = ascii && c < utf8.RuneSelf
	}
	if plain && (ascii || utf8.ValidString(s)) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted := scim.Encode(scim.Object{"": s}) // {"":"…"}
	return append(b, quoted[len(`{"":`):len(quoted)-1]...)
}

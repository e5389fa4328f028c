package scimapi

import (
	"strings"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// view is what of a resource an answer shows (RFC 7644 section 3.9).
type view struct {
	projection scim.Projection
	// spliced: the client's attributes are shown as they are stored, all of them.
	spliced bool
	// without is the one attribute that a spliced view leaves out, "groups" or
	// "members": what Entra asks for with every look at a group.
	without string
	choosy  bool // a value path may choose among members
}

func newView(rt *scim.ResourceType, q scim.Query) (view, error) {
	p, err := scim.ParseProjection(rt, q.Attributes, q.ExcludedAttributes)
	if err != nil {
		return view{}, err
	}
	v := view{projection: p, spliced: p.Zero(), choosy: strings.Contains(q.Attributes+q.ExcludedAttributes, "[")}
	if strings.TrimSpace(q.Attributes) == "" {
		for _, name := range [...]string{"members", "groups"} {
			if strings.EqualFold(strings.TrimSpace(q.ExcludedAttributes), name) {
				v.spliced, v.without = true, name
			}
		}
	}
	return v, nil
}

func (v view) wants(attr string) bool {
	if v.spliced {
		return v.without != attr
	}
	return v.projection.Wants(attr)
}

// want is what has to be read for the view.
func (v view) want(rt *scim.ResourceType) provision.Want {
	return provision.Want{Groups: rt == scim.User && v.wants("groups"), Members: rt == scim.Group && v.wants("members")}
}

// projected appends a document of which only a part is wanted.
func (e encoder) projected(o *output, d provision.Document, v view) error {
	doc, err := scim.Decode(d.Attrs)
	if err != nil {
		return err
	}
	schemas := make([]any, len(d.Schemas))
	for i, urn := range d.Schemas {
		schemas[i] = urn
	}
	doc["schemas"], doc["id"], doc["meta"] = schemas, d.ID, e.metaObject(d)
	if d.Type == scim.User {
		doc["active"] = d.Active
		if v.wants("groups") {
			groups := make([]any, len(d.Groups))
			for i, g := range d.Groups {
				groups[i] = e.refObject(g, scim.Group, "direct")
			}
			doc["groups"] = groups
		}
	}
	text := scim.Encode(v.projection.Apply(doc))
	if d.Type != scim.Group || d.Members == nil || !v.wants("members") {
		o.b = append(o.b, text...)
		return o.flush()
	}
	o.b = append(o.b, text[:len(text)-1]...)
	if err := e.members(o, d.Members, v.member()); err != nil {
		return err
	}
	o.b = append(o.b, '}')
	return o.flush()
}

// member returns how the view shows a member of a group. Which parts are wanted is
// found out once, on a sample, unless a value path looks at each.
func (v view) member() member {
	if v.spliced {
		return wholeMember
	}
	if v.choosy {
		return func(b []byte, r provision.Ref, e encoder) []byte {
			if shown := v.show(e.refObject(r, scim.User, "User")); len(shown) > 0 {
				b = append(b, scim.Encode(shown)...)
			}
			return b
		}
	}
	shown := v.show(encoder{}.refObject(provision.Ref{Value: "x", Display: "x"}, scim.User, "User"))
	has := func(name string) bool { _, ok := shown[name]; return ok }
	parts := subs{has("value"), has("$ref"), has("display"), has("type")}
	return func(b []byte, r provision.Ref, e encoder) []byte { return e.ref(b, r, scim.User, "User", parts) }
}

// show applies the projection to one member; nil when it leaves it out.
func (v view) show(m scim.Object) scim.Object {
	list, _ := v.projection.Apply(scim.Object{"members": []any{m}})["members"].([]any)
	if len(list) == 0 {
		return nil
	}
	shown, _ := list[0].(scim.Object)
	return shown
}

func (e encoder) refObject(r provision.Ref, of *scim.ResourceType, kind string) scim.Object {
	o := scim.Object{"value": r.Value, "$ref": e.base + of.Endpoint + "/" + r.Value, "type": kind}
	if r.Display != "" {
		o["display"] = r.Display
	}
	return o
}

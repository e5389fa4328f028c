package graph

import (
	"maps"
	"strconv"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// mostBound is how many members one request adds (Microsoft Graph docs, "group-post-members").
const mostBound = 20

// bound takes members@odata.bind.
func (f *fields) bound() ([]directory.ID, error) {
	const name = "members@odata.bind"
	addresses, _, err := f.texts(name)
	if err != nil {
		return nil, err
	}
	if len(addresses) > mostBound {
		return nil, bad("%s has %d references; at most %d can be added in one request.", name, len(addresses), mostBound)
	}
	ids := make([]directory.ID, 0, len(addresses))
	for _, address := range addresses {
		ids = append(ids, idOf(address))
	}
	return ids, nil
}

// newMembers refuses who cannot become a member of a group, before anything is changed; "" is
// a group that is not made yet.
func (x *exchange) newMembers(group directory.ID, members []directory.ID) error {
	for _, id := range members {
		if _, _, err := x.liveObject(id); err != nil {
			return err
		}
		member := false
		if group != "" {
			var err error
			if member, err = x.api.directory.IsMember(x.r.Context(), group, id); err != nil {
				return err
			}
		}
		if member {
			return memberAlready()
		}
	}
	return nil
}

// memberAlready is Graph's sentence (observed).
func memberAlready() error {
	return bad("One or more added object references already exist for the following modified properties: 'members'.")
}

func (x *exchange) addAll(group directory.ID, members []directory.ID) error {
	for _, id := range members {
		if _, err := x.api.directory.AddMember(x.r.Context(), group, id); err != nil {
			return err
		}
	}
	return nil
}

// liveObject is the user or the group with an object id, as a directoryObject with every
// property.
func (x *exchange) liveObject(id directory.ID) (kind directory.Kind, document object, err error) {
	ctx := x.r.Context()
	u, err := x.api.directory.User(ctx, id)
	if err == nil && u.DeletedAt.IsZero() {
		return directory.KindUser, typed(users.document(u), "user"), nil
	}
	if err != nil && !directory.IsProblem(err, directory.NotFound) {
		return "", nil, err
	}
	g, err := x.api.directory.Group(ctx, id)
	if err == nil && g.DeletedAt.IsZero() {
		return directory.KindGroup, typed(groups.document(g), "group"), nil
	}
	if err == nil || directory.IsProblem(err, directory.NotFound) {
		err = noObject(string(id))
	}
	return "", nil, err
}

// memberObject is a direct member as a directoryObject.
type memberObject struct {
	id       directory.ID
	document object
}

func (x *exchange) listMembers() error {
	kinds := groups.kinds()
	maps.Copy(kinds, users.kinds())
	q, err := x.query(options{properties: kinds})
	if err != nil {
		return err
	}
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	db, ctx := x.api.directory, x.r.Context()
	return page(x, "directoryObjects", q, source[memberObject]{
		key:      func(m memberObject) string { return string(m.id) },
		document: func(m memberObject) object { return m.document },
		show:     q.showEither,
		total:    func() (int, error) { return db.CountMembers(ctx, g.ID) },
		read: func(after string, limit int) ([]memberObject, error) {
			list, err := db.Members(ctx, g.ID, directory.ID(after), limit)
			if err != nil {
				return nil, err
			}
			all := make([]memberObject, 0, len(list))
			for _, m := range list {
				_, document, err := x.liveObject(m.ID)
				if _, gone := refusalOf(err); gone { // deleted since the page was read
					document = object{"id": string(m.ID)}
				} else if err != nil {
					return nil, err
				}
				all = append(all, memberObject{m.ID, document})
			}
			return all, nil
		},
	})
}

// showEither is show for a user or a group.
func (q query) showEither(document object) object {
	if document["@odata.type"] == "#microsoft.graph.user" {
		return q.show(document, users.usual())
	}
	return q.show(document, groups.usual())
}

func (x *exchange) listMemberUsers() error {
	q, err := x.query(options{properties: userOptions.properties})
	if err != nil {
		return err
	}
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	return page(x, "users", q, source[user]{
		key: func(u user) string { return string(u.ID) }, document: users.document, usual: users.usual(),
		read: func(after string, limit int) ([]user, error) {
			return x.api.directory.MemberUsers(x.r.Context(), g.ID, directory.ID(after), limit)
		},
	})
}

func (x *exchange) countMembers() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	n, err := x.api.directory.CountMembers(x.r.Context(), g.ID)
	if err != nil {
		return err
	}
	return x.text(strconv.Itoa(n))
}

func (x *exchange) addMember() error {
	f, err := x.body("members", maxBody)
	if err != nil {
		return err
	}
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	member, err := f.reference()
	if err != nil {
		return err
	}
	if _, _, err := x.liveObject(member); err != nil {
		return err
	}
	added, err := x.api.directory.AddMember(x.r.Context(), g.ID, member)
	if err != nil {
		return err
	}
	if !added {
		return memberAlready()
	}
	return x.noContent()
}

func (x *exchange) removeMember() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	removed, err := x.api.directory.RemoveMember(x.r.Context(), g.ID, x.id("member"))
	if err != nil {
		return err
	}
	if !removed {
		return noObject(string(x.id("member")))
	}
	return x.noContent()
}

func (x *exchange) groupMemberOf() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	return x.memberOf(g.ID)
}

// memberOf lists the groups whose direct member an object is.
func (x *exchange) memberOf(id directory.ID) error {
	q, err := x.query(options{properties: groupOptions.properties})
	if err != nil {
		return err
	}
	s := source[group]{
		key: func(g group) string { return string(g.ID) }, usual: groups.usual(),
		document: func(g group) object { return typed(groups.document(g), "group") },
		read: func(after string, limit int) ([]group, error) {
			return x.api.directory.GroupsOf(x.r.Context(), id, directory.ID(after), limit)
		},
	}
	return page(x, "directoryObjects", q, s)
}

func (x *exchange) getObject() error {
	_, document, err := x.liveObject(x.id("object"))
	if err != nil {
		return err
	}
	return x.one(200, "directoryObjects/$entity", query{}.showEither(document))
}

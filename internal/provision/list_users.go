package provision

import (
	"errors"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

type userKind struct{}

func (userKind) resourceType() *scim.ResourceType { return scim.User }
func (userKind) counted() store.Resource          { return store.CountUsers }

func userDocuments(rows []store.User) []Document {
	docs := make([]Document, len(rows))
	for i, row := range rows {
		docs[i] = userDocument(row, nil)
	}
	return docs
}

func (userKind) after(l *listing, id string, limit int) ([]Document, error) {
	rows, err := l.r.SCIMUsersAfter(l.org, iam.MemberID(id), limit)
	return userDocuments(rows), err
}

func (userKind) at(l *listing, position int) (string, error) {
	id, err := l.r.SCIMUserIDAt(l.org, position)
	if errors.Is(err, iam.ErrNotFound) {
		return "", nil
	}
	return string(id), err
}

func (userKind) byID(l *listing, ids []string) ([]Document, error) {
	rows, err := l.r.SCIMUsersByID(l.org, typed[iam.MemberID](ids))
	return userDocuments(rows), err
}

func (userKind) sorted(l *listing) ([]position, error) {
	return l.sortedPositions(store.CountUsers)
}

// candidates serves what identity providers ask: userName, id and externalId by
// their indexes, the users of a group by its memberships.
func (userKind) candidates(l *listing, conjuncts []*scim.Filter) ([]Document, []*scim.Filter, bool, error) {
	for _, f := range conjuncts {
		if id, ok := f.Equality("id"); ok {
			row, err := l.r.User(l.org, iam.MemberID(id))
			return l.oneUser(row, err, conjuncts)
		}
		if name, ok := f.Equality("username"); ok {
			row, err := l.r.UserByLogin(l.org, iam.LookupKey(name))
			return l.oneUser(row, err, conjuncts)
		}
	}
	for _, f := range conjuncts {
		if external, ok := f.Equality("externalid"); ok {
			rows, err := l.r.SCIMUsersByExternalID(l.org, external)
			return userDocuments(rows), conjuncts, true, err
		}
	}
	for _, f := range conjuncts {
		group, ok := equalityOf(f, "groups")
		if !ok {
			continue
		}
		ids, err := l.r.GroupMemberIDs(l.org, iam.GroupID(group))
		if err != nil {
			return nil, nil, false, err
		}
		if len(ids) > MaxScan {
			return nil, nil, false, tooMuch()
		}
		rows, err := l.r.SCIMUsersByID(l.org, ids)
		return userDocuments(rows), conjuncts, true, err
	}
	return nil, conjuncts, false, nil
}

// equalityOf reads attr eq "x" or attr.value eq "x".
func equalityOf(f *scim.Filter, attr string) (string, bool) {
	if v, ok := f.Equality(attr); ok {
		return v, true
	}
	return f.Equality(attr + ".value")
}

func (l *listing) oneUser(row store.User, err error, rest []*scim.Filter) ([]Document, []*scim.Filter, bool, error) {
	switch {
	case errors.Is(err, iam.ErrNotFound):
		return nil, rest, true, nil
	case err != nil:
		return nil, nil, false, err
	case !row.SCIM:
		return nil, rest, true, nil
	}
	return []Document{userDocument(row, nil)}, rest, true, nil
}

func (userKind) hydrate(l *listing, objects []scim.Object, filter *scim.Filter) error {
	if !mentions(filter, "groups") || len(objects) == 0 || objects[0]["groups"] != nil {
		return nil
	}
	byUser := make(map[string]scim.Object, len(objects))
	ids := make([]iam.MemberID, len(objects))
	for i, o := range objects {
		id := text(o, "id")
		byUser[id], ids[i] = o, iam.MemberID(id)
		o["groups"] = []any{}
	}
	groups, err := l.r.GroupsOfUsers(l.org, ids)
	for _, g := range groups {
		o := byUser[string(g.User)]
		o["groups"] = append(o["groups"].([]any), scim.Object{"value": string(g.Group.ID), "display": g.Group.DisplayName, "type": "direct"})
	}
	return err
}

// finish reads the groups of a page's users by one statement.
func (userKind) finish(l *listing, items []Document) error {
	if !l.q.Want.Groups || len(items) == 0 {
		return nil
	}
	ids := make([]iam.MemberID, len(items))
	at := make(map[iam.MemberID]int, len(items))
	for i := range items {
		ids[i] = iam.MemberID(items[i].ID)
		at[ids[i]] = i
		items[i].Groups = []Ref{}
	}
	groups, err := l.r.GroupsOfUsers(l.org, ids)
	for _, g := range groups {
		item := &items[at[g.User]]
		item.Groups = append(item.Groups, Ref{Value: string(g.Group.ID), Display: g.Group.DisplayName})
	}
	return err
}

func typed[T ~string](ids []string) []T {
	out := make([]T, len(ids))
	for i, id := range ids {
		out[i] = T(id)
	}
	return out
}

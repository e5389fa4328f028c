package provision

import (
	"errors"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

type groupKind struct{}

func (groupKind) resourceType() *scim.ResourceType { return scim.Group }
func (groupKind) counted() store.Resource          { return store.CountGroups }

func groupDocuments(rows []store.Group) []Document {
	docs := make([]Document, len(rows))
	for i, row := range rows {
		docs[i] = groupDocument(row, nil)
	}
	return docs
}

func (groupKind) after(l *listing, id string, limit int) ([]Document, error) {
	rows, err := l.r.GroupsAfter(l.org, iam.GroupID(id), limit)
	return groupDocuments(rows), err
}

func (groupKind) at(l *listing, position int) (string, error) {
	id, err := l.r.GroupIDAt(l.org, position)
	if errors.Is(err, iam.ErrNotFound) {
		return "", nil
	}
	return string(id), err
}

func (groupKind) byID(l *listing, ids []string) ([]Document, error) {
	rows, err := l.r.GroupsByID(l.org, typed[iam.GroupID](ids))
	return groupDocuments(rows), err
}

func (groupKind) sorted(l *listing) ([]position, error) {
	return l.sortedPositions(store.CountGroups)
}

// candidates serves id, displayName and externalId by their indexes. A condition
// "members eq x" becomes a probe of one membership: the check that Entra ID makes
// before each removal must not read the members of the group (M16).
func (groupKind) candidates(l *listing, conjuncts []*scim.Filter) ([]Document, []*scim.Filter, bool, error) {
	var members []iam.MemberID
	rest := slices.DeleteFunc(slices.Clone(conjuncts), func(f *scim.Filter) bool {
		id, ok := equalityOf(f, "members")
		if ok {
			members = append(members, iam.MemberID(id))
		}
		return ok
	})
	rows, indexed, err := l.groupsByIndex(rest)
	if err != nil {
		return nil, nil, false, err
	}
	if indexed {
		rows, err = l.withMembers(rows, members)
		return groupDocuments(rows), rest, true, err
	}
	if len(members) == 0 {
		return nil, conjuncts, false, nil
	}
	rows, err = l.r.GroupsOfUser(l.org, members[0])
	if err != nil {
		return nil, nil, false, err
	}
	rows, err = l.withMembers(rows, members[1:])
	return groupDocuments(rows), rest, true, err
}

func (l *listing) groupsByIndex(conjuncts []*scim.Filter) ([]store.Group, bool, error) {
	single := func(g store.Group, err error) ([]store.Group, bool, error) {
		if errors.Is(err, iam.ErrNotFound) {
			return nil, true, nil
		}
		return []store.Group{g}, true, err
	}
	for _, f := range conjuncts {
		if id, ok := f.Equality("id"); ok {
			return single(l.r.Group(l.org, iam.GroupID(id)))
		}
		if name, ok := f.Equality("displayname"); ok {
			return single(l.r.GroupByName(l.org, iam.Fold(name)))
		}
	}
	for _, f := range conjuncts {
		if external, ok := f.Equality("externalid"); ok {
			rows, err := l.r.GroupsByExternalID(l.org, external)
			return rows, true, err
		}
	}
	return nil, false, nil
}

// withMembers keeps the groups in which all of the users are.
func (l *listing) withMembers(rows []store.Group, users []iam.MemberID) ([]store.Group, error) {
	for _, user := range users {
		kept := rows[:0:0]
		for _, g := range rows {
			in, err := l.r.IsGroupMember(l.org, g.ID, user)
			if err != nil {
				return nil, err
			}
			if in {
				kept = append(kept, g)
			}
		}
		rows = kept
	}
	return rows, nil
}

// hydrate reads the members of each group for a filter that looks at them in a way
// no index serves.
func (groupKind) hydrate(l *listing, objects []scim.Object, filter *scim.Filter) error {
	if !mentions(filter, "members") {
		return nil
	}
	looked := 0
	for _, o := range objects {
		if o["members"] != nil {
			continue
		}
		members := []any{}
		for ref, err := range l.s.members(l.ctx, l.c, iam.GroupID(text(o, "id"))) {
			if err != nil {
				return err
			}
			if looked++; looked > maxHydration {
				return scim.Errorf(400, scim.TooMany, "this filter looks at members, and there are more than %d to look at; filter by members eq \"<user id>\" or by id", maxHydration)
			}
			members = append(members, scim.Object{"value": ref.Value, "display": ref.Display, "type": "User"})
		}
		o["members"] = members
	}
	return nil
}

func (groupKind) finish(l *listing, items []Document) error {
	if !l.q.Want.Members {
		return nil
	}
	for i := range items {
		items[i].Members = l.s.members(l.ctx, l.c, iam.GroupID(items[i].ID))
	}
	return nil
}

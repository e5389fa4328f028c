package graph

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

type group = directory.Group

// groups is the resource type group (Microsoft Graph docs, "group"). Only groups without mail
// and without types exist here, so those properties are constants.
var groups = resource[group]{
	name: "Group",
	properties: []property[group]{
		readOnly("id", kindText, true, func(g *group) any { return string(g.ID) }),
		text("displayName", true, func(g *group) *string { return &g.DisplayName }),
		text("description", true, func(g *group) *string { return &g.Description }),
		text("mailNickname", true, func(g *group) *string { return &g.MailNickname }),
		boolean("securityEnabled", true, func(g *group) *bool { return &g.SecurityEnabled }),
		{name: "mailEnabled", kind: kindBoolean, usual: true, get: func(*group) any { return false }, set: func(_ *group, raw json.RawMessage) string {
			if on, ok := booleanOf(raw); on || !ok {
				return "false: the stand-in has no groups with mail"
			}
			return ""
		}},
		{name: "groupTypes", kind: kindTexts, usual: true, get: func(*group) any { return []string{} }, set: func(_ *group, raw json.RawMessage) string {
			if list, ok := textsOf(raw); len(list) > 0 || !ok {
				return "an empty list: the stand-in has neither Microsoft 365 groups nor dynamic ones"
			}
			return ""
		}},
		readOnly("createdDateTime", kindTime, true, func(g *group) any { return moment(g.CreatedAt) }),
		readOnly("deletedDateTime", kindTime, true, func(g *group) any { return moment(g.DeletedAt) }),
	},
}

var groupOptions = options{properties: groups.kinds(), search: []string{"displayName", "description", "mailNickname"}}

func (x *exchange) groupOf(name string) (group, error) {
	given := x.r.PathValue(name)
	g, err := x.api.directory.Group(x.r.Context(), directory.ID(given))
	if err == nil && !g.DeletedAt.IsZero() || directory.IsProblem(err, directory.NotFound) {
		err = noObject(given)
	}
	return g, err
}

func groupSource(x *exchange, q query) source[group] {
	ctx, db := x.r.Context(), x.api.directory
	s := source[group]{
		key: func(g group) string { return string(g.ID) }, document: groups.document, usual: groups.usual(),
		total: func() (int, error) { c, err := db.Counts(ctx); return c.Groups, err },
		read: func(after string, limit int) ([]group, error) {
			return db.SearchGroups(ctx, searched(q, "displayName", "description", "mailNickname"), directory.ID(after), limit)
		},
	}
	if id := q.filter.equal("id"); id != "" {
		s.read = found(s.key, func() ([]group, error) {
			g, err := db.Group(ctx, directory.ID(id))
			if directory.IsProblem(err, directory.NotFound) || err == nil && !g.DeletedAt.IsZero() {
				return nil, nil
			}
			return []group{g}, err
		})
	}
	return s
}

func (x *exchange) listGroups() error {
	q, err := x.query(groupOptions)
	if err != nil {
		return err
	}
	return page(x, "groups", q, groupSource(x, q))
}

func (x *exchange) countGroups() error {
	q, err := x.query(groupOptions)
	if err != nil {
		return err
	}
	n, err := groupSource(x, q).count(q)
	if err != nil {
		return err
	}
	return x.text(strconv.Itoa(n))
}

// createGroup: Microsoft Graph docs, "group-post-groups".
func (x *exchange) createGroup() error {
	f, err := x.body(groups.name, maxBody)
	if err != nil {
		return err
	}
	if err := require(f, "displayName", "mailEnabled", "mailNickname", "securityEnabled"); err != nil {
		return err
	}
	members, err := f.bound()
	if err != nil {
		return err
	}
	var g group
	if err := groups.apply(&g, f); err != nil {
		return err
	}
	if err := x.newMembers("", members); err != nil {
		return err
	}
	ctx := x.r.Context()
	if g, err = x.api.directory.CreateGroup(ctx, g); err != nil {
		return err
	}
	if err := x.addAll(g.ID, members); err != nil {
		return err
	}
	return x.created("groups", string(g.ID), query{}.show(groups.document(g), groups.usual()))
}

func (x *exchange) getGroup() error {
	q, err := x.query(options{properties: groupOptions.properties})
	if err != nil {
		return err
	}
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "groups/$entity", q.show(groups.document(g), groups.usual()))
}

// updateGroup changes a group, and adds members by members@odata.bind (Microsoft Graph docs,
// "group-post-members").
func (x *exchange) updateGroup() error {
	f, err := x.body(groups.name, maxBody)
	if err != nil {
		return err
	}
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	members, err := f.bound()
	if err != nil {
		return err
	}
	if err := x.newMembers(g.ID, members); err != nil {
		return err
	}
	if _, err := x.api.directory.UpdateGroup(x.r.Context(), g.ID, func(g *group) error { return groups.apply(g, f) }); err != nil {
		return err
	}
	if err := x.addAll(g.ID, members); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) deleteGroup() error {
	g, err := x.groupOf("group")
	if err != nil {
		return err
	}
	if err := x.api.directory.DeleteGroup(x.r.Context(), g.ID); err != nil {
		return err
	}
	return x.noContent()
}

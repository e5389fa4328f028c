package graph

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// Soft-deleted objects: Microsoft Graph docs, "directory" (deletedItems).

func (x *exchange) deletedUsers() error {
	q, err := x.query(options{properties: userOptions.properties})
	if err != nil {
		return err
	}
	return page(x, "users", q, source[user]{
		key: func(u user) string { return string(u.ID) }, document: users.document, usual: append(users.usual(), "deletedDateTime"),
		total: func() (int, error) { c, err := x.api.directory.Counts(x.r.Context()); return c.DeletedUsers, err },
		read: func(after string, limit int) ([]user, error) {
			return x.api.directory.DeletedUsers(x.r.Context(), directory.ID(after), limit)
		},
	})
}

func (x *exchange) deletedGroups() error {
	q, err := x.query(options{properties: groupOptions.properties})
	if err != nil {
		return err
	}
	return page(x, "groups", q, source[group]{
		key: func(g group) string { return string(g.ID) }, document: groups.document, usual: groups.usual(),
		total: func() (int, error) { c, err := x.api.directory.Counts(x.r.Context()); return c.DeletedGroups, err },
		read: func(after string, limit int) ([]group, error) {
			return x.api.directory.DeletedGroups(x.r.Context(), directory.ID(after), limit)
		},
	})
}

// deletedObject finds the soft-deleted user or group of the path.
func (x *exchange) deletedObject() (directory.Kind, object, error) {
	id, ctx := x.id("object"), x.r.Context()
	u, err := x.api.directory.User(ctx, id)
	if err == nil && !u.DeletedAt.IsZero() {
		return directory.KindUser, typed(query{}.show(users.document(u), append(users.usual(), "deletedDateTime")), "user"), nil
	}
	if err != nil && !directory.IsProblem(err, directory.NotFound) {
		return "", nil, err
	}
	g, err := x.api.directory.Group(ctx, id)
	if err == nil && !g.DeletedAt.IsZero() {
		return directory.KindGroup, typed(query{}.show(groups.document(g), groups.usual()), "group"), nil
	}
	if err == nil || directory.IsProblem(err, directory.NotFound) {
		err = noObject(string(id))
	}
	return "", nil, err
}

func (x *exchange) getDeleted() error {
	_, document, err := x.deletedObject()
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "directoryObjects/$entity", document)
}

func (x *exchange) restoreDeleted() error {
	if f, err := x.optionalBody("restore"); err != nil {
		return err
	} else if err := f.done(); err != nil {
		return err
	}
	kind, _, err := x.deletedObject()
	if err != nil {
		return err
	}
	if kind == directory.KindUser {
		_, err = x.api.directory.RestoreUser(x.r.Context(), x.id("object"))
	} else {
		_, err = x.api.directory.RestoreGroup(x.r.Context(), x.id("object"))
	}
	if err != nil {
		return err
	}
	return x.getObject()
}

func (x *exchange) purgeDeleted() error {
	kind, _, err := x.deletedObject()
	if err != nil {
		return err
	}
	if kind == directory.KindUser {
		err = x.api.directory.PurgeUser(x.r.Context(), x.id("object"))
	} else {
		err = x.api.directory.PurgeGroup(x.r.Context(), x.id("object"))
	}
	if err != nil {
		return err
	}
	return x.noContent()
}

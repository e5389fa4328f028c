package graph

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// userOf finds the user of the path, by object id or by user principal name.
func (x *exchange) userOf(name string) (user, error) {
	given := x.r.PathValue(name)
	ctx := x.r.Context()
	if strings.Contains(given, "@") {
		return x.api.directory.UserByUPN(ctx, given)
	}
	u, err := x.api.directory.User(ctx, directory.ID(given))
	if err == nil && !u.DeletedAt.IsZero() {
		err = &directory.Error{Problem: directory.NotFound}
	}
	if directory.IsProblem(err, directory.NotFound) {
		err = noObject(given)
	}
	return u, err
}

// noObject is Graph's sentence for an id that nothing has (observed).
func noObject(id string) error {
	return refuse(http.StatusNotFound, codeNotFound, "Resource '%s' does not exist or one of its queried reference-property objects are not present.", words.Clip(id))
}

func userSource(x *exchange, q query) source[user] {
	ctx, db := x.r.Context(), x.api.directory
	s := source[user]{
		key: func(u user) string { return string(u.ID) }, document: users.document, usual: users.usual(),
		total: func() (int, error) { c, err := db.Counts(ctx); return c.Users, err },
		read: func(after string, limit int) ([]user, error) {
			return db.SearchUsers(ctx, searched(q, "displayName", "userPrincipalName", "mail", "givenName", "surname"), directory.ID(after), limit)
		},
	}
	// One probe of an index in place of a walk through all.
	switch {
	case q.filter.equal("id") != "":
		s.read = found(s.key, func() ([]user, error) {
			return liveOne(db.User(ctx, directory.ID(q.filter.equal("id"))))
		})
	case q.filter.equal("userPrincipalName") != "":
		s.read = found(s.key, func() ([]user, error) {
			return liveOne(db.UserByUPN(ctx, q.filter.equal("userPrincipalName")))
		})
	case q.filter.equal("mail") != "":
		s.read = found(s.key, func() ([]user, error) { return db.UsersByMail(ctx, q.filter.equal("mail")) })
	}
	return s
}

// searched are what a search of the directory is narrowed to: those of $search, and those that
// the filter needs. One that looks like an object id would be taken for one.
func searched(q query, properties ...string) string {
	needed := q.filter.words(properties...)
	if strings.Count(needed, "-") >= 4 {
		needed = ""
	}
	return strings.TrimSpace(q.words + " " + needed)
}

// found is a read of a few that are known at once.
func found[T any](key func(T) string, get func() ([]T, error)) func(string, int) ([]T, error) {
	return func(after string, limit int) ([]T, error) {
		list, err := get()
		if err != nil {
			return nil, err
		}
		return once(list, key)(after, limit)
	}
}

func liveOne(u user, err error) ([]user, error) {
	if directory.IsProblem(err, directory.NotFound) || err == nil && !u.DeletedAt.IsZero() {
		return nil, nil
	}
	return []user{u}, err
}

func (x *exchange) listUsers() error {
	q, err := x.query(userOptions)
	if err != nil {
		return err
	}
	return page(x, "users", q, userSource(x, q))
}

func (x *exchange) countUsers() error {
	q, err := x.query(userOptions)
	if err != nil {
		return err
	}
	n, err := userSource(x, q).count(q)
	if err != nil {
		return err
	}
	return x.text(strconv.Itoa(n))
}

// createUser: Microsoft Graph docs, "user-post-users". The password profile that Graph asks for
// is taken and not kept: the stand-in has no passwords.
func (x *exchange) createUser() error {
	f, err := x.body(users.name, maxBody)
	if err != nil {
		return err
	}
	if err := require(f, "accountEnabled", "displayName", "mailNickname", "userPrincipalName"); err != nil {
		return err
	}
	var u user
	if err := users.apply(&u, f); err != nil {
		return err
	}
	if u, err = x.api.directory.CreateUser(x.r.Context(), u); err != nil {
		return err
	}
	return x.created("users", string(u.ID), query{}.show(users.document(u), users.usual()))
}

// created answers 201 with the address of the new object.
func (x *exchange) created(set, id string, document object) error {
	x.w.Header().Set("Location", x.api.publicURL+"/"+x.version+"/"+set+"/"+id)
	return x.one(http.StatusCreated, set+"/$entity", document)
}

func (x *exchange) getUser() error {
	q, err := x.query(options{properties: userOptions.properties})
	if err != nil {
		return err
	}
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "users/$entity", q.show(users.document(u), users.usual()))
}

func (x *exchange) updateUser() error {
	f, err := x.body(users.name, maxBody)
	if err != nil {
		return err
	}
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	if _, err := x.api.directory.UpdateUser(x.r.Context(), u.ID, func(u *user) error { return users.apply(u, f) }); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) deleteUser() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	if err := x.api.directory.DeleteUser(x.r.Context(), u.ID); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) getManager() error {
	q, err := x.query(options{properties: userOptions.properties})
	if err != nil {
		return err
	}
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	if u.ManagerID == "" {
		return noObject("manager")
	}
	manager, err := x.api.directory.User(x.r.Context(), u.ManagerID)
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "directoryObjects/$entity", typed(q.show(users.document(manager), users.usual()), "user"))
}

// typed says of which type an object is where several are possible.
func typed(document object, of string) object {
	document["@odata.type"] = "#microsoft.graph." + of
	return document
}

func (x *exchange) setManager() error {
	f, err := x.body("manager", maxBody)
	if err != nil {
		return err
	}
	manager, err := f.reference()
	if err != nil {
		return err
	}
	return x.changeManager(manager)
}

func (x *exchange) removeManager() error { return x.changeManager("") }

func (x *exchange) changeManager(to directory.ID) error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	_, err = x.api.directory.UpdateUser(x.r.Context(), u.ID, func(u *user) error { u.ManagerID = to; return nil })
	if err != nil {
		return err
	}
	return x.noContent()
}

// reference takes the "@odata.id" of an object: an address that ends in its id.
func (f *fields) reference() (directory.ID, error) {
	raw, _ := f.take("@odata.id")
	address, ok := textOf(raw)
	if raw == nil || !ok || address == "" {
		return "", bad(`The body must be {"@odata.id": "…/directoryObjects/{id}"}.`)
	}
	return idOf(address), f.done()
}

// idOf is the object id at the end of an address. The host of the address does not matter, so
// that scripts written for Graph itself can be used.
func idOf(address string) directory.ID {
	return directory.ID(strings.ToLower(address[strings.LastIndex(address, "/")+1:]))
}

func (x *exchange) directReports() error {
	q, err := x.query(options{properties: userOptions.properties})
	if err != nil {
		return err
	}
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return page(x, "directoryObjects", q, source[user]{
		key: func(u user) string { return string(u.ID) }, document: users.document, usual: users.usual(),
		read: func(after string, limit int) ([]user, error) {
			return x.api.directory.DirectReports(x.r.Context(), u.ID, directory.ID(after), limit)
		},
	})
}

func (x *exchange) userMemberOf() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return x.memberOf(u.ID)
}

// revokeSessions: Microsoft Graph docs, "user-revokesigninsessions".
func (x *exchange) revokeSessions() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	x.api.idp.EndSessions(u.ID)
	return x.one(http.StatusOK, "Edm.Boolean", object{"value": true})
}

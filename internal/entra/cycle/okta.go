package cycle

import (
	"context"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// This file is what Okta sends where Entra sends something else. Source, unless a comment says
// otherwise: Okta developer docs, "reference/scim/scim-20".

// oktaPage is how many objects Okta asks for at once.
const oktaPage = 100

// oktaEscape writes text into a query as Okta does: a blank as %20.
func oktaEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// oktaQuery looks an object up by one attribute.
func oktaQuery(attribute, value string) string {
	return fmt.Sprintf("filter=%s&startIndex=1&count=%d", oktaEscape(attribute+" eq "+scimclient.Quote(value)), oktaPage)
}

// oktaProbe is Test API Credentials: the first user of the list, as in the SPEC test that Okta
// publishes for SCIM servers. The list may be empty.
func (t *target) oktaProbe(ctx context.Context, tr *trace) error {
	_, _, err := t.list(ctx, tr, mapping.KindUser, "count=1&startIndex=1")
	return err
}

// oktaNew is the body of a POST: the mapped attributes, groups or members that are always
// empty, and for a user a password that nobody knows and that means nothing.
func (w *work) oktaNew(body scim.Object) error {
	delete(body, "meta")
	if w.o.kind == mapping.KindGroup {
		body["schemas"], body["members"] = []any{scim.GroupURN}, []any{}
		return nil
	}
	return w.oktaUser(body)
}

// oktaUser adds what every whole user of Okta's has.
func (w *work) oktaUser(body scim.Object) error {
	schemas := []any{scim.UserURN}
	if body[scim.EnterpriseUserURN] != nil {
		schemas = append(schemas, scim.EnterpriseUserURN)
	}
	if roles, ok := body["roles"].([]any); ok && len(roles) == 0 {
		delete(body, "roles")
	}
	var raw [5]byte
	if _, err := w.r.s.read(raw[:]); err != nil {
		return fmt.Errorf("make a password: %w", err)
	}
	password := strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
	w.tr.redacted = append(w.tr.redacted, password)
	body["schemas"], body["groups"], body["password"] = schemas, []any{}, password
	return nil
}

// sendChanges carries changes of an object, whose present state in the target is current, in
// the manner of the service. current may be nil; then it is read if it is needed.
func (w *work) sendChanges(ctx context.Context, id string, current scim.Object, changes []mapping.Change) error {
	switch manner := w.r.target.manner; {
	case !manner.okta():
		return w.r.target.patch(ctx, &w.tr, w.o.kind, id, mapping.PatchBody(changes, w.r.optscim))
	case w.o.kind == mapping.KindGroup:
		m := &memberWork{work: w, targetID: id}
		return m.oktaGroup(ctx, false)
	case manner == MannerOkta:
		return w.oktaCatalogue(ctx, id, current, changes)
	}
	return w.oktaPut(ctx, id, current, changes)
}

// oktaCatalogue sends active by PATCH, and what else there is by PUT.
func (w *work) oktaCatalogue(ctx context.Context, id string, current scim.Object, changes []mapping.Change) error {
	rest := slices.DeleteFunc(slices.Clone(changes), func(c mapping.Change) bool { return c.Target == "active" })
	for _, c := range changes {
		if c.Target != "active" {
			continue
		}
		body := scimclient.PatchOp(scim.Object{"op": "replace", "value": scim.Object{"active": c.NewValue}})
		if err := w.r.target.patch(ctx, &w.tr, w.o.kind, id, body); err != nil {
			return err
		}
		if len(rest) > 0 {
			current = nil // it is as it was before that
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return w.oktaPut(ctx, id, current, rest)
}

// oktaPut reads a user and puts him back with the changes.
func (w *work) oktaPut(ctx context.Context, id string, current scim.Object, changes []mapping.Change) error {
	if current == nil {
		var err error
		if current, _, err = w.r.target.get(ctx, &w.tr, w.o.kind, id); err != nil {
			return err
		}
	}
	patch, err := scim.ParsePatch(mapping.PatchBody(changes, true))
	if err != nil {
		return &mappingError{err}
	}
	body, _, err := patch.Apply(scim.User, current)
	if err != nil {
		return &mappingError{err}
	}
	body = body.Clone()
	body["id"], body["meta"] = id, scim.Object{"resourceType": "User"}
	if err := w.oktaUser(body); err != nil {
		return err
	}
	if emails, ok := body["emails"].([]any); ok {
		for _, one := range emails {
			if email, ok := one.(scim.Object); ok && email["display"] == nil {
				email["display"] = email["value"]
			}
		}
	}
	return w.r.target.put(ctx, &w.tr, w.o.kind, id, body)
}

func (t *target) put(ctx context.Context, tr *trace, kind mapping.Kind, id string, body scim.Object) error {
	_, err := t.do(ctx, tr, http.MethodPut, endpoint(kind)+"/"+url.PathEscape(id), "", body)
	return err
}

// oktaGroup sends the name of a group and what is different in its members. whole sends all
// members where PATCH would do with the differences, as a first push does.
func (m *memberWork) oktaGroup(ctx context.Context, whole bool) error {
	put := m.r.target.manner == MannerOktaPut
	name := m.o.group.DisplayName
	if put {
		members, err := m.oktaMembers(ctx)
		if err != nil {
			return err
		}
		body := scim.Object{"schemas": []any{scim.GroupURN}, "id": m.targetID, "displayName": name, "members": members}
		return m.r.target.put(ctx, &m.tr, mapping.KindGroup, m.targetID, body)
	}
	operations := []scim.Object{{"op": "replace", "value": scim.Object{"id": m.targetID, "displayName": name}}}
	if whole {
		members, err := m.oktaMembers(ctx)
		if err != nil {
			return err
		}
		operations = append(operations, scim.Object{"op": "replace", "path": "members", "value": members})
		return m.patch(ctx, scimclient.PatchOp(operations...))
	}
	for _, one := range m.remove {
		operations = append(operations, scim.Object{"op": "remove", "path": "members[value eq " + scimclient.Quote(one.TargetID) + "]"})
	}
	if len(m.add) > 0 {
		members, err := m.oktaList(ctx, m.add)
		if err != nil {
			return err
		}
		operations = append(operations, scim.Object{"op": "add", "path": "members", "value": members})
	}
	return m.patch(ctx, scimclient.PatchOp(operations...))
}

// oktaSend is send in Okta's manner: one request for all that is different.
func (m *memberWork) oktaSend(ctx context.Context, all bool) error {
	if !all || len(m.add)+len(m.remove) == 0 {
		return nil
	}
	if err := m.oktaGroup(ctx, m.whole); err != nil {
		return err
	}
	for _, one := range m.add {
		m.note("", one.TargetID)
	}
	for _, one := range m.remove {
		m.out.removed = append(m.out.removed, one.UserID)
		m.note(one.TargetID, "")
	}
	m.out.added = append(m.out.added, m.add...)
	m.sent += len(m.add) + len(m.remove)
	m.add, m.remove = nil, nil
	return nil
}

// oktaMembers are all members that the target is to have, by user id.
func (m *memberWork) oktaMembers(ctx context.Context) ([]any, error) {
	told, err := m.exportedBetween(ctx, "", "")
	if err != nil {
		return nil, err
	}
	for _, one := range m.remove {
		delete(told, one.UserID)
	}
	for _, one := range m.add {
		told[one.UserID] = one.TargetID
	}
	list := make([]ExportedMember, 0, len(told))
	for id, targetID := range told {
		list = append(list, ExportedMember{id, targetID})
	}
	slices.SortFunc(list, func(a, b ExportedMember) int { return strings.Compare(string(a.UserID), string(b.UserID)) })
	return m.oktaList(ctx, list)
}

// oktaList are members as Okta writes them, with their user names.
func (m *memberWork) oktaList(ctx context.Context, members []ExportedMember) ([]any, error) {
	list := make([]any, 0, len(members))
	for _, one := range members {
		name, err := m.r.userName(ctx, one.UserID)
		if err != nil {
			return nil, err
		}
		member := scim.Object{"value": one.TargetID}
		if name != "" {
			member["display"] = name
		}
		list = append(list, member)
	}
	return list, nil
}

// userName is what the mapping makes of a user's name; "" for one who is gone.
func (r *run) userName(ctx context.Context, id directory.ID) (string, error) {
	o, err := r.s.load(ctx, mapping.KindUser, id)
	if err != nil || o.gone {
		return "", err
	}
	name := r.job.Users
	name.Attributes = slices.DeleteFunc(slices.Clone(name.Attributes), func(a mapping.AttributeMapping) bool { return a.Target != "userName" })
	values, err := name.Values(r.s.env(o, true), false)
	if err != nil {
		return "", &mappingError{err}
	}
	if len(values) == 0 || values[0].Redacted {
		return "", nil
	}
	return values[0].Value.Text(), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// text is the value at a path of a resource, "" when there is none. A step "[work]" takes the element of that type.
func text(v any, path ...string) string {
	for _, step := range path {
		if kind, isType := strings.CutPrefix(step, "["); isType {
			list, _ := v.([]any)
			v = nil
			for _, one := range list {
				if o, _ := one.(scim.Object); o["type"] == strings.TrimSuffix(kind, "]") {
					v = o
				}
			}
			continue
		}
		o, _ := v.(scim.Object)
		v = o[step]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// user compares a user, all but the manager, as he should be in the server: active or not.
func (w *world) user(ctx context.Context, name string, active bool) error {
	u, err := w.db.User(ctx, w.users[name])
	if err != nil {
		return err
	}
	id, err := w.link(ctx, mapping.KindUser, u.ID)
	if err != nil {
		return err
	}
	got, err := w.server.Users().Get(ctx, id, scimclient.Params{})
	if err != nil {
		return fmt.Errorf("read %s from the server: %w", name, err)
	}
	work := func(list, part string) string { return text(got, list, "[work]", part) }
	var wrong []error
	for _, row := range [][3]string{
		{"userName", text(got, "userName"), u.UserPrincipalName},
		{"active", text(got, "active"), fmt.Sprint(active)},
		{"displayName", text(got, "displayName"), u.DisplayName},
		{"title", text(got, "title"), u.JobTitle},
		{"work email", work("emails", "value"), u.Mail},
		{"preferredLanguage", text(got, "preferredLanguage"), u.PreferredLanguage},
		{"name.givenName", text(got, "name", "givenName"), u.GivenName},
		{"name.familyName", text(got, "name", "familyName"), u.Surname},
		{"name.formatted", text(got, "name", "formatted"), u.GivenName + " " + u.Surname},
		{"work address formatted", work("addresses", "formatted"), u.PhysicalDeliveryOfficeName},
		{"work address locality", work("addresses", "locality"), u.City},
		{"work address country", work("addresses", "country"), u.Country},
		{"work phone", work("phoneNumbers", "value"), u.TelephoneNumber},
		{"mobile phone", text(got, "phoneNumbers", "[mobile]", "value"), u.Mobile},
		{"fax", text(got, "phoneNumbers", "[fax]", "value"), u.FacsimileTelephoneNumber},
		{"externalId", text(got, "externalId"), u.MailNickname},
		{"employeeNumber", text(got, scim.EnterpriseUserURN, "employeeNumber"), u.EmployeeID},
		{"department", text(got, scim.EnterpriseUserURN, "department"), u.Department},
	} {
		if row[1] != row[2] {
			wrong = append(wrong, fmt.Errorf("%s of %s: the server has %q, the directory %q", row[0], name, row[1], row[2]))
		}
	}
	return errors.Join(wrong...)
}

// people compares several users who are active.
func (w *world) people(ctx context.Context, names ...string) error {
	var wrong []error
	for _, name := range names {
		wrong = append(wrong, w.user(ctx, name, true))
	}
	return errors.Join(wrong...)
}

// manager compares whom the server has as manager; "" is nobody.
func (w *world) manager(ctx context.Context, name, manager string) error {
	id, err := w.link(ctx, mapping.KindUser, w.users[name])
	if err != nil {
		return err
	}
	want := ""
	if manager != "" {
		if want, err = w.link(ctx, mapping.KindUser, w.users[manager]); err != nil {
			return err
		}
	}
	got, err := w.server.Users().Get(ctx, id, scimclient.Params{})
	if err != nil {
		return err
	}
	if has := text(got, scim.EnterpriseUserURN, "manager", "value"); has != want {
		return fmt.Errorf("manager of %s: the server has %q, want %q, who is %q", name, has, want, manager)
	}
	return nil
}

// members compares name, externalId and members of a group.
func (w *world) members(ctx context.Context, name string) error {
	g, err := w.db.Group(ctx, w.groups[name])
	if err != nil {
		return err
	}
	id, err := w.link(ctx, mapping.KindGroup, g.ID)
	if err != nil {
		return err
	}
	got, err := w.server.Groups().Get(ctx, id, scimclient.Params{})
	if err != nil {
		return fmt.Errorf("read group %s from the server: %w", name, err)
	}
	var wrong []error
	if n, e := text(got, "displayName"), text(got, "externalId"); n != g.DisplayName || e != string(g.ID) {
		wrong = append(wrong, fmt.Errorf("group %s: the server has displayName %q and externalId %q, want %q and %q", name, n, e, g.DisplayName, g.ID))
	}
	var has, want []string
	list, _ := got["members"].([]any)
	for _, one := range list {
		has = append(has, text(one, "value"))
	}
	for m, err := range w.db.AllMembers(ctx, g.ID) {
		if err != nil {
			return err
		}
		// Who is in no scope stays in the server as he was.
		if l, err := w.svc.Link(ctx, w.job, mapping.KindUser, m.ID); err != nil {
			return err
		} else if l != nil && l.Active {
			want = append(want, l.TargetID)
		}
	}
	told, err := w.svc.ExportedMembers(ctx, w.job, g.ID, "", 1000)
	if err != nil {
		return err
	}
	for _, m := range told { // a soft-deleted or disabled member has not left
		is, err := w.db.IsMember(ctx, g.ID, m.UserID)
		if err != nil {
			return err
		}
		if is && !slices.Contains(want, m.TargetID) {
			want = append(want, m.TargetID)
		}
	}
	slices.Sort(has)
	slices.Sort(want)
	if !slices.Equal(has, want) {
		wrong = append(wrong, fmt.Errorf("members of %s: the server has %d %v, want %d %v", name, len(has), has, len(want), want))
	}
	return errors.Join(wrong...)
}

// gone expects that the server has a resource no more.
func (w *world) gone(ctx context.Context, resources scimclient.Resources, id string) error {
	_, err := resources.Get(ctx, id, scimclient.Params{})
	var answer *scim.Error
	switch {
	case errors.As(err, &answer) && answer.Status == 404:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("the server still has %s", id)
}

// everything compares how many users and groups the server has with how many are linked, and each group.
func (w *world) everything(ctx context.Context) error {
	var wrong []error
	for kind, resources := range map[mapping.Kind]scimclient.Resources{mapping.KindUser: w.server.Users(), mapping.KindGroup: w.server.Groups()} {
		links, err := w.svc.Links(ctx, w.job, kind, "", 1000)
		if err != nil {
			return err
		}
		var has, want []string
		for o, err := range resources.All(ctx, scimclient.Params{}) {
			if err != nil {
				return err
			}
			has = append(has, text(o, "id"))
		}
		for _, l := range links {
			want = append(want, l.TargetID)
		}
		slices.Sort(has)
		slices.Sort(want)
		if !slices.Equal(has, want) {
			wrong = append(wrong, fmt.Errorf("%ss: the server lists %v, linked are %v", kind, has, want))
		}
	}
	for g, err := range w.db.AssignedGroups(ctx, w.app) {
		if err != nil {
			return err
		}
		for name, id := range w.groups {
			if id == g.ID {
				wrong = append(wrong, w.members(ctx, name))
			}
		}
	}
	return errors.Join(wrong...)
}

// verbatim expects every error of the server in the provisioning logs byte for byte: in the exchanges, and in the reason of
// the entry that failed because of it. It returns how many errors there were.
func (w *world) verbatim(ctx context.Context) (int, error) {
	var entries []cycle.LogEntry
	for before := int64(0); ; {
		page, next, err := w.svc.Logs(ctx, cycle.LogFilter{Before: before, Limit: 1000})
		if err != nil {
			return 0, err
		}
		entries = append(entries, page...)
		if before = next; next == 0 {
			break
		}
	}
	logged := map[exchange]int{}
	var wrong []error
	for _, e := range entries {
		for _, x := range e.Exchanges {
			logged[exchange{Method: x.Method, URL: x.URL, Status: x.Status, Answer: x.Answer}]++
		}
		if e.Status != cycle.Failure || len(e.Exchanges) == 0 {
			continue
		}
		last := e.Exchanges[len(e.Exchanges)-1]
		if last.Status >= 400 && !strings.Contains(e.Error.Reason, "Web Response: "+last.Answer) {
			wrong = append(wrong, fmt.Errorf("the reason of %s %q has not the answer %q: %s", e.Action, e.Source.DisplayName, last.Answer, e.Error.Reason))
		}
	}
	errorsSeen := 0
	for _, x := range w.wire.taken() {
		if x.Status < 400 {
			continue
		}
		errorsSeen++
		key := exchange{Method: x.Method, URL: x.URL, Status: x.Status, Answer: x.Answer}
		if logged[key]--; logged[key] < 0 {
			wrong = append(wrong, fmt.Errorf("the logs lack %s %s, answered %d %q", x.Method, x.URL, x.Status, x.Answer))
		}
	}
	return errorsSeen, errors.Join(wrong...)
}

// ids are the ids of people by name.
func (w *world) ids(names ...string) []directory.ID {
	var ids []directory.ID
	for _, name := range names {
		ids = append(ids, w.users[name])
	}
	return ids
}

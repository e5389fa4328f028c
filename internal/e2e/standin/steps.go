package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// all does everything that an admin of Entra ID would see of a server.
func (r *runner) all(ctx context.Context) {
	r.credentials(ctx)
	r.initial(ctx)
	r.changes(ctx)
	r.leavers(ctx)
	r.onDemand(ctx)
	r.ending(ctx)
}

func (r *runner) credentials(ctx context.Context) {
	r.step("credentials.wrong", "Test Connection with a wrong secret token is refused and shows the answer byte for byte", func() error {
		test, err := r.svc.TestConnection(ctx, r.url, "wrong-"+r.token)
		list := r.wire.taken()
		switch last := list[len(list)-1]; {
		case err != nil:
			return err
		case test.OK || test.Status != 401 && test.Status != 403:
			return fmt.Errorf("answer %d, OK %v: %s", test.Status, test.OK, test.Message)
		case test.Detail != last.Answer:
			return fmt.Errorf("shown is %q, answered was %q", test.Detail, last.Answer)
		}
		r.wire.forget()
		return nil
	})
	r.step("credentials.right", "Test Connection with the secret token succeeds", func() error {
		test, err := r.svc.TestConnection(ctx, r.url, r.token)
		if err == nil && !test.OK {
			err = errors.New(test.Message + " " + test.Detail)
		}
		return err
	})
	_, err := r.svc.SaveCredentials(ctx, r.job, r.url, r.token, by)
	if err == nil {
		_, err = r.svc.Start(ctx, r.job, by)
	}
	r.step("credentials.save", "provisioning is switched on", func() error { return err })
}

func (r *runner) initial(ctx context.Context) {
	r.step("initial.cycle", "the initial cycle has no failure", func() error {
		c, err := r.cycle(ctx)
		if err == nil && c.Kind != cycle.Initial {
			err = fmt.Errorf("the first cycle was %s", c.Kind)
		}
		return err
	})
	r.step("initial.users", "the users are as in the directory", func() error {
		return r.people(ctx, "ada", "bob", "cleo", "dan", "eve", "finn", "gil", "hana", "ivo", "jana")
	})
	r.step("initial.managers", "the managers are as in the directory", func() error {
		return errors.Join(r.manager(ctx, "ada", ""), r.manager(ctx, "bob", "ada"), r.manager(ctx, "cleo", "ada"), r.manager(ctx, "dan", "ada"))
	})
	r.step("initial.groups", "the groups and their members are as in the directory", func() error {
		return errors.Join(r.members(ctx, "Engineering"), r.members(ctx, "Sales"), r.members(ctx, "Everyone"), r.members(ctx, "Empty"))
	})
	r.step("initial.quiet", "the cycle after it only tests the connection", func() error {
		c, err := r.cycle(ctx)
		if err == nil && c.CallCount() != 1 {
			err = fmt.Errorf("%d requests", c.CallCount())
		}
		return err
	})
}

// about are the names of the people and groups that a step is about: failures of others are not its own.
type about []string

// changed does something, runs a cycle, and compares.
func (r *runner) changed(ctx context.Context, id, what string, about about, change func() error, compare ...func() error) {
	r.step(id, what, func() error {
		if err := change(); err != nil {
			return err
		}
		_, err := r.cycle(ctx, about...)
		for _, c := range compare {
			err = errors.Join(err, c())
		}
		return err
	})
}

func (r *runner) changes(ctx context.Context) {
	r.changed(ctx, "change.attributes", "new values of attributes of every kind arrive", about{"finn"}, func() error {
		return r.change(ctx, "finn", func(u *directory.User) {
			u.DisplayName, u.GivenName, u.JobTitle, u.Department, u.EmployeeID = "Finn \"F\" Öz", "Finnegan", "Director", "R&D", "E-2"
			u.Mail, u.Mobile, u.City, u.PreferredLanguage = "finnegan@example.com", "+49 30 1", "Zürich", "de-CH"
		})
	}, func() error { return r.user(ctx, "finn", true) })
	r.changed(ctx, "change.userName", "a new user principal name arrives", about{"gil"}, func() error {
		return r.change(ctx, "gil", func(u *directory.User) { u.UserPrincipalName = "gil.new@corp.example.com" })
	}, func() error { return r.user(ctx, "gil", true) })
	r.changed(ctx, "change.manager", "another manager arrives", about{"dan"}, func() error {
		return r.change(ctx, "dan", func(u *directory.User) { u.ManagerID = r.users["eve"] })
	}, func() error { return r.manager(ctx, "dan", "eve") })
	r.changed(ctx, "group.rename", "a new name of a group arrives", about{"Sales"}, func() error {
		_, err := r.db.UpdateGroup(ctx, r.groups["Sales"], func(g *directory.Group) error { g.DisplayName = "Sales & Söhne"; return nil })
		return err
	}, func() error { return r.members(ctx, "Sales") })
	r.changed(ctx, "members.add", "a member who joins a group arrives", about{"Engineering"}, func() error {
		return r.join(ctx, "Engineering", "hana")
	}, func() error { return r.members(ctx, "Engineering") })
	r.changed(ctx, "members.remove", "a member who leaves a group is taken out", about{"Engineering"}, func() error {
		return r.part(ctx, "Engineering", "ivo")
	}, func() error { return r.members(ctx, "Engineering") })
	r.changed(ctx, "members.move", "several people who move between groups arrive in one cycle", about{"Engineering", "Sales", "Empty"}, func() error {
		return errors.Join(r.part(ctx, "Engineering", "bob", "cleo"), r.join(ctx, "Sales", "bob", "cleo"), r.part(ctx, "Sales", "jana"), r.join(ctx, "Empty", "jana"))
	}, func() error { return r.members(ctx, "Engineering") }, func() error { return r.members(ctx, "Sales") }, func() error { return r.members(ctx, "Empty") })
	r.changed(ctx, "hire", "a new person arrives, with a group", about{"kim", "Engineering"}, func() error {
		return errors.Join(r.hire(ctx, "kim", ""), r.join(ctx, "Engineering", "kim"))
	}, func() error { return r.user(ctx, "kim", true) }, func() error { return r.members(ctx, "Engineering") })
}

func (r *runner) leavers(ctx context.Context) {
	active := func(name string, want bool) func() error { return func() error { return r.user(ctx, name, want) } }
	r.changed(ctx, "disable", "who is disabled is not active", about{"finn"}, func() error {
		_, err := r.db.DisableUser(ctx, r.users["finn"])
		return err
	}, active("finn", false))
	r.changed(ctx, "enable", "who is enabled again is active again", about{"finn"}, func() error {
		_, err := r.db.EnableUser(ctx, r.users["finn"])
		return err
	}, active("finn", true))
	r.changed(ctx, "delete.soft", "who is deleted is not active", about{"hana"}, func() error { return r.db.DeleteUser(ctx, r.users["hana"]) }, active("hana", false))
	r.changed(ctx, "delete.restored", "who is restored is active again", about{"hana"}, func() error {
		_, err := r.db.RestoreUser(ctx, r.users["hana"])
		return err
	}, active("hana", true))
	ivo := ""
	r.changed(ctx, "delete.hard", "who is deleted for good is gone", about{"ivo"}, func() error {
		var err error
		if ivo, err = r.link(ctx, mapping.KindUser, r.users["ivo"]); err != nil {
			return err
		}
		return errors.Join(r.db.DeleteUser(ctx, r.users["ivo"]), r.db.PurgeUser(ctx, r.users["ivo"]))
	}, func() error { return r.gone(ctx, r.server.Users(), ivo) })
	r.changed(ctx, "unassign.user", "who loses his last assignment is not active", about{"gil"}, func() error { return r.part(ctx, "Everyone", "gil") }, active("gil", false))
	empty := ""
	r.changed(ctx, "unassign.group", "a group that is not assigned any more is deleted", about{"Empty"}, func() error {
		var err error
		if empty, err = r.link(ctx, mapping.KindGroup, r.groups["Empty"]); err != nil {
			return err
		}
		return r.db.Unassign(ctx, r.app, r.groups["Empty"])
	}, func() error { return r.gone(ctx, r.server.Groups(), empty) })
}

// demand provisions at once; what failed is the error.
func (r *runner) demand(ctx context.Context, kind mapping.Kind, id directory.ID, members ...string) error {
	d, err := r.svc.ProvisionOnDemand(ctx, r.job, cycle.Subject{Kind: kind, ID: id, Members: r.ids(members...)}, by)
	if err != nil {
		return err
	}
	if d.Error != nil && d.Status == cycle.Failure {
		return errors.New(d.Error.Reason)
	}
	for _, m := range d.Members {
		if m.Status == cycle.Failure {
			return fmt.Errorf("member %s: %s", m.DisplayName, m.Reason)
		}
	}
	return nil
}

func (r *runner) onDemand(ctx context.Context) {
	r.step("demand.user", "provision on demand brings a new user", func() error {
		err := errors.Join(r.hire(ctx, "lea", ""), r.join(ctx, "Sales", "lea"))
		return errors.Join(err, r.demand(ctx, mapping.KindUser, r.users["lea"]), r.user(ctx, "lea", true))
	})
	r.step("demand.manager", "provision on demand brings a manager", func() error {
		err := r.change(ctx, "lea", func(u *directory.User) { u.ManagerID = r.users["ada"] })
		return errors.Join(err, r.demand(ctx, mapping.KindUser, r.users["lea"]), r.manager(ctx, "lea", "ada"))
	})
	r.step("demand.change", "provision on demand brings a change of a user", func() error {
		err := r.change(ctx, "eve", func(u *directory.User) { u.JobTitle = "Chief" })
		return errors.Join(err, r.demand(ctx, mapping.KindUser, r.users["eve"]), r.user(ctx, "eve", true))
	})
	r.step("demand.group", "provision on demand brings a new group with the chosen members", func() error {
		err := r.group(ctx, "Demanded", "ada", "bob")
		if err == nil {
			_, err = r.db.Assign(ctx, r.app, r.groups["Demanded"])
		}
		return errors.Join(err, r.demand(ctx, mapping.KindGroup, r.groups["Demanded"], "ada", "bob"), r.members(ctx, "Demanded"))
	})
	r.changed(ctx, "demand.cycle", "the next cycle completes the groups", about{"Sales", "Demanded"}, func() error { return nil }, func() error { return r.members(ctx, "Demanded") }, func() error { return r.members(ctx, "Sales") })
}

func (r *runner) ending(ctx context.Context) {
	r.step("everything", "the server has the users and groups that are linked, with the members of the directory, and nothing else", func() error { return r.everything(ctx) })
	r.step("error.found", "who was deleted in the server is a failure in the logs, with the answer byte for byte", func() error {
		id, err := r.link(ctx, mapping.KindUser, r.users["jana"])
		if err != nil {
			return err
		}
		if err := r.server.Users().Delete(ctx, id); err != nil {
			return err
		}
		if err := r.change(ctx, "jana", func(u *directory.User) { u.JobTitle = "Nobody" }); err != nil {
			return err
		}
		if _, err := r.cycle(ctx, "jana"); err == nil {
			return errors.New("the cycle has no failure")
		}
		entries, _, err := r.svc.Logs(ctx, cycle.LogFilter{Identity: string(r.users["jana"]), Statuses: []cycle.Result{cycle.Failure}, Limit: 1})
		if err != nil {
			return err
		}
		isAnchor := func(e cycle.LogEntry) bool { return e.Error.Code == cycle.CodeInvalidAnchor }
		if !slices.ContainsFunc(entries, isAnchor) {
			return fmt.Errorf("no entry of %s: %+v", cycle.CodeInvalidAnchor, entries)
		}
		return nil
	})
	n, err := r.verbatim(ctx)
	r.step("error.verbatim", fmt.Sprintf("each of the server's %d errors stands in the logs byte for byte", n), func() error {
		if err == nil && n == 0 {
			err = errors.New("the server answered no error")
		}
		return err
	})
}

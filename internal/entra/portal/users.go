package portal

import (
	"net/http"
	"net/url"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func (p *Portal) userRoutes() []route {
	return []route{
		show("/users", configurers, p.users, "users.html", usersPage{}),
		show("/users/new", configurers, p.newUser, "useredit.html", userEditPage{}),
		act("/users/new", configurers, p.createUser),
		show("/users/{user}", configurers, p.user, "user.html", userPage{}),
		show("/users/{user}/edit", configurers, p.editUser, "useredit.html", userEditPage{}),
		act("/users/{user}/edit", configurers, p.updateUser),
		act("/users/{user}/enabled", configurers, p.enableUser),
		show("/users/{user}/delete", configurers, p.userDeletion, "confirm.html", confirmPage{}),
		act("/users/{user}/delete", configurers, p.deleteUser),
		show("/deleted-users", configurers, p.deletedUsers, "deletedusers.html", deletedUsersPage{}),
		act("/deleted-users/{user}/restore", configurers, p.restoreUser),
		show("/deleted-users/{user}/purge", configurers, p.userPurge, "confirm.html", confirmPage{}),
		act("/deleted-users/{user}/purge", configurers, p.purgeUser),
	}
}

// identityCrumb stands above everything under Identity.
var identityCrumb = crumb{"Identity", ""}

type usersPage struct {
	frame
	Search searchField
	Users  []directory.User
	Looked int // users there are
	Pager  pager
}

func (p *Portal) users(x *exchange) error {
	query := x.query("q")
	place := x.place()
	list, err := p.directory.SearchUsers(x.r.Context(), query, directory.ID(place.After), pageRows+1)
	if err != nil {
		return err
	}
	counts, err := p.directory.Counts(x.r.Context())
	if err != nil {
		return err
	}
	list, last, more := cut(list, func(u directory.User) directory.ID { return u.ID })
	total := -1
	if query == "" {
		total = counts.Users
	}
	return x.show(&usersPage{
		frame:  x.frame("Users", "/users", identityCrumb),
		Search: searchField{query, "Search name, user principal name or mail", "/users"}, Users: list, Looked: counts.Users,
		Pager: place.page("/users", url.Values{"q": {query}}, len(list), last, more, total, "user", "users"),
	})
}

// cut takes a page from rows that were read with one more than a page has.
func cut[T any](list []T, key func(T) directory.ID) (page []T, last string, more bool) {
	if more = len(list) > pageRows; more {
		list = list[:pageRows]
	}
	if len(list) > 0 {
		last = string(key(list[len(list)-1]))
	}
	return list, last, more
}

type userPage struct {
	frame
	User        directory.User
	Facts       []factGroup
	Manager     *directory.User
	Groups      []directory.Group
	MoreGroups  bool
	Deleted     bool
	Assignments []userAssignment
}

// userAssignment is an application that a user may use.
type userAssignment struct {
	ID   directory.ID
	Name string
	How  string // "directly", "through a, b"
}

// factGroup is a part of the properties.
type factGroup struct {
	Label string
	Facts []fact
}

// fact is a property with its value; "—" stands for null.
type fact struct {
	Label, Name string // "First name", "givenName"
	Values      []string
}

func (p *Portal) user(x *exchange) error {
	ctx := x.r.Context()
	user, err := p.directory.User(ctx, x.id("user"))
	if err != nil {
		return err
	}
	page := &userPage{
		frame: x.frame(user.DisplayName, "/users", identityCrumb, crumb{"Users", "/users"}),
		User:  user, Facts: userFacts(user), Deleted: !user.DeletedAt.IsZero(),
	}
	if user.ManagerID != "" {
		if manager, err := p.directory.User(ctx, user.ManagerID); err == nil {
			page.Manager = &manager
		} else if !directory.IsProblem(err, directory.NotFound) {
			return err
		}
	}
	if page.Groups, err = p.directory.GroupsOf(ctx, user.ID, "", pageRows+1); err != nil {
		return err
	}
	if page.MoreGroups = len(page.Groups) > pageRows; page.MoreGroups {
		page.Groups = page.Groups[:pageRows]
	}
	if page.Assignments, err = p.assignmentsOf(x, directory.KindUser, user.ID); err != nil {
		return err
	}
	return x.show(page)
}

func userFacts(u directory.User) []factGroup {
	var all []factGroup
	for _, g := range userForm {
		group := factGroup{Label: g.label}
		for _, f := range g.fields {
			values, _ := u.Attribute(f.name)
			if len(values) == 0 && g.optional {
				continue
			}
			group.Facts = append(group.Facts, fact{f.label, f.name, values})
		}
		if len(group.Facts) > 0 {
			all = append(all, group)
		}
	}
	return all
}

func (p *Portal) enableUser(x *exchange) error {
	id := x.id("user")
	change, text, detail := p.directory.DisableUser, "Account disabled.", "The next cycle deactivates it in the applications. Provision on demand does not reach a disabled account."
	if x.value("enabled") == "true" {
		change, text, detail = p.directory.EnableUser, "Account enabled.", "The next cycle activates it in the applications it is assigned to."
	}
	if id == x.viewer.ID && x.value("enabled") != "true" {
		return refuse(http.StatusConflict, "you cannot disable your own account; somebody else has to")
	}
	if _, err := change(x.r.Context(), id); err != nil {
		return err
	}
	return x.done("/users/"+string(id), text, detail)
}

func (p *Portal) userDeletion(x *exchange) error {
	user, err := p.directory.User(x.r.Context(), x.id("user"))
	if err != nil {
		return err
	}
	return x.show(&confirmPage{
		frame: x.frame("Delete "+user.DisplayName+"?", "/users", identityCrumb, crumb{"Users", "/users"}, crumb{user.DisplayName, "/users/" + string(user.ID)}),
		Points: []point{
			{"The account cannot sign in any more.", user.UserPrincipalName + " leaves the list of users."},
			{"The next cycle deactivates it in the applications.", "Provision on demand does not find deleted users."},
			{"It can be restored for 30 days.", "Until then it stands under Deleted users, with its groups and assignments."},
		},
		Action: "/users/" + string(user.ID) + "/delete", Do: "Delete user", Keep: "Keep the user", Back: "/users/" + string(user.ID), Danger: true,
	})
}

func (p *Portal) deleteUser(x *exchange) error {
	user, err := p.directory.User(x.r.Context(), x.id("user"))
	if err != nil {
		return err
	}
	if user.ID == x.viewer.ID {
		return refuse(http.StatusConflict, "you cannot delete your own account; somebody else has to")
	}
	if err := p.directory.DeleteUser(x.r.Context(), user.ID); err != nil {
		return err
	}
	return x.done("/users", user.DisplayName+" was deleted.", "For 30 days the user can be restored under Deleted users.")
}

type deletedUsersPage struct {
	frame
	Users []directory.User
	Pager pager
}

func (p *Portal) deletedUsers(x *exchange) error {
	place := x.place()
	list, err := p.directory.DeletedUsers(x.r.Context(), directory.ID(place.After), pageRows+1)
	if err != nil {
		return err
	}
	list, last, more := cut(list, func(u directory.User) directory.ID { return u.ID })
	return x.show(&deletedUsersPage{
		frame: x.frame("Deleted users", "/users", identityCrumb, crumb{"Users", "/users"}), Users: list,
		Pager: place.page("/deleted-users", nil, len(list), last, more, -1, "deleted user", "deleted users"),
	})
}

func (p *Portal) restoreUser(x *exchange) error {
	user, err := p.directory.RestoreUser(x.r.Context(), x.id("user"))
	if err != nil {
		return err
	}
	return x.done("/users/"+string(user.ID), user.DisplayName+" was restored.", "With groups and assignments. The next cycle activates the account in the applications.")
}

func (p *Portal) userPurge(x *exchange) error {
	user, err := p.directory.User(x.r.Context(), x.id("user"))
	if err != nil {
		return err
	}
	return x.show(&confirmPage{
		frame: x.frame("Delete "+user.DisplayName+" permanently?", "/users", identityCrumb, crumb{"Users", "/users"}, crumb{"Deleted users", "/deleted-users"}),
		Points: []point{
			{"The user cannot be restored.", user.UserPrincipalName + " is free for a new one."},
			{"The next cycle deletes the user in the applications", "that provisioning still manages the user in."},
		},
		Action: "/deleted-users/" + string(user.ID) + "/purge", Do: "Delete permanently", Keep: "Keep the user", Back: "/deleted-users", Danger: true,
	})
}

func (p *Portal) purgeUser(x *exchange) error {
	user, err := p.directory.User(x.r.Context(), x.id("user"))
	if err != nil {
		return err
	}
	if err := p.directory.PurgeUser(x.r.Context(), user.ID); err != nil {
		return err
	}
	return x.done("/deleted-users", user.DisplayName+" was deleted permanently.", "")
}

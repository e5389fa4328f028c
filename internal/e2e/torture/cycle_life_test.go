package torture

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// life is what happens in a directory, at random.
type life struct {
	*company
	rand   *rand.Rand
	users  []directory.ID
	groups []directory.ID
	names  int
	told   []string // what happened, for the reader of a failure
}

// tell keeps what happened.
func (l *life) tell(format string, args ...any) {
	l.told = append(l.told, fmt.Sprintf(format, args...))
}

func newLife(c *company, seed uint64) *life {
	c.Helper()
	l := &life{company: c, rand: rand.New(rand.NewPCG(seed, 11))}
	for u, err := range c.db.Users(c.Context()) {
		c.ok(err)
		l.users = append(l.users, u.ID)
	}
	for g, err := range c.db.Groups(c.Context()) {
		c.ok(err)
		l.groups = append(l.groups, g.ID)
	}
	return l
}

func (l *life) user() directory.ID  { return l.users[l.rand.IntN(len(l.users))] }
func (l *life) group() directory.ID { return l.groups[l.rand.IntN(len(l.groups))] }

// acts name what step does.
var acts = []string{
	"hire", "hire", "new group", "join", "join", "leave", "move", "move", "assign", "unassign", "rename user", "rename user", "new address",
	"disable or enable", "disable or enable", "rename group", "delete, restore or purge user", "delete or restore group",
}

// step lets one thing happen. What the directory refuses (to add a deleted user, to assign twice) does not happen.
func (l *life) step() {
	l.Helper()
	ctx, err := l.Context(), error(nil)
	l.names++
	name := fmt.Sprintf("n%d", l.names)
	act, user, group := l.rand.IntN(18), l.user(), l.group()
	switch act {
	case 0, 1:
		var u directory.User
		u, err = l.db.CreateUser(ctx, directory.User{
			UserPrincipalName: name + "@corp.example.com", Mail: name + "@Example.com", GivenName: "Given", Surname: name, DisplayName: "User " + name,
			Department: "Department " + name[1:], AccountEnabled: true,
		})
		l.ok(err)
		l.users = append(l.users, u.ID)
		if l.rand.IntN(2) == 0 {
			_, err = l.db.Assign(ctx, l.app, u.ID)
		} else {
			_, err = l.db.AddMember(ctx, group, u.ID)
		}
	case 2:
		var g directory.Group
		g, err = l.db.CreateGroup(ctx, directory.Group{DisplayName: "Group " + name, SecurityEnabled: true})
		l.ok(err)
		l.groups = append(l.groups, g.ID)
		_, err = l.db.Assign(ctx, l.app, g.ID)
	case 3, 4:
		_, err = l.db.AddMember(ctx, group, user)
	case 5:
		_, err = l.db.RemoveMember(ctx, group, user)
	case 6, 7:
		err = l.move(user, group)
	case 8:
		_, err = l.db.Assign(ctx, l.app, []directory.ID{user, group}[l.rand.IntN(2)])
	case 9:
		err = l.db.Unassign(ctx, l.app, []directory.ID{user, user, group}[l.rand.IntN(3)])
	case 10, 11:
		_, err = l.db.UpdateUser(ctx, user, func(u *directory.User) error { u.DisplayName, u.Surname = "User "+name, name; return nil })
	case 12:
		_, err = l.db.UpdateUser(ctx, user, func(u *directory.User) error { u.Mail = name + "@example.com"; return nil })
	case 13, 14:
		_, err = l.db.UpdateUser(ctx, user, func(u *directory.User) error { u.AccountEnabled = !u.AccountEnabled; return nil })
	case 15:
		_, err = l.db.UpdateGroup(ctx, group, func(g *directory.Group) error { g.DisplayName = "Group " + name; return nil })
	case 16:
		if err = l.db.DeleteUser(ctx, user); err != nil {
			if l.rand.IntN(2) == 0 {
				err = l.db.PurgeUser(ctx, user)
			} else {
				_, err = l.db.RestoreUser(ctx, user)
			}
		}
	case 17:
		if err = l.db.DeleteGroup(ctx, group); err != nil {
			_, err = l.db.RestoreGroup(ctx, group)
		}
	}
	l.tell("%s: user %s, group %s, new %s: %v", acts[act], user, group, name, err)
	for _, p := range []directory.Problem{directory.NotFound, directory.Conflict, directory.Invalid} {
		if directory.IsProblem(err, p) {
			err = nil
		}
	}
	l.ok(err)
}

// move takes a user out of one of his groups and puts him into another.
func (l *life) move(user, to directory.ID) error {
	groups, err := l.db.GroupsOf(l.Context(), user, "", 1)
	if err != nil || len(groups) == 0 {
		return err
	}
	if _, err = l.db.RemoveMember(l.Context(), groups[0].ID, user); err != nil {
		return err
	}
	_, err = l.db.AddMember(l.Context(), to, user)
	return err
}

// describe is the plan of a run in words.
func (l *life) describe() string {
	counts, err := l.db.Counts(l.Context())
	l.ok(err)
	return strings.TrimPrefix(fmt.Sprintf("%+v", counts), "{")
}

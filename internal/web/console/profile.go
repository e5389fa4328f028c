package console

import (
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// profilePage is what a member sees of himself: his roles and why he has them, and
// where he is signed in.
type profilePage struct {
	frame
	Roles       []roleMark
	Permissions []iam.Permission
	Local       bool // signed in with a password
	Sessions    []sessionRow
}

// sessionRow is a live session of the person.
type sessionRow struct {
	ID       string
	Browser  string // as far as its user agent tells
	Agent    string // the user agent itself
	Address  string
	Local    bool
	Began    time.Time
	LastSeen time.Time
	Ends     time.Time
	Current  bool
}

func (c *Console) profile(x *exchange) error {
	p := &profilePage{
		frame: x.frame("Profile"), Permissions: x.session.Permissions, Local: x.session.Method == signin.MethodLocal,
	}
	for _, held := range x.session.Roles {
		p.Roles = append(p.Roles, newRoleMark(held))
	}
	sessions, err := c.signIn.Sessions(x.r.Context(), x.session)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		p.Sessions = append(p.Sessions, sessionRow{
			ID: s.ID, Browser: browser(s.UserAgent), Agent: s.UserAgent, Address: s.Address, Local: s.Method == signin.MethodLocal,
			Began: s.CreatedAt, LastSeen: s.LastSeenAt, Ends: s.ExpiresAt, Current: s.Current,
		})
	}
	return x.show(p)
}

// endSession ends a session of the person who asks; of the one that asks it is signing
// out.
func (c *Console) endSession(x *exchange) error {
	id := x.r.PathValue("session")
	if err := c.signIn.EndSession(x.r.Context(), x.session, id); err != nil {
		return err
	}
	if id == x.session.ID {
		c.cookies.ClearSession(x.w)
		return x.to("/?signed-out")
	}
	return x.done("/profile", "The session was ended.", "That browser is asked to sign in at its next click.")
}

// browser names a browser and its system by the words of a user agent, so that a person
// recognizes his own. Order matters: browsers pretend to be others.
func browser(agent string) string {
	name := firstOf(agent, [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}})
	system := firstOf(agent, [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}})
	switch {
	case name == "" && system == "":
		return "Unknown browser"
	case name == "":
		return "A browser on " + system
	case system == "":
		return name
	}
	return name + " on " + system
}

func firstOf(text string, marks [][2]string) string {
	for _, mark := range marks {
		if strings.Contains(text, mark[0]) {
			return mark[1]
		}
	}
	return ""
}

package signin

import (
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
)

// Client is the browser that asks.
type Client struct {
	Address   string // IP address
	UserAgent string
	RequestID string // of the request: its page shows it, and the audit log has it beside the cause
	Session   string // the value of the session cookie it holds, "" for none: a new sign-in ends that session
	Mark      string // SignedIn.Mark of the session it has, "" for none: in a request from another site Session is not sent
}

// actor is the member as he goes into the audit log.
func (c Client) actor(member iam.MemberID, email string) iam.Actor {
	return iam.Actor{Type: iam.ActorUser, ID: string(member), Details: email, Address: c.Address, UserAgent: printable(c.UserAgent)}
}

// maxPath bounds a path to return to, in bytes.
const maxPath = 1024

// SafePath returns the path of this server, with its query, to which a browser may
// be sent on; "/" for anything else. It is printable ASCII, begins with one slash,
// and holds no backslash, which browsers take for a slash: so that it cannot name
// another host (S44).
func SafePath(to string) string {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '\\' }
	if len(to) > maxPath || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsFunc(to, odd) {
		return "/"
	}
	return to
}

package iam

// ActorType says who acted, in the audit log's words.
type ActorType string

// The actor types of the audit log.
const (
	ActorUser    ActorType = "user"    // a signed-in member
	ActorAPI     ActorType = "api"     // a SCIM key
	ActorSystem  ActorType = "system"  // the operator on the command line, or Rollcall by itself
	ActorSupport ActorType = "support" // reserved for the operator's support staff
)

// Actor is who does something, as it goes into the audit log. It is passed as an
// argument, never fished out of a context.
type Actor struct {
	Type      ActorType
	ID        string // member id, key id, or "" for the system
	Details   string // what a reader recognizes it by: an address, a key id, "command line"
	Address   string // the client's IP address, for users and keys only
	UserAgent string
}

// Operator is the actor of the command line: whoever can open the database.
var Operator = Actor{Type: ActorSystem, Details: "command line"}

// Schedule is the actor of what the server does by itself when its time has come.
var Schedule = Actor{Type: ActorSystem, Details: "schedule"}

// SCIMCaller is an identity provider that showed a valid SCIM key. A key opens
// the SCIM endpoint of its one organization and nothing else (D12).
type SCIMCaller struct {
	Organization Organization // as it stood when the key was checked
	Key          KeyID
	Actor        Actor // of type api, with the key in ID and Details
}

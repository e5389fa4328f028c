package provision

import (
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/scim"
)

// userState is a SCIM user as a request leaves him: what the row will hold.
type userState struct {
	attrs       scim.Object // canonical; without id, meta, active, groups, schemas
	doc         []byte      // attrs, encoded
	active      bool
	name        iam.UserName
	externalID  string
	displayName string
	givenName   string
	familyName  string
	workEmail   string
}

// newUserState takes a normalized document apart, checks what Rollcall asks of
// it beyond the schema, and writes addresses in lower case (D6). attrs becomes
// the state's own.
func newUserState(attrs scim.Object, activeByDefault bool) (userState, error) {
	u := userState{attrs: attrs, active: activeByDefault}
	if active, ok := attrs["active"].(bool); ok {
		u.active = active
	}
	delete(attrs, "active")
	if err := scim.User.RequireAttributes(attrs); err != nil {
		return userState{}, err
	}
	name, err := iam.ParseUserName(text(attrs, "userName"))
	if err != nil {
		return userState{}, invalid(err)
	}
	u.name = name
	attrs["userName"] = name.Answer
	lowerEmails(attrs)
	u.workEmail = workEmail(attrs)
	u.externalID = text(attrs, "externalId")
	if err := checkExternalID(u.externalID); err != nil {
		return userState{}, err
	}
	u.displayName = text(attrs, "displayName")
	if full, ok := attrs["name"].(scim.Object); ok {
		u.givenName, u.familyName = text(full, "givenName"), text(full, "familyName")
	}
	u.doc = scim.Encode(attrs)
	return u, nil
}

// checkExternalID bounds externalId, which stands in an index. It is opaque and
// need not be unique (D14).
func checkExternalID(id string) error {
	if len(id) > iam.MaxNameBytes {
		return scim.Errorf(400, scim.InvalidValue, "externalId is %d bytes long; at most %d are allowed", len(id), iam.MaxNameBytes)
	}
	return nil
}

func text(o scim.Object, name string) string {
	s, _ := o[name].(string)
	return s
}

// lowerEmails answers addresses in lower case (D6); a value that is no address
// stays as it was sent.
func lowerEmails(attrs scim.Object) {
	emails, _ := attrs["emails"].([]any)
	for _, e := range emails {
		email, ok := e.(scim.Object)
		if !ok {
			continue
		}
		if key, ok := iam.EmailKey(text(email, "value")); ok {
			email["value"] = key
		}
	}
}

// workEmail returns the address that should equal userName.
func workEmail(attrs scim.Object) string {
	list, _ := attrs["emails"].([]any)
	emails := make([]iam.Email, 0, len(list))
	for _, e := range list {
		if email, ok := e.(scim.Object); ok {
			primary, _ := email["primary"].(bool)
			emails = append(emails, iam.Email{Value: text(email, "value"), Type: text(email, "type"), Primary: primary})
		}
	}
	return iam.WorkEmail(emails)
}

func (u userState) identity() iam.Identity {
	return iam.Identity{UserName: u.name, WorkEmail: u.workEmail}
}

// changedAttributes names the top-level attributes in which two documents differ,
// sorted: what the audit log says of a profile update (R112).
func changedAttributes(before, after scim.Object) []string {
	var names []string
	for name, value := range after {
		if !same(before[name], value) {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, kept := after[name]; !kept {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func same(a, b any) bool {
	return string(scim.Encode(scim.Object{"v": a})) == string(scim.Encode(scim.Object{"v": b}))
}

// noteVerdicts turns what Normalize ignored into verdicts of one operation.
func noteVerdicts(op string, notes []scim.Note) []scim.Verdict {
	verdicts := make([]scim.Verdict, 0, len(notes)+1)
	for _, n := range notes {
		verdicts = append(verdicts, scim.Verdict{Op: op, Path: n.Path, Verdict: scim.IgnoredAttribute, Note: n.Text})
	}
	return verdicts
}

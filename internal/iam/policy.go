package iam

import "fmt"

// Identity is what the identity policy looks at: the userName and the address
// that should equal it.
type Identity struct {
	UserName  UserName
	WorkEmail string // the work e-mail, else the primary one, else "" (as sent)
}

// Email is what the identity policy looks at of one of a user's e-mail addresses.
type Email struct {
	Value   string `json:"value"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

// WorkEmail picks the address that should equal userName: the first of type work,
// else the primary one, else "" (D7).
func WorkEmail(emails []Email) string {
	primary := ""
	for _, e := range emails {
		if Fold(e.Type) == "work" && e.Value != "" {
			return e.Value
		}
		if e.Primary {
			primary = e.Value
		}
	}
	return primary
}

// SignInTroubles lists, in plain sentences, what will keep a person from signing
// in: a userName that is no address, a work e-mail that is another address, a
// domain that is not verified (D7). verified tells whether a domain key is
// verified in the organization. No trouble, no sentence.
//
// Under PolicyStandard they are warnings; under PolicyStrict the first of them
// refuses the request.
func SignInTroubles(id Identity, verified func(domain string) bool) []string {
	var troubles []string
	name := Clip(id.UserName.Answer)
	if !id.UserName.Address {
		troubles = append(troubles, fmt.Sprintf("cannot sign in: userName %q is not an e-mail address; map userName from the attribute that holds the address people sign in with (for example mail)", name))
	}
	if id.WorkEmail != "" && Fold(id.WorkEmail) != id.UserName.Key {
		troubles = append(troubles, fmt.Sprintf("userName %q and the work e-mail %q differ; map both from the attribute that holds the address people sign in with (for example mail)", name, Clip(id.WorkEmail)))
	}
	if id.UserName.Address && !verified(DomainOf(id.UserName.Key)) {
		troubles = append(troubles, fmt.Sprintf("cannot sign in: the domain %q of userName %q is not verified for this organization; verify it under SAML settings, or map userName from an attribute with a verified domain", DomainOf(id.UserName.Key), name))
	}
	return troubles
}

// CheckIdentity applies PolicyStrict: userName must be an address, equal the work
// (or primary) e-mail but for case, and lie in a verified domain. Under
// PolicyStandard it refuses nothing.
func CheckIdentity(p IdentityPolicy, id Identity, verified func(domain string) bool) error {
	if p != PolicyStrict {
		return nil
	}
	if id.WorkEmail == "" {
		return Errorf(KindInvalid, "userName is %q and there is no work e-mail; this organization requires emails[type eq \"work\"].value to equal userName: map both from the same attribute (for example mail)", Clip(id.UserName.Answer)).On("emails")
	}
	if troubles := SignInTroubles(id, verified); len(troubles) > 0 {
		return Errorf(KindInvalid, "%s (this organization's identity policy is strict)", troubles[0]).On("userName")
	}
	return nil
}

package saml

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/iam"
)

// maxTextBytes bounds what is kept of an assertion as the identity provider sent it.
const maxTextBytes = 1024

// Attributes that are read, by their exact names: the claims of Microsoft Entra ID, the
// names that Okta's and Google's guides propose, and X.500's.
var (
	emailAttributes      = []string{"email", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"}
	givenNameAttributes  = []string{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "givenName", "firstName", "urn:oid:2.5.4.42"}
	familyNameAttributes = []string{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "surname", "lastName", "urn:oid:2.5.4.4"}
	displayAttributes    = []string{"http://schemas.microsoft.com/identity/claims/displayname", "displayName", "urn:oid:2.16.840.1.113730.3.1.241"}
)

// Formats of a NameID that is an e-mail address, and those under which it may be one. The
// names under SAML:2.0 are in no specification and in many a configuration.
var (
	emailFormats = []string{formatEmail, "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress"}
	openFormats  = []string{"", formatUnspecified, "urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified"}
)

// readAssertion checks the signed Assertion and reads who it is about. inResponseTo is
// what the Response answers, already checked.
func (r reader) readAssertion(assertion *etree.Element, inResponseTo string) (Assertion, error) {
	if err := checkVersion(assertion); err != nil {
		return Assertion{}, err
	}
	if err := r.checkIssuer(assertion); err != nil {
		return Assertion{}, err
	}
	if err := r.checkIssueInstant(assertion); err != nil {
		return Assertion{}, err
	}
	conditionsEnd, err := r.checkConditions(assertion)
	if err != nil {
		return Assertion{}, err
	}
	subject, err := child(assertion, nsAssertion, "Subject")
	if err != nil {
		return Assertion{}, err
	}
	if subject == nil {
		return Assertion{}, refused(CauseSubject, "the Assertion has no Subject")
	}
	end, err := r.checkSubject(subject, inResponseTo)
	if err != nil {
		return Assertion{}, err
	}
	if !conditionsEnd.IsZero() && conditionsEnd.Before(end) {
		end = conditionsEnd
	}
	a := Assertion{ID: attribute(assertion, "ID"), Issuer: r.IDP.EntityID, InResponseTo: inResponseTo, NotOnOrAfter: end.Add(maxSkew)}
	if err := r.readStatements(assertion, &a); err != nil {
		return Assertion{}, err
	}
	if err := readPerson(assertion, subject, &a); err != nil {
		return Assertion{}, err
	}
	return a, nil
}

// readStatements wants proof that somebody signed in. SAML 2.0 profiles section 4.1.4.2:
// at least one AuthnStatement; of several the session that ends first counts.
func (r reader) readStatements(assertion *etree.Element, a *Assertion) error {
	statements := children(assertion, nsAssertion, "AuthnStatement")
	if len(statements) == 0 {
		return refused(CauseStatement, "the Assertion has no AuthnStatement: it does not say that anybody signed in")
	}
	for _, statement := range statements {
		signedIn, err := instant(statement, "AuthnInstant")
		switch {
		case err != nil:
			return err
		case signedIn.IsZero():
			return refused(CauseStatement, "the AuthnStatement has no AuthnInstant")
		case signedIn.After(r.Now.Add(maxSkew)):
			return refused(CauseNotYetValid, "the AuthnStatement is of %s, and it is %s here; compare the clocks", stamp(signedIn), stamp(r.Now))
		}
		end, err := instant(statement, "SessionNotOnOrAfter")
		switch {
		case err != nil:
			return err
		case end.IsZero():
		case !r.Now.Before(end):
			return refused(CauseExpired, "the session at the identity provider ended at %s (SessionNotOnOrAfter), and it is %s here", stamp(end), stamp(r.Now))
		case a.SessionNotOnOrAfter.IsZero() || end.Before(a.SessionNotOnOrAfter):
			a.SessionNotOnOrAfter = end
		}
		index := attribute(statement, "SessionIndex")
		if len(index) > maxTextBytes {
			return refused(CauseStatement, "the SessionIndex is longer than %d bytes", maxTextBytes)
		}
		if a.SessionIndex == "" {
			a.SessionIndex = index
		}
	}
	return nil
}

func readPerson(assertion, subject *etree.Element, a *Assertion) error {
	nameID, err := child(subject, nsAssertion, "NameID")
	if err != nil {
		return err
	}
	if nameID == nil {
		return refused(CauseSubject, "the Subject of the Assertion has no NameID")
	}
	if a.NameID, err = text(nameID); err != nil {
		return err
	}
	if a.NameID == "" || len(a.NameID) > maxTextBytes {
		return refused(CauseSubject, "the NameID of the Assertion is empty or longer than %d bytes", maxTextBytes)
	}
	if a.NameIDFormat = attribute(nameID, "Format"); len(a.NameIDFormat) > maxTextBytes {
		return refused(CauseSubject, "the Format of the NameID is longer than %d bytes", maxTextBytes)
	}
	person := readAttributes(assertion)
	if a.Email, err = emailOf(*a, person); err != nil {
		return err
	}
	a.GivenName, a.FamilyName, a.DisplayName = person.name(givenNameAttributes), person.name(familyNameAttributes), person.name(displayAttributes)
	return nil
}

// source is a place that an address came from.
type source struct{ where, address string }

// emailOf returns the one address that the assertion gives. Two that disagree are refused:
// which of them the organization means cannot be told from here.
func emailOf(a Assertion, person personAttributes) (string, error) {
	var found []source
	_, isAddress := iam.EmailKey(a.NameID)
	if slices.Contains(emailFormats, a.NameIDFormat) || isAddress && slices.Contains(openFormats, a.NameIDFormat) {
		found = append(found, source{"NameID", a.NameID})
	}
	for _, name := range emailAttributes {
		values, ok := person[name]
		if !ok {
			continue
		}
		for _, value := range values {
			found = append(found, source{"attribute " + name, value})
		}
	}
	if len(found) == 0 {
		return "", refused(CauseEmail, "the Assertion has no e-mail address: NameID is %q with the format %q, and there is no attribute %q or %q",
			iam.Clip(a.NameID), iam.Clip(a.NameIDFormat), emailAttributes[0], emailAttributes[1])
	}
	first := ""
	for _, s := range found {
		key, ok := iam.EmailKey(s.address)
		switch {
		case !ok:
			return "", refused(CauseEmail, "the e-mail address %q of the Assertion (%s) is not an ASCII e-mail address", iam.Clip(s.address), s.where)
		case first == "":
			first = key
		case key != first:
			return "", refused(CauseEmail, "the e-mail addresses of the Assertion disagree: %q (%s) and %q (%s); map both to the same attribute at the identity provider",
				iam.Clip(found[0].address), found[0].where, iam.Clip(s.address), s.where)
		}
	}
	return first, nil
}

// personAttributes are the values of the attributes of an assertion by name, empty ones
// and those that are more than text left out.
type personAttributes map[string][]string

func readAttributes(assertion *etree.Element) personAttributes {
	all := make(personAttributes)
	for _, statement := range children(assertion, nsAssertion, "AttributeStatement") {
		for _, e := range children(statement, nsAssertion, "Attribute") {
			name := attribute(e, "Name")
			for _, v := range children(e, nsAssertion, "AttributeValue") {
				if value, err := text(v); err == nil && value != "" {
					all[name] = append(all[name], value)
				}
			}
		}
	}
	return all
}

// name returns the first value of the first of these attributes that can stand for a name.
func (p personAttributes) name(attributes []string) string {
	for _, attribute := range attributes {
		for _, value := range p[attribute] {
			if iam.Clip(value) == value && !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7F }) {
				return value
			}
		}
	}
	return ""
}

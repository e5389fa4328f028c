package saml

import (
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/iam"
)

// Times (S40).
const (
	maxSkew     = 60 * time.Second // what the two clocks may differ
	maxAge      = 5 * time.Minute  // of a response and its assertion when they arrive
	maxLifetime = 24 * time.Hour   // an assertion may be valid from now on
)

// checkResponse holds the Response itself against what is expected. SAML 2.0 core section
// 3.2.2 and profiles section 4.1.4.
func (r reader) checkResponse(response *etree.Element) error {
	if err := checkVersion(response); err != nil {
		return err
	}
	// Once more, because the first look was at bytes that nobody had verified.
	if err := checkStatus(response); err != nil {
		return err
	}
	if err := r.checkIssuer(response); err != nil {
		return err
	}
	if to := attribute(response, "Destination"); to != r.SP.ACSURL {
		return refused(CauseDestination, "the Response is sent to %q (Destination); the sign-in URL here is %q", iam.Clip(to), r.SP.ACSURL)
	}
	if err := r.checkIssueInstant(response); err != nil {
		return err
	}
	return r.checkInResponseTo(response, "Response")
}

func checkVersion(e *etree.Element) error {
	if version := attribute(e, "Version"); version != "2.0" {
		return refused(CauseVersion, "the %s has the version %q; 2.0 is needed", e.Tag, iam.Clip(version))
	}
	return nil
}

// checkStatus passes on what the identity provider says of a sign-in that did not succeed.
func checkStatus(response *etree.Element) error {
	status, err := child(response, nsProtocol, "Status")
	if err != nil {
		return err
	}
	if status == nil {
		return refused(CauseStatus, "the Response has no Status")
	}
	code, err := child(status, nsProtocol, "StatusCode")
	if err != nil {
		return err
	}
	if code == nil {
		return refused(CauseStatus, "the Response has no StatusCode")
	}
	value := attribute(code, "Value")
	if value == statusSuccess {
		return nil
	}
	detail := "the identity provider reports " + quoted(value)
	if inner, err := child(code, nsProtocol, "StatusCode"); err == nil && inner != nil {
		detail += ", " + quoted(attribute(inner, "Value"))
	}
	if message, err := child(status, nsProtocol, "StatusMessage"); err == nil && message != nil {
		if said, err := text(message); err == nil {
			detail += ": " + quoted(said)
		}
	}
	return refused(CauseStatus, "%s", detail)
}

func (r reader) checkIssuer(e *etree.Element) error {
	issuer, err := child(e, nsAssertion, "Issuer")
	if err != nil {
		return err
	}
	if issuer == nil {
		return refused(CauseIssuer, "the %s has no Issuer", e.Tag)
	}
	name, err := text(issuer)
	if err != nil {
		return err
	}
	// SAML 2.0 profiles section 4.1.4.2: an entity id, whatever its Format leaves out.
	if format := attribute(issuer, "Format"); format != "" && format != formatEntity {
		return refused(CauseIssuer, "the Issuer of the %s has the format %q; an entity id is needed", e.Tag, iam.Clip(format))
	}
	if r.IDP.EntityID == "" || name != r.IDP.EntityID && (r.alias == "" || name != r.alias) {
		return refused(CauseIssuer, "the %s is issued by %q; the connection is to %q", e.Tag, iam.Clip(name), iam.Clip(r.IDP.EntityID))
	}
	return nil
}

func (r reader) checkIssueInstant(e *etree.Element) error {
	issued, err := instant(e, "IssueInstant")
	switch {
	case err != nil:
		return err
	case issued.IsZero():
		return refused(CauseExpired, "the %s has no IssueInstant", e.Tag)
	case issued.After(r.Now.Add(maxSkew)):
		return refused(CauseNotYetValid, "the %s was issued at %s, and it is %s here; compare the clocks", e.Tag, stamp(issued), stamp(r.Now))
	case r.Now.Sub(issued) > maxAge:
		return refused(CauseExpired, "the %s was issued at %s, and it is %s here; at most %d minutes may lie between", e.Tag, stamp(issued), stamp(r.Now), int(maxAge.Minutes()))
	}
	return nil
}

// checkInResponseTo accepts the answer to the pending request, and an unsolicited one if
// the organization allows that. An answer to another request is never unsolicited: it may
// be an attacker's own, brought into the victim's browser (S39).
func (r reader) checkInResponseTo(e *etree.Element, of string) error {
	id := attribute(e, "InResponseTo")
	switch {
	case id == "" && has(e, "InResponseTo"):
		return refused(CauseInResponseTo, "the %s has an empty InResponseTo", of)
	case id == "" && r.AllowUnsolicited:
		return nil
	case id == "" && r.RequestID == "":
		return refused(CauseUnsolicited, "the %s answers no request of this browser; sign-in from the identity provider's side is not allowed by the organization", of)
	case id == "":
		return refused(CauseInResponseTo, "the %s has no InResponseTo; the request pending in this browser is %q", of, iam.Clip(r.RequestID))
	case r.RequestID == "":
		return refused(CauseInResponseTo, "the %s answers the request %q; none is pending in this browser", of, iam.Clip(id))
	case id != r.RequestID:
		return refused(CauseInResponseTo, "the %s answers the request %q; the one pending in this browser is %q", of, iam.Clip(id), iam.Clip(r.RequestID))
	}
	return nil
}

// checkConditions returns the end of the Conditions, zero when they have none. SAML 2.0
// core section 2.5.1: all of them hold, and one that is not understood holds for nobody.
func (r reader) checkConditions(assertion *etree.Element) (time.Time, error) {
	conditions, err := child(assertion, nsAssertion, "Conditions")
	if err != nil {
		return time.Time{}, err
	}
	if conditions == nil {
		return time.Time{}, refused(CauseConditions, "the Assertion has no Conditions")
	}
	end, err := r.checkWindow(conditions)
	if err != nil {
		return time.Time{}, err
	}
	restricted := false
	for _, c := range conditions.ChildElements() {
		switch {
		case is(c, nsAssertion, "AudienceRestriction"):
			if err := r.checkAudience(c); err != nil {
				return time.Time{}, err
			}
			restricted = true
		case is(c, nsAssertion, "OneTimeUse"), is(c, nsAssertion, "ProxyRestriction"):
			// Each assertion is used once here, and handed on to nobody.
		default:
			return time.Time{}, refused(CauseConditions, "the Assertion has the condition %q, which is not understood", iam.Clip(c.Tag))
		}
	}
	if !restricted {
		return time.Time{}, refused(CauseAudience, "the Assertion has no AudienceRestriction; this service provider is %q", r.SP.EntityID)
	}
	return end, nil
}

func (r reader) checkAudience(restriction *etree.Element) error {
	var others []string
	for _, e := range children(restriction, nsAssertion, "Audience") {
		audience, err := text(e)
		if err != nil {
			return err
		}
		if audience == r.SP.EntityID {
			return nil
		}
		others = append(others, audience)
	}
	if len(others) == 0 {
		return refused(CauseAudience, "the AudienceRestriction of the Assertion names nobody; this service provider is %q", r.SP.EntityID)
	}
	return refused(CauseAudience, "the Assertion is meant for %q (Audience); this service provider is %q", iam.Clip(others[0]), r.SP.EntityID)
}

// checkWindow checks NotBefore and NotOnOrAfter of an element, where it has them, and
// returns the second, zero when it is not there.
func (r reader) checkWindow(e *etree.Element) (time.Time, error) {
	begin, err := instant(e, "NotBefore")
	if err != nil {
		return time.Time{}, err
	}
	end, err := instant(e, "NotOnOrAfter")
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case !begin.IsZero() && begin.After(r.Now.Add(maxSkew)):
		return time.Time{}, refused(CauseNotYetValid, "the %s are valid from %s, and it is %s here; compare the clocks", e.Tag, stamp(begin), stamp(r.Now))
	case end.IsZero():
		return end, nil
	case !r.Now.Before(end.Add(maxSkew)):
		return time.Time{}, refused(CauseExpired, "the %s ended at %s, and it is %s here", e.Tag, stamp(end), stamp(r.Now))
	case end.After(r.Now.Add(maxLifetime + maxSkew)):
		return time.Time{}, refused(CauseLifetime, "the %s last until %s; at most %d hours from now are allowed", e.Tag, stamp(end), int(maxLifetime.Hours()))
	case !begin.IsZero() && !begin.Before(end):
		return time.Time{}, refused(CauseConditions, "the %s end before they begin", e.Tag)
	}
	return end, nil
}

// checkSubject finds the bearer confirmation that is for this sign-in and returns its end.
// SAML 2.0 profiles section 4.1.4.3: one that holds is enough.
func (r reader) checkSubject(subject *etree.Element, inResponseTo string) (time.Time, error) {
	var problem error
	for _, confirmation := range children(subject, nsAssertion, "SubjectConfirmation") {
		if attribute(confirmation, "Method") != methodBearer {
			continue
		}
		end, err := r.checkConfirmation(confirmation, inResponseTo)
		if err == nil {
			return end, nil
		}
		if problem == nil {
			problem = err
		}
	}
	if problem == nil {
		problem = refused(CauseSubject, "the Subject of the Assertion has no SubjectConfirmation with the method %q", methodBearer)
	}
	return time.Time{}, problem
}

func (r reader) checkConfirmation(confirmation *etree.Element, inResponseTo string) (time.Time, error) {
	data, err := child(confirmation, nsAssertion, "SubjectConfirmationData")
	if err != nil {
		return time.Time{}, err
	}
	if data == nil {
		return time.Time{}, refused(CauseSubject, "the SubjectConfirmation has no SubjectConfirmationData")
	}
	if recipient := attribute(data, "Recipient"); recipient != r.SP.ACSURL {
		return time.Time{}, refused(CauseRecipient, "the SubjectConfirmation is for %q (Recipient); the sign-in URL here is %q", iam.Clip(recipient), r.SP.ACSURL)
	}
	if err := r.checkInResponseTo(data, "SubjectConfirmation"); err != nil {
		return time.Time{}, err
	}
	if id := attribute(data, "InResponseTo"); id != inResponseTo {
		return time.Time{}, refused(CauseInResponseTo, "the Response answers the request %q and its SubjectConfirmation %q", iam.Clip(inResponseTo), iam.Clip(id))
	}
	end, err := r.checkWindow(data)
	if err != nil {
		return time.Time{}, err
	}
	if end.IsZero() {
		return time.Time{}, refused(CauseSubject, "the SubjectConfirmationData has no NotOnOrAfter")
	}
	return end, nil
}

// instant reads a time; zero when the attribute is not there. SAML 2.0 core section 1.3.3:
// in UTC.
func instant(e *etree.Element, name string) (time.Time, error) {
	if !has(e, name) {
		return time.Time{}, nil
	}
	value := attribute(e, name)
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil || t.IsZero() {
		return time.Time{}, refused(CauseStructure, "the %s %q of the %s is not a time in UTC such as 2027-01-31T12:00:00Z", name, iam.Clip(value), e.Tag)
	}
	return t.UTC(), nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// quoted makes a value of the sender's fit for a sentence.
func quoted(s string) string { return strconv.Quote(iam.Clip(s)) }

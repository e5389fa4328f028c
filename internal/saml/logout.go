package saml

import (
	"fmt"
	"time"
)

// logoutLifetime is how long a LogoutRequest of ours may be acted on.
const logoutLifetime = 5 * time.Minute

// Session is what the identity provider called a session when it began.
type Session struct {
	NameID       string
	NameIDFormat string // "" when it named none
	SessionIndex string // "" when it named none
}

// LogoutRequest asks idp, which has a SLOURL, to end s there and wherever else it began
// one. id comes from NewRequestID or is as good. It is signed as AuthnRequest is. SAML 2.0
// core section 3.7.1.
func LogoutRequest(sp ServiceProvider, idp IdentityProvider, s Session, id string, now time.Time, key *SigningKey) (Message, error) {
	format, index := "", ""
	if s.NameIDFormat != "" {
		format = ` Format="` + escape(s.NameIDFormat) + `"`
	}
	if s.SessionIndex != "" {
		index = `<samlp:SessionIndex>` + escape(s.SessionIndex) + `</samlp:SessionIndex>`
	}
	text := logoutHead("LogoutRequest", sp, idp.SLOURL, id, now, ` NotOnOrAfter="`+xmlTime(now.Add(logoutLifetime))+`"`) +
		`<saml:NameID` + format + `>` + escape(s.NameID) + `</saml:NameID>` + index + `</samlp:LogoutRequest>`
	m, err := message{idp.SLOURL, idp.SLOBinding, fieldRequest, text, ""}.send(key)
	if err != nil {
		return Message{}, fmt.Errorf("make a SAML logout request: %w", err)
	}
	return m, nil
}

// LogoutResponse tells idp, which has a SLOResponseURL, that its request to was done. SAML
// 2.0 core section 3.7.2, bindings sections 3.4.3 and 3.5.3: with its RelayState.
func LogoutResponse(sp ServiceProvider, idp IdentityProvider, to Logout, id string, now time.Time, key *SigningKey) (Message, error) {
	text := logoutHead("LogoutResponse", sp, idp.SLOResponseURL, id, now, ` InResponseTo="`+escape(to.ID)+`"`) +
		`<samlp:Status><samlp:StatusCode Value="` + statusSuccess + `"></samlp:StatusCode></samlp:Status></samlp:LogoutResponse>`
	m, err := message{idp.SLOResponseURL, idp.SLOBinding, fieldResponse, text, to.RelayState}.send(key)
	if err != nil {
		return Message{}, fmt.Errorf("make a SAML logout response: %w", err)
	}
	return m, nil
}

func logoutHead(name string, sp ServiceProvider, to, id string, now time.Time, more string) string {
	return `<samlp:` + name + ` xmlns:samlp="` + nsProtocol + `" xmlns:saml="` + nsAssertion + `" ID="` + escape(id) + `" Version="2.0"` +
		` IssueInstant="` + xmlTime(now) + `" Destination="` + escape(to) + `"` + more + `><saml:Issuer>` + escape(sp.EntityID) + `</saml:Issuer>`
}

func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

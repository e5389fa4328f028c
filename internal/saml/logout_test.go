package saml

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rand"
	_ "crypto/sha512"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	ourSLO = "https://rollcall.example/saml/org_1/logout"
	idpSLO = "https://idp.example/slo"
)

func logoutRequest() string {
	return `<samlp:LogoutRequest xmlns:samlp="` + nsProtocol + `" ID="_lr1" Version="2.0" IssueInstant="` + at(-time.Second) + `" Destination="` + ourSLO + `" NotOnOrAfter="` + at(5*time.Minute) + `">` +
		`<Issuer xmlns="` + nsAssertion + `">` + idpEntityID + `</Issuer><NameID xmlns="` + nsAssertion + `" Format="` + formatEmail + `">Alice@Example.com</NameID>` +
		`<samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>`
}

func logoutResponse() string {
	return `<samlp:LogoutResponse ID="_lr2" Version="2.0" IssueInstant="` + at(0) + `" InResponseTo="` + requestID + `" Destination="` + ourSLO + `" xmlns:samlp="` + nsProtocol + `">` +
		`<Issuer xmlns="` + nsAssertion + `">` + idpEntityID + `</Issuer><samlp:Status><samlp:StatusCode Value="` + statusSuccess + `"/></samlp:Status></samlp:LogoutResponse>`
}

// logoutExpectation is that of a connection to the identity provider.
func (p idp) logoutExpectation() Expectation {
	e := p.expectation()
	e.SP.SLOURL = ourSLO
	e.IDP.SLOURL, e.IDP.SLOBinding, e.IDP.SLOResponseURL = idpSLO, BindingRedirect, idpSLO
	return e
}

func deflated(t testing.TB, text string) string {
	t.Helper()
	packed, err := deflate(text)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// query signs a message in the query. escape is how the sender escapes.
func (p idp) query(t testing.TB, field, text, relayState string, escape func(string) string) string {
	t.Helper()
	algorithm, hash := algRSASHA256, crypto.SHA256
	switch {
	case p.algorithm == algRSASHA512:
		algorithm, hash = p.algorithm, crypto.SHA512
	case p.algorithm != "":
		algorithm = p.algorithm
	}
	query := field + "=" + escape(deflated(t, text))
	if relayState != "" {
		query += "&RelayState=" + escape(relayState)
	}
	query += "&SigAlg=" + escape(algorithm)
	h := hash.New()
	h.Write([]byte(query))
	value, err := xmlSigner{p.key}.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		t.Fatal(err)
	}
	return query + "&Signature=" + escape(encode(string(value)))
}

// microsoftEscape escapes in lower case, as .NET does.
func microsoftEscape(s string) string {
	return strings.NewReplacer("%2B", "%2b", "%2F", "%2f", "%3D", "%3d", "%3A", "%3a").Replace(url.QueryEscape(s))
}

// bothBindings are a signed message by both bindings.
func (p idp) bothBindings(t testing.TB, field, text string) map[string]Incoming {
	t.Helper()
	return map[string]Incoming{
		"redirect": {Query: p.query(t, field, text, "state", url.QueryEscape)},
		"post":     {Posted: encode(p.sign(t, text, signResponse)), RelayState: "state"},
	}
}

func TestParseLogoutRequest(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]crypto.Signer{"RSA": idpKey(), "P-256": p256Key()} {
		p := newIDP(t, key)
		if name == "P-256" {
			p.algorithm = algECDSASHA256
		}
		want := Logout{
			ID: "_lr1", Issuer: idpEntityID, NameID: "Alice@Example.com", SessionIndexes: []string{"_s1"}, RelayState: "state",
			NotOnOrAfter: now.Add(6*time.Minute - time.Second),
		}
		for binding, in := range p.bothBindings(t, fieldRequest, logoutRequest()) {
			got, err := ParseLogoutRequest(in, p.logoutExpectation())
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s by %s: %v, %s", name, binding, err, diff)
			}
		}
	}
}

// The order of the URL's parameters, further ones, and how they are escaped are the sender's.
func TestParseLogoutRequest_queryAsSent(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	query := p.query(t, fieldRequest, logoutRequest(), "a+b/c==", microsoftEscape)
	parts := strings.Split(query, "&")
	sha512 := p
	sha512.algorithm = algRSASHA512
	for name, in := range map[string]string{
		"lower case":         query,
		"another order":      strings.Join([]string{parts[3], "x=y", parts[1], parts[2], "client-request-id=1", parts[0]}, "&"),
		"encoding":           query + "&SAMLEncoding=" + url.QueryEscape(encodingDeflate),
		"empty parts":        "&" + query + "&&",
		"rsa-sha512":         sha512.query(t, fieldRequest, logoutRequest(), "a+b/c==", url.QueryEscape),
		"blanks in escaping": p.query(t, fieldRequest, logoutRequest(), "a+b/c==", func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%20", "+") }),
	} {
		got, err := ParseLogoutRequest(Incoming{Query: in}, p.logoutExpectation())
		if err != nil || got.NameID != "Alice@Example.com" || got.RelayState != "a+b/c==" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := ParseLogoutRequest(Incoming{Query: p.query(t, fieldRequest, logoutRequest(), "", url.QueryEscape)}, p.logoutExpectation()); err != nil || got.RelayState != "" {
		t.Errorf("without RelayState: %+v, %v", got, err)
	}
}

// What a rightly signed request is refused for, by either binding.
func TestParseLogoutRequest_protocol(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	nameID := `<NameID xmlns="` + nsAssertion + `" Format="` + formatEmail + `">Alice@Example.com</NameID>`
	issued := at(-time.Second)
	for _, test := range []struct {
		name  string
		edit  edit
		cause string // "" is accepted
	}{
		{"no SessionIndex", cut("<samlp:SessionIndex>", "</samlp:SessionIndex>"), ""},
		{"no NotOnOrAfter", cut(` NotOnOrAfter="`, `"`), ""},
		{"just ended", replace(at(5*time.Minute), at(-59*time.Second)), ""},
		{"Reason", replace("<samlp:LogoutRequest", `<samlp:LogoutRequest Reason="urn:oasis:names:tc:SAML:2.0:logout:user"`), ""},
		{"Extensions", replace("<NameID", "<samlp:Extensions><x/></samlp:Extensions><NameID"), ""},
		{"Microsoft's other issuer", replace(idpEntityID, "https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/"), ""},

		{"Microsoft's other issuer of another tenant", replace(idpEntityID, "https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-bbbbbbbbbbbb/"), CauseIssuer},
		{"another issuer", replace(idpEntityID, "https://idp.example/"), CauseIssuer},
		{"no issuer", cut("<Issuer", "</Issuer>"), CauseIssuer},
		{"another destination", replace(ourSLO, "https://rollcall.example/saml/org_2/logout"), CauseDestination},
		{"the ACS as destination", replace(ourSLO, ourACS), CauseDestination},
		{"no destination", cut(` Destination="`, `"`), CauseDestination},
		{"ended", replace(at(5*time.Minute), at(-61*time.Second)), CauseExpired},
		{"old", replace(issued, at(-6*time.Minute)), CauseExpired},
		{"from the future", replace(issued, at(2*time.Minute)), CauseNotYetValid},
		{"no IssueInstant", cut(` IssueInstant="`, `"`), CauseExpired},
		{"version", replace(`Version="2.0"`, `Version="1.1"`), CauseVersion},
		{"no NameID", replace(nameID, ""), CauseSubject},
		{"empty NameID", replace("Alice@Example.com", ""), CauseSubject},
		{"long NameID", replace("Alice@Example.com", strings.Repeat("a", 1025)), CauseSubject},
		{"two NameIDs", replace(nameID, nameID+nameID), CauseStructure},
		{"NameID with a child", replace("Alice@", "Alice<x/>@"), CauseStructure},
		{"EncryptedID", replace(nameID, "<EncryptedID/>"), CauseEncrypted},
		{"BaseID", replace(nameID, `<BaseID xmlns="`+nsAssertion+`"/>`), CauseSubject},
		{"empty SessionIndex", replace("_s1", ""), CauseSubject},
		{"long SessionIndex", replace("_s1", strings.Repeat("s", 1025)), CauseSubject},
		{"many SessionIndexes", replace("<samlp:SessionIndex>", strings.Repeat("<samlp:SessionIndex>x</samlp:SessionIndex>", 64)+"<samlp:SessionIndex>"), CauseSize},
		{"a response instead", replaceAll("LogoutRequest", "LogoutResponse"), CauseStructure},
		{"of another namespace", replaceAll(nsProtocol, "urn:evil"), CauseStructure},
		{"a request to sign in", replaceAll("LogoutRequest", "AuthnRequest"), CauseStructure},
		{"ID twice", replace("<samlp:SessionIndex>", `<samlp:SessionIndex ID="_lr1">`), CauseStructure},
		{"no ID", replace(` ID="_lr1"`, ""), CauseStructure},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := test.edit(t, logoutRequest())
			incoming := map[string]Incoming{"redirect": {Query: p.query(t, fieldRequest, text, "", url.QueryEscape)}}
			if !strings.Contains(test.name, "ID twice") && !strings.Contains(test.name, "no ID") { // the library does not sign those
				incoming["post"] = Incoming{Posted: encode(p.sign(t, text, signResponse))}
			}
			for binding, in := range incoming {
				l, err := ParseLogoutRequest(in, p.logoutExpectation())
				if test.cause == "" {
					if err != nil || l.NameID != "Alice@Example.com" {
						t.Errorf("%s: %+v, %v", binding, l, err)
					}
					continue
				}
				wantLogoutRefusal(t, l, err, test.cause)
			}
		})
	}
}

// wantLogoutRefusal checks that nobody is signed out, for this cause.
func wantLogoutRefusal(t testing.TB, l Logout, err error, cause string) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || r.Cause != cause || len(r.Detail) < 10 || len(r.Detail) > 1000 {
		t.Errorf("got %+v, %v; want a refusal for %q", l, err, cause)
	}
	if diff := cmp.Diff(Logout{}, l); err != nil && diff != "" {
		t.Errorf("a refusal came with %s", diff)
	}
}

// What makes a signature worth nothing.
func TestParseLogoutRequest_signature(t *testing.T) {
	t.Parallel()
	p, attacker := newIDP(t, idpKey()), newIDP(t, foreignKey())
	lying := idp{key: foreignKey(), certificate: p.certificate}
	text := logoutRequest()
	evil := replace("Alice@Example.com", "Mallory@Example.com")(t, text)
	query, posted := p.query(t, fieldRequest, text, "state", url.QueryEscape), p.sign(t, text, signResponse)
	parts := strings.Split(query, "&")
	packedEvil := fieldRequest + "=" + url.QueryEscape(deflated(t, evil))
	old := p
	old.certificate = newCertificate(t, idpKey(), now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0))
	var bomb bytes.Buffer
	w, err := flate.NewWriter(&bomb, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("<a>"), 20<<20/3)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		in    Incoming
		cause string
	}{
		{"query, unsigned", Incoming{Query: parts[0]}, CauseUnsigned},
		{"query, no signature", Incoming{Query: strings.Join(parts[:3], "&")}, CauseUnsigned},
		{"query, empty signature", Incoming{Query: strings.Join(parts[:3], "&") + "&Signature="}, CauseUnsigned},
		{"query, no algorithm", Incoming{Query: parts[0] + "&" + parts[3]}, CauseUnsigned},
		{"query, signed by somebody else", Incoming{Query: attacker.query(t, fieldRequest, text, "", url.QueryEscape)}, CauseSignature},
		{"query, another message", Incoming{Query: strings.Join(append([]string{packedEvil}, parts[1:]...), "&")}, CauseSignature},
		{"query, another RelayState", Incoming{Query: strings.Replace(query, "RelayState=state", "RelayState=other", 1)}, CauseSignature},
		{"query, RelayState taken off", Incoming{Query: strings.Replace(query, "&RelayState=state", "", 1)}, CauseSignature},
		{"query, RelayState added", Incoming{Query: p.query(t, fieldRequest, text, "", url.QueryEscape) + "&RelayState=x"}, CauseSignature},
		{"query, message twice", Incoming{Query: packedEvil + "&" + query}, CauseStructure},
		{"query, message twice, the other escaped", Incoming{Query: query + "&SAML%52equest=" + url.QueryEscape(deflated(t, evil))}, CauseStructure},
		{"query, escaped name", Incoming{Query: strings.Replace(query, "SigAlg", "Sig%41lg", 1)}, CauseStructure},
		{"query, signature twice", Incoming{Query: query + "&Signature=x"}, CauseStructure},
		{"query, request and response", Incoming{Query: query + "&SAMLResponse=x"}, CauseStructure},
		{"query, badly escaped", Incoming{Query: query + "&%zz=1"}, CauseEncoding},
		{"query, badly escaped value", Incoming{Query: query + "&SAMLEncoding=%zz"}, CauseEncoding},
		{"query, another encoding", Incoming{Query: query + "&SAMLEncoding=urn:none"}, CauseEncoding},
		{"query, no message", Incoming{Query: strings.Join(parts[1:], "&")}, CauseStructure},
		{"nothing", Incoming{}, CauseStructure},
		{"query, SHA-1", Incoming{Query: strings.Replace(query, url.QueryEscape(algRSASHA256), url.QueryEscape(nsSignature+"rsa-sha1"), 1)}, CauseAlgorithm},
		{"query, HMAC", Incoming{Query: strings.Replace(query, url.QueryEscape(algRSASHA256), url.QueryEscape("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), 1)}, CauseAlgorithm},
		{"query, algorithm of another key", Incoming{Query: strings.Replace(query, url.QueryEscape(algRSASHA256), url.QueryEscape(algECDSASHA256), 1)}, CauseSignature},
		{"query, signature not base64", Incoming{Query: strings.Join(parts[:3], "&") + "&Signature=*"}, CauseSignature},
		{"query, too long", Incoming{Query: query + "&x=" + strings.Repeat("x", 200<<10)}, CauseSize},
		{"query, not DEFLATE", Incoming{Query: p.queryOf(t, "AAAA")}, CauseEncoding},
		{"query, not base64", Incoming{Query: p.queryOf(t, "*")}, CauseEncoding},
		{"query, bomb", Incoming{Query: p.queryOf(t, encode(bomb.String()))}, CauseSize},
		{"query, a Signature inside too", Incoming{Query: p.query(t, fieldRequest, posted, "", url.QueryEscape)}, CauseStructure},
		{"query, DOCTYPE", Incoming{Query: p.query(t, fieldRequest, "<!DOCTYPE x>"+text, "", url.QueryEscape)}, CauseXML},
		{"query, comment", Incoming{Query: p.query(t, fieldRequest, replace("Alice@", "Alice<!-- -->@")(t, text), "", url.QueryEscape)}, CauseXML},
		{"query, long RelayState", Incoming{Query: p.query(t, fieldRequest, text, strings.Repeat("x", 1025), url.QueryEscape)}, CauseSize},

		{"form, unsigned", Incoming{Posted: encode(text)}, CauseUnsigned},
		{"form, signed by somebody else", Incoming{Posted: encode(attacker.sign(t, text, signResponse))}, CauseSignature},
		{"form, KeyInfo of ours", Incoming{Posted: encode(lying.sign(t, text, signResponse))}, CauseSignature},
		{"form, changed", Incoming{Posted: encode(replace("Alice@", "Mallory@")(t, posted))}, CauseSignature},
		{"form, SHA-1", Incoming{Posted: encode(replace(algRSASHA256, nsSignature+"rsa-sha1")(t, posted))}, CauseAlgorithm},
		{"form, reference to nothing", Incoming{Posted: encode(replace(`URI="#_lr1"`, `URI=""`)(t, posted))}, CauseStructure},
		{"form, wrapped", Incoming{Posted: encode(strings.Replace(evil, "_lr1", "_lr9", 1)[:len(evil)-len("</samlp:LogoutRequest>")] + posted + "</samlp:LogoutRequest>")}, CauseStructure},
		{"form, two signatures", Incoming{Posted: encode(replace("</Issuer>", "</Issuer>"+between(t, posted, "<ds:Signature ", "</ds:Signature>"))(t, posted))}, CauseStructure},
		{"form, not base64", Incoming{Posted: "*"}, CauseEncoding},
		{"form, too large", Incoming{Posted: strings.Repeat("A", 200<<10)}, CauseSize},
		{"form, comment", Incoming{Posted: encode(replace("Alice@", "Alice<!-- -->@")(t, posted))}, CauseXML},
		{"form, CDATA", Incoming{Posted: encode(replace("Alice@Example.com", "<![CDATA[Alice@Example.com]]>")(t, posted))}, CauseXML},
		{"form, many elements", Incoming{Posted: encode("<a>" + strings.Repeat("<b/>", 2_000) + "</a>")}, CauseSize},
		{"form, long RelayState", Incoming{Posted: encode(posted), RelayState: strings.Repeat("x", 1025)}, CauseSize},
		{"form with a signed query beside it", Incoming{Posted: encode(evil), Query: query}, CauseUnsigned},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := ParseLogoutRequest(test.in, p.logoutExpectation())
			wantLogoutRefusal(t, l, err, test.cause)
		})
	}
	e := p.logoutExpectation()
	e.IDP.Certificates = [][]byte{old.certificate}
	for _, in := range p.bothBindings(t, fieldRequest, text) {
		l, err := ParseLogoutRequest(in, e)
		wantLogoutRefusal(t, l, err, CauseCertificate)
	}
}

// queryOf signs a query with a message that is packed already.
func (p idp) queryOf(t testing.TB, packed string) string {
	t.Helper()
	query := fieldRequest + "=" + url.QueryEscape(packed) + "&SigAlg=" + url.QueryEscape(algRSASHA256)
	h := crypto.SHA256.New()
	h.Write([]byte(query))
	value, err := p.key.Sign(rand.Reader, h.Sum(nil), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return query + "&Signature=" + url.QueryEscape(encode(string(value)))
}

func TestParseLogoutResponse(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	for _, test := range []struct {
		name  string
		edit  edit
		cause string // "" is accepted
	}{
		{"as Microsoft Entra ID sends it", both(cut(` Destination="`, `"`), replace(idpEntityID, "https://login.microsoftonline.com/6f1a2b3c-0000-4000-8000-aaaaaaaaaaaa/")), ""},
		{"as it is", replace("_lr2", "_lr3"), ""},
		{"not everywhere", replace("<samlp:StatusCode", `<samlp:StatusMessage>x</samlp:StatusMessage><samlp:StatusCode`), ""},
		{"failed", replace(statusSuccess, "urn:oasis:names:tc:SAML:2.0:status:Responder"), CauseStatus},
		{"no status", cut("<samlp:Status>", "</samlp:Status>"), CauseStatus},
		{"another request", replace(requestID, "_other"), CauseInResponseTo},
		{"no request", cut(` InResponseTo="`, `"`), CauseInResponseTo},
		{"another destination", replace(ourSLO, ourACS), CauseDestination},
		{"empty destination", replace(ourSLO, ""), CauseDestination},
		{"another issuer", replace(idpEntityID, "https://idp.example/"), CauseIssuer},
		{"old", replace(at(0), at(-6*time.Minute)), CauseExpired},
		{"version", replace(`Version="2.0"`, `Version="2.1"`), CauseVersion},
		{"a request instead", replaceAll("LogoutResponse", "LogoutRequest"), CauseStructure},
		{"a sign-in instead", replaceAll("LogoutResponse", "Response"), CauseStructure},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := test.edit(t, logoutResponse())
			for binding, in := range p.bothBindings(t, fieldResponse, text) {
				err := ParseLogoutResponse(in, p.logoutExpectation())
				if test.cause != "" {
					wantLogoutRefusal(t, Logout{}, err, test.cause)
				} else if err != nil {
					t.Errorf("%s: %v", binding, err)
				}
			}
		})
	}
	e := p.logoutExpectation()
	e.RequestID = ""
	for _, in := range p.bothBindings(t, fieldResponse, replace(` InResponseTo="`+requestID+`"`, ` InResponseTo=""`)(t, logoutResponse())) {
		wantLogoutRefusal(t, Logout{}, ParseLogoutResponse(in, e), CauseInResponseTo)
	}
	wantLogoutRefusal(t, Logout{}, ParseLogoutResponse(Incoming{Posted: encode(logoutResponse())}, p.logoutExpectation()), CauseUnsigned)
	wantLogoutRefusal(t, Logout{}, ParseLogoutResponse(Incoming{Query: fieldResponse + "=" + url.QueryEscape(deflated(t, logoutResponse()))}, p.logoutExpectation()), CauseUnsigned)
	// A signed request is no response, whatever the parameter is called.
	wantLogoutRefusal(t, Logout{}, ParseLogoutResponse(Incoming{Query: p.query(t, fieldRequest, logoutRequest(), "", url.QueryEscape)}, p.logoutExpectation()), CauseStructure)
}

// What we send is what we would accept, from us as identity provider.
func TestLogout_ours(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*SigningKey{"RSA": newSPKey(t), "P-256": newP256SPKey(t)} {
		for _, binding := range []string{BindingRedirect, BindingPOST} {
			sp := ServiceProvider{EntityID: ourEntityID, SLOURL: ourSLO}
			to := IdentityProvider{EntityID: idpEntityID, SLOURL: idpSLO + "?a=1&b=2", SLOBinding: binding, SLOResponseURL: idpSLO + "/response"}
			other := Expectation{SP: ServiceProvider{SLOURL: to.SLOURL}, IDP: IdentityProvider{EntityID: ourEntityID, Certificates: [][]byte{key.Certificate().DER}}, RequestID: "_theirs", Now: now}
			m, err := LogoutRequest(sp, to, Session{NameID: `al<i>ce & "b"`, NameIDFormat: formatEmail, SessionIndex: "<1>"}, requestID, now, key)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseLogoutRequest(asIncoming(t, m, to.SLOURL), other)
			want := Logout{ID: requestID, Issuer: ourEntityID, NameID: `al<i>ce & "b"`, SessionIndexes: []string{"<1>"}, NotOnOrAfter: now.Add(6 * time.Minute)}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s, %s: %v %s", name, binding, err, diff)
			}
			m, err = LogoutResponse(sp, to, Logout{ID: "_theirs", RelayState: "a&b=c"}, requestID, now, key)
			if err != nil {
				t.Fatal(err)
			}
			other.SP.SLOURL = to.SLOResponseURL
			in := asIncoming(t, m, to.SLOResponseURL)
			if err := ParseLogoutResponse(in, other); err != nil {
				t.Errorf("%s, %s: %v", name, binding, err)
			}
			if values, _ := url.ParseQuery(in.Query); in.RelayState+values.Get("RelayState") != "a&b=c" {
				t.Errorf("%s, %s: RelayState %q %q", name, binding, in.RelayState, in.Query)
			}
		}
	}
	sp := ServiceProvider{EntityID: ourEntityID, SLOURL: ourSLO}
	for _, to := range []IdentityProvider{{}, {SLOURL: "/slo", SLOResponseURL: "/slo", SLOBinding: BindingRedirect}, {SLOURL: idpSLO, SLOResponseURL: idpSLO, SLOBinding: "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"}} {
		if m, err := LogoutRequest(sp, to, Session{NameID: "a"}, requestID, now, nil); err == nil {
			t.Errorf("%+v: got %+v", to, m)
		}
		if m, err := LogoutResponse(sp, to, Logout{ID: "_a"}, requestID, now, nil); err == nil {
			t.Errorf("%+v: got %+v", to, m)
		}
	}
}

// asIncoming is what the other side gets.
func asIncoming(t *testing.T, m Message, to string) Incoming {
	t.Helper()
	if m.Form != nil {
		if m.Form.Action != to || m.URL != "" {
			t.Errorf("posted to %q", m.Form.Action)
		}
		return Incoming{Posted: m.Form.SAMLRequest + m.Form.SAMLResponse, RelayState: m.Form.RelayState}
	}
	base, query, _ := strings.Cut(m.URL, "?")
	if !strings.HasPrefix(to, base) {
		t.Errorf("sent to %q", m.URL)
	}
	return Incoming{Query: query}
}

package saml

import (
	"strings"
	"testing"
	"time"
)

const (
	subjectConfirmation = `<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`
	audience            = `<AudienceRestriction><Audience>` + ourEntityID + `</Audience></AudienceRestriction>`
	nameID              = `<NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">Alice@Example.com</NameID>`
	emailClaim          = `<Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"><AttributeValue>alice@example.com</AttributeValue></Attribute>`
	other               = "https://other.example/saml/org_2"
)

// What a rightly signed response is refused for. Each is edited before it is signed, as
// a whole, so that nothing but the rule itself stands against it.
func TestParseResponse_protocol(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	issued := at(-2 * time.Second)
	for _, test := range []struct {
		name  string
		edit  edit
		cause string // "" is accepted
	}{
		{"response version", replace(`Version="2.0"`, `Version="1.1"`), CauseVersion},
		{"assertion version", replace(`Version="2.0" xmlns="`, `Version="1.1" xmlns="`), CauseVersion},
		{"no version", replace(` Version="2.0"`, ``), CauseVersion},

		{"status", replace(statusSuccess, "urn:oasis:names:tc:SAML:2.0:status:Responder"), CauseStatus},
		{"no status", cut("<samlp:Status>", "</samlp:Status>"), CauseStatus},
		{"no status code", cut("<samlp:StatusCode", "/>"), CauseStatus},
		{"two status codes", replace("</samlp:Status>", `<samlp:StatusCode Value="x"/></samlp:Status>`), CauseStructure},

		{"response issuer", replace(`<Issuer xmlns="`+nsAssertion+`">`+idpEntityID, `<Issuer xmlns="`+nsAssertion+`">`+other), CauseIssuer},
		{"assertion issuer", replace(`<Issuer>`+idpEntityID, `<Issuer>`+other), CauseIssuer},
		{"issuer with a blank", replace(`<Issuer>`+idpEntityID, `<Issuer>`+idpEntityID+" "), CauseIssuer},
		{"issuer with a format", replace(`<Issuer>`, `<Issuer Format="`+formatEmail+`">`), CauseIssuer},
		{"issuer in a child", replace(`<Issuer>`+idpEntityID, `<Issuer><x/>`+idpEntityID), CauseStructure},
		{"no assertion issuer", replace(`<Issuer>`+idpEntityID+`</Issuer>`, `<Advice><Issuer>`+idpEntityID+`</Issuer></Advice>`), CauseIssuer},

		{"destination", replace(`Destination="`+ourACS, `Destination="`+other+"/acs"), CauseDestination},
		{"destination in other case", replace(`Destination="https://rollcall`, `Destination="https://Rollcall`), CauseDestination},
		{"destination with a slash", replace(`Destination="`+ourACS, `Destination="`+ourACS+"/"), CauseDestination},
		{"no destination", replace(`Destination="`+ourACS+`"`, ``), CauseDestination},
		{"empty destination", replace(`Destination="`+ourACS, `Destination="`), CauseDestination},

		{"audience", replace(`<Audience>`+ourEntityID, `<Audience>`+other), CauseAudience},
		{"audience is a prefix", replace(`<Audience>`+ourEntityID, `<Audience>`+ourEntityID+"0"), CauseAudience},
		{"no audience restriction", replace(audience, ""), CauseAudience},
		{"empty audience restriction", replace(audience, "<AudienceRestriction/>"), CauseAudience},
		{"second restriction excludes us", replace(audience, audience+`<AudienceRestriction><Audience>`+other+`</Audience></AudienceRestriction>`), CauseAudience},
		{"one of two audiences", replace(`<Audience>`, `<Audience>`+other+`</Audience><Audience>`), ""},
		{"audience restriction of another namespace", replace(`<AudienceRestriction>`, `<AudienceRestriction xmlns="urn:x">`), CauseConditions},

		{"no conditions", cut("<Conditions", "</Conditions>"), CauseConditions},
		{"two conditions", replace("<Conditions", `<Conditions/><Conditions`), CauseStructure},
		{"unknown condition", replace("</Conditions>", `<Condition/></Conditions>`), CauseConditions},
		{"one time use", replace("</Conditions>", `<OneTimeUse/></Conditions>`), ""},
		{"conditions without times", replace(` NotBefore="`+at(-5*time.Minute)+`" NotOnOrAfter="`+at(time.Hour)+`"`, ``), ""},
		{"conditions that end before they begin", replace(`NotBefore="`+at(-5*time.Minute)+`" NotOnOrAfter="`+at(time.Hour), `NotBefore="`+at(30*time.Second)+`" NotOnOrAfter="`+at(20*time.Second)), CauseConditions},

		{"no subject", cut("<Subject>", "</Subject>"), CauseSubject},
		{"two subjects", replace("<Subject>", "<Subject/><Subject>"), CauseStructure},
		{"no subject confirmation", cut("<SubjectConfirmation ", "</SubjectConfirmation>"), CauseSubject},
		{"holder of key", replace("cm:bearer", "cm:holder-of-key"), CauseSubject},
		{"sender vouches", replace("cm:bearer", "cm:sender-vouches"), CauseSubject},
		{"no method", replace(` Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"`, ``), CauseSubject},
		{"no confirmation data", cut("<SubjectConfirmationData", "/>"), CauseSubject},
		{"no confirmation end", replace(` NotOnOrAfter="`+at(time.Hour)+`" Recipient`, " Recipient"), CauseSubject},
		{"holder of key, then bearer", replace(subjectConfirmation, `<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"/>`+subjectConfirmation), ""},
		{"bearer for another, then ours", replace(subjectConfirmation, subjectConfirmation+`<SubjectConfirmationData Recipient="`+other+`"/></SubjectConfirmation>`+subjectConfirmation), ""},
		{"recipient", replace(`Recipient="`+ourACS, `Recipient="`+other+"/acs"), CauseRecipient},
		{"no recipient", replace(`Recipient="`+ourACS+`"`, ``), CauseRecipient},
		{"response answers another request", replace(`InResponseTo="`+requestID+`" xmlns`, `InResponseTo="_other" xmlns`), CauseInResponseTo},
		{"confirmation answers another request", replace(`Data InResponseTo="`+requestID, `Data InResponseTo="_other`), CauseInResponseTo},

		{"response issued long ago", replace(`IssueInstant="`+issued+`" Destination`, `IssueInstant="`+at(-5*time.Minute-time.Second)+`" Destination`), CauseExpired},
		{"response issued five minutes ago", replace(`IssueInstant="`+issued+`" Destination`, `IssueInstant="`+at(-5*time.Minute)+`" Destination`), ""},
		{"response from the future", replace(`IssueInstant="`+issued+`" Destination`, `IssueInstant="`+at(61*time.Second)+`" Destination`), CauseNotYetValid},
		{"response a minute ahead", replace(`IssueInstant="`+issued+`" Destination`, `IssueInstant="`+at(60*time.Second)+`" Destination`), ""},
		{"assertion issued long ago", replace(`IssueInstant="`+issued+`" Version`, `IssueInstant="`+at(-6*time.Minute)+`" Version`), CauseExpired},
		{"assertion from the future", replace(`IssueInstant="`+issued+`" Version`, `IssueInstant="`+at(2*time.Minute)+`" Version`), CauseNotYetValid},
		{"no issue instant", replace(`IssueInstant="`+issued+`" Version`, `Version`), CauseExpired},
		{"issue instant is no time", replace(`IssueInstant="`+issued+`" Version`, `IssueInstant="today" Version`), CauseStructure},
		{"issue instant without zone", replace(`IssueInstant="`+issued+`" Version`, `IssueInstant="2026-11-01T11:59:58" Version`), CauseStructure},

		{"conditions ended", replace(at(time.Hour)+`"><Audience`, at(-60*time.Second)+`"><Audience`), CauseExpired},
		{"conditions ended within the skew", replace(at(time.Hour)+`"><Audience`, at(-59*time.Second)+`"><Audience`), ""},
		{"conditions not begun", replace(`NotBefore="`+at(-5*time.Minute), `NotBefore="`+at(61*time.Second)), CauseNotYetValid},
		{"conditions begun within the skew", replace(`NotBefore="`+at(-5*time.Minute), `NotBefore="`+at(60*time.Second)), ""},
		{"conditions for two days", replace(at(time.Hour)+`"><Audience`, at(48*time.Hour)+`"><Audience`), CauseLifetime},
		{"conditions for a day", replace(at(time.Hour)+`"><Audience`, at(24*time.Hour)+`"><Audience`), ""},
		{"confirmation ended", replace(at(time.Hour)+`" Recipient`, at(-60*time.Second)+`" Recipient`), CauseExpired},
		{"confirmation for a year", replace(at(time.Hour)+`" Recipient`, at(365*24*time.Hour)+`" Recipient`), CauseLifetime},
		{"confirmation not begun", replace(`<SubjectConfirmationData`, `<SubjectConfirmationData NotBefore="`+at(5*time.Minute)+`"`), CauseNotYetValid},

		{"no authentication statement", cut("<AuthnStatement", "</AuthnStatement>"), CauseStatement},
		{"no authentication instant", replace(`AuthnInstant="`+at(-3*time.Hour)+`"`, ``), CauseStatement},
		{"authentication in the future", replace(`AuthnInstant="`+at(-3*time.Hour), `AuthnInstant="`+at(time.Hour)), CauseNotYetValid},
		{"session over", replace(`SessionIndex=`, `SessionNotOnOrAfter="`+at(0)+`" SessionIndex=`), CauseExpired},
		{"session index of 2 KiB", replace(`SessionIndex="`, `SessionIndex="`+strings.Repeat("x", 2048)), CauseStatement},

		{"no NameID", replace(nameID, ""), CauseSubject},
		{"empty NameID", replace("Alice@Example.com", ""), CauseSubject},
		{"two NameIDs", replace(nameID, nameID+nameID), CauseStructure},
		{"NameID with a child", replace("Alice@Example.com", "Alice<x/>@Example.com"), CauseStructure},
		{"no assertion", cut("<Assertion", "</Assertion>"), CauseStructure},
		{"empty encrypted assertion", both(cut("<Assertion", "</Assertion>"), replace("</samlp:Response>", `<EncryptedAssertion xmlns="`+nsAssertion+`"/></samlp:Response>`)), CauseStructure},
		{"encrypted NameID", replace(nameID, "<EncryptedID/>"), CauseEncrypted},
		{"logout response", replaceAll("samlp:Response", "samlp:LogoutResponse"), CauseStructure},
		{"response of SAML 1.1", replaceAll(nsProtocol, "urn:oasis:names:tc:SAML:1.0:protocol"), CauseStructure},
		{"ID with a blank", replace(`<Assertion ID="_8e`, `<Assertion ID="_8 e`), CauseStructure},
		{"ID of 300 bytes", replace(`<Assertion ID="_`, `<Assertion ID="_`+strings.Repeat("x", 300)), CauseStructure},
		{"no ID", replace(`<samlp:Response ID="_8e8dc5f6-0000-4000-8000-000000000001"`, `<samlp:Response`), CauseStructure},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := test.edit(t, entraResponse())
			// Where the rule is about the response it must not depend on which part is signed.
			for _, which := range []parts{signAssertion, signResponse, signBoth} {
				if !strings.Contains(text, "<Assertion ") {
					which = signResponse
				}
				signed := p.sign(t, text, which)
				a, err := ParseResponse(encode(signed), p.expectation())
				switch {
				case test.cause != "":
					wantRefusal(t, a, err, test.cause)
				case err != nil:
					t.Errorf("parts %d: %v", which, err)
				case a.Email != alice:
					t.Errorf("parts %d: got %q", which, a.Email)
				}
			}
		})
	}
}

// What the identity provider says of a failure reaches the admin, signed or not.
func TestParseResponse_statusIsPassedOn(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	text := both(cut("<Assertion", "</Assertion>"), replace(`<samlp:StatusCode Value="`+statusSuccess+`"/>`,
		`<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>`+
			`<samlp:StatusMessage>AADSTS50105: the user is not assigned to a role for the application`+strings.Repeat(".", 500)+`</samlp:StatusMessage>`))(t, entraResponse())
	a, err := ParseResponse(encode(text), p.expectation())
	wantRefusal(t, a, err, CauseStatus)
	for _, part := range []string{"status:Responder", "status:AuthnFailed", "AADSTS50105"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if len(err.Error()) > 600 {
		t.Errorf("the refusal has %d bytes", len(err.Error()))
	}
}

// Both values stand in the sentence that the admin reads.
func TestRefusal_namesBothValues(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	for _, test := range []struct {
		name string
		edit edit
		want []string
	}{
		{"audience", replace(`<Audience>`+ourEntityID, `<Audience>`+other), []string{other, ourEntityID}},
		{"issuer", replace(`<Issuer>`+idpEntityID, `<Issuer>`+other), []string{other, idpEntityID}},
		{"destination", replace(`Destination="`+ourACS, `Destination="`+other), []string{other, ourACS}},
		{"recipient", replace(`Recipient="`+ourACS, `Recipient="`+other), []string{other, ourACS}},
		{"request", replaceAll(requestID, "_other"), []string{"_other", requestID}},
		{"time", replaceAll(at(time.Hour), at(-time.Hour)), []string{"2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z"}},
		{"e-mail", replace("Alice@Example.com", mallory), []string{mallory, alice, "NameID", "emailaddress"}},
	} {
		_, err := ParseResponse(encode(p.sign(t, test.edit(t, entraResponse()), signBoth)), p.expectation())
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not say %q", test.name, err, want)
			}
		}
	}
}

func TestParseResponse_email(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	name := func(format, value string) edit {
		if format != "" {
			format = ` Format="` + format + `"`
		}
		return replace(nameID, "<NameID"+format+">"+value+"</NameID>")
	}
	persistent := "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	attr := func(n, value string) edit {
		return replace(emailClaim, `<Attribute Name="`+n+`"><AttributeValue>`+value+`</AttributeValue></Attribute>`)
	}
	none := replace(emailClaim, "")
	for _, test := range []struct {
		name  string
		edit  edit
		email string // "" is refused
	}{
		{"NameID and claim", nil, alice},
		{"NameID alone", none, alice},
		{"claim alone", name(persistent, "AAdzZWNyZXQx"), alice},
		{"claim beside a persistent address", name(persistent, mallory), alice},
		{"attribute email", both(name(persistent, "x"), attr("email", "ALICE@example.com")), alice},
		{"unspecified NameID", both(none, name(formatUnspecified, alice)), alice},
		{"NameID without format", both(none, name("", alice)), alice},
		{"unspecified NameID that is no address", name(formatUnspecified, "alice"), alice},
		{"no address at all", both(none, name(formatUnspecified, "alice")), ""},
		{"address in another attribute", both(none, name(persistent, "x"), replace("Alice Anders", alice)), ""},
		{"persistent NameID alone", both(none, name(persistent, alice)), ""},
		{"they disagree", name(formatEmail, mallory), ""},
		{"unspecified NameID disagrees", name(formatUnspecified, mallory), ""},
		{"two values disagree", replace("<AttributeValue>"+alice, "<AttributeValue>"+mallory+"</AttributeValue><AttributeValue>"+alice), ""},
		{"two values agree", replace("<AttributeValue>"+alice, "<AttributeValue>Alice@EXAMPLE.com</AttributeValue><AttributeValue>"+alice), alice},
		{"two attributes disagree", replace(emailClaim, emailClaim+`<Attribute Name="email"><AttributeValue>`+mallory+`</AttributeValue></Attribute>`), ""},
		{"empty claim", attr(emailAttributes[1], ""), alice},
		{"NameID of the format that is no address", name(formatEmail, "alice"), ""},
		{"claim that is no address", attr(emailAttributes[1], "alice"), ""},
		{"Kelvin sign", both(none, name(formatEmail, "ali\u212Ae@example.com")), ""},
		{"zero-width space", both(none, name(formatEmail, "alice\u200B@example.com")), ""},
		{"white space round it", both(none, name(formatEmail, " alice@example.com")), ""},
		{"line break behind it", both(none, name(formatEmail, "alice@example.com\n")), ""},
		{"two signs", both(none, name(formatEmail, "alice@example.com@evil.example")), ""},
		{"attribute in other case", both(name(persistent, "x"), attr("Email", alice)), ""},
		{"prefixed attribute name", both(name(persistent, "x"), replace(emailClaim, `<Attribute xmlns:x="urn:x" x:Name="email"><AttributeValue>`+alice+`</AttributeValue></Attribute>`)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := entraResponse()
			if test.edit != nil {
				text = test.edit(t, text)
			}
			a, err := ParseResponse(encode(p.sign(t, text, signAssertion)), p.expectation())
			if test.email == "" {
				wantRefusal(t, a, err, CauseEmail)
			} else if err != nil || a.Email != test.email {
				t.Errorf("got %q, %v", a.Email, err)
			}
		})
	}
}

func TestParseResponse_names(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	for _, test := range []struct {
		name string
		edit edit
		want string
	}{
		{"as sent", replace("Alice Anders", "Åsa Öberg &lt;b&gt;"), "Åsa Öberg <b>"},
		{"control character", replace("Alice Anders", "Alice\tAnders"), ""},
		{"too long", replace("Alice Anders", strings.Repeat("a", 201)), ""},
		{"first is empty", replace("<AttributeValue>Alice Anders", "<AttributeValue/><AttributeValue>Alice"), "Alice"},
		{"first is more than text", replace("<AttributeValue>Alice Anders", "<AttributeValue><x/></AttributeValue><AttributeValue>Alice"), "Alice"},
	} {
		a, err := ParseResponse(encode(p.sign(t, test.edit(t, entraResponse()), signAssertion)), p.expectation())
		if err != nil || a.DisplayName != test.want {
			t.Errorf("%s: got %q, %v; want %q", test.name, a.DisplayName, err, test.want)
		}
	}
}

// Of several statements the session that ends first counts.
func TestParseResponse_severalStatements(t *testing.T) {
	t.Parallel()
	p := newIDP(t, idpKey())
	statement := func(end time.Duration) string {
		return `<AuthnStatement AuthnInstant="` + at(0) + `" SessionNotOnOrAfter="` + at(end) + `"/>`
	}
	text := replace("<AuthnStatement", statement(2*time.Hour)+statement(time.Hour)+"<AuthnStatement")(t, entraResponse())
	a, err := ParseResponse(encode(p.sign(t, text, signAssertion)), p.expectation())
	if err != nil || !a.SessionNotOnOrAfter.Equal(now.Add(time.Hour)) || a.SessionIndex == "" {
		t.Errorf("got %+v, %v", a, err)
	}
}

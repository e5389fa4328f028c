package idp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// assertionLife and assertionLead bound an assertion around its issue: observed, from five
// minutes before to an hour after. The Microsoft Entra docs page
// "single-sign-on-saml-protocol" tells of 70 minutes in all.
const (
	assertionLife = time.Hour
	assertionLead = 5 * time.Minute
)

// mostGroups is how many groups an assertion lists: Microsoft Entra docs,
// "how-to-connect-fed-group-claims". Beyond it comes a link instead.
const mostGroups = 150

// answer is what a response says.
type answer struct {
	app       directory.Application
	acs       string
	requestID string // "" when sign-on begins here
	policy    policy
	user      directory.User
	since     time.Time // when the person signed in
}

// nameID is a subject's name.
type nameID struct{ format, value, qualifier string }

// stamp writes times as Entra does: milliseconds, UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// respond makes the response to a successful sign-on, signed as the application wants.
func (p *Provider) respond(ctx context.Context, a answer) (string, participant, error) {
	s, err := p.signer(ctx, a.app)
	if err != nil {
		return "", participant{}, err
	}
	name, err := p.nameFor(a)
	if err != nil {
		return "", participant{}, err
	}
	response, err := p.newResponse(a.acs, a.requestID)
	if err != nil {
		return "", participant{}, err
	}
	response.CreateElement("samlp:Status").CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Success")
	assertion, index, err := p.assertion(ctx, a, name)
	if err != nil {
		return "", participant{}, err
	}
	option := a.app.SAML.SigningOption
	if option != directory.SignResponse {
		if err := s.sign(assertion); err != nil {
			return "", participant{}, err
		}
	}
	response.AddChild(assertion)
	if option != directory.SignAssertion {
		if err := s.sign(response); err != nil {
			return "", participant{}, err
		}
	}
	text, err := write(response)
	return text, participant{a.app.ID, name, index}, err
}

// newResponse is a Response up to its Issuer.
func (p *Provider) newResponse(acs, requestID string) (*etree.Element, error) {
	id, err := p.newID()
	if err != nil {
		return nil, err
	}
	response := etree.NewElement("samlp:Response")
	response.CreateAttr("xmlns:samlp", nsProtocol)
	response.CreateAttr("ID", id)
	response.CreateAttr("Version", "2.0")
	response.CreateAttr("IssueInstant", stamp(p.now()))
	response.CreateAttr("Destination", acs)
	if requestID != "" {
		response.CreateAttr("InResponseTo", requestID)
	}
	issuer := response.CreateElement("Issuer")
	issuer.CreateAttr("xmlns", nsAssertion)
	issuer.SetText(p.issuer())
	return response, nil
}

// refusal is a response that tells the service provider that there was no sign-on. Like
// Entra's it is not signed.
func (p *Provider) refusal(acs, requestID, first, second, text string) (string, error) {
	response, err := p.newResponse(acs, requestID)
	if err != nil {
		return "", err
	}
	status := response.CreateElement("samlp:Status")
	code := status.CreateElement("samlp:StatusCode")
	code.CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+first)
	code.CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:"+second)
	status.CreateElement("samlp:StatusMessage").SetText(text)
	return write(response)
}

func write(e *etree.Element) (string, error) {
	doc := etree.NewDocument()
	doc.SetRoot(e)
	// Canonical text: what others verify is what was signed, byte by byte.
	doc.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true, CanonicalEndTags: true}
	return doc.WriteToString()
}

func (p *Provider) assertion(ctx context.Context, a answer, name nameID) (*etree.Element, string, error) {
	id, err := p.newID()
	if err != nil {
		return nil, "", err
	}
	now := p.now().UTC()
	e := etree.NewElement("Assertion")
	e.CreateAttr("xmlns", nsAssertion)
	e.CreateAttr("ID", id)
	e.CreateAttr("IssueInstant", stamp(now))
	e.CreateAttr("Version", "2.0")
	e.CreateElement("Issuer").SetText(p.issuer())

	subject := e.CreateElement("Subject")
	addName(subject, name)
	confirmation := subject.CreateElement("SubjectConfirmation")
	confirmation.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")
	data := confirmation.CreateElement("SubjectConfirmationData")
	if a.requestID != "" {
		data.CreateAttr("InResponseTo", a.requestID)
	}
	data.CreateAttr("NotOnOrAfter", stamp(now.Add(assertionLife)))
	data.CreateAttr("Recipient", a.acs)

	conditions := e.CreateElement("Conditions")
	conditions.CreateAttr("NotBefore", stamp(now.Add(-assertionLead)))
	conditions.CreateAttr("NotOnOrAfter", stamp(now.Add(assertionLife)))
	conditions.CreateElement("AudienceRestriction").CreateElement("Audience").SetText(a.app.SAML.Identifier)

	if err := p.addAttributes(ctx, e.CreateElement("AttributeStatement"), a); err != nil {
		return nil, "", err
	}
	authn := e.CreateElement("AuthnStatement")
	authn.CreateAttr("AuthnInstant", stamp(a.since))
	authn.CreateAttr("SessionIndex", id)
	authn.CreateElement("AuthnContext").CreateElement("AuthnContextClassRef").SetText("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
	return e, id, nil
}

func addName(to *etree.Element, name nameID) {
	e := to.CreateElement("NameID")
	e.CreateAttr("Format", name.format)
	if name.qualifier != "" {
		e.CreateAttr("SPNameQualifier", name.qualifier)
	}
	e.SetText(name.value)
}

// addAttributes writes what every assertion of Entra holds (observed), then the claims of
// the application. A claim whose source is null is left out.
func (p *Provider) addAttributes(ctx context.Context, to *etree.Element, a answer) error {
	add := func(name string, values ...string) {
		if len(values) == 0 {
			return
		}
		e := to.CreateElement("Attribute")
		e.CreateAttr("Name", name)
		for _, value := range values {
			e.CreateElement("AttributeValue").SetText(value)
		}
	}
	const own = "http://schemas.microsoft.com/identity/claims/"
	add(own+"tenantid", string(p.tenant))
	add(own+"objectidentifier", string(a.user.ID))
	add(own+"displayname", a.user.DisplayName)
	add(own+"identityprovider", p.issuer())
	add("http://schemas.microsoft.com/claims/authnmethodsreferences", "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password")
	for _, claim := range a.app.SAML.Claims {
		if strings.EqualFold(claim.Source, directory.GroupsSource) {
			name, values, err := p.groups(ctx, claim, a.user.ID)
			if err != nil {
				return err
			}
			add(name, values...)
			continue
		}
		values, _ := a.user.Claim(claim.Source)
		add(claim.URI(), values...)
	}
	return nil
}

// groups lists the object ids of the user's security groups, or says where to ask when
// they are too many.
func (p *Provider) groups(ctx context.Context, claim directory.Claim, user directory.ID) (string, []string, error) {
	var ids []string
	list, err := p.directory.GroupsOf(ctx, user, "", directory.MostPerPage)
	if err != nil {
		return "", nil, err
	}
	for _, g := range list {
		if g.SecurityEnabled {
			ids = append(ids, string(g.ID))
		}
	}
	if len(ids) > mostGroups {
		return "http://schemas.microsoft.com/claims/groups.link", []string{p.publicURL + "/v1.0/users/" + string(user) + "/getMemberObjects"}, nil
	}
	return claim.URI(), ids, nil
}

// nameFor decides the NameID. A format that the request asks for is honoured, else the
// application's counts (Microsoft Entra docs, "saml-claims-customization"); persistent and
// unspecified ones of a request are pairwise, transient ones new each time
// ("single-sign-on-saml-protocol"). A source without a value gives a pairwise one too.
func (p *Provider) nameFor(a answer) (nameID, error) {
	name := nameID{format: a.policy.Format, qualifier: a.policy.SPNameQualifier}
	pairwise := slices.Contains([]string{formatPersistent, formatUnspecified}, a.policy.Format)
	if name.format == "" {
		name.format = formatOf(a.app.SAML.NameIDFormat)
	}
	if name.format == formatTransient {
		id, err := p.newID()
		name.value = id
		return name, err
	}
	if values, _ := a.user.Claim(a.app.SAML.NameIDSource); len(values) > 0 && !pairwise {
		name.value = values[0]
		return name, nil
	}
	if !pairwise {
		name.format = formatPersistent
	}
	sum := sha256.Sum256([]byte(string(p.tenant) + "\n" + string(a.app.ID) + "\n" + string(a.user.ID)))
	name.value = base64.StdEncoding.EncodeToString(sum[:])
	return name, nil
}

func formatOf(f directory.NameIDFormat) string {
	switch f {
	case directory.NameIDPersistent:
		return formatPersistent
	case directory.NameIDTransient:
		return formatTransient
	case directory.NameIDUnspecified:
		return formatUnspecified
	case directory.NameIDWindows:
		return formatWindows
	}
	return formatEmail
}

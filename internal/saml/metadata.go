package saml

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// MaxMetadataBytes bounds an identity provider's metadata. A tenant's metadata is
// some 20 to 60 KiB.
const MaxMetadataBytes = 1 << 20

var metadataLimits = limits{bytes: MaxMetadataBytes, depth: 32, elements: 5_000, attributes: 64}

// Names of SAML 2.0 metadata (sections 2.3 and 2.4) and bindings (sections 3.4
// and 3.5).
const (
	nsMetadata = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsProtocol = "urn:oasis:names:tc:SAML:2.0:protocol"

	BindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	BindingPOST     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// maxEntityIDBytes is the length SAML 2.0 metadata section 2.3.2 allows.
const maxEntityIDBytes = 1024

// Metadata is what Rollcall keeps of an identity provider: who it is, where people
// are sent to sign in, and which keys its assertions may be signed with.
type Metadata struct {
	EntityID   string
	SSOURL     string
	SSOBinding string // BindingRedirect, or BindingPOST where that is all there is
	// SLOURL is where LogoutRequests go, by SLOBinding (BindingRedirect, else BindingPOST), and
	// SLOResponseURL where LogoutResponses go; all "" when it has no single logout by these.
	SLOURL, SLOBinding, SLOResponseURL string
	Certificates                       []Certificate
	// ValidUntil is when the metadata itself ends, the earliest of what it says; zero
	// where it does not say. CacheFor is how long it may be used before it is read
	// again, the shortest of what it says; 0 where it does not say, or not in a form
	// that can be read (SAML 2.0 metadata section 2.3.1).
	ValidUntil time.Time
	CacheFor   time.Duration
}

// ParseMetadata reads an identity provider's metadata: an EntityDescriptor with an
// IDPSSODescriptor, or an EntitiesDescriptor with exactly one such entity in it.
// At least one of its signing certificates is valid at now; expired ones and those
// not yet valid are listed too, because metadata carries both during a rollover.
//
// The document's own signature is not checked: whoever imports metadata vouches for
// where he got it. Every error is an *iam.Error of KindInvalid, written for the admin
// who imports it.
func ParseMetadata(data []byte, now time.Time) (Metadata, error) {
	data, root, err := gate(data, metadataLimits)
	if err != nil {
		return Metadata{}, err
	}
	entity, err := findProvider(data, root)
	if err != nil {
		return Metadata{}, err
	}
	if err := checkEntity(entity); err != nil {
		return Metadata{}, err
	}
	return readProvider(entity, now)
}

// The parts of metadata that are read; everything else is passed over.
type (
	entitiesDescriptor struct {
		Attributes attributes           `xml:",any,attr"`
		Entities   []entityDescriptor   `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
		Groups     []entitiesDescriptor `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntitiesDescriptor"`
	}
	entityDescriptor struct {
		Attributes attributes      `xml:",any,attr"`
		Providers  []idpDescriptor `xml:"urn:oasis:names:tc:SAML:2.0:metadata IDPSSODescriptor"`
		Services   []struct{}      `xml:"urn:oasis:names:tc:SAML:2.0:metadata SPSSODescriptor"`

		around []attributes // of the EntitiesDescriptors round it
	}
	idpDescriptor struct {
		Attributes attributes      `xml:",any,attr"`
		Keys       []keyDescriptor `xml:"urn:oasis:names:tc:SAML:2.0:metadata KeyDescriptor"`
		SignOn     []endpoint      `xml:"urn:oasis:names:tc:SAML:2.0:metadata SingleSignOnService"`
		SignOut    []endpoint      `xml:"urn:oasis:names:tc:SAML:2.0:metadata SingleLogoutService"`
	}
	keyDescriptor struct {
		Attributes attributes `xml:",any,attr"`
		Info       struct {
			Data []struct {
				Certificates []string `xml:"http://www.w3.org/2000/09/xmldsig# X509Certificate"`
			} `xml:"http://www.w3.org/2000/09/xmldsig# X509Data"`
		} `xml:"http://www.w3.org/2000/09/xmldsig# KeyInfo"`
	}
	endpoint struct {
		Attributes attributes `xml:",any,attr"`
	}
)

// attributes are those of one element. They are looked up here and not by struct
// tags, because encoding/xml's tags would also take x:entityID or xmlns:entityID for
// the attribute entityID.
type attributes []xml.Attr

func (all attributes) get(name string) string {
	for _, a := range all {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e entityDescriptor) id() string { return e.Attributes.get("entityID") }

// findProvider returns the one identity provider of the document.
func findProvider(data []byte, root xml.Name) (entityDescriptor, error) {
	var all []entityDescriptor
	switch {
	case root.Space == nsMetadata && root.Local == "EntityDescriptor":
		var one entityDescriptor
		if err := xml.Unmarshal(data, &one); err != nil {
			return entityDescriptor{}, refuse("it is not well-formed XML")
		}
		all = []entityDescriptor{one}
	case root.Space == nsMetadata && root.Local == "EntitiesDescriptor":
		var many entitiesDescriptor
		if err := xml.Unmarshal(data, &many); err != nil {
			return entityDescriptor{}, refuse("it is not well-formed XML")
		}
		all = many.flatten(nil)
	case strings.EqualFold(root.Local, "html"):
		return entityDescriptor{}, refuse("it is a web page, not SAML metadata; download the identity provider's federation metadata XML")
	default:
		return entityDescriptor{}, refuse("its root element is %q; SAML metadata begins with EntityDescriptor", iam.Clip(root.Local))
	}

	providers := slices.DeleteFunc(slices.Clone(all), func(e entityDescriptor) bool { return len(e.Providers) == 0 })
	service := slices.ContainsFunc(all, func(e entityDescriptor) bool { return len(e.Services) > 0 })
	switch {
	case len(providers) == 1:
		return providers[0], nil
	case len(providers) > 1:
		return entityDescriptor{}, refuse("it describes %d identity providers; export the metadata of one", len(providers))
	case service:
		return entityDescriptor{}, refuse("it describes a service provider (SPSSODescriptor); import the metadata of the identity provider")
	}
	return entityDescriptor{}, refuse("it describes no identity provider (IDPSSODescriptor)")
}

func (d entitiesDescriptor) flatten(around []attributes) []entityDescriptor {
	around = append(slices.Clone(around), d.Attributes)
	var all []entityDescriptor
	for _, e := range d.Entities {
		e.around = around
		all = append(all, e)
	}
	for _, g := range d.Groups {
		all = append(all, g.flatten(around)...)
	}
	return all
}

func checkEntity(e entityDescriptor) error {
	id, provider := e.id(), e.Providers[0].Attributes
	switch {
	case id == "":
		return refuse("its EntityDescriptor has no entityID")
	case len(id) > maxEntityIDBytes:
		return refuse("its entityID is longer than %d bytes", maxEntityIDBytes)
	case strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7F }):
		return refuse("its entityID %q holds a blank or a control character", iam.Clip(id))
	case len(e.Providers) > 1:
		return refuse("%q has %d IDPSSODescriptors; one is expected", iam.Clip(id), len(e.Providers))
	case !slices.Contains(strings.Fields(provider.get("protocolSupportEnumeration")), nsProtocol):
		return refuse("the identity provider %q does not speak SAML 2.0 (protocolSupportEnumeration)", iam.Clip(id))
	}
	return nil
}

func readProvider(e entityDescriptor, now time.Time) (Metadata, error) {
	provider := e.Providers[0]
	m := Metadata{EntityID: e.id()}
	if err := m.readLifetime(append(slices.Clone(e.around), e.Attributes, provider.Attributes), now); err != nil {
		return Metadata{}, err
	}
	signOn, found := pick(provider.SignOn)
	if !found {
		return Metadata{}, refuse("it names no SingleSignOnService by HTTP-Redirect or HTTP-POST")
	}
	m.SSOURL, m.SSOBinding = signOn.Attributes.get("Location"), signOn.Attributes.get("Binding")
	if err := checkEndpoint("SingleSignOnService", m.SSOURL); err != nil {
		return Metadata{}, err
	}
	if signOut, found := pick(provider.SignOut); found {
		m.SLOURL = signOut.Attributes.get("Location")
		m.SLOBinding, m.SLOResponseURL = signOut.Attributes.get("Binding"), signOut.Attributes.get("ResponseLocation")
		if m.SLOResponseURL == "" { // SAML 2.0 metadata section 2.2.2
			m.SLOResponseURL = m.SLOURL
		}
		for _, location := range []string{m.SLOURL, m.SLOResponseURL} {
			if err := checkEndpoint("SingleLogoutService", location); err != nil {
				return Metadata{}, err
			}
		}
	}
	certificates, err := readCertificates(provider.Keys, now)
	if err != nil {
		return Metadata{}, err
	}
	m.Certificates = certificates
	return m, nil
}

// pick prefers HTTP-Redirect: an AuthnRequest fits into a URL, and no page with a
// form has to be sent.
func pick(endpoints []endpoint) (endpoint, bool) {
	for _, binding := range []string{BindingRedirect, BindingPOST} {
		for _, e := range endpoints {
			if e.Attributes.get("Binding") == binding {
				return e, true
			}
		}
	}
	return endpoint{}, false
}

// checkEndpoint wants https; plain http is for an identity provider on this very
// machine.
func checkEndpoint(what, location string) error {
	u, err := url.Parse(location)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return refuse("its %s location %q is not an absolute URL", what, iam.Clip(location))
	case u.User != nil || u.Fragment != "":
		return refuse("its %s location must hold neither user information nor a fragment", what)
	case u.Scheme == "https", u.Scheme == "http" && iam.IsLoopback(u.Hostname()):
		return nil
	}
	return refuse("its %s location %q does not begin with https://", what, iam.Clip(location))
}

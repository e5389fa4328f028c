package saml

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/iam"
)

// MaxLogoutBytes bounds a message of single logout, after base64 and inflating. An honest
// one is some 2 KiB.
const MaxLogoutBytes = 64 << 10

const (
	maxSessionIndexes = 64
	maxRelayState     = 1024 // bytes; more than the 80 of SAML 2.0 bindings section 3.4.3, which not everybody keeps
)

// Incoming is a message of single logout as it came: by HTTP-POST when Posted is not "",
// else by HTTP-Redirect.
type Incoming struct {
	Query      string // HTTP-Redirect: the raw query of the URL, which is what was signed
	Posted     string // HTTP-POST: the form value SAMLRequest or SAMLResponse
	RelayState string // HTTP-POST: the form value; "" for none
}

// Logout is whom the identity provider signs out, read from bytes that it signed.
type Logout struct {
	ID     string // at most 256 bytes; to be accepted once until NotOnOrAfter
	Issuer string
	NameID string
	// SessionIndexes are those of the sessions that end; none when all of the NameID's do.
	SessionIndexes []string
	RelayState     string // to be sent back with the LogoutResponse
	NotOnOrAfter   time.Time
}

// ParseLogoutRequest reads a LogoutRequest (SAML 2.0 core section 3.7.1) and returns whom it
// is about. It is signed by a certificate of the connection that is valid at e.Now, and
// sent for e.SP.SLOURL; one that is not signed at all is refused with CauseUnsigned.
//
// Every error is a *Refusal. The caller still has to see that the ID is new. It changes
// nothing and is safe for concurrent use.
func ParseLogoutRequest(in Incoming, e Expectation) (l Logout, err error) {
	defer fence(&err)
	r := logoutReader(e)
	root, relayState, err := r.logoutRoot(in, fieldRequest, "LogoutRequest")
	if err != nil {
		return Logout{}, err
	}
	if to := attribute(root, "Destination"); to != r.SP.SLOURL {
		return Logout{}, refused(CauseDestination, "the LogoutRequest is sent to %q (Destination); the logout URL here is %q", iam.Clip(to), r.SP.SLOURL)
	}
	issued, err := r.checkLogout(root)
	if err != nil {
		return Logout{}, err
	}
	end, err := instant(root, "NotOnOrAfter")
	switch {
	case err != nil:
		return Logout{}, err
	case !end.IsZero() && !r.Now.Before(end.Add(maxSkew)):
		return Logout{}, refused(CauseExpired, "the LogoutRequest ended at %s, and it is %s here", stamp(end), stamp(r.Now))
	}
	l = Logout{ID: attribute(root, "ID"), Issuer: r.IDP.EntityID, RelayState: relayState, NotOnOrAfter: issued.Add(maxAge + maxSkew)}
	if err := readNames(root, &l); err != nil {
		return Logout{}, err
	}
	return l, nil
}

// ParseLogoutResponse reads a LogoutResponse (SAML 2.0 core section 3.7.2). Without an error
// the identity provider says, signed, that it has done what e.RequestID asked for. Every
// error is a *Refusal.
//
// A Destination is not missed: that of Microsoft Entra ID has none, and which request it
// answers tells that it is for us.
func ParseLogoutResponse(in Incoming, e Expectation) (err error) {
	defer fence(&err)
	r := logoutReader(e)
	root, _, err := r.logoutRoot(in, fieldResponse, "LogoutResponse")
	if err != nil {
		return err
	}
	if to := attribute(root, "Destination"); to != r.SP.SLOURL && has(root, "Destination") {
		return refused(CauseDestination, "the LogoutResponse is sent to %q (Destination); the logout URL here is %q", iam.Clip(to), r.SP.SLOURL)
	}
	if _, err := r.checkLogout(root); err != nil {
		return err
	}
	if id := attribute(root, "InResponseTo"); r.RequestID == "" || id != r.RequestID {
		return refused(CauseInResponseTo, "the LogoutResponse answers the request %q; that of this browser is %q", iam.Clip(id), iam.Clip(r.RequestID))
	}
	return checkStatus(root)
}

// fence makes a refusal of a panic in the libraries (S50).
func fence(err *error) {
	if fault := recover(); fault != nil {
		*err = refused(CauseInternal, "the logout message could not be read, by a fault of Rollcall's: %s", panicText(fault))
	}
}

// logoutReader knows the other name of Microsoft Entra ID: its assertions come from
// https://sts.windows.net/TENANT/, and its messages of single logout, as its documentation
// has them (single-sign-out-saml-protocol), from https://login.microsoftonline.com/TENANT/.
func logoutReader(e Expectation) reader {
	r := reader{Expectation: e, verify: verifyXML}
	if tenant, ok := strings.CutPrefix(e.IDP.EntityID, "https://sts.windows.net/"); ok {
		r.alias = "https://login.microsoftonline.com/" + tenant
	}
	return r
}

// logoutRoot returns the root element out of signed bytes.
func (r *reader) logoutRoot(in Incoming, field, tag string) (root *etree.Element, relayState string, err error) {
	if r.keys, err = usableKeys(r.IDP, r.Now); err != nil {
		return nil, "", err
	}
	var data []byte
	if in.Posted != "" {
		data, err = decodePosted(in.Posted, aLogout, MaxLogoutBytes)
		relayState = in.RelayState
	} else {
		data, relayState, err = r.redirected(in.Query, field)
	}
	if err != nil {
		return nil, "", err
	}
	if len(relayState) > maxRelayState {
		return nil, "", refused(CauseSize, "the RelayState is longer than %d bytes", maxRelayState)
	}
	if err := gateMessage(data, aLogout); err != nil {
		return nil, "", err
	}
	root, signature, err := readLogout(data, tag)
	switch {
	case err != nil:
		return nil, "", err
	case in.Posted == "" && signature != nil:
		// SAML 2.0 bindings section 3.4.4.1
		return nil, "", refused(CauseStructure, "the %s by HTTP-Redirect holds a Signature, which belongs into the query", tag)
	case in.Posted == "":
		return root, relayState, nil
	case signature == nil:
		return nil, "", unsignedLogout()
	}
	if err := checkSignature(root, signature); err != nil {
		return nil, "", err
	}
	root, err = r.verified(root, signature)
	return root, relayState, err
}

func unsignedLogout() error {
	return refused(CauseUnsigned, "the logout message is not signed; nobody can tell who sent it")
}

// readLogout finds the root and its Signature, nil for none, by the rules that responses
// are held to: no ID twice, no Signature anywhere else, nothing encrypted.
func readLogout(data []byte, tag string) (root, signature *etree.Element, err error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil || doc.Root() == nil {
		return nil, nil, refused(CauseXML, "the %s is not well-formed XML", aLogout)
	}
	root = doc.Root()
	if !is(root, nsProtocol, tag) {
		return nil, nil, refused(CauseStructure, "the message is not a SAML 2.0 %s", tag)
	}
	if err := checkID(root); err != nil {
		return nil, nil, err
	}
	ids := make(map[string]bool)
	var visit func(e *etree.Element) error
	visit = func(e *etree.Element) error {
		if err := noteIDs(e, ids); err != nil {
			return err
		}
		switch e.Tag {
		case "EncryptedID", "EncryptedData", "EncryptedKey":
			return refused(CauseEncrypted, "the %s holds an %s, which is not decrypted; turn the encryption of names off at the identity provider", tag, e.Tag)
		case "Signature":
			if e.Parent() != root || !is(e, nsSignature, "Signature") || signature != nil {
				return refused(CauseStructure, "the %s has a Signature too many", tag)
			}
			signature = e
		}
		for _, c := range e.ChildElements() {
			if err := visit(c); err != nil {
				return err
			}
		}
		return nil
	}
	return root, signature, visit(root)
}

// checkLogout holds a signed message against what both kinds have, and returns when it was
// issued.
func (r *reader) checkLogout(root *etree.Element) (issued time.Time, err error) {
	if err := checkVersion(root); err != nil {
		return time.Time{}, err
	}
	if err := r.checkIssuer(root); err != nil {
		return time.Time{}, err
	}
	if err := r.checkIssueInstant(root); err != nil {
		return time.Time{}, err
	}
	return instant(root, "IssueInstant")
}

func readNames(root *etree.Element, l *Logout) error {
	nameID, err := child(root, nsAssertion, "NameID")
	if err != nil {
		return err
	}
	if nameID == nil {
		return refused(CauseSubject, "the LogoutRequest has no NameID")
	}
	if l.NameID, err = text(nameID); err != nil {
		return err
	}
	if l.NameID == "" || len(l.NameID) > maxTextBytes {
		return refused(CauseSubject, "the NameID of the LogoutRequest is empty or longer than %d bytes", maxTextBytes)
	}
	all := children(root, nsProtocol, "SessionIndex")
	if len(all) > maxSessionIndexes {
		return refused(CauseSize, "the LogoutRequest names %d sessions; at most %d are allowed", len(all), maxSessionIndexes)
	}
	for _, e := range all {
		index, err := text(e)
		if err != nil {
			return err
		}
		// An empty one would be taken for none, which is all.
		if index == "" || len(index) > maxTextBytes {
			return refused(CauseSubject, "a SessionIndex of the LogoutRequest is empty or longer than %d bytes", maxTextBytes)
		}
		if !slices.Contains(l.SessionIndexes, index) {
			l.SessionIndexes = append(l.SessionIndexes, index)
		}
	}
	return nil
}

// queryAlgorithms are those of signatureMethods as crypto/x509 calls them.
var queryAlgorithms = map[string]x509.SignatureAlgorithm{
	algRSASHA256: x509.SHA256WithRSA, algRSASHA384: x509.SHA384WithRSA, algRSASHA512: x509.SHA512WithRSA,
	algECDSASHA256: x509.ECDSAWithSHA256, algECDSASHA384: x509.ECDSAWithSHA384, algECDSASHA512: x509.ECDSAWithSHA512,
}

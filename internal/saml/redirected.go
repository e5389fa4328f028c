package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
)

// encodingDeflate is the one encoding of SAML 2.0 bindings section 3.4.4.
const encodingDeflate = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

// queryFields are the parameters of the HTTP-Redirect binding; others are passed over.
var queryFields = []string{fieldRequest, fieldResponse, "RelayState", "SigAlg", "Signature", "SAMLEncoding"}

// redirected returns the document in the query of a URL and its RelayState, both once the
// signature in that query fits: nothing else is unpacked. SAML 2.0 bindings section 3.4.4.1:
// what is signed are the parameters as the sender escaped them, in an order of its own.
func (r *reader) redirected(query, field string) (data []byte, relayState string, err error) {
	if len(query) > encodedBytes(MaxLogoutBytes)+4*maxRelayState {
		return nil, "", refused(CauseSize, "the %s is larger than %d KiB", aLogout, MaxLogoutBytes>>10)
	}
	raw, err := splitQuery(query)
	if err != nil {
		return nil, "", err
	}
	_, request := raw[fieldRequest]
	_, response := raw[fieldResponse]
	if _, ok := raw[field]; !ok || request && response {
		return nil, "", refused(CauseStructure, "the URL has not one %s", field)
	}
	plain := make(map[string]string, len(raw))
	for name, value := range raw {
		if plain[name], err = url.QueryUnescape(value); err != nil {
			return nil, "", refused(CauseEncoding, "the %s of the URL is badly escaped", name)
		}
	}
	if encoding, ok := plain["SAMLEncoding"]; ok && encoding != encodingDeflate {
		return nil, "", refused(CauseEncoding, "the message is encoded by %q; DEFLATE is needed", iam.Clip(encoding))
	}
	signed := field + "=" + raw[field]
	if value, ok := raw["RelayState"]; ok {
		signed += "&RelayState=" + value
	}
	if err := r.checkQuery(signed+"&SigAlg="+raw["SigAlg"], plain["SigAlg"], plain["Signature"]); err != nil {
		return nil, "", err
	}
	data, err = inflateText(plain[field])
	return data, plain["RelayState"], err
}

// splitQuery returns the raw values of our parameters. One that is given twice, or whose
// name is escaped, is refused: another reader could take another one.
func splitQuery(query string) (map[string]string, error) {
	raw := make(map[string]string)
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			return nil, refused(CauseEncoding, "a parameter of the URL is badly escaped")
		}
		if !slices.Contains(queryFields, plain) {
			continue
		}
		if _, twice := raw[plain]; twice || plain != name {
			return nil, refused(CauseStructure, "the URL has the parameter %s twice, or escaped", plain)
		}
		raw[plain] = value
	}
	return raw, nil
}

// checkQuery verifies the detached signature of signed with the keys of the connection.
func (r *reader) checkQuery(signed, algorithm, signature string) error {
	if algorithm == "" || signature == "" {
		return unsignedLogout()
	}
	with, ok := queryAlgorithms[algorithm]
	if !ok {
		return refused(CauseAlgorithm, "the logout message is signed by %q (SigAlg), which is not allowed; choose SHA-256 at the identity provider", iam.Clip(algorithm))
	}
	value, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(signature), ""))
	if err != nil {
		return refused(CauseSignature, "the Signature of the URL is not base64")
	}
	ours := make([]string, 0, len(r.keys))
	for _, key := range r.keys {
		if key.CheckSignature(with, []byte(signed), asn1Signature(value, key)) == nil {
			return nil
		}
		ours = append(ours, newCertificateOf(key).SHA256)
	}
	return refused(CauseSignature, "no certificate of the connection made the signature of the logout message, or the message was changed afterwards; the connection has %s", strings.Join(ours, ", "))
}

// inflateText undoes base64 and DEFLATE. It stops at the limit, whatever the text would
// grow to.
func inflateText(value string) ([]byte, error) {
	packed, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil {
		return nil, refused(CauseEncoding, "the %s is not base64", aLogout)
	}
	data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), MaxLogoutBytes+4))
	if err != nil {
		return nil, refused(CauseEncoding, "the %s is not DEFLATE", aLogout)
	}
	return checkText(data, aLogout, MaxLogoutBytes)
}

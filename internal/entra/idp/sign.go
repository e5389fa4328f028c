package idp

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// sign puts an enveloped signature behind the Issuer of the element, which must declare
// its namespace itself: RSA-SHA256 over exclusive canonical XML, as Entra signs (Microsoft
// Entra docs, "certificate-signing-options").
func (s signer) sign(e *etree.Element) error {
	context, err := dsig.NewSigningContext(s.key, [][]byte{s.der})
	if err != nil {
		return fmt.Errorf("prepare the signature: %w", err)
	}
	context.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := context.SetSignatureMethod(dsig.RSASHA256SignatureMethod); err != nil {
		return fmt.Errorf("prepare the signature: %w", err)
	}
	signature, err := context.ConstructSignature(e, true)
	if err != nil {
		return fmt.Errorf("sign the %s: %w", e.Tag, err)
	}
	e.InsertChildAt(1, signature)
	return nil
}

// rsaSHA256 names the signature of a redirect.
const rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

// redirect makes the URL that carries a message by HTTP-Redirect, signed over the query in
// its order: SAML 2.0 bindings section 3.4.4.1.
func (s signer) redirect(to, parameter, xml, relayState string) (string, error) {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write([]byte(xml)); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	query := parameter + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	query += "&SigAlg=" + url.QueryEscape(rsaSHA256)
	digest := sha256.Sum256([]byte(query))
	signature, err := s.key.Sign(nil, digest[:], crypto.SHA256) // RSASSA-PKCS1-v1_5 needs no randomness
	if err != nil {
		return "", fmt.Errorf("sign the redirect: %w", err)
	}
	query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	if strings.Contains(to, "?") {
		return to + "&" + query, nil
	}
	return to + "?" + query, nil
}

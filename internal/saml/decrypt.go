package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/rollcall/rollcall/internal/iam"
)

// Allowed algorithms (S47): content by AES-GCM, its key by RSA-OAEP. CBC and RSA 1.5 let
// an attacker who may ask often read what was encrypted for somebody else (Jager and
// Somorovsky, "How to Break XML Encryption", 2011; Bleichenbacher 1998), so that they are
// refused by their names, before the private key is used.
const (
	algAES128GCM   = nsEncryption11 + "aes128-gcm"
	algAES192GCM   = nsEncryption11 + "aes192-gcm"
	algAES256GCM   = nsEncryption11 + "aes256-gcm"
	algOAEP        = nsEncryption11 + "rsa-oaep"
	algOAEPMGF1SHA = nsEncryption + "rsa-oaep-mgf1p" // MGF1 with SHA-1, whatever the digest
	maskSHA1       = nsEncryption11 + "mgf1sha1"
	maskSHA256     = nsEncryption11 + "mgf1sha256"

	typeElement = nsEncryption + "Element"
	typeKey     = nsEncryption + "EncryptedKey"
)

// contentKeySizes are the algorithms of the content with the length of their key in bytes.
var contentKeySizes = map[string]int{algAES128GCM: 16, algAES192GCM: 24, algAES256GCM: 32}

// Hashes of RSA-OAEP. SHA-1 is no weakness there, because nothing rests on its collisions,
// and it is what most identity providers send.
var (
	oaepDigests = map[string]crypto.Hash{digestSHA1: crypto.SHA1, digestSHA256: crypto.SHA256}
	oaepMasks   = map[string]crypto.Hash{maskSHA1: crypto.SHA1, maskSHA256: crypto.SHA256}
)

// sealed is what an EncryptedAssertion says: what is encrypted by what.
type sealed struct {
	keySize      int // of the content's key, in bytes
	content, key *etree.Element
	oaep         rsa.OAEPOptions
}

// decryptedContent returns the Assertion out of the EncryptedAssertion of response, which
// is verified if it was signed. Nothing of it counts before a signature of the identity
// provider covers it: the one of the Response, which covers what was encrypted, or the one
// inside.
func (r reader) decryptedContent(doc document, response *etree.Element) (*etree.Element, error) {
	home, err := child(response, nsAssertion, "EncryptedAssertion")
	if err != nil {
		return nil, err
	}
	if home == nil {
		return nil, refused(CauseSignature, "the Signature does not cover the EncryptedAssertion")
	}
	data, err := r.decrypt(home, r.DecryptionKey)
	if err != nil {
		return nil, err
	}
	assertion, err := parseFragment(data, home)
	if err != nil {
		return nil, err
	}
	inner, err := doc.readDecrypted(home, assertion)
	if err != nil {
		return nil, err
	}
	if inner.assertionSignature == nil {
		if doc.responseSignature == nil {
			return nil, refused(CauseUnsigned, "neither the Response nor the Assertion that was encrypted is signed")
		}
		return assertion, nil
	}
	if err := checkSignature(assertion, inner.assertionSignature); err != nil {
		return nil, err
	}
	return r.verified(assertion, inner.assertionSignature)
}

// parseFragment lets what was decrypted pass the whole gate, as a document of its own, and
// puts it into home in place of what was there. XML Encryption 1.1 section 4.5.4: it is
// read in the context of the element that it replaces, whose namespaces are in scope.
func parseFragment(data []byte, home *etree.Element) (*etree.Element, error) {
	data, err := checkText(data, aPlaintext, MaxResponseBytes)
	if err != nil {
		return nil, err
	}
	if err := gateFragment(data, prefixesIn(home)); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil || doc.Root() == nil {
		return nil, refused(CauseXML, "the %s is not well-formed XML", aPlaintext)
	}
	for len(home.Child) > 0 {
		home.RemoveChildAt(0)
	}
	root := doc.Root()
	home.AddChild(root)
	return root, nil
}

// prefixesIn lists the namespace prefixes that are declared for what is inside e.
func prefixesIn(e *etree.Element) []string {
	var all []string
	for _, a := range append(slices.Clone(e.Attr), inherited(e)...) {
		if a.Space == "xmlns" && !slices.Contains(all, a.Key) {
			all = append(all, a.Key)
		}
	}
	return all
}

// decrypter returns what an EncryptedAssertion holds, with a key as EncryptionKey.PEM
// returns it.
type decrypter func(home *etree.Element, keyPEM []byte) ([]byte, error)

// decryptAssertion decrypts. Whatever goes wrong once the private key is used is one
// refusal, so that nobody learns from it how far he came.
func decryptAssertion(home *etree.Element, keyPEM []byte) ([]byte, error) {
	s, err := readSealed(home)
	if err != nil {
		return nil, err
	}
	if len(keyPEM) == 0 {
		return nil, refused(CauseEncrypted, "the assertion is encrypted, and the organization has no encryption certificate; turn assertion encryption off at the identity provider, or make a certificate under SAML, Encrypted assertions, and import the metadata of Rollcall there again")
	}
	key, err := ParseEncryptionKey(keyPEM)
	if err != nil {
		return nil, refused(CauseInternal, "the key that decrypts assertions cannot be read")
	}
	data, ok := s.open(key.private)
	if !ok {
		return nil, refused(CauseDecryption, "the assertion cannot be decrypted: it was encrypted for another certificate than %s, or changed afterwards; import the metadata of Rollcall at the identity provider again", key.certificate.SHA256)
	}
	return data, nil
}

// open decrypts. With a key that does not come out right it goes on with one that nobody
// has, so that the time is the same.
func (s sealed) open(private *rsa.PrivateKey) ([]byte, bool) {
	wrapped, first := cipherValue(s.key)
	key, err := private.Decrypt(rand.Reader, wrapped, &s.oaep)
	second := err == nil && len(key) == s.keySize
	if !second {
		key = make([]byte, s.keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, false
	}
	// XML Encryption 1.1 section 5.2.4: 96 bits of initialization vector, the text, 128 bits
	// of tag.
	content, third := cipherValue(s.content)
	if len(content) < gcm.NonceSize()+gcm.Overhead() {
		return nil, false
	}
	data, err := gcm.Open(nil, content[:gcm.NonceSize()], content[gcm.NonceSize():], nil)
	if err != nil || !first || !second || !third {
		return nil, false
	}
	return data, true
}

// cipherValue reads the base64 of a CipherValue, which may be broken into lines.
func cipherValue(e *etree.Element) ([]byte, bool) {
	value, err := text(e)
	if err != nil {
		return nil, false
	}
	data, err := base64.StdEncoding.Strict().DecodeString(strings.Join(strings.Fields(value), ""))
	return data, err == nil
}

// readSealed holds an EncryptedAssertion to what SAML 2.0 core section 2.3.4 and XML
// Encryption 1.1 allow and identity providers send: one EncryptedData, and its one
// EncryptedKey either inside its KeyInfo (Microsoft Entra ID, Keycloak) or beside it (Okta,
// Shibboleth). Nothing is fetched: a CipherReference is refused.
func readSealed(home *etree.Element) (sealed, error) {
	parts, err := encryptedParts(home, "EncryptedData", "EncryptedKey?")
	if err != nil {
		return sealed{}, err
	}
	data, key := parts[0], parts[1]
	if kind := attribute(data, "Type"); kind != "" && kind != typeElement {
		return sealed{}, refused(CauseEncrypted, "the EncryptedData is of the type %q; an encrypted element is needed", iam.Clip(kind))
	}
	if parts, err = encryptedParts(data, "EncryptionMethod", "KeyInfo?", "CipherData"); err != nil {
		return sealed{}, err
	}
	var s sealed
	if s.keySize, err = contentMethod(parts[0]); err != nil {
		return sealed{}, err
	}
	if s.content, err = valueOf(parts[2]); err != nil {
		return sealed{}, err
	}
	if key, err = keyOf(home, parts[1], key); err != nil {
		return sealed{}, err
	}
	if parts, err = encryptedParts(key, "EncryptionMethod", "KeyInfo?", "CipherData", "ReferenceList?", "CarriedKeyName?"); err != nil {
		return sealed{}, err
	}
	if s.oaep, err = keyMethod(parts[0]); err != nil {
		return sealed{}, err
	}
	s.key, err = valueOf(parts[2])
	return s, err
}

// keyOf returns the one EncryptedKey that there is.
func keyOf(home, keyInfo, beside *etree.Element) (*etree.Element, error) {
	if n := count(home, "EncryptedKey"); n != 1 {
		return nil, refused(CauseStructure, "the EncryptedAssertion holds %d EncryptedKeys; one is needed", n)
	}
	key := beside
	if keyInfo != nil && key == nil {
		var err error
		if key, err = child(keyInfo, nsEncryption, "EncryptedKey"); err != nil {
			return nil, err
		}
	}
	if key == nil {
		return nil, refused(CauseStructure, "the EncryptedKey stands neither in the KeyInfo of the EncryptedData nor beside the EncryptedData")
	}
	if keyInfo == nil {
		return key, nil
	}
	for _, ref := range children(keyInfo, nsSignature, "RetrievalMethod") {
		if uri, kind := attribute(ref, "URI"), attribute(ref, "Type"); uri != "#"+attribute(key, "Id") || kind != typeKey {
			return nil, refused(CauseStructure, "the EncryptedData says that its key is %q, which is not the EncryptedKey", iam.Clip(uri))
		}
	}
	return key, nil
}

// count counts the elements below e that have a local name.
func count(e *etree.Element, tag string) int {
	n := 0
	for _, c := range e.ChildElements() {
		if c.Tag == tag {
			n++
		}
		n += count(c, tag)
	}
	return n
}

func contentMethod(e *etree.Element) (keySize int, err error) {
	algorithm := attribute(e, "Algorithm")
	size, ok := contentKeySizes[algorithm]
	if !ok {
		return 0, refused(CauseAlgorithm, "the assertion is encrypted with %q, which is not allowed; choose AES-GCM (aes256-gcm or aes128-gcm) at the identity provider, or turn assertion encryption off there", iam.Clip(algorithm))
	}
	_, err = encryptedParts(e)
	return size, err
}

// keyMethod reads the parameters of RSA-OAEP. XML Encryption 1.1 section 5.5.2: SHA-1 where
// none is named.
func keyMethod(e *etree.Element) (rsa.OAEPOptions, error) {
	algorithm := attribute(e, "Algorithm")
	if algorithm != algOAEP && algorithm != algOAEPMGF1SHA {
		return rsa.OAEPOptions{}, refused(CauseAlgorithm, "the key of the assertion is encrypted with %q, which is not allowed; choose RSA-OAEP (rsa-oaep or rsa-oaep-mgf1p) at the identity provider, or turn assertion encryption off there", iam.Clip(algorithm))
	}
	parts, err := encryptedParts(e, "DigestMethod?", "MGF?")
	if err != nil {
		return rsa.OAEPOptions{}, err
	}
	options := rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	for i, choice := range []struct {
		hash    *crypto.Hash
		allowed map[string]crypto.Hash
	}{{&options.Hash, oaepDigests}, {&options.MGFHash, oaepMasks}} {
		if parts[i] == nil {
			continue
		}
		name := attribute(parts[i], "Algorithm")
		hash, ok := choice.allowed[name]
		if !ok || len(parts[i].ChildElements()) > 0 || algorithm == algOAEPMGF1SHA && parts[i].Tag == "MGF" && hash != crypto.SHA1 {
			return rsa.OAEPOptions{}, refused(CauseAlgorithm, "the key of the assertion is encrypted by RSA-OAEP with the %s %q, which is not allowed; choose SHA-256 or SHA-1 at the identity provider", parts[i].Tag, iam.Clip(name))
		}
		*choice.hash = hash
	}
	return options, nil
}

func valueOf(cipherData *etree.Element) (*etree.Element, error) {
	parts, err := encryptedParts(cipherData, "CipherValue")
	if err != nil {
		return nil, err
	}
	return parts[0], nil
}

// encryptedParts is exactly, for the parts of an EncryptedAssertion.
func encryptedParts(e *etree.Element, names ...string) ([]*etree.Element, error) {
	return onlyChildren(e, "an EncryptedAssertion", func(name string) string {
		switch name {
		case "KeyInfo", "DigestMethod":
			return nsSignature
		case "MGF":
			return nsEncryption11
		}
		return nsEncryption
	}, names)
}

package saml

// Names of SAML 2.0 core, XML Signature and XML Encryption. Those of metadata and of the
// bindings stand in metadata.go, signature algorithms in signingkey.go, those of encryption
// in decrypt.go.
const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"

	nsEncryption   = "http://www.w3.org/2001/04/xmlenc#"
	nsEncryption11 = "http://www.w3.org/2009/xmlenc11#"

	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	methodBearer  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

	formatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	formatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	formatEntity      = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"

	transformEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
	algExcC14N         = "http://www.w3.org/2001/10/xml-exc-c14n#"

	digestSHA1   = nsSignature + "sha1" // of RSA-OAEP alone
	digestSHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
	digestSHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	digestSHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
)

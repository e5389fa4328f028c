// Package saml is the service provider's half of SAML 2.0: what identity providers send
// is read here, and what they are sent is written. Bytes, a connection and the present
// time go in, typed values come out: ParseMetadata, ParseResponse, ParseLogoutRequest and
// ParseLogoutResponse; AuthnRequest, LogoutRequest, LogoutResponse and SPMetadata, with the
// SigningKey and the EncryptionKey that they need.
//
// A response passes four stages, each in a file of its own. The gate (responsegate.go)
// refuses XML that two readers could take differently or that makes one work. The shape
// (structure.go) is one Response, one Assertion, and signatures where they belong. The
// signature (signature.go, keys.go) has allowed algorithms and fits a certificate of the
// connection; goxmldsig verifies it, and only what it covers is read on. The protocol
// (protocol.go, identity.go) is who sent it, for whom, in answer to what, and when. An
// encrypted assertion (decrypt.go) passes the first three once more when it is decrypted.
// Messages of single logout (logoutread.go, redirected.go) pass the same stages; by
// HTTP-Redirect the signature comes first, because it is not in the document.
//
// The package knows no HTTP and no SQL, asks no clock, and decides nothing about members.
// That a message is used once, and that a request was this browser's, is seen to by the
// caller.
package saml

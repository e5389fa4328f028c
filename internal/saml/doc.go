// Package saml is the service provider's half of SAML 2.0: what identity providers send
// is read here, and what they are sent is written. Bytes, a connection and the present
// time go in, typed values come out: ParseMetadata and ParseResponse, AuthnRequest and
// SPMetadata, and the SigningKey of the last two.
//
// A response passes four stages, each in a file of its own. The gate (responsegate.go)
// refuses XML that two readers could take differently or that makes one work. The shape
// (structure.go) is one Response, one Assertion, and signatures where they belong. The
// signature (signature.go, keys.go) has allowed algorithms and fits a certificate of the
// connection; goxmldsig verifies it, and only what it covers is read on. The protocol
// (protocol.go, identity.go) is who sent it, for whom, in answer to what, and when.
//
// The package knows no HTTP and no SQL, asks no clock, and decides nothing about members.
// That an assertion is used once, and that its request was this browser's, is seen to by
// the caller.
package saml

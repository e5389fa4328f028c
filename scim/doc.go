// Package scim is the SCIM 2.0 protocol as a library: the JSON codec, the
// schemas, filters, attribute paths, PATCH, projection, sorting, lists, bulk
// requests, errors and the discovery documents of RFC 7643, RFC 7644 and
// RFC 9865, including what Microsoft Entra ID, Okta and other clients send
// beyond them.
//
// It owns bytes and documents only. It knows nothing of HTTP, storage,
// organizations, members or roles: a caller decodes a body into an [Object],
// lets a [ResourceType] normalize it, applies a [Patch] to a copy, and encodes
// the result. Everything is a pure function of its arguments; all values of
// the package are immutable after they are made and safe for concurrent use,
// except an [Object] that its owner is changing.
//
// Every error returned by the package is an [*Error] whose Detail is written
// for the administrator who reads it in the provisioning log of the client.
package scim

// Package scimapi is the SCIM door: HTTP in, one use case of provision, HTTP out
// (RFC 7644). It owns the paths below /v1/organizations/{org}/scim:
//
//	/Users, /Groups              GET, POST
//	/Users/{id}, /Groups/{id}    GET, PUT, PATCH, DELETE
//	/Users/.search, /Groups/.search, /.search    POST
//	/Bulk                        POST
//	/ServiceProviderConfig, /ResourceTypes, /ResourceTypes/{name},
//	/Schemas, /Schemas/{urn}     GET
//	/Me                          501
//
// Every path below the base needs a SCIM key, also one that leads nowhere. The
// package owns the bounds of what a client may send, the form of the answers, the
// rate limits, and what the request log is told. It does not own what SCIM means
// here (provision), who is calling (signin), or the protocol's own rules (scim).
//
// A handler is five steps: the caller is known before it runs; it decodes, calls
// one use case, encodes, and returns an error that one place answers.
package scimapi

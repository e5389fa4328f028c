// Package idp is the SAML identity provider of the stand-in for Entra ID: it reads the
// requests of service providers, lets somebody choose who he is, and answers in the shape
// that Entra's answers have. There are no passwords: it is a stand-in, for loopback.
//
// Routes, {tenant} being the tenant's id:
//
//	GET      /{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid=…
//	GET POST /{tenant}/saml2     AuthnRequest, LogoutRequest, LogoutResponse
//	POST     /{tenant}/login     who the person is, and what he came with
//	GET      /signin/{app}       a tile of My Apps: sign-on that begins here
//	GET POST /login              sign-in to the stand-in itself, leads on to ?to=
//	GET POST /logout             sign-out everywhere
//
// It owns the sessions of browsers with the stand-in, in memory, and the making of signing
// certificates. People, applications and assignments are the directory's, and how pages
// look is look's, whose files it gives out for all doors of the stand-in.
package idp

// Package samlsp is the door for browsers that come from or go to an organization's
// identity provider: SAML 2.0 web browser SSO, service provider's side.
//
//	GET  /saml/{org}/metadata  what the identity provider imports
//	GET  /saml/{org}/login     begins a sign-in; ?to= is the path to go to afterwards
//	POST /saml/{org}/acs       takes the identity provider's answer
//	GET  /saml/{org}/logout    asks whether to sign out; POST does it
//
// The organization stands in the path and decides whose keys count (S42). The ACS is
// posted to from another site, which is what it is for: its own protection is that the
// answer fits the cookie of this browser. Signing out is a POST of this very site; what
// comes from elsewhere changes nothing (S46: there is no single logout yet, so a
// LogoutRequest, signed or not, ends nothing).
//
// People see one plain sentence and the request id; the cause is in the audit log. The
// door owns those few pages and the cookies' coming and going. What an answer means is
// decided in signin.
package samlsp

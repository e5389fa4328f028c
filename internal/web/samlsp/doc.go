// Package samlsp is the door for browsers that come from or go to an organization's
// identity provider: SAML 2.0 web browser SSO, service provider's side.
//
//	GET  /saml/{org}/metadata  what the identity provider imports
//	GET  /saml/{org}/login     begins a sign-in; ?to= is the path to go to afterwards
//	POST /saml/{org}/acs       takes the identity provider's answer
//	GET  /saml/{org}/logout    takes messages of single logout, or asks whether to sign out
//	POST /saml/{org}/logout    takes messages of single logout, or signs out
//
// The organization stands in the path and decides whose keys count (S42). The ACS is
// posted to from another site, which is what it is for: its own protection is that the
// answer fits the cookie of this browser. Messages of single logout come from another site
// too, and are believed by their signature alone. Without one a LogoutRequest ends nothing
// (S46): the person is asked, and signs out by a POST of this very site, as whoever opens
// the address does. Microsoft does not say in its documentation that Entra ID signs the
// requests it sends; those it loads into a frame would not carry our session cookie either.
//
// People see one plain sentence and the request id; the cause is in the audit log. The
// door owns those few pages and the cookies' coming and going. What an answer means is
// decided in signin.
package samlsp

// Package signin tells who is calling. A SCIM key becomes the caller that the SCIM
// door hands down. An assertion of the organization's identity provider, the password
// of a local sign-in, or a one-time link becomes a session, and the cookie of a
// session becomes the member who asks, with his roles, at every request anew.
//
// It owns sessions, local passwords, just-in-time members (D9), the acceptance of
// invitations, and the audit events user_login, user_login_failed and user_logout.
// It knows no HTTP: cookies are values here and addresses are texts. What a signed-in
// member may do is decided by those who ask it: it hands out his permissions.
//
// # Invitations
//
// An invited person signs in by SAML where that works for his address: the
// organization is connected, its plan includes SAML, and the domain is verified.
// Where it does not, he gets a local sign-in only if the invitation makes him an
// Admin (local sign-in is for Admins who can get in without the identity provider,
// D8); anybody else has to wait until single sign-on is set up, and his invitation
// waits with him. The address of a user whom SCIM manages is refused while SCIM is
// on (D5). Whoever has become a member meanwhile by his first sign-in (D9) gets the
// invitation's roles.
package signin

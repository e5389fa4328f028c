// Package access is what an admin does: organizations and their plan, members
// and their roles, invitations, the roles and what SCIM groups they are linked
// to, the Default role list, the SAML connection and its domains, SCIM settings
// and SCIM keys. Console and command line call the same methods.
//
// A method is one use case in one transaction: rows and audit events together.
// A refused call changes nothing, and its *iam.Error is written for the admin
// who reads it. Who may call a method is the door's to check; what a signed-in
// member may give to others is checked here (D1).
//
// Package access does not know SCIM documents (provision does), does not sign
// anybody in (signin does), and dials nowhere: metadata and DNS answers are
// handed in, and mail is handed to a function.
package access

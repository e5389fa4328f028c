// Package provision is what SCIM means in Rollcall: users become members, groups
// bind to roles, deactivation takes a member out at once, and whatever happened
// is told back in verdicts.
//
// It is the only package that knows both the scim documents and the words of
// iam. It owns no HTTP and no SQL: a door decodes the request, calls one method
// here, and encodes what comes back. Each method is one transaction, rows and
// audit event together, and every error it returns is a *scim.Error written for
// the admin who reads it in the provisioning log.
//
// Bodies are parsed and checked, ids and times are made, before a transaction
// begins; what runs inside may run twice.
package provision

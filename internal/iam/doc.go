// Package iam holds the words and the pure rules of Rollcall: organizations,
// members, roles, groups, SCIM keys, audit events, the kinds of errors, and
// every decision that needs no I/O (which role claims a group's name, which
// roles a member holds and why, what an address is, whether a break-glass
// Admin is left).
//
// It does no I/O and asks neither clock nor randomness: both are arguments.
// It knows nothing of SCIM documents, SQL or HTTP.
package iam

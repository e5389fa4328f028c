// Package mapping is how the stand-in for Microsoft Entra ID turns an object of the
// directory into an object of the target: attribute mappings and their expressions,
// scoping filters, the difference between what should be and what is there, and the
// SCIM bodies that carry it in both of the service's dialects.
//
// It is pure: no files, no network, no clock and no randomness of its own. What an
// attribute of the directory holds is asked of [Env]; when something is sent, and what
// becomes of the answer, is package cycle's. Ids of other objects (a manager) come out
// of [ObjectMapping.Values] as ids of the directory; whoever knows the target's ids
// puts them in before a body is made.
//
// Where behaviour follows a public page of Microsoft's documentation, a comment names
// the page; "observed" is what others saw the service send. docs/entra-stand-in.md
// lists every function with its source and what is not done.
package mapping

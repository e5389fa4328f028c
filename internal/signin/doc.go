// Package signin tells who is calling: a SCIM key becomes the caller that the
// SCIM door hands down. What the caller may do there is not decided here.
package signin

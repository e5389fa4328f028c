// Package outbound is the only code that dials out: it fetches documents by HTTP
// from addresses an admin enters, and reads DNS TXT records. An address that an
// admin enters must not become a way into the operator's own network (S45), so
// private addresses are refused after the name was resolved, on the address that is
// connected to.
//
// It knows no SQL and decides nothing about what it fetches.
package outbound

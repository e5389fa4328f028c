// Package outbound is the only code that dials out: it fetches documents by HTTP
// from addresses an admin enters, reads DNS TXT records, and hands mail to the
// operator's server. An address that an admin enters must not become a way into the
// operator's own network (S45), so private addresses are refused after the name was
// resolved, on the address that is connected to; the mail server and the DNS server,
// which the operator names, may be anywhere.
//
// It knows no SQL and decides nothing about what it fetches.
package outbound

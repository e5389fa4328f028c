// Package saml reads what identity providers send: bytes and the present time in,
// typed values out. So far that is their metadata. A strict gate of our own stands
// before every use of what an XML document says.
//
// It knows no HTTP and no SQL, asks no clock, and decides nothing about members.
package saml

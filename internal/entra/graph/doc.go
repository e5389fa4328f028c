// Package graph is the door of the stand-in for scripts: the paths and objects of Microsoft
// Graph that a script needs to do what people do in the portal, and what it needs for a test,
// such as running the next cycle now. /v1.0 and /beta answer the same; what Graph has no path
// for is the stand-in's own and lies apart below /standin.
//
// It decides nothing that is not about the wire: JSON with the envelope of OData, query
// options, errors in Graph's form, and who may ask. People and applications are directory's,
// provisioning is cycle's, certificates of sign-on are made by idp.
//
// Every route is a row of the table in routes.go and a line of docs/entra-stand-in.md, which
// a test compares. Behaviour follows the Microsoft Graph REST API reference, whose pages the
// comments name; "observed" is what others published of its answers, "chosen" what no page
// tells.
package graph

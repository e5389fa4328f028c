// Package portal is the door of the stand-in for people with a browser: an admin center
// with the labels of the guide, and My Apps. Pages are made on the server and work
// without script, from the keyboard and on a phone. Every one of them says that it is
// a stand-in.
//
// It decides nothing that is not about pages: people and applications are directory's,
// mappings are mapping's, provisioning is cycle's, who is signed in and how people are
// signed in elsewhere is idp's. It serves the guide "SCIM provisioning with Microsoft
// Entra ID"; names of pages and commands are those of the public Microsoft Entra
// documentation, its look is its own.
//
// # A new page
//
//  1. Make a Go file named after it, and in it the struct that its template is executed
//     with: type licencesPage struct { frame; … }.
//  2. Make templates/licences.html: {{template "shell" .}} and {{define "main"}}…{{end}}.
//     The head of a page, icons, times, fields and pagers are in layout.html and
//     parts.html.
//  3. Write the handler, func (p *Portal) licences(x *exchange) error. It ends in
//     x.show(&licencesPage{frame: x.frame("Licences", "/licences"), …}); an act ends in
//     x.done(path, text, detail); a form that was refused is shown again by x.again.
//  4. Add its routes to routes.go, each with who may.
//  5. Run the tests: every template is checked against its struct and executed, and
//     every route is tried by every kind of person.
package portal

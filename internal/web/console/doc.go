// Package console is the door for people with a browser: sign-in, the pages of an
// organization, and nothing that is not on one of them. Pages are made on the
// server and work without script, from the keyboard and on a phone.
//
// It decides nothing. Who is asking is signin's to say, what an act does is
// access's; a handler finds both, calls one use case and shows what came of it.
// What each page and act needs is in one table (routes.go): it is what the server
// enforces, what the navigation shows, what the tests walk through, and what
// docs/permissions.md lists.
//
// # A new page
//
//  1. Make one Go file named after it, plans.go, and in it the struct that its
//     template is executed with: type plansPage struct { frame; … }. What the page
//     needs to know is computed in Go; the template chooses words and marks.
//  2. Make templates/plans.html: {{template "shell" .}} and {{define "main"}}…{{end}}.
//     Icons, times, copy fields, notices and the pager are in templates/layout.html,
//     numbers and names in words.go; the look is that of the other pages.
//  3. Write the handler, func (c *Console) plans(x *exchange) error. x.session says who
//     asks, x.org() in which organization: the only one whose data it may touch. It
//     ends in x.show(&plansPage{frame: x.frame("Plans"), …}). An act ends in
//     x.done("/plans", "…", "…") after a change, which redirects and says so once; a
//     form that was refused is shown again, with what was entered, by x.again(p, err).
//     A page that is below a tab sets frame.Here to the tab's URL. A secret that is
//     shown once is shown by the answer to the POST itself, and never by x.done.
//  4. Add its routes to routes.go, each with who may: without a rule the console does
//     not start. A page appears in the navigation and in the tabs for those who may see
//     it as soon as its route is there (nav.go has the labels).
//  5. Run the tests: every template is checked against its struct and executed, every
//     route is tried by all kinds of people, and -update writes the table of
//     docs/permissions.md.
package console

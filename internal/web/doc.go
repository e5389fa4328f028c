// Package web is what all doors stand on: the HTTP server with its limits, the
// request id, the access log, the client's address, security headers, health,
// metrics, graceful shutdown, and the one table from error kinds to statuses. It
// answers itself only what belongs to no door:
//
//	GET /                 what this server is
//	GET /setup/…          a sign-in link, which is kept and not used up
//	GET /healthz          the process lives
//	GET /readyz           it can serve: the database answers and its schema is right
//	GET /static/…         the style sheet of those pages
//	GET /metrics          on a listener of its own, never on the public one
//
// What a request means is the doors' business: each mounts its own routes.
package web

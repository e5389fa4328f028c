// Package torture shows by force that Rollcall keeps its word: histories of
// concurrent operations are checked for linearizability, servers are killed in the
// middle of their work, and sizes are pushed up while costs are counted. `make
// torture` runs it at full length; `go test` runs a short version of everything.
// It holds tests alone.
package torture

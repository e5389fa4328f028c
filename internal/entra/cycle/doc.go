// Package cycle is the provisioning service of the stand-in for Entra ID: what carries
// users, groups and memberships of the directory into a SCIM server, and tells the admin
// what became of each.
//
// It owns the provisioning jobs of applications (credentials, scope, mappings, on and off),
// initial and incremental cycles, provision on demand, the links between objects of the
// directory and of the target, retries (escrows), quarantine, the guard against accidental
// deletions, the provisioning logs and the audit entries of what an admin changed.
// It does not own what an attribute becomes (package mapping), the directory's objects
// (package directory), or how any of it is shown (the doors).
//
// One object of the directory is always handled by one goroutine from its import to its
// export; several objects are handled at once ([Service.Concurrency]). Links, escrows and
// log entries are written in batches behind the calls: a crash loses at most the last
// batch, whose objects the next cycle finds again by matching.
//
// Tables, in the directory's file: cycle_jobs, cycle_links, cycle_members, cycle_escrows,
// cycle_cycles, cycle_logs, cycle_audit, and cycle_schema, which holds their version.
//
// Behaviour is that of Microsoft's public documentation, whose pages the comments name;
// "observed" is what others saw on the wire. docs/entra-stand-in.md lists it all, with what
// is scaled down and what is left out.
package cycle

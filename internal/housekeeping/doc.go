// Package housekeeping keeps what Rollcall remembers beside its members: the SCIM
// request log, which an admin reads to see what the identity provider sent and what
// became of it (D15); it deletes what signing in leaves behind; and it has the metadata
// of identity providers read again when that is due.
//
// It owns the log's queue, its masking and its retention, and the retention of
// sessions. It does not own the audit log: that is written in the transaction of each
// change, by the use case that makes it. The request log is written behind, in
// batches, off the path of the request; a crash may lose its last second, and where
// entries had to be dropped an entry says how many.
package housekeeping

// Package store keeps everything that Rollcall knows in one SQL database: SQLite for
// one server, PostgreSQL for several. One text of SQL serves both; dialect.go holds what
// differs. Acknowledged means durable on both.
//
// A use case reads through DB.Read and changes through DB.Write, whose function is one
// transaction. The families of tables (users, groups, roles, keys, audit …) are methods
// on Reader and Tx, one file for each. Every statement names the organization first.
//
// The package owns the schema (migrations/), every line of SQL, and the translation of
// database errors into iam's kinds. It decides nothing: rules are in iam, the order of
// steps in the use cases above.
package store

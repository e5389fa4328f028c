// Package storetest holds what tests of the store need: the behaviour suite that every
// database engine must pass, and real databases to run it on. Only tests import it.
//
// A PostgreSQL server comes from Cluster and an empty database on it from Database. The
// package owns no product code and no SQL beyond creating and dropping those databases.
package storetest

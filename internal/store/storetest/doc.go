// Package storetest holds what tests of the store need: real databases of both engines,
// and a driver that records what runs and goes wrong on demand. Only tests import it.
//
//	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
//		var driver storetest.Driver
//		db := open(store.Options{Wrap: driver.Wrap})
//		driver.Inject(storetest.Fault{Match: storetest.SQL("COMMIT"), Err: errors.New("injected")})
//		…
//	})
//
// Each runs a behaviour on SQLite and on PostgreSQL. A PostgreSQL server comes from
// Cluster, a migrated database from Open or URL, an empty one from Database. The package
// owns no product code and no SQL beyond making, emptying and dropping those databases.
package storetest

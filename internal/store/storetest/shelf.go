package storetest

import (
	"os"
	"sync"
	"testing"
)

// shelf keeps the migrated PostgreSQL databases of this process between tests, because
// to create and migrate one takes longer than most tests. On a server that outlives the
// process they are dropped when no test uses one any more.
var shelf databaseShelf

type databaseShelf struct {
	mu   sync.Mutex
	idle []string // URLs of migrated, empty databases
	used int      // how many tests have taken one
}

// empty deletes all rows, whatever refers to them, and keeps the schema.
const empty = `DO $$
DECLARE t text;
BEGIN
	SET LOCAL session_replication_role = replica;
	PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
	FOR t IN SELECT oid::regclass::text FROM pg_class
		WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname <> 'schema_versions' LOOP
		EXECUTE 'DELETE FROM ' || t;
	END LOOP;
END $$`

// take returns the URL of a migrated, empty database, which goes back when the test ends.
func (s *databaseShelf) take(t testing.TB) string {
	t.Helper()
	admin := Cluster(t)
	s.mu.Lock()
	s.used++
	database := ""
	if n := len(s.idle); n > 0 {
		database, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	s.mu.Unlock()
	t.Cleanup(func() {
		if err := s.giveBack(admin, database); err != nil {
			t.Errorf("drop the database of the test: %v", err)
		}
	})
	if database != "" {
		return database
	}
	made, err := createDatabase(admin)
	if err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	database = made
	if err := migrated(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	return database
}

// giveBack empties a database and keeps it for the next test. Only a superuser may delete
// rows whatever refers to them; for another user the database is dropped.
func (s *databaseShelf) giveBack(admin, database string) error {
	var drop []string
	failed := database == "" || execute(database, empty) != nil
	s.mu.Lock()
	s.used--
	switch {
	case database == "":
	case failed:
		drop = append(drop, database)
	default:
		s.idle = append(s.idle, database)
	}
	if s.used == 0 && os.Getenv(serverVariable) != "" {
		drop, s.idle = append(drop, s.idle...), nil
	}
	s.mu.Unlock()
	for _, database := range drop {
		if err := dropDatabase(admin, database); err != nil {
			return err
		}
	}
	return nil
}

package store_test

import (
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// emptyURL makes a database without a schema.
func emptyURL(t *testing.T, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return storetest.Database(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "empty.db")
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := storetest.Reopen(t, emptyURL(t, engine), store.Options{})
			have, want, err := db.SchemaVersion(t.Context())
			if err != nil || have != 0 || want < 1 {
				t.Fatalf("an empty database: version %d of %d, %v", have, want, err)
			}
			if err := db.CheckSchema(t.Context()); iam.KindOf(err) != iam.KindConflict || !strings.Contains(err.Error(), "rollcall migrate") {
				t.Errorf("an empty database: %v, want a hint at rollcall migrate", err)
			}
			for _, from := range []int64{0, want} {
				before, after, err := db.Migrate(t.Context())
				if err != nil || before != from || after != want {
					t.Fatalf("migrated from %d to %d, %v; want from %d to %d", before, after, err, from, want)
				}
			}
			if err := db.CheckSchema(t.Context()); err != nil {
				t.Error(err)
			}
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "kept") }); err != nil {
				t.Fatal(err)
			}
			if _, _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantNames(t, db, "kept")
		})
	}
}

func TestMigrate_newerSchema(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := storetest.Reopen(t, emptyURL(t, engine), store.Options{})
			if _, _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(`INSERT INTO schema_versions (version_id, is_applied) VALUES (9000, TRUE)`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			_, _, err := db.Migrate(t.Context())
			for _, err := range []error{err, db.CheckSchema(t.Context())} {
				if iam.KindOf(err) != iam.KindConflict || !strings.Contains(err.Error(), "9000") {
					t.Errorf("got %v, want a refusal of version 9000", err)
				}
			}
		})
	}
}

// A database with data in it goes on: what was there is there, and what the newer schema
// adds is filled from it.
func TestMigrate_fromVersion4(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := storetest.Reopen(t, emptyURL(t, engine), store.Options{Now: func() time.Time { return epoch }})
			if err := db.MigrateTo(t.Context(), 4); err != nil {
				t.Fatal(err)
			}
			hour := epoch.Truncate(time.Hour).UnixMicro()
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				for _, org := range []string{"a", "b"} {
					if _, err := tx.Exec(`INSERT INTO organizations (org_id, name, plan, scim_enabled, identity_policy, unmapped_groups, created_at)
						VALUES (?, ?, 'enterprise', TRUE, 'standard', 'create', 0)`, org, org); err != nil {
						return err
					}
				}
				for org, url := range map[string]string{"a": "https://idp.example.com/metadata", "b": ""} {
					if _, err := tx.Exec(`INSERT INTO saml_connections (org_id, idp_entity_id, sso_url, metadata, metadata_url, allow_private, certificates, connected_at, updated_at)
						VALUES (?, 'https://idp.example.com/', 'https://idp.example.com/sso', '<x/>', ?, FALSE, '[]', 1, 1)`, org, url); err != nil {
						return err
					}
				}
				if _, err := tx.Exec(`INSERT INTO sessions (org_id, id, secret_hash, member_id, method, address, user_agent, created_at, last_seen_at, expires_at)
					VALUES ('a', 's', ?, 'm', 'saml', '', '', 1, 1, ?)`, hex.EncodeToString(make([]byte, 32)), epoch.Add(time.Hour).UnixMicro()); err != nil {
					return err
				}
				const applied, unchanged = `[{"op":"replace","path":"x","verdict":"unchanged"},{"op":"add","path":"y","verdict":"applied"}]`, `[{"op":"replace","path":"applied","verdict":"unchanged"}]`
				for i, r := range []struct {
					org, method string
					at          int64
					status      int
					verdicts    string
				}{
					{"a", "PATCH", hour, 200, applied}, {"a", "PATCH", hour + 1, 200, unchanged}, {"a", "GET", hour + 2, 200, "[]"},
					{"a", "DELETE", hour + 3, 204, "[]"}, {"a", "DELETE", hour + 4, 404, "[]"}, {"a", "PATCH", hour + 5, 503, applied},
					{"a", "", hour + 6, 0, "[]"}, {"a", "POST", hour + 3_600_000_000 - 1, 201, applied},
					{"a", "POST", hour + 3_600_000_000, 409, "[]"}, {"b", "POST", hour, 201, applied},
				} {
					if _, err := tx.Exec(`INSERT INTO scim_requests (org_id, id, at, method, path, status, duration_us, key_id, address, user_agent, request_body, response_body, verdicts)
						VALUES (?, ?, ?, ?, '', ?, 0, '', '', '', '', '', ?)`, r.org, string(rune('a'+i)), r.at, r.method, r.status, r.verdicts); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if before, _, err := db.Migrate(t.Context()); err != nil || before != 4 {
				t.Fatalf("migrated from %d: %v", before, err)
			}
			r := db.Read(t.Context())
			counts, err := r.ActivityCounts("a", time.Time{})
			want := []store.ActivityCount{
				{Hour: time.UnixMicro(hour).UTC(), Applied: 3, Unchanged: 2, Refused: 1, Failed: 1},
				{Hour: time.UnixMicro(hour).UTC().Add(time.Hour), Refused: 1},
			}
			if err != nil || !slices.Equal(counts, want) {
				t.Errorf("counts %v, %v; want %v", counts, err, want)
			}
			if counts, err := r.ActivityCounts("b", time.Time{}); err != nil || len(counts) != 1 || counts[0].Applied != 1 {
				t.Errorf("counts of another organization %v, %v", counts, err)
			}
			due, err := r.DueMetadata("", epoch, 10)
			if err != nil || len(due) != 1 || due[0].Organization != "a" {
				t.Errorf("due %v, %v; want that of a, which has an address", due, err)
			}
			c, err := r.Connection("b")
			if err != nil || !c.Refresh.NextAt.IsZero() || c.Refresh.Failing() {
				t.Errorf("the connection of b: %+v, %v", c.Refresh, err)
			}
			if key, err := r.EncryptionKey("a"); err != nil || key != nil {
				t.Errorf("an encryption key of %d bytes, %v", len(key), err)
			}
			if n, err := r.Int(`SELECT count(*) FROM sessions WHERE org_id = 'a' AND ended_at IS NULL AND name_id = '' AND session_index = ''`); err != nil || n != 1 {
				t.Errorf("%d sessions without a name, %v; want the one that was there", n, err)
			}
		})
	}
}

// Replicas that start together migrate together.
func TestMigrate_together(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := emptyURL(t, engine)
			first := storetest.Reopen(t, url, store.Options{})
			_, want, err := first.SchemaVersion(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for _, db := range []*store.DB{first, storetest.Reopen(t, url, store.Options{}), storetest.Reopen(t, url, store.Options{}), storetest.Reopen(t, url, store.Options{})} {
				all.Go(func() {
					if _, after, err := db.Migrate(t.Context()); err != nil || after != want {
						t.Errorf("migrated to %d, %v; want %d", after, err, want)
					}
				})
			}
			all.Wait()
			if err := first.CheckSchema(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// columns lists the columns of an engine's schema as "table.column type null|not null".
func columns(t *testing.T, engine string) []string {
	t.Helper()
	text := `SELECT m.name || '.' || lower(c.name) || ' ' || replace(lower(c.type), 'blob', 'bytea') || CASE WHEN c."notnull" THEN ' not null' ELSE ' null' END
		FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT IN ('schema_versions', 'sqlite_sequence')`
	if engine == "postgres" {
		text = `SELECT table_name || '.' || column_name || ' ' || data_type || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE ' null' END
			FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> 'schema_versions'`
	}
	all, err := storetest.Open(t, engine, store.Options{}).Read(t.Context()).Texts(text)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// indexes lists the indexes of an engine's schema as "table (columns) unique".
func indexes(t *testing.T, engine string) []string {
	t.Helper()
	text := `SELECT m.name || ' (' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')'
			|| CASE WHEN i."unique" THEN ' unique' ELSE '' END || CASE WHEN i.partial THEN ' partial' ELSE '' END
		FROM sqlite_schema m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT IN ('schema_versions', 'sqlite_sequence')`
	if engine == "postgres" {
		text = `SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.n)
					FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (att, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att) || ')'
				|| CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END
			FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
			WHERE t.relnamespace = current_schema()::regnamespace AND t.relname <> 'schema_versions'`
	}
	all, err := storetest.Open(t, engine, store.Options{}).Read(t.Context()).Texts(text)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func TestMigrations_sameSchema(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func(*testing.T, string) []string{"columns": columns, "indexes": indexes} {
		sqlite, postgres := list(t, "sqlite"), list(t, "postgres")
		if len(sqlite) < 25 {
			t.Errorf("%s: only %d", name, len(sqlite))
		}
		for _, one := range sqlite {
			if !slices.Contains(postgres, one) {
				t.Errorf("%s: only SQLite has %s", name, one)
			}
		}
		for _, one := range postgres {
			if !slices.Contains(sqlite, one) {
				t.Errorf("%s: only PostgreSQL has %s", name, one)
			}
		}
	}
}

// Every key and index begins with the organization, so that the data can be distributed
// by it; the tables without are few and small.
func TestMigrations_organizationFirst(t *testing.T) {
	t.Parallel()
	global := []string{"instance (name) unique", "domains (domain, verified_at)"}
	for _, index := range indexes(t, "sqlite") {
		_, first, _ := strings.Cut(index, "(")
		if !strings.HasPrefix(first, "org_id") && !slices.Contains(global, index) {
			t.Errorf("%s does not begin with org_id", index)
		}
	}
}

// Texts compare by bytes on PostgreSQL whatever the collation of the database.
func TestMigrations_byteOrder(t *testing.T) {
	t.Parallel()
	got, err := storetest.Open(t, "postgres", store.Options{}).Read(t.Context()).Texts(`SELECT table_name || '.' || column_name
		FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`)
	if err != nil || len(got) > 0 {
		t.Errorf("columns in another order: %q, %v", got, err)
	}
}

package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rollcall/rollcall/internal/iam"
)

func TestRebind(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"SELECT 1", "SELECT 1"},
		{"a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)"},
		{"a = '?' AND b = ?", "a = '?' AND b = $1"},
		{"a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"},
		{strings.Repeat("?", 11), "$1$2$3$4$5$6$7$8$9$10$11"},
	}
	var b rebinder
	for range 2 { // the second time from memory
		for _, test := range tests {
			if got := b.rebind(test.in); got != test.want {
				t.Errorf("rebind(%q) = %q, want %q", test.in, got, test.want)
			}
		}
	}
	for i := range 2 * maxRebound {
		b.rebind(fmt.Sprint("SELECT ", i))
	}
	kept := 0
	b.known.Range(func(any, any) bool { kept++; return true })
	if kept > maxRebound {
		t.Errorf("%d texts kept, want at most %d", kept, maxRebound)
	}
}

// sqliteCode looks like an error of SQLite.
type sqliteCode int

func (c sqliteCode) Error() string {
	return fmt.Sprintf("constraint failed: UNIQUE constraint failed: users.org_id, users.login_key (%d)", int(c))
}
func (c sqliteCode) Code() int { return int(c) }

func TestTranslate(t *testing.T) {
	t.Parallel()
	postgres := func(code string) error {
		return fmt.Errorf("wrapped: %w", &pgconn.PgError{Severity: "ERROR", Code: code, ConstraintName: "users_login", Message: "the cause"})
	}
	tests := []struct {
		name    string
		dialect *dialect
		err     error
		want    iam.Kind
		refusal bool // of one write of a shared commit
	}{
		{"sqlite unique", &sqliteDialect, sqliteCode(2067), iam.KindConflict, true},
		{"sqlite primary key", &sqliteDialect, sqliteCode(1555), iam.KindConflict, true},
		{"sqlite foreign key", &sqliteDialect, sqliteCode(787), iam.KindConflict, true},
		{"sqlite not null", &sqliteDialect, sqliteCode(1299), iam.KindInternal, true},
		{"sqlite busy", &sqliteDialect, sqliteCode(5), iam.KindUnavailable, false},
		{"sqlite locked", &sqliteDialect, sqliteCode(6), iam.KindUnavailable, false},
		{"sqlite no memory", &sqliteDialect, sqliteCode(7), iam.KindUnavailable, false},
		{"sqlite read-only", &sqliteDialect, sqliteCode(8), iam.KindUnavailable, false},
		{"sqlite read-only, moved", &sqliteDialect, sqliteCode(1032), iam.KindUnavailable, false},
		{"sqlite fsync", &sqliteDialect, sqliteCode(1034), iam.KindUnavailable, false},
		{"sqlite full", &sqliteDialect, sqliteCode(13), iam.KindUnavailable, false},
		{"sqlite cannot open", &sqliteDialect, sqliteCode(14), iam.KindUnavailable, false},
		{"sqlite too big", &sqliteDialect, sqliteCode(18), iam.KindInvalid, true},
		{"sqlite corrupt", &sqliteDialect, sqliteCode(11), iam.KindInternal, false},
		{"sqlite syntax", &sqliteDialect, sqliteCode(1), iam.KindInternal, false},
		{"postgres unique", &postgresDialect, postgres("23505"), iam.KindConflict, true},
		{"postgres foreign key", &postgresDialect, postgres("23503"), iam.KindConflict, true},
		{"postgres not null", &postgresDialect, postgres("23502"), iam.KindInternal, true},
		{"postgres serialization", &postgresDialect, postgres("40001"), iam.KindUnavailable, false},
		{"postgres lock timeout", &postgresDialect, postgres("55P03"), iam.KindUnavailable, false},
		{"postgres statement timeout", &postgresDialect, postgres("57014"), iam.KindUnavailable, false},
		{"postgres shutdown", &postgresDialect, postgres("57P01"), iam.KindUnavailable, false},
		{"postgres starting", &postgresDialect, postgres("57P03"), iam.KindUnavailable, false},
		{"postgres too many connections", &postgresDialect, postgres("53300"), iam.KindUnavailable, false},
		{"postgres disk full", &postgresDialect, postgres("53100"), iam.KindUnavailable, false},
		{"postgres standby", &postgresDialect, postgres("25006"), iam.KindUnavailable, false},
		{"pooler", &postgresDialect, postgres("08P01"), iam.KindUnavailable, false},
		{"postgres character", &postgresDialect, postgres("22021"), iam.KindInvalid, true},
		{"postgres syntax", &postgresDialect, postgres("42601"), iam.KindInternal, false},
		{"postgres rights", &postgresDialect, postgres("42501"), iam.KindInternal, false},
		{"connection lost", &postgresDialect, &lostError{errors.New("EOF")}, iam.KindUnavailable, false},
		{"bad connection", &postgresDialect, driver.ErrBadConn, iam.KindUnavailable, false},
		{"commit answered with rollback", &postgresDialect, pgx.ErrTxCommitRollback, iam.KindUnavailable, false},
		{"took too long", &postgresDialect, context.DeadlineExceeded, iam.KindUnavailable, false},
		{"cancelled", &postgresDialect, context.Canceled, iam.KindInternal, false},
		{"kept", &sqliteDialect, iam.Errorf(iam.KindForbidden, "no"), iam.KindForbidden, true},
		{"fault of ours", &sqliteDialect, errors.New("scan"), iam.KindInternal, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.dialect.translate(test.err)
			if iam.KindOf(got) != test.want || isRefusal(got) != test.refusal {
				t.Errorf("%v is %v, refusal %v; want %v, refusal %v", got, iam.KindOf(got), isRefusal(got), test.want, test.refusal)
			}
			if again := test.dialect.translate(got); again != got {
				t.Errorf("translated twice: %v, then %v", got, again)
			}
		})
	}
}

func TestTranslate_messages(t *testing.T) {
	t.Parallel()
	if got := sqliteDialect.translate(sqliteCode(2067)).Error(); !strings.HasSuffix(got, "the value is taken (users.org_id, users.login_key)") {
		t.Errorf("sqlite: %s", got)
	}
	got := postgresDialect.translate(&pgconn.PgError{Code: "23505", ConstraintName: "users_login", Detail: "Key (login_key)=(secret) already exists."})
	if text := got.Error(); !strings.HasSuffix(text, "the value is taken (users_login)") || strings.Contains(text, "secret") {
		t.Errorf("postgres: %s", text)
	}
	if !isRepeatable(postgresDialect.translate(&pgconn.PgError{Code: "40001"})) {
		t.Error("a serialization failure is not repeatable any more once it has its kind")
	}
	var cause sqliteCode
	if !errors.As(sqliteDialect.translate(sqliteCode(2067)), &cause) {
		t.Error("the cause is lost for the log")
	}
}

func TestServer_check(t *testing.T) {
	t.Parallel()
	good := server{150018, "UTF8", "on", "on"}
	tests := []struct {
		name   string
		change func(*server)
		unsafe bool
		want   string // part of the refusal; "" for none
	}{
		{"good", func(*server) {}, false, ""},
		{"remote", func(s *server) { s.syncCommit = "remote_apply" }, false, ""},
		{"local", func(s *server) { s.syncCommit = "local" }, false, ""},
		{"old", func(s *server) { s.version = 120022 }, true, "PostgreSQL 12"},
		{"encoding", func(s *server) { s.encoding = "SQL_ASCII" }, true, "SQL_ASCII"},
		{"fsync", func(s *server) { s.fsync = "off" }, false, "fsync = off"},
		{"synchronous_commit", func(s *server) { s.syncCommit = "off" }, false, "synchronous_commit = off"},
		{"allowed", func(s *server) { s.fsync, s.syncCommit = "off", "off" }, true, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := good
			test.change(&s)
			err := s.check(test.unsafe)
			if test.want == "" && err != nil || test.want != "" && (iam.KindOf(err) != iam.KindInvalid || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"postgres://u:secret@h/d", "postgres://u:xxxxx@h/d"},
		{"postgres://u@h/d?password=secret", "postgres://u@h/d?password=xxxxx"},
		{"mysql://u:secret@h", "mysql://u:xxxxx@h"},
		{"postgres://u:sec%ret@h/d", "postgres:…"},
		{"postgres://u:secret\x7f@h", "postgres:…"},
	}
	for _, test := range tests {
		if got := redacted(test.in); got != test.want {
			t.Errorf("redacted(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

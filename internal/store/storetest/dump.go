package storetest

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Dump returns every row of every table of a database that URL made, in an order
// that depends on nothing but the rows: two dumps are equal exactly if nothing
// was changed. It sees what was committed.
func Dump(t testing.TB, url string) string {
	t.Helper()
	tables := `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`
	query := queryPostgres
	if strings.HasPrefix(url, "sqlite:") {
		tables = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`
		query = querySQLite
	}
	var b strings.Builder
	names := query(t, url, tables)[0]
	statements := make([]string, 0, len(names))
	for _, name := range names {
		statements = append(statements, `SELECT * FROM `+name)
	}
	for i, rows := range query(t, url, statements...) {
		slices.Sort(rows)
		fmt.Fprintf(&b, "%s\n  %s\n", names[i], strings.Join(rows, "\n  "))
	}
	return b.String()
}

// querySQLite returns the rows of each statement, the columns joined by bars.
func querySQLite(t testing.TB, url string, statements ...string) [][]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(strings.TrimPrefix(url, "sqlite:")))
	if err != nil {
		t.Fatalf("open the database to dump it: %v", err)
	}
	defer db.Close()
	var all [][]string
	for _, statement := range statements {
		rows, err := db.QueryContext(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		var lines []string
		for rows.Next() {
			values, targets := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				targets[i] = &values[i]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			lines = append(lines, line(values))
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		all = append(all, lines)
	}
	return all
}

// queryPostgres returns the rows of each statement, the columns joined by bars.
func queryPostgres(t testing.TB, url string, statements ...string) [][]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("open the database to dump it: %v", err)
	}
	defer conn.Close(t.Context())
	var all [][]string
	for _, statement := range statements {
		rows, err := conn.Query(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		var lines []string
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			lines = append(lines, line(values))
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		all = append(all, lines)
	}
	return all
}

func line(values []any) string {
	fields := make([]string, 0, len(values))
	for _, v := range values {
		if text, ok := v.([]byte); ok {
			v = string(text)
		}
		fields = append(fields, fmt.Sprint(v))
	}
	return strings.Join(fields, " | ")
}

package store

import (
	"database/sql"
	"strings"
	"time"
)

// micros is a time as a column holds it: microseconds since 1970-01-01 UTC, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the time that a column holds, the zero time for 0.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// nullMicros is a time for a column that may be NULL: NULL for the zero time.
func nullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: micros(t), Valid: !t.IsZero()}
}

// fromNullMicros is the time of a column that may be NULL.
func fromNullMicros(us sql.NullInt64) time.Time { return fromMicros(us.Int64) }

// nullText is a text for a column that may be NULL: NULL for "".
func nullText[T ~string](s T) sql.NullString {
	return sql.NullString{String: string(s), Valid: s != ""}
}

// maxInList is how many values a caller puts into one IN list at most. Longer lists
// are cut into several statements: PostgreSQL takes 65,535 parameters and SQLite
// 32,766, but a statement is prepared for each length.
const maxInList = 500

// inList returns n placeholders: "?, ?, ?".
func inList(n int) string {
	if n == 0 {
		return "NULL" // IN (NULL) holds for no value on both engines
	}
	return strings.Repeat("?, ", n-1) + "?"
}

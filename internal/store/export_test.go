package store

import "context"

// What the tests of this package see of its inside.

// MigrateTo brings an empty database to the schema of an earlier version of the program.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	provider, err := db.provider(db.writes)
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, version)
	return err
}

// Exec runs a statement that writes.
func (tx *Tx) Exec(text string, args ...any) (int64, error) { return tx.exec(text, args...) }

// Int returns the number that a statement gives.
func (r *Reader) Int(text string, args ...any) (int64, error) {
	return one(r, scanOne[int64], text, args...)
}

// Texts returns the texts that a statement gives.
func (r *Reader) Texts(text string, args ...any) ([]string, error) {
	return list(r, scanOne[string], text, args...)
}

// Each calls visit for each text that a statement gives.
func (r *Reader) Each(visit func(string) error, text string, args ...any) error {
	return r.each(func(row scanner) error {
		s, err := scanOne[string](row)
		if err != nil {
			return r.fail(err)
		}
		return visit(s)
	}, text, args...)
}

// Waiting returns how many writes the leader of SQLite has not taken.
func (db *DB) Waiting() int {
	db.commits.mu.Lock()
	defer db.commits.mu.Unlock()
	return len(db.commits.waiting)
}

// Plan returns how SQLite would run a statement, a line for each step.
func (r *Reader) Plan(text string, args ...any) ([]string, error) {
	return list(r, func(row scanner) (string, error) {
		var id, parent, unused int
		var step string
		err := row.Scan(&id, &parent, &unused, &step)
		return step, err
	}, "EXPLAIN QUERY PLAN "+text, args...)
}

// LeaveOpen runs a statement and forgets its rows.
func (r *Reader) LeaveOpen(text string) error {
	rows, err := r.query(text)
	if err != nil {
		return err
	}
	rows.Next()
	return nil
}

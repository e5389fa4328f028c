package store

import "context"

// Write runs fn as one transaction. It returns nil only after fn returned nil and its
// changes are durable. If fn returns an error, a statement in it fails, or it panics,
// nothing of it remains, and Write returns that error, the statement's, or a *PanicError.
// An error of kind unavailable is the database's trouble; if it came from the commit,
// whether the changes are there is not known.
//
// fn may run more than once, on another goroutine, so it sets all its results anew on
// each run and does nothing that cannot be undone: no mail, no request, no message to
// another goroutine. It takes no time for anything but its statements, because others
// wait for it; it neither calls Write nor uses tx after it returned.
//
// When ctx ends before fn began, nothing happens and Write returns ctx.Err(). Later the
// change goes on to its end; if it succeeds, Write returns ctx.Err() all the same.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return db.write(ctx, fn, false)
}

// WriteBig is Write for a function that takes long. On SQLite no two of them share a
// commit, and none makes those wait that were there before it.
func (db *DB) WriteBig(ctx context.Context, fn func(tx *Tx) error) error {
	return db.write(ctx, fn, true)
}

func (db *DB) write(ctx context.Context, fn func(tx *Tx) error, big bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	if db.commits != nil {
		err = db.commits.write(ctx, fn, big)
	} else {
		err = db.writePostgres(ctx, fn, big)
	}
	if err != nil {
		return err
	}
	return ctx.Err()
}

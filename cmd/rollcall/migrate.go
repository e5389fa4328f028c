package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/rollcall/rollcall/internal/store"
)

type migrateCommand struct{}

func (c *migrateCommand) Run(a *app) (err error) {
	db, err := store.Open(a.ctx, a.Database, store.Options{Now: a.now, AllowUnsafe: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	before, after, err := db.Migrate(a.ctx)
	if err != nil {
		return err
	}
	document := struct {
		Before int64 `json:"before"`
		After  int64 `json:"after"`
	}{before, after}
	return a.show(document, func(w io.Writer) {
		if before == after {
			_, _ = fmt.Fprintf(w, "The schema is at version %d already.\n", after)
			return
		}
		_, _ = fmt.Fprintf(w, "The schema went from version %d to %d.\n", before, after)
	})
}

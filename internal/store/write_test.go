package store_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestOpen_migratedAndEmpty(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		if err := db.CheckSchema(t.Context()); err != nil {
			t.Error(err)
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := db.Write(t.Context(), func(*store.Tx) error { return nil }); err != nil {
			t.Error(err)
		}
	})
}

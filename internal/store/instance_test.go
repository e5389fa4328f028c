package store_test

import (
	"testing"

	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestPublicURL(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		expect := func(want string) {
			t.Helper()
			if got, err := db.Read(t.Context()).PublicURL(); err != nil || got != want {
				t.Errorf("public URL = %q, %v; want %q", got, err, want)
			}
		}
		expect("")
		for _, url := range []string{"https://one.example.com", "https://two.example.com"} {
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.SetPublicURL(url) }); err != nil {
				t.Fatal(err)
			}
			expect(url)
		}
	})
}

package e2e

import (
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// TestExchanges replays every exchange against the server, on both engines. The scenarios share one organization and run
// at the same time, as the clients of one organization do.
func TestExchanges(t *testing.T) {
	t.Parallel()
	scenarios := loadExchanges(t)
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		server := newSCIMServer(t, open(store.Options{}))
		for _, s := range scenarios {
			t.Run(strings.TrimSuffix(s.File, ".json"), func(t *testing.T) {
				t.Parallel()
				Replay(t, server.endpoint, server.bearer, s)
			})
		}
	})
}

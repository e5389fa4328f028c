package access

import (
	"io"
	"time"

	"github.com/rollcall/rollcall/internal/store"
)

// Service holds what every use case needs. It has no state of its own and is
// safe for concurrent use.
type Service struct {
	DB        *store.DB
	Now       func() time.Time
	Random    io.Reader // cryptographically strong: keys, secrets, links
	PublicURL string    // the server's public base URL, for endpoints and links
}

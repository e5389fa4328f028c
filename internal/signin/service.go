package signin

import (
	"time"

	"github.com/rollcall/rollcall/internal/store"
)

// Service checks credentials. Make one per process: it holds the queue of last
// uses, which Run or Flush writes. It is safe for concurrent use.
type Service struct {
	DB  *store.DB
	Now func() time.Time // nil: the store's clock

	uses uses
}

func (s *Service) now() time.Time {
	if s.Now == nil {
		return s.DB.Now()
	}
	return s.Now().UTC()
}

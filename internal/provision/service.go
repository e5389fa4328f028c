package provision

import (
	"log/slog"
	"time"

	"github.com/rollcall/rollcall/internal/store"
)

// Service provisions. The zero value of Log is the default logger.
type Service struct {
	DB  *store.DB
	Now func() time.Time // nil: the store's clock
	Log *slog.Logger     // causes of 5xx answers; nil: slog.Default
}

func (s *Service) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return s.DB.Now()
}

package scimapi

import (
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall/rollcall/scim"
)

// Rates of an organization's requests. Microsoft asks of a SCIM endpoint that it
// takes at least 25 requests a second from a tenant (Microsoft Entra docs,
// app-gallery-listing requirements); MinRate is twice that, and no setting goes
// below it (S29). The default is more than an identity provider sends: it is there
// so that one organization's runaway client leaves room for the others.
const (
	DefaultRate  = 1000.0
	DefaultBurst = 2000
	MinRate      = 50.0
)

// generations is a bounded map that forgets what was not used for long: when the
// young half is full it becomes the old half, and what the old half held is gone
// unless it was used since.
type generations[V any] struct {
	most       int
	young, old map[string]V
}

func (g *generations[V]) get(key string) (V, bool) {
	if v, ok := g.young[key]; ok {
		return v, true
	}
	v, ok := g.old[key]
	if ok {
		g.put(key, v)
	}
	return v, ok
}

func (g *generations[V]) put(key string, v V) {
	if g.young == nil || len(g.young) >= g.most {
		g.old, g.young = g.young, make(map[string]V)
	}
	g.young[key] = v
}

// rates limits what each organization may ask. Callers are counted only after
// their key was checked, so that nobody can use up another's share.
type rates struct {
	limit rate.Limit
	burst int

	mu  sync.Mutex
	per generations[*rate.Limiter]
}

// maxLimiters is how many organizations are told apart in one generation.
const maxLimiters = 20_000

func newRates(perSecond float64, burst int) *rates {
	r := &rates{limit: rate.Limit(perSecond), burst: burst, per: generations[*rate.Limiter]{most: maxLimiters}}
	switch {
	case perSecond < 0:
		r.limit = rate.Inf
	case perSecond == 0:
		r.limit = DefaultRate
	case perSecond < MinRate:
		r.limit = MinRate
	}
	if r.burst == 0 {
		r.burst = DefaultBurst
	}
	r.burst = max(r.burst, int(MinRate))
	return r
}

// take counts one request of org, or refuses it with 429.
func (r *rates) take(org string, now time.Time) error {
	if r.limit == rate.Inf {
		return nil
	}
	r.mu.Lock()
	limiter, ok := r.per.get(org)
	if !ok {
		limiter = rate.NewLimiter(r.limit, r.burst)
		r.per.put(org, limiter)
	}
	r.mu.Unlock()
	wait := waitFor(limiter, now)
	if wait == 0 {
		return nil
	}
	return &waitError{seconds: wait, answer: scim.Errorf(http.StatusTooManyRequests, "",
		"this organization sends more than %g SCIM requests a second; send this one again in %d s", float64(r.limit), wait)}
}

// waitFor takes one token, or returns after how many whole seconds there is one:
// Okta reads Retry-After as whole seconds only.
func waitFor(l *rate.Limiter, now time.Time) int {
	reservation := l.ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay == 0 {
		return 0
	}
	reservation.CancelAt(now)
	return max(1, int(math.Ceil(delay.Seconds())))
}

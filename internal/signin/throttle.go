package signin

import (
	"net/netip"
	"sync"
	"time"
)

// What somebody at one address may try for one account: a few attempts at once, then
// one every so often. Others at the same address keep their own attempts, and so
// does the account's owner elsewhere: nobody can lock anybody out. Each server counts
// by itself.
const (
	attemptsAtOnce = 5
	attemptEvery   = 30 * time.Second
	maxThrottled   = 20_000 // pairs that are counted at a time
)

// throttle counts attempts. Its zero value is ready.
type throttle struct {
	mu    sync.Mutex
	pairs map[pair]time.Time // when the pair has all its attempts back
}

type pair struct{ network, account string }

// take spends an attempt, and returns how long to wait when there is none left.
func (t *throttle) take(address, account string, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{network(address), account}
	full, known := t.pairs[p]
	if !known {
		t.makeRoom(now)
	}
	if full.Before(now) {
		full = now
	}
	full = full.Add(attemptEvery)
	if wait := full.Sub(now) - attemptsAtOnce*attemptEvery; wait > 0 {
		return wait
	}
	t.pairs[p] = full
	return 0
}

// forget gives a pair its attempts back after a success.
func (t *throttle) forget(address, account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pairs, pair{network(address), account})
}

// makeRoom keeps the table small: pairs that have all their attempts back go, and
// if that is not enough the one that is nearest to it.
func (t *throttle) makeRoom(now time.Time) {
	if t.pairs == nil {
		t.pairs = map[pair]time.Time{}
	}
	if len(t.pairs) < maxThrottled {
		return
	}
	var nearest pair
	var at time.Time
	for p, full := range t.pairs {
		if !full.After(now) {
			delete(t.pairs, p)
		} else if at.IsZero() || full.Before(at) {
			nearest, at = p, full
		}
	}
	if len(t.pairs) >= maxThrottled {
		delete(t.pairs, nearest)
	}
}

// maxTrying is how many passwords from one network are checked, or wait to be, at a time.
// It is below maxHashing: whoever floods the server with addresses that the throttle does
// not know yet leaves a place to others.
const maxTrying = maxHashing - 1

// trying counts the passwords that are being checked. Its zero value is ready.
type trying struct {
	mu       sync.Mutex
	networks map[string]int
}

// enter tells whether one more from an address may be checked. If so, leave is called
// when that is done.
func (t *trying) enter(address string) (leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := network(address)
	if t.networks[from] >= maxTrying {
		return nil, false
	}
	if t.networks == nil {
		t.networks = map[string]int{}
	}
	t.networks[from]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.networks[from]--; t.networks[from] == 0 {
			delete(t.networks, from)
		}
	}, true
}

// network is what one subscriber has: an IPv4 address, or 64 bits of IPv6.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || !a.Unmap().Is6() {
		return address
	}
	prefix, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

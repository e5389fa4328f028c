package scimapi

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall/rollcall/scim"
)

// Failed authentications of one address with one key. A secret has 256 random
// bits, so the bound is not there against guessing but against the work: it leaves
// room for a job that runs for days with a revoked key.
const (
	failureRate  = 20
	failureBurst = 10_000
	maxFailures  = 20_000 // pairs of address and key told apart in one generation
)

// failures throttles refused credentials per address and key, never per
// organization: nobody can lock an organization's identity provider out (S30).
type failures struct {
	mu  sync.Mutex
	per generations[*failing]
}

// failing is one address that failed with one key.
type failing struct {
	limiter *rate.Limiter
	good    [sha256.Size]byte // of the Authorization that was right meanwhile, from behind the same address
}

func newFailures() *failures { return &failures{per: generations[*failing]{most: maxFailures}} }

// allow tells whether credentials may be checked, or how many seconds to wait.
// What was right before is always checked.
func (f *failures) allow(pair string, authorization []string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	entry, ok := f.per.get(pair)
	if !ok || entry.limiter.TokensAt(now) >= 1 || entry.good == fingerprint(authorization) {
		return nil
	}
	const wait = 1
	return &waitError{seconds: wait, answer: scim.Errorf(http.StatusTooManyRequests, "",
		"this key was refused too often from this address; send the request again in %d s with the right secret token", wait)}
}

// failed counts a refusal.
func (f *failures) failed(pair string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entry, ok := f.per.get(pair)
	if !ok {
		entry = &failing{limiter: rate.NewLimiter(failureRate, failureBurst)}
		f.per.put(pair, entry)
	}
	entry.limiter.AllowN(now, 1)
}

// succeeded remembers what was right for a pair that also failed.
func (f *failures) succeeded(pair string, authorization []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if entry, ok := f.per.get(pair); ok {
		entry.good = fingerprint(authorization)
	}
}

func fingerprint(authorization []string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.Join(authorization, "\n")))
}

// failurePair names an address and the key it shows. What shows no key at all is
// one key.
func failurePair(address string, authorization []string) string {
	key := ""
	if len(authorization) == 1 {
		key, _, _ = strings.Cut(authorization[0], ":")
		const keyChars = 64 // scheme and key; of HTTP Basic enough of the key to tell keys apart
		key = key[:min(len(key), keyChars)]
	}
	return address + " " + key
}

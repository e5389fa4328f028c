package housekeeping

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Limits of what callers without credentials can make the log keep: pairs of a cause and
// an address beyond them are counted under OtherAddresses, whatever else is beyond them is
// not counted. A caller chooses among some twenty causes by what he sends, so that
// addresses alone would bound too little.
const (
	maxDeniedPairs = 50     // of one organization in one minute
	maxDenied      = 10_000 // organizations, causes and addresses waiting to be written
)

// OtherAddresses stands for the addresses of a minute that were too many.
const OtherAddresses = "other"

type denialKey struct{ org, cause, address string }

type denialPair struct{ cause, address string }

// denials counts refused requests of the current minute. The organization is what
// stood in the URL and may not exist; the store leaves out those that do not.
type denials struct {
	minute time.Time
	counts map[denialKey]int64
	pairs  map[string]map[denialPair]bool // by organization, of the whole minute
	known  int                            // pairs in all of them
	late   []store.SCIMDenial             // of earlier minutes, still to be written
}

func (d *denials) add(minute time.Time, org, cause, address string) {
	if !minute.Equal(d.minute) {
		d.late = d.take()
		d.minute, d.known = minute, 0
		d.pairs = map[string]map[denialPair]bool{}
	}
	if d.counts == nil {
		d.counts = map[denialKey]int64{}
	}
	seen, pair := d.pairs[org], denialPair{cause, address}
	if !seen[pair] {
		if len(seen) < maxDeniedPairs && d.known < maxDenied {
			if seen == nil {
				seen = map[denialPair]bool{}
				d.pairs[org] = seen
			}
			seen[pair] = true
			d.known++
		} else {
			address = OtherAddresses
		}
	}
	key := denialKey{org, cause, address}
	if _, counted := d.counts[key]; counted || len(d.counts) < maxDenied {
		d.counts[key]++
	}
}

// take removes what is to be written. What it has seen of the minute stays.
func (d *denials) take() []store.SCIMDenial {
	all := d.late
	d.late = nil
	for key, n := range d.counts {
		all = append(all, store.SCIMDenial{Organization: iam.OrganizationID(key.org), Minute: d.minute, Cause: key.cause, Address: key.address, Count: n})
	}
	clear(d.counts)
	return all
}

// putBack keeps counts that could not be written, as far as there is room.
func (d *denials) putBack(counts []store.SCIMDenial) {
	room := max(maxDenied-len(d.late), 0)
	d.late = append(d.late, counts[:min(room, len(counts))]...)
}

// Deny counts a request that was refused before it was anybody's: org as it stood
// in the URL, a short cause, the client's address.
func (l *RequestLog) Deny(org, cause, address string) {
	const longestID = 64
	if len(org) > longestID {
		return // no organization has such an id
	}
	minute := l.db.Now().Truncate(time.Minute)
	l.mu.Lock()
	l.denials.add(minute, plain(org), plain(cause), plain(address))
	l.mu.Unlock()
	signal(l.wake)
}

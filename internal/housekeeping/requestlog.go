package housekeeping

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Limits of the queue between requests and the database. Beyond them entries are
// dropped and counted: a log must not bring down what it describes.
const (
	maxQueued      = 8192     // entries
	maxQueuedBytes = 32 << 20 // of their bodies
	batchSize      = 512      // entries in one transaction
	writeDelay     = 500 * time.Millisecond
	pruneFirst     = time.Minute // after the start, for servers that do not live long
	pruneEvery     = time.Hour
	lastFlush      = 10 * time.Second // how long Run tries when it ends
)

// Verdict says what became of one operation of a request.
type Verdict struct {
	Op      string `json:"op"`
	Path    string `json:"path"`
	Verdict string `json:"verdict"`
	Note    string `json:"note"`
}

// Entry is a request that showed a valid key, and its answer, as they were on the
// wire: the log masks them before it writes them.
type Entry struct {
	Organization iam.OrganizationID
	At           time.Time // when the request began
	Duration     time.Duration
	Method       string
	Target       string // below the SCIM base, with its query, as sent: "/Users?filter=…"
	Status       int
	Key          iam.KeyID
	Address      string // the client's IP address
	UserAgent    string
	// Request and Response are the bodies; the caller does not change them after
	// Add. ResponseCut says that Response is only the beginning.
	Request, Response []byte
	ResponseCut       bool
	Verdicts          []Verdict
	// Secret is what the request was authenticated with. It is hidden wherever
	// the entry holds it, in whatever form it was misplaced there.
	Secret string

	id string // made before the first try to write it, so that a second does not double it
}

func (e *Entry) size() int { return len(e.Request) + len(e.Response) }

// RequestLog writes the SCIM request log behind the requests. Make it with
// NewRequestLog, run Run in one goroutine, and Flush or end Run before the
// database is closed. Safe for concurrent use.
type RequestLog struct {
	db  *store.DB
	log *slog.Logger

	wake chan struct{} // something is queued
	full chan struct{} // a batch is

	flushing sync.Mutex // held by the one Flush that writes

	mu      sync.Mutex
	queue   []Entry
	bytes   int                        // of the bodies in queue
	dropped map[iam.OrganizationID]int // entries that the log has still to own up to
	denials denials
}

// NewRequestLog returns a log that writes to db. Troubles with the database go to
// log, nil for the default logger.
func NewRequestLog(db *store.DB, log *slog.Logger) *RequestLog {
	if log == nil {
		log = slog.Default()
	}
	return &RequestLog{
		db: db, log: log,
		wake: make(chan struct{}, 1), full: make(chan struct{}, 1),
		dropped: map[iam.OrganizationID]int{},
	}
}

// Add queues an entry. It never waits; when the queue is full the entry is
// dropped and counted, and the log says so later.
func (l *RequestLog) Add(e Entry) {
	e.Request = bounded(e.Request)
	if len(e.Response) > MaxLoggedBody {
		e.Response, e.ResponseCut = bounded(e.Response), true
	}
	l.mu.Lock()
	if len(l.queue) >= maxQueued || l.bytes+e.size() > maxQueuedBytes {
		l.dropped[e.Organization]++
	} else {
		l.queue = append(l.queue, e)
		l.bytes += e.size()
	}
	n := len(l.queue)
	l.mu.Unlock()
	signal(l.wake)
	if n >= batchSize {
		signal(l.full)
	}
}

// bounded cuts a body behind what the log can use, and does not keep a large one
// alive for its beginning.
func bounded(body []byte) []byte {
	if len(body) <= MaxLoggedBody+1 {
		return body
	}
	return bytes.Clone(body[:MaxLoggedBody+1])
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run writes what is queued, at most a second after it came, and deletes what is
// older than Retention, until ctx ends; then it writes the rest and returns.
func (l *RequestLog) Run(ctx context.Context) {
	prune := time.NewTimer(pruneFirst)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			l.report(l.Flush(last))
			return
		case <-l.wake:
			if l.gather(ctx) {
				l.report(l.Flush(ctx))
			}
		case <-prune.C:
			_, err := l.Prune(ctx)
			l.report(err)
			prune.Reset(pruneEvery)
		}
	}
}

// gather waits until a batch is worth writing; false when ctx ended meanwhile.
func (l *RequestLog) gather(ctx context.Context) bool {
	timer := time.NewTimer(writeDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.full:
	case <-ctx.Done():
		return false
	}
	return true
}

func (l *RequestLog) report(err error) {
	if err != nil {
		l.log.Warn("SCIM request log", "error", err.Error())
	}
}

// Flush writes everything that was queued before it was called. When the database
// is away the entries stay queued and Run tries again; any other error costs the
// entries of that batch, which are then counted as dropped.
func (l *RequestLog) Flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	for {
		batch, denied, dropped := l.take()
		if len(batch)+len(denied)+len(dropped) == 0 {
			return nil
		}
		rows := make([]store.SCIMRequest, 0, len(batch)+len(dropped))
		for i := range batch {
			rows = append(rows, row(&batch[i]))
		}
		for _, org := range slices.Sorted(maps.Keys(dropped)) {
			rows = append(rows, l.droppedRow(org, dropped[org]))
		}
		err := l.db.WriteBig(ctx, func(tx *store.Tx) error {
			if err := tx.InsertSCIMRequests(rows); err != nil {
				return err
			}
			return tx.AddSCIMDenials(denied)
		})
		if err != nil {
			l.putBack(batch, denied, dropped, iam.KindOf(err) == iam.KindUnavailable || ctx.Err() != nil)
			return fmt.Errorf("write %d entries: %w", len(rows), err)
		}
	}
}

// take removes a batch from the queue.
func (l *RequestLog) take() ([]Entry, []store.SCIMDenial, map[iam.OrganizationID]int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), batchSize)
	batch := l.queue[:n:n]
	if n == len(l.queue) {
		l.queue = nil
	} else {
		l.queue = l.queue[n:]
	}
	for i := range batch {
		l.bytes -= batch[i].size()
		if batch[i].id == "" {
			batch[i].id = l.db.SCIMRequestID(batch[i].At)
		}
	}
	dropped := l.dropped
	l.dropped = map[iam.OrganizationID]int{}
	return batch, l.denials.take(), dropped
}

// putBack undoes a take whose write went wrong: the entries wait for the next try
// if that can help and there is room, else they are dropped.
func (l *RequestLog) putBack(batch []Entry, denied []store.SCIMDenial, dropped map[iam.OrganizationID]int, again bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if again && len(batch)+len(l.queue) <= maxQueued {
		l.queue = append(batch, l.queue...)
		for i := range batch {
			l.bytes += batch[i].size()
		}
	} else {
		for i := range batch {
			l.dropped[batch[i].Organization]++
		}
	}
	for org, n := range dropped {
		l.dropped[org] += n
	}
	if again {
		l.denials.putBack(denied)
	}
	signal(l.wake)
}

// row masks an entry and makes its row.
func row(e *Entry) store.SCIMRequest {
	hide := func(s string) string { return plain(Hide(s, e.Secret)) }
	return store.SCIMRequest{
		Organization: e.Organization,
		ID:           e.id,
		At:           e.At,
		Method:       clip(hide(e.Method), 40),
		Path:         plain(maskTarget(hide(e.Target))),
		Status:       e.Status,
		Duration:     e.Duration,
		Key:          e.Key,
		Address:      e.Address,
		UserAgent:    clip(hide(e.UserAgent), 200),
		RequestBody:  hide(MaskBody(e.Request, len(e.Request) > MaxLoggedBody)),
		ResponseBody: hide(maskAnswer(e.Response, e.ResponseCut)),
		Verdicts:     hide(verdicts(e.Verdicts)),
		Outcome:      outcome(e),
	}
}

// outcome is what a request came to. A request of several operations changed something if
// one of them did. Deletions have no verdict: one that is answered 2xx deleted.
func outcome(e *Entry) store.Outcome {
	switch {
	case e.Status >= 500:
		return store.Failed
	case e.Status >= 400:
		return store.Refused
	case e.Method == "DELETE", slices.ContainsFunc(e.Verdicts, func(v Verdict) bool { return v.Verdict == "applied" }):
		return store.Applied
	}
	return store.Unchanged
}

// verdicts writes the list as it is stored; [] for none.
func verdicts(list []Verdict) string {
	if len(list) == 0 {
		return "[]"
	}
	if n := len(list) - MaxLoggedValues; n > 0 {
		list = append(slices.Clone(list[:MaxLoggedValues]), Verdict{Note: fmt.Sprintf("%d more operations", n)})
	}
	b, err := json.Marshal(list)
	if err != nil { // four strings cannot fail
		return "[]"
	}
	return string(b)
}

// plain makes a text that both databases take: valid UTF-8 without U+0000.
func plain(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// droppedRow owns up to n entries that are missing.
func (l *RequestLog) droppedRow(org iam.OrganizationID, n int) store.SCIMRequest {
	now := l.db.Now()
	what := "1 request before this time is missing"
	if n > 1 {
		what = fmt.Sprintf("%d requests before this time are missing", n)
	}
	return store.SCIMRequest{
		Organization: org, ID: l.db.SCIMRequestID(now), At: now, Method: "LOG",
		Verdicts: verdicts([]Verdict{{Op: "log", Verdict: "dropped", Note: what + " from this log: they came faster than it could be written. They were answered as usual, and their changes are in the audit log."}}),
	}
}

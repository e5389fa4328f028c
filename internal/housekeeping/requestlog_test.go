package housekeeping

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newOrganization adds an organization to an empty database.
func newOrganization(t *testing.T, db *store.DB, id iam.OrganizationID) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertOrganization(iam.Organization{ID: id, Name: string(id), Plan: iam.PlanEnterprise, Identity: iam.PolicyStandard, UnmappedGroups: iam.UnmappedCreate, CreatedAt: noon})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func requests(t *testing.T, db *store.DB, org iam.OrganizationID, q store.RequestQuery) []store.SCIMRequest {
	t.Helper()
	got, err := db.Read(t.Context()).Requests(org, q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func flush(t *testing.T, l *RequestLog) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func entry(org iam.OrganizationID, at time.Time) Entry {
	return Entry{
		Organization: org, At: at, Duration: 3 * time.Millisecond, Method: "PATCH", Target: "/Users/1?x=1", Status: 200,
		Key: "scim_abcdefghij234567abcd", Address: "192.0.2.1", UserAgent: "test",
		Request: []byte(`{"password":"hunter2"}`), Response: []byte(`{"id":"1"}`),
		Verdicts: []Verdict{{Op: "replace", Path: "title", Verdict: "applied"}},
	}
}

func TestRequestLog_entry(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, slog.New(slog.DiscardHandler))
		l.Add(entry("a", noon))
		if got := requests(t, db, "a", store.RequestQuery{}); len(got) != 0 {
			t.Fatalf("an entry is there before it was flushed: %v", got)
		}
		flush(t, l)
		got := requests(t, db, "a", store.RequestQuery{})
		if len(got) != 1 {
			t.Fatalf("%d entries, want 1", len(got))
		}
		want := store.SCIMRequest{
			Organization: "a", ID: got[0].ID, At: noon, Method: "PATCH", Path: "/Users/1?x=1", Status: 200, Duration: 3 * time.Millisecond,
			Key: "scim_abcdefghij234567abcd", Address: "192.0.2.1", UserAgent: "test",
			RequestBody: `{"password":"(hidden)"}`, ResponseBody: `{"id":"1"}`,
			Verdicts: `[{"op":"replace","path":"title","verdict":"applied","note":""}]`,
		}
		if got[0] != want {
			t.Errorf("got  %+v\nwant %+v", got[0], want)
		}
	})
}

func TestRequestLog_ownSecretIsHiddenEverywhere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, nil)
		e := entry("a", noon)
		e.Secret = canarySecret
		e.Target, e.UserAgent, e.Method = "/Users/"+canarySecret+"?x="+canarySecret, canarySecret, canarySecret
		e.Request = []byte(`{"title":"` + canarySecret + `"}`)
		e.Response = []byte(`{"detail":"` + canarySecret + `"}`)
		e.Verdicts = []Verdict{{Path: canarySecret, Note: canarySecret}}
		l.Add(e)
		flush(t, l)
		for _, got := range requests(t, db, "a", store.RequestQuery{}) {
			if text := fmt.Sprintf("%+v", got); strings.Contains(text, canarySecret) {
				t.Errorf("the secret is in the log: %s", text)
			}
		}
	})
}

// Whatever bytes a client sends, both databases take the entry.
func TestRequestLog_hostileText(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, nil)
		for _, text := range []string{"\x00", "\xff\xfe", "\xed\xa0\x80", "a\x00b", strings.Repeat("\xf0", 3)} {
			e := entry("a", noon)
			e.Target, e.UserAgent, e.Method, e.Address = text, text, text, "192.0.2.1"
			e.Request, e.Response = []byte(`{"a":"`+text+`"}`), []byte(text)
			e.Verdicts = []Verdict{{Note: text}}
			l.Add(e)
			l.Deny("a", text, "192.0.2.1")
			l.Deny(text, "none", text)
		}
		flush(t, l)
		if got := requests(t, db, "a", store.RequestQuery{}); len(got) != 5 {
			t.Errorf("%d entries, want 5", len(got))
		}
	})
}

func TestRequestLog_pages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		newOrganization(t, db, "b")
		l := NewRequestLog(db, nil)
		const n = 120 // more than one INSERT takes
		for i := range n {
			e := entry("a", noon.Add(time.Duration(n-1-i)*time.Second)) // they end in another order than they began
			e.Status = 200 + 100*(i%4)
			l.Add(e)
			l.Add(entry("b", noon))
		}
		flush(t, l)

		for _, newest := range []bool{false, true} {
			q := store.RequestQuery{Limit: 50, NewestFirst: newest}
			var all []store.SCIMRequest
			for {
				page := requests(t, db, "a", q)
				all = append(all, page...)
				if len(page) < q.Limit {
					break
				}
				q.After = page[len(page)-1].ID
			}
			if len(all) != n {
				t.Fatalf("newest first %v: %d entries in pages, want %d", newest, len(all), n)
			}
			for i := 1; i < n; i++ {
				if all[i].At.After(all[i-1].At) == newest {
					t.Fatalf("newest first %v: %v comes after %v", newest, all[i].At, all[i-1].At)
				}
			}
		}
		since := noon.Add(100 * time.Second)
		got := requests(t, db, "a", store.RequestQuery{Since: since, Limit: 1000})
		if len(got) != 20 || !got[0].At.Equal(since) {
			t.Errorf("since: %d entries from %v, want 20 from %v", len(got), got[0].At, since)
		}
		if got := requests(t, db, "a", store.RequestQuery{StatusClass: 4, Limit: 1000}); len(got) != n/4 || got[0].Status != 400 {
			t.Errorf("%d entries are 4xx, want %d", len(got), n/4)
		}
		if got := requests(t, db, "a", store.RequestQuery{Status: 500, Limit: 1000}); len(got) != n/4 {
			t.Errorf("%d entries are 500, want %d", len(got), n/4)
		}
	})
}

func TestRequestLog_saysWhatItDropped(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, slog.New(slog.DiscardHandler))
		e := entry("a", noon)
		e.Request, e.Response = nil, nil
		for range maxQueued + 7 {
			l.Add(e)
		}
		flush(t, l)
		got := requests(t, db, "a", store.RequestQuery{Limit: 2 * maxQueued})
		if len(got) != maxQueued+1 {
			t.Fatalf("%d entries, want %d and one that says what is missing", len(got), maxQueued)
		}
		last := got[len(got)-1]
		if last.Method != "LOG" || !strings.Contains(last.Verdicts, "7 requests before this time are missing") {
			t.Errorf("the log does not say that 7 are missing: %+v", last)
		}
	})
}

func TestRequestLog_boundedBytes(t *testing.T) {
	t.Parallel()
	l := &RequestLog{dropped: map[iam.OrganizationID]int{}}
	e := entry("a", noon)
	e.Request = make([]byte, 10<<20)
	for range 2 * maxQueuedBytes / MaxLoggedBody {
		l.Add(e)
	}
	if l.bytes > maxQueuedBytes || l.dropped["a"] == 0 {
		t.Errorf("%d bytes are queued and %d entries dropped; the bound is %d bytes", l.bytes, l.dropped["a"], maxQueuedBytes)
	}
	if c := cap(l.queue[0].Request); c > 2*MaxLoggedBody {
		t.Errorf("a queued entry keeps %d bytes alive", c)
	}
}

// While the database is away entries wait; they are there once, when it is back.
func TestRequestLog_databaseAway(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, slog.New(slog.DiscardHandler))
		l.Add(entry("a", noon))
		l.Deny("a", "no credentials", "192.0.2.1")
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.Flush(gone); err == nil {
			t.Fatal("a flush on an ended context succeeds")
		}
		l.Add(entry("a", noon.Add(time.Second)))
		flush(t, l)
		flush(t, l)
		if got := requests(t, db, "a", store.RequestQuery{}); len(got) != 2 {
			t.Errorf("%d entries, want 2", len(got))
		}
		if got, err := db.Read(t.Context()).Denials("a", time.Time{}, 10); err != nil || len(got) != 1 || got[0].Count != 1 {
			t.Errorf("denials %v, %v; want one, counted once", got, err)
		}
	})
}

func TestRequestLog_run(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); l.Run(ctx) }()
		for i := range 2*batchSize + 1 {
			l.Add(entry("a", noon.Add(time.Duration(i)*time.Millisecond)))
		}
		cancel()
		<-done
		if got := requests(t, db, "a", store.RequestQuery{Limit: 5000}); len(got) != 2*batchSize+1 {
			t.Errorf("%d entries when Run has ended, want %d", len(got), 2*batchSize+1)
		}
	})
}

func TestRequestLog_denials(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		c := &clock{now: noon.Add(59 * time.Second)}
		db := open(store.Options{Now: c.Now})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, nil)
		for range 3 {
			l.Deny("a", "revoked", "192.0.2.1")
			l.Deny("nobody", "revoked", "192.0.2.1")
			l.Deny(strings.Repeat("x", 5000), "revoked", "192.0.2.1")
			flush(t, l)
		}
		l.Deny("a", "expired", "192.0.2.1")
		c.add(time.Second)
		l.Deny("a", "revoked", "192.0.2.1")
		flush(t, l)

		got, err := db.Read(t.Context()).Denials("a", noon, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := []store.SCIMDenial{
			{Organization: "a", Minute: noon, Cause: "expired", Address: "192.0.2.1", Count: 1},
			{Organization: "a", Minute: noon, Cause: "revoked", Address: "192.0.2.1", Count: 3},
			{Organization: "a", Minute: noon.Add(time.Minute), Cause: "revoked", Address: "192.0.2.1", Count: 1},
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		if got, err := db.Read(t.Context()).Denials("nobody", noon, 100); err != nil || len(got) != 0 {
			t.Errorf("denials of an organization that does not exist: %v, %v", got, err)
		}
	})
}

// Nobody fills the database with addresses, and not with causes for each of them: those of
// a minute that are too many count together.
func TestRequestLog_denialsAreBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		db := open(store.Options{Now: func() time.Time { return noon }})
		newOrganization(t, db, "a")
		l := NewRequestLog(db, nil)
		const callers = 3 * maxDeniedPairs
		for i := range callers {
			l.Deny("a", "no credentials", fmt.Sprintf("192.0.2.%d", i))
			if i == callers/2 {
				flush(t, l)
			}
		}
		flush(t, l)
		got, err := db.Read(t.Context()).Denials("a", noon, 1000)
		if err != nil {
			t.Fatal(err)
		}
		total, other := int64(0), int64(0)
		for _, d := range got {
			total += d.Count
			if d.Address == OtherAddresses {
				other = d.Count
			}
		}
		if len(got) != maxDeniedPairs+1 || total != callers || other != callers-maxDeniedPairs {
			t.Errorf("%d rows, %d counted, %d of them under %q; want %d, %d, %d", len(got), total, other, OtherAddresses, maxDeniedPairs+1, callers, callers-maxDeniedPairs)
		}
		newOrganization(t, db, "b")
		causes := []iam.DenialCause{iam.DeniedNone, iam.DeniedHeaders, iam.DeniedScheme, iam.DeniedNoToken, iam.DeniedBasic, iam.DeniedTwice, iam.DeniedKeyOnly, iam.DeniedForeign}
		for i := range callers {
			for _, cause := range causes {
				l.Deny("b", string(cause), fmt.Sprintf("192.0.2.%d", i))
			}
		}
		flush(t, l)
		if got, err = db.Read(t.Context()).Denials("b", noon, 1000); err != nil || len(got) > maxDeniedPairs+len(causes) {
			t.Errorf("%d rows of %d causes, %v; want at most %d", len(got), len(causes), err, maxDeniedPairs+len(causes))
		}
		for i := range 3 * maxDenied {
			l.Deny(fmt.Sprintf("org-%d", i), "no credentials", "192.0.2.1")
		}
		if n := len(l.denials.counts) + l.denials.known; n > 2*maxDenied {
			t.Errorf("%d counts and addresses are held, more than twice %d", n, maxDenied)
		}
	})
}

func TestRequestLog_prune(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open storetest.Opener) {
		c := &clock{now: noon}
		db := open(store.Options{Now: c.Now})
		const old, orgs = pruneRows + 20, 3
		l := NewRequestLog(db, nil)
		for o := range orgs {
			org := iam.OrganizationID(fmt.Sprint(o))
			newOrganization(t, db, org)
			for i := range old {
				l.Add(entry(org, noon.Add(time.Duration(i)*time.Microsecond)))
			}
			l.Deny(string(org), "revoked", "192.0.2.1")
			l.Add(entry(org, noon.Add(time.Hour)))
		}
		flush(t, l)
		c.add(Retention + time.Minute)
		n, err := l.Prune(t.Context())
		if err != nil || n != old*orgs {
			t.Errorf("Prune deletes %d entries, %v; want %d", n, err, old*orgs)
		}
		for o := range orgs {
			org := iam.OrganizationID(fmt.Sprint(o))
			if got := requests(t, db, org, store.RequestQuery{Limit: 2000}); len(got) != 1 || !got[0].At.Equal(noon.Add(time.Hour)) {
				t.Errorf("organization %s keeps %d entries, want the young one", org, len(got))
			}
			if got, err := db.Read(t.Context()).Denials(org, time.Time{}, 10); err != nil || len(got) != 0 {
				t.Errorf("organization %s keeps denials %v, %v", org, got, err)
			}
		}
		if n, err := l.Prune(t.Context()); err != nil || n != 0 {
			t.Errorf("a second Prune deletes %d entries, %v", n, err)
		}
	})
}

func TestVerdicts_many(t *testing.T) {
	t.Parallel()
	var got []Verdict
	if err := json.Unmarshal([]byte(verdicts(make([]Verdict, 10_000))), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != MaxLoggedValues+1 || got[MaxLoggedValues].Note != "9900 more operations" {
		t.Errorf("%d verdicts, the last %+v", len(got), got[len(got)-1])
	}
}

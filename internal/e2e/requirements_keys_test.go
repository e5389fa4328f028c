package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

func (g *guide) revoke(key iam.KeyID) {
	g.t.Helper()
	g.ok(g.access.RevokeKey(g.t.Context(), iam.Operator, g.org, key))
}

// createKey tries to make a key.
func (g *guide) createKey(expires string) func() error {
	return func() error { return second(g.access.CreateKey(g.t.Context(), iam.Operator, g.org, expires)) }
}

// keyID is the key of the organization's Secret Token.
func (g *guide) keyID() iam.KeyID {
	key, _, _ := strings.Cut(g.bearer, ":")
	return iam.KeyID(key)
}

func TestR011_keyWorksUntilItEnds(t *testing.T) {
	eachGuide(t, func(g *guide) {
		lasting := g.key("never")
		equal(g.t, "Bearer key:secret", g.status(string(lasting.Key)+":"+lasting.Secret), 200)
		g.clock.advance(11 * 30 * 24 * time.Hour)
		equal(g.t, "eleven months later", []int{g.status(g.bearer), g.status(lasting.Bearer)}, []int{200, 200})
		g.clock.advance(60 * 24 * time.Hour)
		equal(g.t, "a year later", []int{g.status(g.bearer), g.status(lasting.Bearer)}, []int{401, 200})
		g.revoke(lasting.Key)
		equal(g.t, "revoked", g.status(lasting.Bearer), 401)
	})
}

func TestR028_expiredFromThatInstant(t *testing.T) {
	eachGuide(t, func(g *guide) {
		key := g.key("2026-05-31")
		end := time.Date(2026, 5, 31, 23, 59, 59, 0, time.UTC)
		equal(g.t, "expiration of a date", key.ExpiresAt, end)
		g.clock.set(end.Add(-time.Microsecond))
		equal(g.t, "just before", g.status(key.Bearer), 200)
		g.clock.set(end)
		told(g.t, "at that instant", g.as("Bearer "+key.Bearer), 401, "", "expired")
		g.refuses(iam.KindInvalid, "lies in the past", g.createKey("2026-05-30"))
		for choice, want := range map[string]string{"1w": "2026-06-07", "1mo": "2026-06-30", "3mo": "2026-08-31", "6mo": "2026-11-30", "12mo": "2027-05-31", "never": ""} {
			made := g.key(choice)
			got := ""
			if !made.ExpiresAt.IsZero() {
				got = made.ExpiresAt.Format(time.DateOnly)
			}
			equal(g.t, "expiration "+choice, got, want)
			g.revoke(made.Key)
		}
	})
}

func TestR030_atMostTwoActive(t *testing.T) {
	eachGuide(t, func(g *guide) {
		week := g.key("1w")
		g.refuses(iam.KindConflict, fmt.Sprintf("%s and %s are; revoke one first", g.keyID(), week.Key), g.createKey(""))
		g.clock.advance(8 * 24 * time.Hour)
		third := g.key("")
		g.refuses(iam.KindConflict, "revoke one first", g.createKey(""))
		g.revoke(third.Key)
		g.key("")
		g.revoke(g.keyID())
		var made atomic.Int32
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if g.createKey("never")() == nil {
					made.Add(1)
				}
			})
		}
		all.Wait()
		equal(g.t, "keys made by twenty at once with one place free", made.Load(), 1)
	})
}

// caller calls without a pause, as a running cycle does: look-ups and changes, with what stands in the field Secret Token at
// that time.
type caller struct {
	token atomic.Pointer[string]
	stop  atomic.Bool

	mu      sync.Mutex
	more    *sync.Cond
	with    [2]map[string]int // for each worker, how many calls it has made with each token
	refused []int             // statuses other than 200
	err     error
}

func (c *caller) run(ctx context.Context, worker int, client scimclient.Client, user string) {
	for n := 0; !c.stop.Load(); n++ {
		method, path, query, body := "GET", "/Users", `filter=userName+eq+"ada%40example.com"`, any(nil)
		if n%2 == worker {
			method, path, query = "PATCH", "/Users/"+user, ""
			body = patchBody(fmt.Sprintf(`{"op":"Replace","path":"title","value":"%d-%d"}`, worker, n))
		}
		client.Token = *c.token.Load()
		res, err := client.Do(ctx, method, path, query, body, nil)
		c.mu.Lock()
		c.with[worker][client.Token]++
		switch {
		case err != nil:
			c.err = err
			c.stop.Store(true)
		case res.Status != 200:
			c.refused = append(c.refused, res.Status)
		}
		c.mu.Unlock()
		c.more.Broadcast()
	}
}

// several waits until each worker has begun, and ended, calls with the present token.
func (c *caller) several() {
	c.mu.Lock()
	defer c.mu.Unlock()
	token := *c.token.Load()
	until := [2]int{c.with[0][token] + 10, c.with[1][token] + 10}
	for c.err == nil && (c.with[0][token] < until[0] || c.with[1][token] < until[1]) {
		c.more.Wait()
	}
}

// A rotation while the identity provider keeps calling: not one call is refused.
func TestR031_rotationWithoutDowntime(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		c := &caller{with: [2]map[string]int{{}, {}}}
		c.more = sync.NewCond(&c.mu)
		c.token.Store(&g.bearer)
		var running sync.WaitGroup
		for worker := range c.with {
			running.Go(func() { c.run(g.t.Context(), worker, scimclient.Client{BaseURL: g.endpoint}, ada) })
		}
		c.several()
		fresh := g.key("")
		c.several()
		c.token.Store(&fresh.Bearer)
		equal(g.t, "Test Connection with the new token", g.status(fresh.Bearer), 200)
		c.several()
		g.revoke(g.keyID())
		c.several()
		c.stop.Store(true)
		running.Wait()
		g.ok(c.err)
		equal(g.t, "refused calls", c.refused, nil)
		equal(g.t, "the old token afterwards", g.status(g.bearer), 401)
	})
}

func TestR033_secretIsShownOnce(t *testing.T) {
	eachGuide(t, func(g *guide) {
		g.clock.advance(time.Hour)
		key := g.key("3mo")
		if !iam.IsKey(string(key.Key)) || !strings.HasPrefix(string(key.Key), "scim_") || len(key.Secret) != 43 {
			g.t.Errorf("key %q with a secret of %d characters", key.Key, len(key.Secret))
		}
		g.clock.advance(90 * time.Second)
		equal(g.t, "status", g.status(key.Bearer), 200)
		g.flush()
		keys := must[[]access.KeyView](g.t)(g.access.Keys(g.t.Context(), g.org))
		equal(g.t, "the later view", keys[0], access.KeyView{
			SCIMKey: iam.SCIMKey{
				ID: key.Key, CreatedBy: "command line", CreatedAt: dayOne.Add(time.Hour),
				ExpiresAt: time.Date(2026, 8, 4, 23, 59, 59, 0, time.UTC), LastUsedAt: dayOne.Add(time.Hour + time.Minute),
			},
			Status: iam.KeyActive,
		})
		shown := must[[]byte](g.t)(json.Marshal(keys))
		if strings.Contains(string(shown), key.Secret) {
			g.t.Error("the list of keys shows the secret")
		}
	})
}

// The database, and so every backup of it, holds a hash; no answer, log or audit entry holds the secret, wherever a client
// misplaces it.
func TestR035_secretIsNowhere(t *testing.T) {
	eachGuide(t, func(g *guide) {
		_, secret, _ := strings.Cut(g.bearer, ":")
		pair := base64.StdEncoding.EncodeToString([]byte(g.bearer))
		ada := g.user("ada@example.com")
		var answers strings.Builder
		say := func(method, path, body string, header http.Header) {
			res := g.sendWith(header, method, path, body)
			fmt.Fprintf(&answers, "%d %v %s\n", res.Status, res.Header, res.Body)
		}
		for _, misplaced := range []string{secret, g.bearer, "Bearer " + g.bearer} {
			say("GET", "/Users?filter=userName+eq+%22"+strings.ReplaceAll(misplaced, " ", "+")+"%22", "", nil)
			say("GET", "/Users/"+strings.ReplaceAll(misplaced, " ", "%20"), "", nil)
			say("POST", "/Users", userBody("eve@example.com", misplaced, "Example"), nil)
			say("POST", "/Groups", `{"displayName":"`+misplaced+`"}`, nil)
			say("PATCH", "/Users/"+ada, patchBody(`{"op":"Replace","path":"title","value":"`+misplaced+`"}`), nil)
			say("PATCH", "/Users/"+ada, patchBody(`{"op":"Replace","path":"`+misplaced+`","value":"x"}`), nil)
			say("GET", "/Users", "", http.Header{"User-Agent": {misplaced}})
			say("GET", "/Users", "", http.Header{"Authorization": {"Bearer Bearer " + misplaced}})
			say("GET", "/Users", "", http.Header{"Authorization": {"Token " + misplaced}})
		}
		say("GET", "/Users", "", http.Header{"Authorization": {"Basic " + pair}})
		g.refuses(iam.KindInvalid, "without the secret", func() error {
			return g.access.RevokeKey(g.t.Context(), iam.Operator, g.org, iam.KeyID(g.bearer))
		})
		g.flush()
		database := storetest.Dump(g.t, g.database)
		hash := sha256.Sum256([]byte(secret))
		if !strings.Contains(database, hex.EncodeToString(hash[:])) && !strings.Contains(database, string(hash[:])) {
			g.t.Error("the database does not hold the hash of the secret: this test looks at the wrong database")
		}
		events := must[[]byte](g.t)(json.Marshal(g.audit()))
		for place, text := range map[string]string{"the database": database, "the server's log": g.log.String(), "an answer": answers.String(), "the audit log": string(events)} {
			for what, needle := range map[string]string{"the secret": secret, "the pair in base64": pair} {
				if strings.Contains(text, needle) {
					g.t.Errorf("%s holds %s", place, what)
				}
			}
		}
	})
}

func TestR036_revokeWithoutSecretOnAllReplicas(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.replica()
		for range 3 {
			equal(g.t, "before", []int{g.status(g.bearer), other.status(g.bearer)}, []int{200, 200})
		}
		g.revoke(g.keyID())
		told(g.t, "on this server", g.as("Bearer "+g.bearer), 401, "", "revoked")
		told(g.t, "on the other", other.as("Bearer "+g.bearer), 401, "", "revoked")
		fresh := other.key("")
		equal(g.t, "a new key", []int{g.status(fresh.Bearer), other.status(fresh.Bearer)}, []int{200, 200})
	})
}

func TestR037_joinedValueIsReady(t *testing.T) {
	eachGuide(t, func(g *guide) {
		key := g.key("")
		equal(g.t, "joined", key.Bearer, string(key.Key)+":"+key.Secret)
		equal(g.t, "status", g.status(key.Bearer), 200)
	})
}

func TestR038_keyColonSecretWithoutSpaces(t *testing.T) {
	eachGuide(t, func(g *guide) {
		key, secret, _ := strings.Cut(g.bearer, ":")
		for value, says := range map[string]string{
			key + " : " + secret: "blank",
			key + ": " + secret:  "blank",
			key + " " + secret:   "blank",
			secret + ":" + key:   "swapped",
			key + secret:         "secret is missing",
			secret:               "no colon",
		} {
			told(g.t, strings.ReplaceAll(value, secret, "(secret)"), g.as("Bearer "+value), 401, "", says)
		}
		equal(g.t, "as it should be", g.status(key+":"+secret), 200)
	})
}

func TestR039_everyPathNeedsTheKey(t *testing.T) {
	eachGuide(t, func(g *guide) {
		ada := g.user("ada@example.com")
		group := g.group("Engineers")
		before := g.state()
		for _, call := range []struct{ method, path string }{
			{"GET", "/ServiceProviderConfig"}, {"GET", "/ResourceTypes"}, {"GET", "/ResourceTypes/User"}, {"GET", "/Schemas"},
			{"GET", "/Schemas/" + scim.UserURN}, {"GET", "/Users"}, {"POST", "/Users"}, {"POST", "/Users/.search"}, {"GET", "/Users/" + ada},
			{"PUT", "/Users/" + ada}, {"PATCH", "/Users/" + ada}, {"DELETE", "/Users/" + ada}, {"GET", "/Groups"}, {"POST", "/Groups"},
			{"POST", "/Groups/.search"}, {"GET", "/Groups/" + group}, {"PUT", "/Groups/" + group}, {"PATCH", "/Groups/" + group},
			{"DELETE", "/Groups/" + group}, {"POST", "/.search"}, {"POST", "/Bulk"}, {"GET", "/Me"}, {"GET", ""}, {"GET", "/Nothing"},
		} {
			res := g.sendWith(http.Header{"Authorization": nil}, call.method, call.path, "")
			told(g.t, call.method+" "+call.path, res, 401, "", "no credentials")
			if challenge := res.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer realm=") {
				g.t.Errorf("%s %s: WWW-Authenticate %q", call.method, call.path, challenge)
			}
		}
		g.unchanged(before)
	})
}

func TestR106_twoForEachOrganization(t *testing.T) {
	eachGuide(t, func(g *guide) {
		other := g.another("Other")
		g.key("")
		g.refuses(iam.KindConflict, "revoke one first", g.createKey(""))
		fresh := other.key("")
		other.refuses(iam.KindConflict, "revoke one first", other.createKey(""))
		equal(g.t, "the other organization's keys", []int{other.status(other.bearer), other.status(fresh.Bearer)}, []int{200, 200})
		other.revoke(fresh.Key)
		g.refuses(iam.KindConflict, "revoke one first", g.createKey(""))
	})
}

func TestR107_rotation(t *testing.T) {
	eachGuide(t, func(g *guide) {
		old := g.bearer
		fresh := g.key("")
		equal(g.t, "both while rotating", []int{g.status(old), g.status(fresh.Bearer)}, []int{200, 200})
		g.bearer = fresh.Bearer
		ada := g.user("ada@example.com")
		g.revoke(iam.KeyID(old[:strings.Index(old, ":")]))
		told(g.t, "the old pair", g.as("Bearer "+old), 401, "", "revoked")
		equal(g.t, "the new pair", g.status(fresh.Bearer), 200)
		equal(g.t, "provisioning goes on", g.match("ada@example.com"), ada)
	})
}

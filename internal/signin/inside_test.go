package signin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

func TestSafePath(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"/": "/", "/a/b?c=d&e=%2F#f": "/a/b?c=d&e=%2F#f", "/a;b": "/a;b", "/a//b": "/a//b",
		"": "/", "a": "/", "//a": "/", "///a": "/", `/\a`: "/", `\a`: "/", `/a\b`: "/", "https://a": "/", "javascript:alert(1)": "/",
		"/a b": "/", "/a\tb": "/", "/a\nb": "/", "/\x00": "/", "/é": "/", "/\x7f": "/", " /a": "/", "/" + strings.Repeat("a", maxPath): "/",
	} {
		if got := SafePath(to); got != want {
			t.Errorf("SafePath(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestPending_roundTrip(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)
	secret := strings.Repeat("s", secretChars)
	former := strings.Repeat("0a", 32)
	const org = "019aaaaa-0000-7000-8000-000000000000"
	for _, p := range []pending{
		{secret: secret, begun: now, to: "/members?page=2"},
		{secret: secret, begun: now, to: "/" + strings.Repeat("x", maxPath-1), replaces: org + "." + former},
	} {
		value := p.cookie()
		if strings.ContainsAny(value, " ;,\"\\\r\n") || len(value) > 2048 {
			t.Errorf("the cookie's value is %q", value)
		}
		got, ok := parsePending(value, now.Add(pendingLifetime-time.Second))
		if !ok || got.to != p.to || got.secret != secret || !got.begun.Equal(now) {
			t.Errorf("read back: %+v, %v", got, ok)
		}
		had, replaces := got.replaced()
		if replaces != (p.replaces != "") || replaces && (had.org != org || fmt.Sprintf("%x", had.hash) != former) {
			t.Errorf("replaces %+v, %v", had, replaces)
		}
		for name, at := range map[string]time.Time{"late": now.Add(pendingLifetime), "early": now.Add(-time.Hour)} {
			if _, ok := parsePending(value, at); ok {
				t.Errorf("%s: taken", name)
			}
		}
	}
}

// The id of a request changes with every part of its cookie and with the organization.
func TestPending_requestID(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	p := pending{secret: strings.Repeat("s", secretChars), begun: time.Unix(1_800_000_000, 0), replaces: "a.b", to: "/"}
	other := func(change func(p *pending)) string {
		changed := p
		change(&changed)
		return changed.cookie()
	}
	for name, id := range map[string]string{
		"it":                   requestID("org1", p.cookie()),
		"another organization": requestID("org2", p.cookie()),
		"another secret":       requestID("org1", other(func(p *pending) { p.secret = strings.Repeat("t", secretChars) })),
		"another time":         requestID("org1", other(func(p *pending) { p.begun = p.begun.Add(time.Second) })),
		"another session":      requestID("org1", other(func(p *pending) { p.replaces = "a.c" })),
		"another path":         requestID("org1", other(func(p *pending) { p.to = "/a" })),
	} {
		if len(id) != 41 || id[0] != '_' || seen[id] != "" {
			t.Errorf("%s has the id %q, as %q has", name, id, seen[id])
		}
		seen[id] = name
	}
}

func TestPassword_hash(t *testing.T) {
	t.Parallel()
	s := &Service{}
	hash, err := s.hashPassword(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.hashPassword(t.Context(), "correct horse battery")
	if err != nil || again == hash {
		t.Errorf("the same password has the same hash, %v", err)
	}
	for word, want := range map[string]bool{"correct horse battery": true, "correct horse battery ": false, "Correct horse battery": false, "": false} {
		if ok, err := s.passwordMatches(t.Context(), word, hash); ok != want || err != nil {
			t.Errorf("%q: %v, %v", word, ok, err)
		}
	}
	if ok, err := s.passwordMatches(t.Context(), "", nobodysHash); ok || err != nil {
		t.Errorf("nobody's hash: %v, %v", ok, err)
	}
	// A row that is damaged must not look like a wrong password.
	for _, stored := range []string{"", "x", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=16$m=19456,t=2,p=1$AAAA$AAAA", strings.Replace(hash, "t=2", "t=0", 1), hash[:len(hash)-20], hash + "$"} {
		if ok, err := s.passwordMatches(t.Context(), "correct horse battery", stored); ok || iam.KindOf(err) != iam.KindInternal {
			t.Errorf("stored %q: %v, %v", stored, ok, err)
		}
	}
}

func TestThrottle_bounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)
	var th throttle
	for range attemptsAtOnce {
		th.take("192.0.2.1", "ada", now)
	}
	for i := range maxThrottled + 10 {
		th.take(fmt.Sprintf("192.0.2.1#%d", i), "x", now)
	}
	if len(th.pairs) != maxThrottled {
		t.Errorf("%d pairs are counted", len(th.pairs))
	}
	if th.take("192.0.2.1", "ada", now) == 0 {
		t.Error("a flood of others gave the attempts back")
	}
	th.take("192.0.2.2", "x", now.Add(time.Hour))
	if len(th.pairs) != 1 {
		t.Errorf("%d pairs are counted when all have their attempts back", len(th.pairs))
	}
}

func TestFailures_bounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)
	var f failures
	written := 0
	for i := range maxFailures + 100 {
		e := iam.AuditEvent{Organization: "o", At: now, Actor: iam.Actor{Address: fmt.Sprint(i)}, Details: map[string]any{"cause": "password"}}
		if f.note(e, false) {
			written++
		}
	}
	if len(f.kinds) != maxFailures+1 || written != maxFailures+1 {
		t.Errorf("%d kinds, %d events written", len(f.kinds), written)
	}
	rest := f.take(now.Add(failureWindow), false)
	if len(rest) != 1 || rest[0].Details["attempts"] != 99 || rest[0].Actor.Address != "" || len(f.kinds) != 0 {
		t.Errorf("the rest: %+v", rest)
	}
	f.putBack(rest)
	if again := f.take(now, false); len(again) != 1 {
		t.Errorf("put back: %+v", again)
	}
}

// A flood of addresses from one network does not take every place from the others.
func TestPassword_flood(t *testing.T) {
	t.Parallel()
	s := &Service{DB: storetest.Reopen(t, storetest.URL(t, "sqlite"), store.Options{})}
	try := func(address string) *Refused {
		_, err := s.Password(t.Context(), "", "ada@example.com", "not the password", Client{Address: address})
		refused, _ := asRefused(err)
		if refused == nil {
			t.Fatal(err)
		}
		return refused
	}
	var leave func()
	for i := range maxTrying {
		var ok bool
		if leave, ok = s.trying.enter(fmt.Sprint("2001:db8::", i)); !ok {
			t.Fatalf("password %d is not checked", i+1)
		}
	}
	if r := try("2001:db8::9"); r.Cause != CauseTooManyAttempts || r.RetryAfter != time.Second {
		t.Errorf("one more: %+v", r)
	}
	if r := try("2001:db8:0:1::9"); r.Cause != CauseUnknownAccount {
		t.Errorf("from elsewhere: %+v", r)
	}
	leave()
	if r := try("2001:db8::9"); r.Cause != CauseUnknownAccount {
		t.Errorf("after one was checked: %+v", r)
	}
	if len(s.trying.networks) != 1 {
		t.Errorf("%v are counted on", s.trying.networks)
	}
}

// One subscriber has a whole IPv6 network to send from, and is counted once all the same.
func TestFailures_byNetwork(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)
	var f failures
	written := 0
	for _, address := range []string{"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3:4:5:6", "2001:db8:1:3::1", "192.0.2.1", "192.0.2.2"} {
		if f.note(iam.AuditEvent{Organization: "o", At: now, Actor: iam.Actor{Address: address}, Details: map[string]any{"cause": "no-connection"}}, false) {
			written++
		}
	}
	if written != 4 {
		t.Errorf("%d events were written, want one for each network", written)
	}
	rest := f.take(now.Add(failureWindow), false)
	if len(rest) != 1 || rest[0].Details["attempts"] != 2 || rest[0].Actor.Address != "2001:db8:1:2:3:4:5:6" {
		t.Errorf("the rest: %+v", rest)
	}
}

func TestAlive_orderOfCauses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 9, 30, 20, 0, time.UTC)
	c := store.SessionCheck{
		Session: store.Session{Method: MethodSAML, LastSeenAt: now, ExpiresAt: now.Add(time.Hour)},
		Limits:  store.SessionLimits{Idle: time.Hour, Life: time.Hour},
		Member:  store.Member{Status: iam.StatusActive},
	}
	if err := alive(c, now); err != nil {
		t.Errorf("alive: %v", err)
	}
	// A deactivated member is out whatever his session's row says.
	c.Member.Status = iam.StatusInactive
	if r, ok := asRefused(alive(c, now)); !ok || r.Cause != CauseEnded {
		t.Errorf("inactive: %+v", r)
	}
}

package scimapi

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rollcall/rollcall/scim"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// takeAll sends requests at a steady rate and counts those that are refused.
func takeAll(r *rates, org string, perSecond, seconds int) (refused int) {
	for i := range perSecond * seconds {
		if r.take(org, noon.Add(time.Duration(i)*time.Second/time.Duration(perSecond))) != nil {
			refused++
		}
	}
	return refused
}

func TestRates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		rate      float64
		burst     int
		perSecond int
		wantAny   bool
	}{
		{"fifty a second for five minutes are never too many", 0, 0, 50, false},
		{"nor with a setting that is too small", 1, 1, 50, false},
		{"the default", 0, 0, int(DefaultRate), false},
		{"more than the default", 0, 0, 2 * int(DefaultRate), true},
		{"a setting", 500, 500, 500, false},
		{"more than a setting", 500, 500, 700, true},
		{"no limit", -1, 0, 5000, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refused := takeAll(newRates(tt.rate, tt.burst), "a", tt.perSecond, 300)
			if (refused > 0) != tt.wantAny {
				t.Errorf("%d of %d requests are refused", refused, 300*tt.perSecond)
			}
		})
	}
}

func TestRates_refusal(t *testing.T) {
	t.Parallel()
	r := newRates(60, 50)
	var wait *waitError
	for range 51 {
		if err := r.take("a", noon); err != nil {
			if !errors.As(err, &wait) {
				t.Fatal(err)
			}
		}
	}
	if wait == nil || wait.answer.Status != 429 || wait.seconds != 1 {
		t.Fatalf("the 51st request at once gets %+v, want 429 after 1 s", wait)
	}
	if err := r.take("b", noon); err != nil {
		t.Errorf("another organization is refused: %v", err)
	}
	if err := r.take("a", noon.Add(time.Duration(wait.seconds)*time.Second)); err != nil {
		t.Errorf("after the time to wait: %v", err)
	}
}

// A flood of refused requests does not push the time to wait away.
func TestRates_refusedRequestsDoNotCount(t *testing.T) {
	t.Parallel()
	r := newRates(50, 50)
	for range 100_000 {
		_ = r.take("a", noon)
	}
	if err := r.take("a", noon.Add(time.Second)); err != nil {
		t.Errorf("a second after a flood: %v", err)
	}
}

func TestGenerations_bounded(t *testing.T) {
	t.Parallel()
	g := generations[int]{most: 100}
	for i := range 100_000 {
		g.put(fmt.Sprint(i), i)
		if i > 0 {
			if _, ok := g.get("0"); !ok {
				t.Fatalf("what is used all the time is forgotten after %d others", i)
			}
		}
		if n := len(g.young) + len(g.old); n > 201 {
			t.Fatalf("%d entries are held", n)
		}
	}
	if _, ok := g.get("5"); ok {
		t.Error("what was not used for long is still held")
	}
}

// An attacker who fails over and over is slowed down; the identity provider, from
// its own address or from behind the same one, is not (S30).
func TestFailures(t *testing.T) {
	t.Parallel()
	f := newFailures()
	wrong, good := []string{"Bearer scim_aaaaaaaaaaaaaaaaaaaa:wrong"}, []string{"Bearer scim_aaaaaaaaaaaaaaaaaaaa:right"}
	here, there := failurePair("192.0.2.1", wrong), failurePair("192.0.2.2", good)
	if here != failurePair("192.0.2.1", good) {
		t.Fatal("a pair depends on the secret")
	}
	for i := range failureBurst {
		if err := f.allow(here, wrong, noon); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
		f.failed(here, noon)
		if i%100 == 0 { // the right secret from behind the same address meanwhile
			if err := f.allow(here, good, noon); err != nil {
				t.Fatalf("after %d failures the right secret is refused: %v", i+1, err)
			}
			f.succeeded(here, good)
		}
	}
	err := f.allow(here, wrong, noon)
	var wait *waitError
	if !errors.As(err, &wait) || wait.answer.Status != 429 || wait.seconds != 1 {
		t.Errorf("after %d failures: %v, want 429", failureBurst, err)
	}
	for name, err := range map[string]error{
		"the right secret, same address":  f.allow(here, good, noon),
		"the right secret, other address": f.allow(there, good, noon),
		"another key, same address":       f.allow(failurePair("192.0.2.1", []string{"Bearer scim_bbbbbbbbbbbbbbbbbbbb:x"}), wrong, noon),
		"the wrong secret, a moment on":   f.allow(here, wrong, noon.Add(time.Second)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSplitPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, org string
		below   []string
	}{
		{"/v1/organizations/o/scim", "o", nil}, {"/v1/organizations/o/scim/Users/", "o", []string{"Users"}}, {"//v1//organizations/o/scim//Users//1", "o", []string{"Users", "1"}},
		{"/v1/organizations/o/scim/Users/a%2Fb", "o", []string{"Users", "a/b"}}, {"/v1/organizations/o/scim/../Users", "o", []string{"..", "Users"}},
		{"/v1/organizations/o/scimx", "", nil}, {"/v1/organizations/o", "", nil}, {"", "", nil}, {"/v2/organizations/o/scim", "", nil}, {"/v1/organizations/%/scim", "", nil},
	}
	for _, tt := range tests {
		org, below := splitPath(tt.in)
		if org != tt.org || fmt.Sprint(below) != fmt.Sprint(tt.below) {
			t.Errorf("splitPath(%q) = %q, %q; want %q, %q", tt.in, org, below, tt.org, tt.below)
		}
	}
}

func TestSecretOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Bearer scim_a:s:t": "s:t", "bearer scim_a:s": "s", "Basic c2NpbV9hOnM=": "s", "BASIC c2NpbV9hOnM=": "s", "Basic %": "", "": "", "Bearer": "",
	} {
		if got := secretOf([]string{in}); got != want {
			t.Errorf("secretOf(%q) = %q, want %q", in, got, want)
		}
	}
	if got := secretOf(nil); got != "" {
		t.Errorf("secretOf() = %q", got)
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", `quo"te`, `back\slash`, "line\nbreak", "\x00", "é", "😀", "<&>", "bad \xff byte", "\u2028"} {
		got := string(appendString(nil, s))
		want := string(scim.Encode(scim.Object{"x": s}))
		if want = want[len(`{"x":`) : len(want)-1]; got != want {
			t.Errorf("appendString(%q) = %s, want %s", s, got, want)
		}
	}
}

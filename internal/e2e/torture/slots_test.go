package torture

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// keyring is an organization's SCIM keys: at most two active at once.
type keyring interface {
	create(ctx context.Context, client int) (key string, refused, known bool)
	revoke(ctx context.Context, client int, key string) (known bool)
	active(ctx context.Context, client int) (keys []string, known bool)
}

type slotOp struct {
	org       int
	kind, key string
}
type slotResult struct {
	refused bool
	keys    string // active keys, sorted and joined; or the key that was made
}

// slotsModel: the set of active keys.
var slotsModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		return partition(history, func(in any) string { return describe("%d", in.(slotOp).org) })
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		keys, in := split(state.(string)), input.(slotOp)
		out, known := output.(slotResult)
		switch in.kind {
		case "create":
			switch {
			case !known:
				return true, state // a key nobody knows could not be told from another: such histories are not made
			case out.refused:
				return len(keys) == iam.MaxActiveKeys, state
			}
			return len(keys) < iam.MaxActiveKeys, join(append(keys, out.keys))
		case "revoke":
			return true, join(slices.DeleteFunc(keys, func(k string) bool { return k == in.key }))
		}
		return out.keys == state.(string), state
	},
	DescribeOperation: func(in, out any) string { return describe("%+v -> %+v", in, out) },
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, " ")
}

func join(keys []string) string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// slotsHistory drives the key rings of several organizations at once.
func slotsHistory(ctx context.Context, rings []keyring, n int, seed uint64) *recorder {
	r := newRecorder()
	var mu sync.Mutex
	made := make([][]string, len(rings))
	drive(ctx, n, seed, func(ctx context.Context, client int, rng *mathrand.Rand) {
		org := rng.IntN(len(rings))
		s := rings[org]
		switch rng.IntN(4) {
		case 0, 1:
			r.do(client, slotOp{org, "create", ""}, false, func() (any, bool) {
				key, refused, known := s.create(ctx, client)
				if key != "" {
					mu.Lock()
					made[org] = append(made[org], key)
					mu.Unlock()
				}
				return slotResult{refused: refused, keys: key}, known
			})
		case 2:
			mu.Lock()
			key := ""
			if seen := made[org]; len(seen) > 0 {
				key = seen[max(0, len(seen)-1-rng.IntN(3))]
			}
			mu.Unlock()
			if key == "" {
				return
			}
			r.do(client, slotOp{org, "revoke", key}, false, func() (any, bool) { return slotResult{}, s.revoke(ctx, client, key) })
		default:
			r.do(client, slotOp{org, "active", ""}, true, func() (any, bool) {
				keys, known := s.active(ctx, client)
				return slotResult{keys: join(keys)}, known
			})
		}
	})
	return r
}

// replicas are the admin's use cases over one database, reached through one handle
// on SQLite and through two, as two replicas have them, on PostgreSQL.
type replicas struct{ services []*access.Service }

func newReplicas(t *testing.T, engine string) *replicas {
	t.Helper()
	url := database(t, engine)
	r := &replicas{}
	for i := range 2 {
		if engine == "sqlite" && i == 1 {
			break
		}
		db, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if _, _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.services = append(r.services, &access.Service{DB: db, Random: rand.Reader, PublicURL: "https://rollcall.example"})
	}
	return r
}

func (r *replicas) service(client int) *access.Service { return r.services[client%len(r.services)] }

// organization makes a fresh organization whose SAML is connected.
func (r *replicas) organization(t *testing.T) iam.OrganizationID {
	t.Helper()
	s := r.services[0]
	made, err := s.CreateOrganization(t.Context(), iam.Operator, access.NewOrganization{Name: "Acme", AdminEmail: "root@example.com", Plan: "enterprise"})
	if err != nil {
		t.Fatal(err)
	}
	return made.Organization.ID
}

type accessKeys struct {
	*replicas
	org iam.OrganizationID
}

func (a accessKeys) create(ctx context.Context, client int) (string, bool, bool) {
	key, err := a.service(client).CreateKey(ctx, iam.Operator, a.org, "never")
	switch {
	case err == nil:
		return string(key.Key), false, true
	case iam.KindOf(err) == iam.KindConflict:
		return "", true, true
	}
	return "", false, false
}

func (a accessKeys) revoke(ctx context.Context, client int, key string) bool {
	err := a.service(client).RevokeKey(ctx, iam.Operator, a.org, iam.KeyID(key))
	return err == nil || iam.KindOf(err) == iam.KindConflict
}

func (a accessKeys) active(ctx context.Context, client int) ([]string, bool) {
	all, err := a.service(client).Keys(ctx, a.org)
	if err != nil {
		return nil, false
	}
	var keys []string
	for _, k := range all {
		if k.Status == iam.KeyActive {
			keys = append(keys, string(k.ID))
		}
	}
	return keys, true
}

func TestLinearizable_keySlots(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		r := newReplicas(t, engine)
		for i := range length(1, 20) {
			var rings []keyring
			for range 4 {
				rings = append(rings, accessKeys{r, r.organization(t)})
			}
			legal(t, describe("key slots on %s, history %d", engine, i+1), slotsModel, slotsHistory(t.Context(), rings, length(320, historyLength), uint64(i)))
		}
	})
}

// countingKeys counts the active keys and makes one afterwards.
type countingKeys struct {
	mu   sync.Mutex
	keys []string
	made int
}

func (s *countingKeys) create(_ context.Context, _ int) (string, bool, bool) {
	s.mu.Lock()
	n := len(s.keys)
	s.mu.Unlock()
	if n >= iam.MaxActiveKeys {
		return "", true, true
	}
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	key := describe("k%d", s.made)
	s.keys = append(s.keys, key)
	return key, false, true
}

func (s *countingKeys) revoke(_ context.Context, _ int, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = slices.DeleteFunc(s.keys, func(k string) bool { return k == key })
	return true
}

func (s *countingKeys) active(_ context.Context, _ int) ([]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys), true
}

func TestLinearizable_findsCountThenCreate(t *testing.T) {
	illegal(t, "keys, counted and then made", slotsModel, func(seed uint64) *recorder {
		return slotsHistory(t.Context(), []keyring{&countingKeys{}}, 2000, seed)
	})
}

package torture

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
)

// names is a set of userNames in which each stands once: what a server must be.
type names interface {
	// create takes a name for a token; taken tells that somebody has it.
	create(ctx context.Context, client int, name, token string) (id string, taken, known bool)
	// remove deletes by id; gone tells that nobody has it.
	remove(ctx context.Context, client int, id string) (gone, known bool)
	// find returns the token that holds a name, "" for none.
	find(ctx context.Context, client int, name string) (token string, known bool)
}

type nameOp struct{ kind, name, token string }
type nameResult struct {
	taken, gone bool
	token       string
}

// namesModel: one register for each name, holding the token of who has it.
var namesModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		return partition(history, func(in any) string { return in.(nameOp).name })
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		holder, in := state.(string), input.(nameOp)
		out, known := output.(nameResult)
		switch in.kind {
		case "create":
			if !known {
				// Refused or taken: a create that had no answer changes the state only when the
				// name was free.
				if holder == "" {
					return true, in.token
				}
				return true, holder
			}
			if out.taken {
				return holder != "", holder
			}
			return holder == "", in.token
		case "remove":
			if !known {
				if holder == in.token {
					return true, ""
				}
				return true, holder
			}
			if out.gone {
				return holder != in.token, holder
			}
			return holder == in.token, ""
		}
		return out.token == holder, holder
	},
	DescribeOperation: func(in, out any) string { return describe("%+v -> %+v", in, out) },
}

// partition splits a history into independent ones.
func partition(history []porcupine.Operation, key func(input any) string) [][]porcupine.Operation {
	at := map[string]int{}
	var parts [][]porcupine.Operation
	for _, op := range history {
		k := key(op.Input)
		i, ok := at[k]
		if !ok {
			i = len(parts)
			at[k] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}

// namesHistory drives creates, removes and look-ups of a few names.
func namesHistory(ctx context.Context, s names, n int, seed uint64) *recorder {
	r := newRecorder()
	var tokens atomic.Int64
	var mu sync.Mutex
	owned := map[string][]nameOp{} // name -> who was seen to have it; token carries "token|id"
	drive(ctx, n, seed, func(ctx context.Context, client int, rng *rand.Rand) {
		name := "user" + strconv.Itoa(rng.IntN(8))
		ctx, cancel := patience(ctx, rng)
		defer cancel()
		switch rng.IntN(3) {
		case 0:
			token := strconv.FormatInt(tokens.Add(1), 10)
			in := nameOp{"create", name, token}
			r.do(client, in, false, func() (any, bool) {
				id, taken, known := s.create(ctx, client, name, token)
				if known && !taken {
					mu.Lock()
					owned[name] = append(owned[name], nameOp{id, name, token})
					mu.Unlock()
				}
				return nameResult{taken: taken}, known
			})
		case 1:
			mu.Lock()
			var target nameOp
			if list := owned[name]; len(list) > 0 {
				target = list[max(0, len(list)-1-rng.IntN(2))]
			}
			mu.Unlock()
			if target.kind == "" {
				return
			}
			r.do(client, nameOp{"remove", name, target.token}, false, func() (any, bool) {
				gone, known := s.remove(ctx, client, target.kind)
				return nameResult{gone: gone}, known
			})
		default:
			r.do(client, nameOp{"find", name, ""}, true, func() (any, bool) {
				token, known := s.find(ctx, client, name)
				return nameResult{token: token}, known
			})
		}
	})
	return r
}

// scimNames is the server under test; clients are spread over its processes.
type scimNames struct{ *cluster }

func (s scimNames) create(ctx context.Context, client int, name, token string) (string, bool, bool) {
	a := s.call(ctx, client, http.MethodPost, "/Users", nil, map[string]any{"userName": name + "@example.com", "externalId": token})
	switch a.Status {
	case http.StatusCreated:
		return a.text("id"), false, true
	case http.StatusConflict:
		return "", true, true
	}
	return "", false, false
}

func (s scimNames) remove(ctx context.Context, client int, id string) (bool, bool) {
	a := s.call(ctx, client, http.MethodDelete, "/Users/"+id, nil, nil)
	return a.Status == http.StatusNotFound, a.Status == http.StatusNotFound || a.Status == http.StatusNoContent
}

func (s scimNames) find(ctx context.Context, client int, name string) (string, bool) {
	a := s.call(ctx, client, http.MethodGet, "/Users", filter(`userName eq "%s@example.com"`, name), nil)
	if a.Status != http.StatusOK {
		return "", false
	}
	for _, r := range a.resources() {
		token, _ := r["externalId"].(string)
		return token, true
	}
	return "", true
}

func TestLinearizable_userNames(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		c := newCluster(t, engine)
		for i := range length(1, 20) {
			c.clear(t, "/Users")
			legal(t, describe("userNames on %s, history %d", engine, i+1), namesModel, namesHistory(t.Context(), scimNames{c}, length(640, historyLength), uint64(i)))
		}
	})
}

// clear deletes everything of a kind, so that a history begins with nothing.
func (c *cluster) clear(t *testing.T, path string) {
	t.Helper()
	for {
		list := c.call(t.Context(), 0, http.MethodGet, path, nil, nil).resources()
		if len(list) == 0 {
			return
		}
		for _, r := range list {
			id, _ := r["id"].(string)
			if a := c.call(t.Context(), 0, http.MethodDelete, path+"/"+id, nil, nil); a.Status != http.StatusNoContent {
				t.Fatalf("DELETE %s/%s: %d", path, id, a.Status)
			}
		}
	}
}

// careless looks whether a name is free and takes it afterwards: the fault that
// the checker must find.
type careless struct {
	mu     sync.Mutex
	holder map[string]string // name -> token
	byID   map[string]string // token -> name
}

func (s *careless) create(_ context.Context, _ int, name, token string) (string, bool, bool) {
	s.mu.Lock()
	taken := s.holder[name] != ""
	s.mu.Unlock()
	if taken {
		return "", true, true
	}
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holder[name], s.byID[token] = token, name
	return token, false, true
}

func (s *careless) remove(_ context.Context, _ int, id string) (bool, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.byID[id]
	if s.holder[name] != id {
		return true, true
	}
	delete(s.holder, name)
	return false, true
}

func (s *careless) find(_ context.Context, _ int, name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holder[name], true
}

func TestLinearizable_findsCheckThenInsert(t *testing.T) {
	illegal(t, "userNames, checked and then inserted", namesModel, func(seed uint64) *recorder {
		return namesHistory(t.Context(), &careless{holder: map[string]string{}, byID: map[string]string{}}, 2000, seed)
	})
}

package torture

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"
)

// roster is the membership of one group.
type roster interface {
	change(ctx context.Context, client int, user string, in bool) (known bool)
	has(ctx context.Context, client int, user string) (in, known bool)
}

type memberOp struct{ kind, user string }

// membersModel: one register for each user, holding whether he is in the group. A
// write of one user must not touch another.
var membersModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		return partition(history, func(in any) string { return in.(memberOp).user })
	},
	Init: func() any { return false },
	Step: func(state, input, output any) (bool, any) {
		switch input.(memberOp).kind {
		case "add":
			return true, true
		case "remove":
			return true, false
		}
		return output.(bool) == state.(bool), state
	},
	DescribeOperation: func(in, out any) string { return describe("%+v -> %+v", in, out) },
}

// membersHistory drives additions, removals and look-ups. A write without an answer
// that never took effect needs no second future in the model:
// openReturn lets the checker place it behind all others, where nobody sees it.
func membersHistory(ctx context.Context, s roster, users []string, n int, seed uint64) *recorder {
	r := newRecorder()
	drive(ctx, n, seed, func(ctx context.Context, client int, rng *rand.Rand) {
		user := users[rng.IntN(len(users))]
		ctx, cancel := patience(ctx, rng)
		defer cancel()
		switch rng.IntN(3) {
		case 0:
			r.do(client, memberOp{"add", user}, false, func() (any, bool) { return true, s.change(ctx, client, user, true) })
		case 1:
			r.do(client, memberOp{"remove", user}, false, func() (any, bool) { return true, s.change(ctx, client, user, false) })
		default:
			r.do(client, memberOp{"has", user}, true, func() (any, bool) { return s.has(ctx, client, user) })
		}
	})
	return r
}

// scimRoster is a group of the server under test. Half of the writes come in the
// one PATCH dialect of Entra ID, half in the other.
type scimRoster struct {
	*cluster
	group string
}

func (s scimRoster) change(ctx context.Context, client int, user string, in bool) bool {
	op := map[string]any{"op": "Add", "path": "members", "value": []any{map[string]any{"$ref": nil, "value": user}}}
	switch {
	case !in && client%2 == 0:
		op["op"] = "Remove"
	case !in:
		op = map[string]any{"op": "remove", "path": `members[value eq "` + user + `"]`}
	}
	return s.call(ctx, client, http.MethodPatch, "/Groups/"+s.group, nil, patchOps(op)).Status == http.StatusNoContent
}

func (s scimRoster) has(ctx context.Context, client int, user string) (bool, bool) {
	a := s.call(ctx, client, http.MethodGet, "/Groups", filter(`id eq "%s" and members eq "%s"`, s.group, user), nil)
	return a.total() == 1, a.Status == http.StatusOK
}

func TestLinearizable_members(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		c := newCluster(t, engine)
		var users []string
		for i := range 8 {
			users = append(users, c.must(t, "/Users", map[string]any{"userName": describe("user%d@example.com", i)}))
		}
		for i := range length(1, 20) {
			group := c.must(t, "/Groups", map[string]any{"displayName": describe("Group %d", i)})
			legal(t, describe("members on %s, history %d", engine, i+1), membersModel,
				membersHistory(t.Context(), scimRoster{c, group}, users, length(640, historyLength), uint64(i)))
		}
	})
}

// rewriter keeps the members as one list that each write reads, changes and writes
// back: parallel writes lose members.
type rewriter struct {
	mu   sync.Mutex
	list []string
}

func (s *rewriter) change(_ context.Context, _ int, user string, in bool) bool {
	s.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(s.list), func(u string) bool { return u == user })
	s.mu.Unlock()
	runtime.Gosched()
	if in {
		list = append(list, user)
	}
	s.mu.Lock()
	s.list = list
	s.mu.Unlock()
	return true
}

func (s *rewriter) has(_ context.Context, _ int, user string) (bool, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.list, user), true
}

func TestLinearizable_findsRewrittenMembers(t *testing.T) {
	illegal(t, "members, read and written back", membersModel, func(seed uint64) *recorder {
		return membersHistory(t.Context(), &rewriter{}, []string{"a", "b", "c", "d"}, 2000, seed)
	})
}

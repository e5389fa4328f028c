package torture

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// bindingState is one group and two roles, A and B, as D2 has them.
type bindingState struct {
	name   string    // the group's displayName
	link   string    // the role it is linked to, "" for none
	fields [2]string // the SCIM group fields of A and B
}

type bindingOp struct {
	group            int
	kind, role, name string
}
type bindingResult struct {
	refused    bool
	name, link string
}

func roleIndex(role string) int {
	if role == "A" {
		return 0
	}
	return 1
}

// bindingModel is D2 for one group and two roles made by an admin, written down
// once more, independently of the rules that the server uses.
var bindingModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		return partition(history, func(in any) string { return describe("%d", in.(bindingOp).group) })
	},
	Init: func() any { return bindingState{name: "G"} },
	Step: func(state, input, output any) (bool, any) {
		s, in := state.(bindingState), input.(bindingOp)
		out, known := output.(bindingResult)
		i := roleIndex(in.role)
		switch in.kind {
		case "set":
			linkedThrough := s.fields[i] != "" && s.link == in.role && s.name == s.fields[i]
			refused := s.fields[i] != in.name && (linkedThrough || s.fields[1-i] == in.name)
			if known && out.refused != refused {
				return false, s
			}
			if !refused && s.fields[i] != in.name {
				s.fields[i] = in.name
				if s.name == in.name {
					s.link = in.role
				}
			}
			return true, s
		case "unlink":
			s.fields[i] = ""
			if s.link == in.role {
				s.link = ""
			}
			return true, s
		case "rename":
			if s.name == in.name {
				return true, s
			}
			claimant := ""
			for j, role := range []string{"A", "B"} {
				if s.fields[j] == in.name {
					claimant = role
				}
			}
			old := s.name
			s.name = in.name
			switch {
			case claimant != "" && claimant != s.link:
				s.link = claimant
			case s.link != "" && s.fields[roleIndex(s.link)] == old:
				s.fields[roleIndex(s.link)] = in.name
			}
			return true, s
		}
		return out.name == s.name && out.link == s.link, s
	},
	DescribeOperation: func(in, out any) string { return describe("%+v -> %+v", in, out) },
}

// boundGroups is how many groups, each with two roles of its own, one history
// drives at once: all in one organization, so they share its lock, and none concerns
// another, so each can be checked by itself.
const boundGroups = 8

// bound is an organization with its groups and roles, reached through its replicas.
type bound struct {
	*replicas
	org       iam.OrganizationID
	provision []*provision.Service
	caller    iam.SCIMCaller
	groups    [boundGroups]iam.GroupID
}

// numbered makes a name of group i's own: "G 3", "A 3".
func numbered(name string, i int) string { return describe("%s %d", name, i) }

func newBound(t *testing.T, r *replicas) *bound {
	t.Helper()
	b := &bound{replicas: r, org: r.organization(t)}
	for _, s := range r.services {
		b.provision = append(b.provision, &provision.Service{DB: s.DB})
	}
	org, err := r.services[0].Organization(t.Context(), b.org)
	if err != nil {
		t.Fatal(err)
	}
	b.caller = iam.SCIMCaller{Organization: org, Key: "scim_test", Actor: iam.Actor{Type: iam.ActorAPI, ID: "scim_test"}}
	for i := range b.groups {
		made, err := b.provision[0].CreateGroup(t.Context(), b.caller, scim.Object{"displayName": numbered("G", i)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.groups[i] = iam.GroupID(made.ID)
		// The role that the push made goes with its link: the history begins without one.
		if err := r.services[0].DeleteRole(t.Context(), iam.Operator, b.org, numbered("G", i)); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{numbered("A", i), numbered("B", i)} {
			if _, err := r.services[0].CreateRole(t.Context(), iam.Operator, b.org, access.RoleInput{Name: &name}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b
}

func (b *bound) do(ctx context.Context, client int, in bindingOp) (any, bool) {
	s := b.service(client)
	role, name := numbered(in.role, in.group), numbered(in.name, in.group)
	var err error
	switch in.kind {
	case "set":
		_, err = s.UpdateRole(ctx, iam.Operator, b.org, role, access.RoleInput{SCIMGroup: &name})
	case "unlink":
		err = s.UnlinkRole(ctx, iam.Operator, b.org, role)
	case "rename":
		patch, perr := scim.ParsePatch(scim.Object{"Operations": []any{scim.Object{"op": "replace", "path": "displayName", "value": name}}})
		if perr != nil {
			panic(perr)
		}
		_, err = b.provision[client%len(b.provision)].PatchGroup(ctx, b.caller, string(b.groups[in.group]), patch, provision.Match{}, nil)
	default:
		groups, err := s.Groups(ctx, b.org)
		if err != nil {
			return nil, false
		}
		for _, g := range groups {
			if g.ID != b.groups[in.group] {
				continue
			}
			out := bindingResult{name: unnumbered(g.DisplayName)}
			if g.Role != nil {
				out.link = unnumbered(g.Role.Name)
			}
			return out, true
		}
		return nil, false
	}
	refused := iam.KindOf(err) == iam.KindConflict
	return bindingResult{refused: refused}, err == nil || refused
}

func unnumbered(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return word
}

func TestLinearizable_binding(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine string) {
		r := newReplicas(t, engine)
		for i := range length(1, 20) {
			b := newBound(t, r)
			rec := newRecorder()
			drive(t.Context(), length(320, historyLength), uint64(i), func(ctx context.Context, client int, rng *rand.Rand) {
				in := bindingOp{
					group: rng.IntN(boundGroups),
					kind:  []string{"set", "unlink", "rename", "read", "read"}[rng.IntN(5)],
					role:  []string{"A", "B"}[rng.IntN(2)],
					name:  []string{"G", "H"}[rng.IntN(2)],
				}
				rec.do(client, in, in.kind == "read", func() (any, bool) { return b.do(ctx, client, in) })
			})
			legal(t, describe("binding on %s, history %d", engine, i+1), bindingModel, rec)
		}
	})
}

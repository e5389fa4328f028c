package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

// Every type of event that Rollcall writes has words, so that nobody has to know them.
func TestActivityKinds_complete(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../../iam/audit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		word, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		found++
		if !slices.ContainsFunc(activityKinds, func(k activityKind) bool { return string(k.what) == word }) {
			t.Errorf("the type %s has no words", word)
		}
		return true
	})
	if found != len(activityKinds) {
		t.Errorf("%d types are written, %d have words", found, len(activityKinds))
	}
}

func TestActivityText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]iam.AuditEvent{
		"Member added: ann@example.com":       {Type: iam.MemberAdd, TargetType: "user", TargetName: "ann@example.com"},
		"Member removed: ann@example.com":     {Type: iam.MemberDelete, TargetType: "user", TargetName: "ann@example.com", Details: map[string]any{"reason": "deleted"}},
		"Member deactivated: ann@example.com": {Type: iam.MemberDelete, TargetType: "user", TargetName: "ann@example.com", Details: map[string]any{"reason": "deactivated"}},
		"SCIM enabled":                        {Type: iam.SCIMEnable, TargetType: "organization", TargetName: "Example"},
		"Organization created: Example":       {Type: iam.CreateOrganization, TargetType: "organization", TargetName: "Example"},
		"a_later_type: x":                     {Type: "a_later_type", TargetName: "x"},
	} {
		if got := activityText(e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestActivityFacts(t *testing.T) {
	t.Parallel()
	got := activityFacts(iam.AuditEvent{Details: map[string]any{
		"name":         map[string]any{"before": "Ops", "after": "Operators"},
		"userName":     map[string]any{"old": "", "new": "ann@example.com"},
		"permissions":  map[string]any{"before": []any{}, "after": []any{"a:b:c", "d:e:f"}},
		"linked":       []any{map[string]any{"id": "7", "displayName": "Ops"}},
		"movedTo":      map[string]any{"id": "8", "name": "Others"},
		"members":      float64(12345),
		"localSignIn":  true,
		"active":       false,
		"expiresAt":    "2026-11-24T08:00:00Z",
		"somethingNew": map[string]any{"b": float64(1.5), "a": nil},
	}})
	want := []fact{
		{"Active", "no"},
		{"Expires", "Tue, 24 Nov 2026 08:00:00 (UTC)"},
		{"Groups linked", "Ops"},
		{"Local sign-in", "yes"},
		{"Members", "12,345"},
		{"Moved to", "Others"},
		{"Name", "Ops → Operators"},
		{"Permissions", "none → a:b:c, d:e:f"},
		{"somethingNew", "a none, b 1.5"},
		{"userName", "none → ann@example.com"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestActorText(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]iam.Actor{
		"ann@example.com":                    {Type: iam.ActorUser, ID: "7", Details: "ann@example.com"},
		"SCIM key scim_abcdefghijklmnopqrst": {Type: iam.ActorAPI, Details: "scim_abcdefghijklmnopqrst"},
		"command line":                       iam.Operator,
		"Rollcall":                           {Type: iam.ActorSystem},
		"support":                            {Type: iam.ActorSupport},
	} {
		if got := actorText(a); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

package main

import (
	"strings"
	"testing"
)

func TestEntraEval_values(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	for _, test := range []struct {
		name string
		want string
		args []string
	}{
		{"default mapping of active", `{"value":"True"}`, []string{`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "IsSoftDeleted=False"}},
		{"absent is null", `{"value":null}`, []string{`ToLower([mail])`}},
		{"empty text", `{"value":""}`, []string{`ToLower([mail])`, "mail="}},
		{"equals sign in the value", `{"value":"a=b,c"}`, []string{`ToLower([mail])`, "mail=A=B,c"}},
		{"repeated name", `{"value":["a","b"]}`, []string{`RemoveDuplicates([otherMails])`, "otherMails=a", "otherMails=b", "otherMails=a"}},
		{"list of one", `{"value":["a"]}`, []string{`Split([department], ",")`, "department=a"}},
		{"angle brackets as they are", `{"value":"<a>"}`, []string{`Append([mail], ">")`, "mail=<a"}},
		{"left out", `{"value":null,"ignored":true}`, []string{`IgnoreFlowIfNullOrEmpty([department])`}},
		{"kept out of the logs", `{"value":"x","redacted":true}`, []string{`Redact("x")`}},
	} {
		args := []string{"entra", "eval", "--expression", test.args[0]}
		for _, attribute := range test.args[1:] {
			args = append(args, "--attribute", attribute)
		}
		for _, args := range [][]string{args, append(args, "--json")} {
			if got := strings.TrimSpace(sh.ok(args...)); got != test.want {
				t.Errorf("%s: rollcall %q prints %s, want %s", test.name, args, got, test.want)
			}
		}
	}
	for now, want := range map[string]string{"2021-07-02T15:33:38Z": "7/2/2021 3:33:38 PM", "2021-07-02T17:33:38+02:00": "7/2/2021 3:33:38 PM", "2021-07-02": "7/2/2021 12:00:00 AM"} {
		if got := sh.ok("entra", "eval", "--expression", "Now()", "--now", now); !strings.Contains(got, want) {
			t.Errorf("Now() with --now %s is %s, want %s", now, got, want)
		}
	}
	if a, b := sh.ok("entra", "eval", "--expression", "Guid()"), sh.ok("entra", "eval", "--expression", "Guid()"); a == b || len(a) != len(b) {
		t.Errorf("two GUIDs: %s and %s", a, b)
	}
}

func TestEntraEval_errors(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	for expression, want := range map[string]string{
		`toLower([mail])`:                    "write ToLower",
		`Append([mail])`:                     "the argument suffix is missing",
		`ToLower([mail]`:                     "closing parenthesis",
		`DateAdd("d", 1, "soon")`:            "FormatDateTime",
		`Item([mail], 0)`:                    "the first value has the index 1",
		``:                                   "the expression is empty",
		`SelectUniqueValue("a", "b")`:        "not supported for this application",
		`ToLower(` + strings.Repeat("x", 10): "neither a function nor in brackets",
	} {
		r := sh.run("entra", "eval", "--expression", expression)
		if r.code != exitRefused || !strings.HasPrefix(r.stdout, `{"error":"`) || !strings.Contains(r.stdout, want) || strings.Count(r.stdout, "\n") != 1 {
			t.Errorf("%s: exit %d, %s; want exit 1 and an error with %q", expression, r.code, r.stdout, want)
		}
		if !strings.HasPrefix(r.stderr, "rollcall: ") || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: standard error is %q, want one line", expression, r.stderr)
		}
	}
}

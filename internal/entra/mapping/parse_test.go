package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse_errors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in     string
		want   string
		column int
	}{
		{``, "the expression is empty", 0},
		{"  \t", "the expression is empty", 0},
		{`,`, "unexpected ','", 1},
		{`3`, "3 alone is none", 1},
		{`vbTextCompare`, "alone is none", 1},
		{`mail`, "write [mail] for an attribute", 1},
		{`[mail`, "no closing bracket", 1},
		{`[]`, "names no attribute", 1},
		{`["mail"]`, "names no attribute", 1},
		{`"mail`, "no closing quotation mark", 1},
		{`"a\d"`, `a backslash in a constant is written \\`, 3},
		{`"a\`, `a backslash in a constant is written \\`, 3},
		{`ToLower("a\")`, "no closing quotation mark", 9},
		{`ToLower([mail]`, "is a closing parenthesis missing?", 15},
		{`ToLower([mail]))`, "unexpected ')'", 16},
		{`ToLower([mail]) x`, "unexpected 'x'", 17},
		{`ToLower[mail]`, "neither a function nor in brackets", 1},
		{`ToLower(“mail”)`, "no quotation mark of an expression", 9},
		{`ToLower('mail')`, "no quotation mark of an expression", 9},
		{`Mid([a], 1x, 2)`, "1x is no number", 10},
		{`Mid([a], -, 2)`, "is no number", 10},
		{`Mid([a], 1.2.3, 2)`, "is no number", 10},
		{`BitAnd(&H, 2)`, "no hexadecimal number", 8},
		{`[a]="b"`, "stands in the condition of IIF or CBool only", 4},
		{`ToLower([a]="b")`, "stands in the condition of IIF or CBool only", 12},
		{`IIF([a]="b" OR [a]="c","x","y")`, "AND and OR are not supported", 13},
		{`IIF(AND, "x", "y")`, "AND is not supported", 5},
		{`IIF(([a]="b"), "x", "y")`, "unexpected '('", 5},
		{`Nonsense([a])`, "there is no function Nonsense", 1},
		{`ToLower()`, "ToLower(source, [culture]) has 0 arguments; the argument source is missing", 1},
		{`Guid(1, 2)`, "Guid() has 2 arguments, which are too many", 1},
		{`Now(,)`, "too many", 1},
		{strings.Repeat("a", MaxExpression+1), "has 10001 characters; at most 10000", 0},
		{strings.Repeat("Not(", MaxDepth+2) + `"a"` + strings.Repeat(")", MaxDepth+2), "nested more than 50 deep", 205},
	} {
		_, err := Parse(test.in)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) || syntax.Column != test.column {
			t.Errorf("Parse(%.60s): %v; want %q at %d", test.in, err, test.want, test.column)
		}
		if err != nil && len(err.Error()) > 700 {
			t.Errorf("Parse(%.60s): the message has %d bytes", test.in, len(err.Error()))
		}
	}
}

func TestParse_forms(t *testing.T) {
	t.Parallel()
	env := attributes(map[string]Value{"mail": String("A@b.c"), "odd name-1": String("x")})
	for in, want := range map[string]string{
		`[mail]`:                                "A@b.c",
		` [ mail ] `:                            "A@b.c",
		`[odd name-1]`:                          "x",
		`"a \"b\" \\c"`:                         `a "b" \c`,
		"ToLower\n(\t[mail]\r\n)":               "a@b.c",
		`Mid([mail],1,1)`:                       "A",
		`Replace([mail], "@b.c", , ,"", ,)`:     "A",
		`BitAnd(&hff, 15)`:                      "15",
		`DateAdd("d", -1, CDate("2026-03-01"))`: "2/28/2026 12:00:00 AM",
		`"日本 ]),("`:                             "日本 ]),(",
		strings.Repeat("Not(", MaxDepth) + `"True"` + strings.Repeat(")", MaxDepth): "True",
	} {
		e, err := Parse(in)
		if err != nil {
			t.Errorf("Parse(%.60s): %v", in, err)
			continue
		}
		result, err := e.Eval(env)
		if err != nil || result.Value.Text() != want || e.String() != in {
			t.Errorf("%.60s gives %v, %v; want %q", in, result.Value, err, want)
		}
	}
}

func TestEval_unknownAttribute(t *testing.T) {
	t.Parallel()
	env := Env{Attribute: func(name string) (Value, bool) { return Null(), name == "mail" }}
	if _, err := Eval(`Coalesce([mail], [Mail])`, env); err == nil || !strings.Contains(err.Error(), "no attribute [Mail]") {
		t.Errorf("an unknown attribute gives %v", err)
	}
	if _, err := Eval(`[mail]`, Env{}); err == nil {
		t.Error("an empty environment knows an attribute")
	}
}

func TestExpression_attributes(t *testing.T) {
	t.Parallel()
	e, err := Parse(`IIF([country]="USA", Join(" ", [givenName], [surname]), Switch([country], [givenName], "a", "[no]"))`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Attributes(), []string{"country", "givenName", "surname"}; !slices.Equal(got, want) {
		t.Errorf("attributes are %q, want %q", got, want)
	}
}

func TestExpression_warnings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		`IIF(IsNullOrEmpty([country]),"Other",[country])`:                        1,
		`Switch(IsPresent([a]), "b", "True", Switch(IsNull([a]), "", "c", "d"))`: 2,
		`Switch([country],[country],"","Other")`:                                 0,
		`Not(IsPresent([a]))`:                                                    0,
	} {
		e, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Warnings(); len(got) != want {
			t.Errorf("%s: warnings %q, want %d", in, got, want)
		}
	}
}

// What is evaluated stays small and quick whatever is nested in what.
func TestEval_limits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 5_000)
	double := `"` + long + `"`
	for range 20 {
		double = fmt.Sprintf(`Replace(%s, "a", , , "aa", , )`, double)
	}
	many := `Join(""` + strings.Repeat(",[x]", 2_000) + ")"
	env := attributes(map[string]Value{"x": String(strings.Repeat("x", 60_000)), "commas": String(strings.Repeat(",", 20_000))})
	costly := `Replace([x], , "(x?){900}y", , "", , )`
	if _, err := Eval(costly, env); err == nil || !strings.Contains(err.Error(), "the pattern takes too long") {
		t.Errorf("a costly pattern: %v", err)
	}
	for name, in := range map[string]string{
		"doubled again and again": double,
		"joined many times":       many,
		"template":                `Replace([x], "a", , , , , "` + long + `")`,
		"pattern":                 `Replace([x], , "x", , "` + long + `", , )`,
		"many parts":              `Split([commas], ",")`,
	} {
		begin := time.Now()
		if _, err := Eval(in, env); err == nil || !strings.Contains(err.Error(), "the result is too long") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func FuzzEval(f *testing.F) {
	for _, seed := range []string{
		`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, `Join(" ", [givenName], [surname])`, `IIF([a]<>"b", Mid([a], 1, 2), "")`,
		`Replace([a], , "(?<x>[\\w-]+)\\b", "x", "", , )`, `Replace([a], , "^(a|b)*$", , "$1${x}$$", , )`, `FormatDateTime([a], "AllowInnerWhite", "yyyy-MM-ddTHH:mm:ss.fffK", "dddd dd MMM yy h tt zzz")`,
		`DateAdd("m", -9999, CDate("2021-08-31"))`, `NumFromDate(DateFromNum(&H7fffffffffffffff))`, `PCase(NormalizeDiacritics("ǭ'é"), " ")`, `RandomString(12,1,1,1,1,"abc")`,
		`Item(Split([a], ","), 2)`, `Redact(IgnoreFlowIfNullOrEmpty([a]))`, `DateDiff("ww", [a], Now())`, "\"\\\"", `Coalesce(,)`, `BitAnd(-1, &HF)`,
	} {
		f.Add(seed, "2021-06-30+08:00, b", true)
	}
	f.Fuzz(func(t *testing.T, expression, value string, present bool) {
		e, err := Parse(expression)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Message == "" {
				t.Fatalf("Parse(%q): %v is no SyntaxError", expression, err)
			}
			return
		}
		env := attributes(nil)
		env.Attribute = func(name string) (Value, bool) {
			switch {
			case !present:
				return Null(), true
			case strings.HasPrefix(name, "m"):
				return Multi(value, "b"), true
			}
			return String(value), true
		}
		result, err := e.Eval(env)
		if err != nil {
			return
		}
		size := 0
		for _, text := range result.Value.Strings() {
			size += len(text)
		}
		if size > maxResult+len(value)+1 && size > len(expression) {
			t.Fatalf("%q gives %d bytes", expression, size)
		}
		again, err := e.Eval(env) // randomness goes on, all else stays
		random := strings.Contains(expression, "Guid") || strings.Contains(expression, "RandomString")
		if err != nil || !random && !again.Value.Equal(result.Value) {
			t.Fatalf("%q gives %v, then %v (%v)", expression, result.Value, again.Value, err)
		}
	})
}

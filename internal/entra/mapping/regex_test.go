package mapping

import (
	"strings"
	"testing"
)

func TestCompile_dotNet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text, want string // want is the first match, "-" when there is none
	}{
		{`\d+`, "a١٢", "١٢"},
		{`\D+`, "١a٢", "a"},
		{`\w+`, "-é_1-", "é_1"},
		{`[\w.-]+`, " é.a-b ", "é.a-b"},
		{`\W`, "é!", "!"},
		{`\s`, "a\u00a0b", "\u00a0"},
		{`[^\s]+`, "\u2003ab ", "ab"},
		{`\S+`, "\u00a0ab ", "ab"},
		{`[]a]+`, "]a", "]a"},
		{`[^]a]+`, "]ab", "b"},
		{`[[:alpha:]+`, "zz:[ph", ":[ph"},
		{`[a\-z]+`, "b-", "-"},
		{`[\]]`, "]", "]"},
		{`\u0041\x42`, "AB", "AB"},
		{`[\b]`, "a\bb", "\b"},
		{`\bb`, "a b", "b"},
		{`a\z`, "aa", "a"},
		{`.*\@domain.com`, "x@domain.com", "x@domain.com"},
		{`(?i)ABC`, "abc", "abc"},
		{`(?<first>a)(?:b)`, "ab", "ab"},
		{`\e\t\.\-\/\"`, "\x1b\t.-/\"", "\x1b\t.-/\""},
		{`x{2,3}?`, "xxx", "xx"},
		{`^b$`, "a\nb", "-"},
		{`(?m)^b$`, "a\nb", "b"},
		{`é+`, "éé", "éé"},
	} {
		re, err := compile(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		got := "-"
		if re.MatchString(test.text) {
			got = re.FindString(test.text)
		}
		if got != test.want {
			t.Errorf("%s finds %q in %q, want %q", test.pattern, got, test.text, test.want)
		}
	}
}

func TestCompile_refused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		`a(?=b)`, `a(?!b)`, `(?<=a)b`, `(?<!a)b`, `(?>a)`, `(a)(?(1)b|c)`, `a(?#note)`, `(?'n'a)`, `(?<a-b>c)`, `(a)\1`, `(?<a>x)\k<a>`, `a++`, `a?+`, `(?x)a`, `(?n)(a)`,
		`[a-z-[aeiou]]`, `[\W]`, `[\S]`, `\Z`, `\G`, `\p{IsGreek}`, `\Qa\E`, `\u12`, `\uzzzz`, `(`, `[a`, `a\`, `a{2000}`, `\é`, strings.Repeat("(", 2_000),
	} {
		if re, err := compile(pattern); err == nil {
			t.Errorf("%.40s is accepted as %s", pattern, re)
		} else if len(err.Error()) > 600 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40s: the message is %q", pattern, err)
		}
	}
}

func TestSubstitute_forms(t *testing.T) {
	t.Parallel()
	for replacement, want := range map[string]string{
		`$1`: "<n>", `$2`: "<m>", `$0`: "<mn>", `${name}`: "<m>", `${1}`: "<n>", `$&$$`: "<mn$>", "$`": "<<>", `$'`: "<>>", `$_`: "<<mn>>", `$+`: "<m>",
		`$3`: "<$3>", `${no}`: "<${no}>", `${name`: "<${name>", `$`: "<$>", `$x`: "<$x>", `$name`: "<$name>", `a$1b`: "<anb>", ``: "<>", `$01`: "<n>",
	} {
		result, err := Eval(`Replace([x], , "(?<name>m)(n)", , [r], , )`, attributes(texts("x", "<mn>", "r", replacement)))
		if err != nil || result.Value.Text() != want {
			t.Errorf("%s gives %v (%v), want %s", replacement, result.Value, err, want)
		}
	}
	result, err := Eval(`Replace("ab", , "(?<x>a)|(?<y>b)", "y", "-", , )`, attributes(nil))
	if err != nil || result.Value.Text() != "a-" {
		t.Errorf("a group that takes no part gives %v (%v), want a-", result.Value, err)
	}
}

package mapping

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestClause_operators(t *testing.T) {
	t.Parallel()
	all := map[string]Value{
		"department": String("Sales"), "number": String("12"), "empty": String(""), "yes": String("True"), "no": String("false"),
		"mails": Multi("a", "b"), "one": Multi("Sales"), "upn": String("a@domain.com"), "month": String("2021-06"),
	}
	for _, test := range []struct {
		clause Clause
		want   bool
	}{
		{Clause{"department", Equals, "Sales"}, true},
		{Clause{"department", Equals, "sales"}, false},
		{Clause{"null", Equals, ""}, false},
		{Clause{"empty", Equals, ""}, false},
		{Clause{"one", Equals, "Sales"}, true},
		{Clause{"mails", Equals, "a"}, false},
		{Clause{"department", NotEquals, "sales"}, true},
		{Clause{"department", NotEquals, "Sales"}, false},
		{Clause{"null", NotEquals, "Sales"}, false},
		{Clause{"department", EndsWith, "les"}, true},
		{Clause{"department", EndsWith, "LES"}, false},
		{Clause{"null", EndsWith, "les"}, false},
		{Clause{"department", Includes, "ale"}, true},
		{Clause{"department", Includes, "ALE"}, false},
		{Clause{"empty", Includes, "a"}, false},
		{Clause{"number", GreaterThan, "9"}, true},
		{Clause{"number", GreaterThan, "12"}, false},
		{Clause{"number", GreaterThanOrEquals, "12"}, true},
		{Clause{"number", GreaterThanOrEquals, "13"}, false},
		{Clause{"month", GreaterThan, "1"}, false},
		{Clause{"null", GreaterThanOrEquals, "0"}, false},
		{Clause{"number", And, "4"}, true},
		{Clause{"number", And, "3"}, false},
		{Clause{"number", NotAnd, "3"}, true},
		{Clause{"department", And, "Sales, Support"}, true},
		{Clause{"department", And, "Support"}, false},
		{Clause{"department", NotAnd, "Support"}, true},
		{Clause{"null", NotAnd, "Support"}, false},
		{Clause{"yes", IsTrue, ""}, true},
		{Clause{"no", IsTrue, ""}, false},
		{Clause{"null", IsTrue, ""}, false},
		{Clause{"no", IsFalse, ""}, true},
		{Clause{"yes", IsFalse, ""}, false},
		{Clause{"null", IsFalse, ""}, false},
		{Clause{"department", IsNull, ""}, false},
		{Clause{"null", IsNull, ""}, true},
		{Clause{"empty", IsNull, ""}, true},
		{Clause{"department", IsNotNull, ""}, true},
		{Clause{"null", IsNotNull, ""}, false},
		{Clause{"empty", IsNotNull, ""}, false},
		{Clause{"upn", RegexMatch, `.*\@domain.com`}, true},
		{Clause{"upn", RegexMatch, `.*\@DOMAIN.com`}, false},
		{Clause{"upn", NotRegexMatch, `.*\@domain.com`}, false},
		{Clause{"department", NotRegexMatch, `.*\@domain.com`}, true},
		{Clause{"null", NotRegexMatch, `x`}, false},
		{Clause{"null", RegexMatch, `.*`}, false},
		{Clause{"number", RegexMatch, `([1-9][0-9])`}, true},
		{Clause{"number", RegexMatch, `^[1-9]$`}, false},
	} {
		if err := test.clause.validate(); err != nil && test.clause.Value != "" {
			t.Errorf("%s is not valid: %v", test.clause, err)
		}
		if got, err := test.clause.holds(attributes(all)); err != nil || got != test.want {
			t.Errorf("%s: %v (%v), want %v", test.clause, got, err, test.want)
		}
	}
	if len(Operators()) != 14 {
		t.Errorf("there are %d operators, the page has 14", len(Operators()))
	}
}

func TestClause_validate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		clause Clause
		want   string
	}{
		{Clause{"", Equals, "x"}, "names no attribute"},
		{Clause{"members", Equals, "x"}, "cannot be used in a scoping filter"},
		{Clause{"manager", IsNull, ""}, "cannot be used in a scoping filter"},
		{Clause{"department", "LIKE", "x"}, `there is no operator "LIKE"`},
		{Clause{"department", Equals, ""}, "needs a value"},
		{Clause{"employeeId", GreaterThan, "1.5"}, "needs a whole number"},
		{Clause{"department", RegexMatch, "("}, "missing closing )"},
		{Clause{"department", NotRegexMatch, "(?=a)"}, "look-ahead"},
	} {
		m := DefaultUsers()
		m.Filters = []ScopingFilter{{Title: "f", Clauses: []Clause{{"department", IsNotNull, ""}, test.clause}}}
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `the scoping filter "f"`) {
			t.Errorf("%s: %v, want %q", test.clause, err, test.want)
		}
	}
	if _, err := (Clause{"a", "LIKE", "x"}).holds(attributes(texts("a", "x"))); err == nil {
		t.Error("an unknown operator is evaluated")
	}
}

func TestScopingFilter_evaluate(t *testing.T) {
	t.Parallel()
	sales := ScopingFilter{Title: `Sales "people"`, Clauses: []Clause{{"department", Equals, "Sales"}, {"state", IsNotNull, ""}}}
	munich := ScopingFilter{Title: "Munich", Clauses: []Clause{{"city", Equals, "München"}}}
	m := DefaultUsers()
	if pass, rows, err := m.InScope(attributes(nil)); !pass || rows != nil || err != nil {
		t.Errorf("without a filter: %v, %q, %v", pass, rows, err)
	}
	m.Filters = []ScopingFilter{sales, munich}
	for _, test := range []struct {
		source map[string]Value
		pass   bool
		want   string
	}{
		{texts("department", "Sales", "state", "NY"), true, `{"Sales \"people\".department EQUALS 'Sales'":true,"Sales \"people\".state IS NOT NULL":true,"Munich.city EQUALS 'München'":false}`},
		{texts("department", "Sales"), false, `{"Sales \"people\".department EQUALS 'Sales'":true,"Sales \"people\".state IS NOT NULL":false,"Munich.city EQUALS 'München'":false}`},
		{texts("city", "München"), true, `{"Sales \"people\".department EQUALS 'Sales'":false,"Sales \"people\".state IS NOT NULL":false,"Munich.city EQUALS 'München'":true}`},
	} {
		pass, rows, err := m.InScope(attributes(test.source))
		got := "{" + strings.Join(rows, ",") + "}"
		if err != nil || pass != test.pass || got != test.want || !json.Valid([]byte(got)) {
			t.Errorf("%v: %v, %s (%v); want %v, %s", test.source, pass, got, err, test.pass, test.want)
		}
	}
	unknown := Env{Attribute: func(string) (Value, bool) { return Null(), false }}
	if _, _, err := m.InScope(unknown); err == nil || !strings.Contains(err.Error(), "no attribute [department]") {
		t.Errorf("an unknown attribute in a filter: %v", err)
	}
}

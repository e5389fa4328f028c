package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ScopingFilter is a group of clauses that must all be true. Of several filters one must
// pass. Source: Microsoft Entra docs,
// define-conditional-rules-for-provisioning-user-accounts.
type ScopingFilter struct {
	Title   string   `json:"title"`
	Clauses []Clause `json:"clauses"`
}

// Clause is one comparison of a scoping filter. Value is not used by the operators about
// null and about booleans.
type Clause struct {
	Attribute string   `json:"attribute"`
	Operator  Operator `json:"operator"`
	Value     string   `json:"value"`
}

// Operator compares an attribute in a scoping filter; its text is the portal's.
type Operator string

// The operators, with the names and the order of the page. All are case-sensitive, and
// all but IsNull are false for an attribute that is null or empty.
const (
	And                 Operator = "&"
	NotAnd              Operator = "!&"
	EndsWith            Operator = "ENDS_WITH"
	Equals              Operator = "EQUALS"
	GreaterThan         Operator = "Greater_Than"
	GreaterThanOrEquals Operator = "Greater_Than_OR_EQUALS"
	Includes            Operator = "Includes"
	IsFalse             Operator = "IS FALSE"
	IsNotNull           Operator = "IS NOT NULL"
	IsNull              Operator = "IS NULL"
	IsTrue              Operator = "IS TRUE"
	NotEquals           Operator = "NOT EQUALS"
	NotRegexMatch       Operator = "NOT REGEX MATCH"
	RegexMatch          Operator = "REGEX MATCH"
)

// Operators are all of them, in the order of the portal's list.
func Operators() []Operator {
	return []Operator{And, NotAnd, EndsWith, Equals, GreaterThan, GreaterThanOrEquals, Includes, IsFalse, IsNotNull, IsNull, IsTrue, NotEquals, NotRegexMatch, RegexMatch}
}

// TakesValue reports whether a clause with the operator needs a value.
func (o Operator) TakesValue() bool {
	return !slices.Contains([]Operator{IsFalse, IsNotNull, IsNull, IsTrue}, o)
}

// unscopable are the source attributes that no clause may use: the page excludes members
// and multi-valued attributes, known-issues appRoleAssignments, userType, manager and dates.
var unscopable = []string{"members", "proxyAddresses", "otherMails", "appRoleAssignments", "userType", "manager", "createdDateTime", "deletedDateTime", "employeeHireDate", "employeeLeaveDateTime"}

// Evaluate tells whether the object behind env passes the filter. Each row is a member
// of the JSON object that the logs call ScopeEvaluationResult:
//
//	"Sales people.department EQUALS 'Sales'":true
func (f ScopingFilter) Evaluate(env Env) (pass bool, rows []string, err error) {
	pass = true
	for _, c := range f.Clauses {
		holds, err := c.holds(env)
		if err != nil {
			return false, nil, fmt.Errorf("the scoping filter %q: %w", clip(f.Title), err)
		}
		pass = pass && holds
		name, err := json.Marshal(f.Title + "." + c.String())
		if err != nil {
			return false, nil, fmt.Errorf("the scoping filter %q: %w", clip(f.Title), err)
		}
		rows = append(rows, string(name)+":"+strconv.FormatBool(holds))
	}
	return pass, rows, nil
}

// InScope tells whether the object passes the mapping's filters: one of them, or there
// are none. The rows are those of all filters.
func (m ObjectMapping) InScope(env Env) (pass bool, rows []string, err error) {
	pass = len(m.Filters) == 0
	for _, f := range m.Filters {
		passes, more, err := f.Evaluate(env)
		if err != nil {
			return false, nil, err
		}
		pass, rows = pass || passes, append(rows, more...)
	}
	return pass, rows, nil
}

// String is the clause as the logs show it: department EQUALS 'Sales'.
func (c Clause) String() string {
	if !c.Operator.TakesValue() {
		return c.Attribute + " " + string(c.Operator)
	}
	return c.Attribute + " " + string(c.Operator) + " '" + c.Value + "'"
}

func (c Clause) holds(env Env) (bool, error) {
	value, err := (&evaluation{env: env}).attribute(attributeNode{name: c.Attribute})
	if err != nil {
		return false, err
	}
	text := value.Text()
	if value.isEmpty() || len(value.texts) > 1 {
		return c.Operator == IsNull && value.isEmpty(), nil
	}
	switch c.Operator {
	case And, NotAnd:
		return c.and(text) == (c.Operator == And), nil
	case EndsWith:
		return strings.HasSuffix(text, c.Value), nil
	case Equals:
		return text == c.Value, nil
	case NotEquals:
		return text != c.Value, nil
	case GreaterThan, GreaterThanOrEquals:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return false, nil
		}
		than, err := strconv.ParseInt(c.Value, 10, 64)
		if err != nil {
			return false, fmt.Errorf("%s needs a whole number, not %q", c.Operator, clip(c.Value))
		}
		return n > than || n == than && c.Operator == GreaterThanOrEquals, nil
	case Includes:
		return strings.Contains(text, c.Value), nil
	case IsTrue:
		return strings.EqualFold(text, "true"), nil
	case IsFalse:
		return strings.EqualFold(text, "false"), nil
	case IsNotNull:
		return true, nil
	case IsNull:
		return false, nil
	case RegexMatch, NotRegexMatch:
		re, err := compile(c.Value)
		if err != nil {
			return false, err
		}
		return re.MatchString(text) == (c.Operator == RegexMatch), nil
	}
	return false, fmt.Errorf("there is no operator %q", clip(string(c.Operator)))
}

// and: the page says that & asks whether the attribute occurs in the clause's value. Of
// two whole numbers it asks for common bits, which is what the sign stands for.
func (c Clause) and(text string) bool {
	a, errA := strconv.ParseInt(text, 10, 64)
	b, errB := strconv.ParseInt(c.Value, 10, 64)
	if errA == nil && errB == nil {
		return a&b != 0
	}
	return strings.Contains(c.Value, text)
}

// validate judges a filter when it is saved.
func (f ScopingFilter) validate() error {
	if strings.TrimSpace(f.Title) == "" {
		return fmt.Errorf("a scoping filter has no title; give it one, the logs name it")
	}
	if len(f.Clauses) == 0 {
		return fmt.Errorf("the scoping filter %q has no clause; add one, or delete the filter", clip(f.Title))
	}
	for _, c := range f.Clauses {
		if err := c.validate(); err != nil {
			return fmt.Errorf("the scoping filter %q: %w", clip(f.Title), err)
		}
	}
	return nil
}

func (c Clause) validate() error {
	switch {
	case c.Attribute == "":
		return fmt.Errorf("a clause names no attribute")
	case slices.Contains(unscopable, c.Attribute):
		return fmt.Errorf("%s cannot be used in a scoping filter: references, dates and attributes with several values are not supported", c.Attribute)
	case !slices.Contains(Operators(), c.Operator):
		return fmt.Errorf("there is no operator %q", clip(string(c.Operator)))
	case c.Operator.TakesValue() && c.Value == "":
		return fmt.Errorf("%s %s needs a value", c.Attribute, c.Operator)
	}
	switch c.Operator {
	case GreaterThan, GreaterThanOrEquals:
		if _, err := strconv.ParseInt(c.Value, 10, 64); err != nil {
			return fmt.Errorf("%s needs a whole number, not %q", c.Operator, clip(c.Value))
		}
	case RegexMatch, NotRegexMatch:
		if _, err := compile(c.Value); err != nil {
			return err
		}
	}
	return nil
}

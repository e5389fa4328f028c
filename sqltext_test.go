package rollcall_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// globalTables are those whose statements need not name an organization, with the reason.
var globalTables = map[string]string{
	"instance":         "what one installation knows of itself",
	"organizations":    "the list of them is the operator's",
	"domains":          "e-mail-first sign-in asks which organization verified a domain first",
	"goose_db_version": "the state of the migrations",
}

// cataloguePrefixes begin the names of the engines' own tables.
var cataloguePrefixes = []string{"pg_", "information_schema.", "sqlite_", "pragma_"}

// globalStatements are further statements without an organization, as file and beginning
// of the text with single blanks, with the reason. Each reaches into every organization:
// there must be a good one.
var globalStatements = map[string]string{
	"internal/store/migrate.go SELECT COALESCE(MAX(version_id), 0) FROM":                                                 "the state of the migrations, whose table has its name from goose",
	"internal/store/signins.go SELECT org_id, member_id, coalesce(password_hash, '') FROM local_signins WHERE email = ?": "an Admin at a browser that does not know his organization; the password decides which it is",
	"internal/store/role_holders.go SELECT role_id, count(*) FROM AS held":                                               "counts the rows of an inner statement, which names the organization",
	"internal/store/support.go SELECT FROM support_requests ORDER BY id DESC LIMIT ?":                                    "the operator reads what people of all organizations wrote to him",
	"internal/store/support.go SELECT FROM support_requests WHERE id = ?":                                                "the operator opens one of them by its id",
	"internal/store/sorted.go SELECT sort_key = '', sort_key, id FROM (":                                                 "orders the rows of an inner statement, which names the organization",
}

var (
	sqlStart = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b`)
	sqlTable = regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_][a-z_0-9.]*)`)
	sqlWhere = regexp.MustCompile(`\bWHERE\b`)
	sqlName  = regexp.MustCompile(`\bWITH\s+([a-z_]+)|,\s*([a-z_]+)\s+AS\s*\(`)
)

// A statement is the text of one SQL statement as far as the source shows it.
type statement struct {
	at    string
	file  string
	text  string // blanks folded
	whole bool   // false when a part of it is computed
}

// statements finds the SQL of a file: string literals, alone or joined by +, that begin
// with a verb of SQL in capitals.
func statements(file source) []statement {
	var list []statement
	ast.Inspect(file.ast, func(node ast.Node) bool {
		expression, ok := node.(ast.Expr)
		if !ok {
			return true
		}
		text, whole, ok := literal(expression)
		if !ok {
			return true
		}
		if sqlStart.MatchString(text) {
			list = append(list, statement{file.line(expression), file.path, strings.Join(strings.Fields(text), " "), whole})
		}
		return false // the parts of a joined text are no statements of their own
	})
	return list
}

// literal returns the text of a string literal or of literals joined by +. A computed part
// of such a sum counts as nothing and makes whole false.
func literal(expression ast.Expr) (text string, whole, ok bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false, false
		}
		text, err := strconv.Unquote(e.Value)
		return text, true, err == nil
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false, false
		}
		left, leftWhole, leftOK := literal(e.X)
		right, rightWhole, rightOK := literal(e.Y)
		return left + " " + right, leftWhole && rightWhole, leftOK || rightOK
	}
	return "", false, false
}

// namesOrganization tells whether a statement is bound to an organization: INSERT gives
// org_id a value; the others compare it, so they name it after WHERE (where a part of the
// text is computed: anywhere). A statement without a table, or with global ones only, needs none.
func (s statement) namesOrganization() bool {
	var own []string // names that WITH makes
	for _, match := range sqlName.FindAllStringSubmatch(s.text, -1) {
		own = append(own, match[1]+match[2])
	}
	bound := false
	for _, match := range sqlTable.FindAllStringSubmatch(s.text, -1) {
		table := match[1]
		catalogue := slices.ContainsFunc(cataloguePrefixes, func(prefix string) bool { return strings.HasPrefix(table, prefix) })
		bound = bound || globalTables[table] == "" && !catalogue && !slices.Contains(own, table)
	}
	if !bound && s.whole {
		return true
	}
	condition := s.text
	if s.whole && !strings.HasPrefix(s.text, "INSERT") {
		where := sqlWhere.FindStringIndex(s.text)
		if where == nil {
			return false
		}
		condition = s.text[where[1]:]
	}
	return strings.Contains(condition, "org_id")
}

// checkOrganizationInSQL: no statement of the store reaches past its organization. Account
// take-overs through SCIM all began with a look-up that left it out.
func checkOrganizationInSQL(files []source) []string {
	var found []string
	for _, file := range files {
		if file.test() || !below(file.dir(), "internal/store") || below(file.dir(), "internal/store/storetest") {
			continue
		}
		for _, s := range statements(file) {
			if !s.namesOrganization() && !s.listed() {
				found = append(found, fmt.Sprintf("%s: the statement names no organization: %.120s", s.at, s.text))
			}
		}
	}
	return found
}

func (s statement) listed() bool {
	for name, reason := range globalStatements {
		file, start, _ := strings.Cut(name, " ")
		if reason != "" && file == s.file && strings.HasPrefix(s.text, start) {
			return true
		}
	}
	return false
}

func TestSQL_namesTheOrganization(t *testing.T) {
	t.Parallel()
	holds(t, checkOrganizationInSQL)
}

func TestSQL_listedStatementsExist(t *testing.T) {
	t.Parallel()
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	for name := range globalStatements {
		path, start, _ := strings.Cut(name, " ")
		found := false
		for _, file := range files {
			found = found || file.path == path && slices.ContainsFunc(statements(file), func(s statement) bool { return strings.HasPrefix(s.text, start) })
		}
		if !found {
			t.Errorf("globalStatements lists %q, which is not there", name)
		}
	}
}

func TestSQL_ruleFindsViolations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, expression string
		violation        bool
	}{
		{"select", `"SELECT id FROM users WHERE org_id = ? AND id = ?"`, false},
		{"select without", `"SELECT id FROM users WHERE id = ?"`, true},
		{"select of the column only", `"SELECT org_id, id FROM users WHERE id = ?"`, true},
		{"select of everything", `"SELECT org_id FROM users"`, true},
		{"raw string", "`\n\t\tDELETE FROM group_members\n\t\tWHERE user_id = ?`", true},
		{"join", `"SELECT u.id FROM users u JOIN group_members m ON m.org_id = u.org_id WHERE u.org_id = ?"`, false},
		{"join bound to nothing", `"SELECT u.id FROM users u JOIN group_members m ON m.org_id = u.org_id WHERE u.id = ?"`, true},
		{"insert", `"INSERT INTO users (org_id, id) VALUES (?, ?)"`, false},
		{"insert without", `"INSERT INTO users (id) VALUES (?)"`, true},
		{"update", `"UPDATE users SET doc = ? WHERE org_id = ? AND id = ?"`, false},
		{"update without", `"UPDATE users SET org_id = ? WHERE id = ?"`, true},
		{"sum", `"SELECT " + columns + " FROM users WHERE org_id = ?"`, false},
		{"sum without", `"SELECT " + columns + " FROM users WHERE id = ?" + suffix`, true},
		{"sum with a computed table", `"DELETE FROM " + table + " WHERE id = ?"`, true},
		{"format", `fmt.Sprintf("SELECT id FROM groups WHERE id IN (%s)", list)`, true},
		{"with", `"WITH page AS (SELECT id FROM users WHERE org_id = ?) SELECT id FROM page"`, false},
		{"with without", `"WITH page AS (SELECT id FROM users) SELECT id FROM page"`, true},
		{"no table", `"SELECT current_setting('fsync')"`, false},
		{"global table", `"SELECT value FROM instance WHERE name = ?"`, false},
		{"global table joined", `"SELECT u.id FROM organizations o JOIN users u ON u.id = o.id"`, true},
		{"catalogue", `"SELECT relname FROM pg_catalog.pg_class"`, false},
		{"catalogue joined", `"SELECT c.name, u.id FROM pragma_table_info('users') c, users u JOIN groups g ON g.id = u.id"`, true},
		{"prose", `"SELECTED columns are listed"`, false},
		{"error text", `"select the users first"`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var want []string
			if test.violation {
				want = []string{"internal/store/a.go:2"}
			}
			finds(t, checkOrganizationInSQL, map[string]string{"internal/store/a.go": "package store\nvar x = " + test.expression + "\n"}, want...)
		})
	}
}

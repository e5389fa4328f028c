package rollcall_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines bounds a file: one that is longer holds more than one idea. Tables may be
// longer, if they are listed in longFiles with the reason.
const maxLines = 500

var longFiles = map[string]string{}

// skips lists the tests that may be skipped, as path and function, with the reason. A skip
// looks like a success, so each one is a decision.
var skips = map[string]string{
	"internal/store/storetest/cluster_test.go needsPrograms": "tests of the private server cannot run where tests were told to use a server elsewhere and none is installed",
}

// checkPackageComments: every package says in one place what it owns. The comment of a
// package that has only tests is in one of those.
func checkPackageComments(files []source) []string {
	comments := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file.ast.Name.Name, "_test") {
			continue
		}
		if comments[file.dir()] == nil {
			comments[file.dir()] = []string{}
		}
		if file.ast.Doc != nil {
			comments[file.dir()] = append(comments[file.dir()], file.path)
		}
	}
	var found []string
	for dir, paths := range comments {
		if len(paths) != 1 {
			found = append(found, fmt.Sprintf("package %q has %d package comments, want 1: %q", dir, len(paths), paths))
		}
	}
	slices.Sort(found)
	return found
}

// checkLength holds maxLines.
func checkLength(files []source) []string {
	var found []string
	for _, file := range files {
		lines := bytes.Count(file.text, []byte("\n"))
		if lines > maxLines && longFiles[file.path] == "" {
			found = append(found, fmt.Sprintf("%s has %d lines, at most %d are allowed: split it by its ideas", file.path, lines, maxLines))
		}
	}
	return found
}

// unfinished matches the words that mark unfinished work.
var unfinished = regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}, "|") + `)\b`)

// checkUnfinished: what is not finished is not in the tree.
func checkUnfinished(files []source) []string {
	var found []string
	for _, file := range files {
		for i, line := range bytes.Split(file.text, []byte("\n")) {
			if word := unfinished.Find(line); word != nil {
				found = append(found, fmt.Sprintf("%s:%d says %s: finish it or open an issue", file.path, i+1, word))
			}
		}
	}
	return found
}

// checkSkips holds the table skips.
func checkSkips(files []source) []string {
	var found []string
	for _, file := range files {
		if !file.test() && !below(file.dir(), "internal/store/storetest") {
			continue
		}
		for _, declaration := range file.ast.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(function, func(node ast.Node) bool {
				call, ok := node.(*ast.CallExpr)
				if !ok {
					return true
				}
				selector, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, selector.Sel.Name) {
					return true
				}
				if skips[file.path+" "+function.Name.Name] == "" {
					found = append(found, fmt.Sprintf("%s: %s is skipped without a reason in form_test.go", file.line(call), function.Name.Name))
				}
				return true
			})
		}
	}
	return found
}

// checkFormat: the files are as gofmt writes them.
func checkFormat(files []source) []string {
	var found []string
	for _, file := range files {
		formatted, err := format.Source(file.text)
		if err != nil || !bytes.Equal(formatted, file.text) {
			found = append(found, file.path+" is not formatted: run gofmt -w on it")
		}
	}
	return found
}

func TestForm_packageComments(t *testing.T) {
	t.Parallel()
	holds(t, checkPackageComments)
}

func TestForm_length(t *testing.T) {
	t.Parallel()
	holds(t, checkLength)
}

func TestForm_unfinished(t *testing.T) {
	t.Parallel()
	holds(t, checkUnfinished)
}

func TestForm_skips(t *testing.T) {
	t.Parallel()
	holds(t, checkSkips)
}

func TestForm_gofmt(t *testing.T) {
	t.Parallel()
	holds(t, checkFormat)
}

// An exception that nothing needs any more hides the next violation.
func TestForm_exceptionsAreInUse(t *testing.T) {
	t.Parallel()
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	long, skipping := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		long[file.path] = bytes.Count(file.text, []byte("\n")) > maxLines
		for _, declaration := range file.ast.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				skipping[file.path+" "+function.Name.Name] = true
			}
		}
	}
	for name := range longFiles {
		if !long[name] {
			t.Errorf("longFiles lists %s, which is not long", name)
		}
	}
	for name := range skips {
		if !skipping[name] {
			t.Errorf("skips lists %s, which does not exist", name)
		}
	}
}

func TestForm_rulesFindViolations(t *testing.T) {
	t.Parallel()
	const documented = "// Package a is documented.\npackage a\n"
	long := "package a\n" + strings.Repeat("\n// more\n", maxLines/2)
	tests := []struct {
		name  string
		rule  rule
		files map[string]string
		want  []string
	}{
		{"one comment", checkPackageComments, map[string]string{"a/a.go": documented, "a/b.go": "package a\n", "a/a_test.go": "package a_test\n"}, nil},
		{"no comment", checkPackageComments, map[string]string{"a/a.go": "package a\n"}, []string{`package "a" has 0`}},
		{"two comments", checkPackageComments, map[string]string{"a/a.go": documented, "a/b.go": documented}, []string{`package "a" has 2`}},
		{"tests only", checkPackageComments, map[string]string{"a/a_test.go": "package a\n"}, []string{`package "a" has 0`}},
		{"comment kept apart", checkPackageComments, map[string]string{"a/a.go": "// Copyright\n\npackage a\n"}, []string{`package "a" has 0`}},

		{"short", checkLength, map[string]string{"a/a.go": documented}, nil},
		{"long", checkLength, map[string]string{"a/a.go": long}, []string{"a/a.go has 501 lines"}},

		{"finished", checkUnfinished, map[string]string{"a/a.go": "package a // METHODOLOGY\n"}, nil},
		{"unfinished", checkUnfinished, map[string]string{"a/a.go": "package a\n\n// TO" + "DO: more\nvar x = context.TO" + "DO()\n"}, []string{"a/a.go:3", "a/a.go:4"}},

		{"skip", checkSkips, map[string]string{"a/a_test.go": "package a\nfunc TestA(t *testing.T) {\n\tif x {\n\t\tt.Skip()\n\t}\n\tt.Run(``, func(t *testing.T) { t.Skipf(``) })\n}\n"}, []string{"a/a_test.go:4: TestA", "a/a_test.go:6: TestA"}},
		{"listed skip", checkSkips, map[string]string{"internal/store/storetest/cluster_test.go": "package a\nfunc needsPrograms() { t.Skip() }\n"}, nil},
		{"skip of something else", checkSkips, map[string]string{"a/a.go": "package a\nfunc A() { scanner.Skip() }\n"}, nil},

		{"formatted", checkFormat, map[string]string{"a/a.go": documented}, nil},
		{"unformatted", checkFormat, map[string]string{"a/a.go": "package a\nvar x  = 1\n"}, []string{"a/a.go is not formatted"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			finds(t, test.rule, test.files, test.want...)
		})
	}
}

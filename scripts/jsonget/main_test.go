package main

import (
	"strings"
	"testing"
)

const members = `[{"id":"1","email":"ada@example.com","active":true,"n":1.0,"roles":[{"name":"Admin","group":null},{"name":"Read only"}],"urn:a:2.0:User":{"x]y":"z"}},
 {"id":"2","email":"bob@example.com","roles":[]}]`

func TestRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		args           []string
	}{
		{"member", `{"a":{"b":"x y"}}`, "x y\n", []string{"a.b"}},
		{"several", `{"a":1,"b":"2"}`, "1\n2\n", []string{"a", "b"}},
		{"index", members, "bob@example.com\n", []string{"[1].email"}},
		{"selection", members, "2\n", []string{"[email=bob@example.com].id"}},
		{"selection by boolean", members, "1\n", []string{"[active=true].id"}},
		{"every element", members, "Admin,Read only\n", []string{"[0].roles.*.name"}},
		{"every element that has it", members, "true\n", []string{"*.active"}},
		{"every element of none", members, "\n", []string{"[1].roles.*.name"}},
		{"count", members, "2\n0\n", []string{"#", "[1].roles.#"}},
		{"number as written", members, "1.0\n", []string{"[0].n"}},
		{"null", members, "null\n", []string{"[0].roles[0].group"}},
		{"quoted", members, "z\n", []string{`[0]["urn:a:2.0:User"]["x]y"]`}},
		{"value, its members sorted", members, `{"group":null,"name":"Admin"}` + "\n", []string{"[0].roles[name=Admin]"}},
		{"whole", `{"a":"<&>"}`, `{"a":"<&>"}` + "\n", []string{"."}},
		{"otherwise", members, "none\nada@example.com\n", []string{"-or", "none", "[email=eve@example.com].id", "[0].email"}},
		{"otherwise nothing", `{}`, "\n", []string{"-or", "", "a.b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := run(c.args, strings.NewReader(c.in), &out); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("got %q, want %q", out.String(), c.want)
			}
		})
	}
}

func TestRun_refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, wantErr string
		args              []string
	}{
		{"no path", `{}`, "usage", nil},
		{"unknown flag", `{}`, "flag", []string{"-x", "a"}},
		{"no JSON", `<html>`, "not JSON", []string{"."}},
		{"nothing", ``, "not JSON", []string{"."}},
		{"two documents", `{} {}`, "more than one", []string{"."}},
		{"missing member", `{"a":1}`, `b: nothing there in {"a":1}`, []string{"b"}},
		{"member of a text", `{"a":"x"}`, "nothing there", []string{"a.b"}},
		{"index outside", `[1]`, "nothing there", []string{"[1]"}},
		{"count of an object", `{}`, "nothing there", []string{"#"}},
		{"open bracket", `[1]`, "not closed", []string{"[0"}},
		{"empty part", `{}`, "empty part", []string{"a..b"}},
		{"otherwise is no excuse for a bad path", `{}`, "not closed", []string{"-or", "x", "[0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := run(c.args, strings.NewReader(c.in), &out)
			if err == nil || !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("got error %v, want one with %q (printed %q)", err, c.wantErr, out.String())
			}
		})
	}
}

// Package pagetest holds what every door with pages must keep: its templates name only
// what their structs have, can be executed with any value, let no text become markup, and
// hold nothing that the policy of the pages forbids. It knows no door; the tests of each
// door give it their pages, as the structs that the templates are executed with, by the
// file name of the template.
package pagetest

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Executes checks that every template can be executed with its struct empty, with
// everything in it filled, with every list empty, and for a person who is not signed in:
// html/template finds only then that a value cannot stand where it stands. The function
// execute gets a pointer to the struct and returns the whole page.
func Executes(t *testing.T, pages map[string]reflect.Type, execute func(page any) ([]byte, error)) {
	t.Helper()
	for name, kind := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, value := range map[string]reflect.Value{
				"zero": reflect.New(kind), "filled": filled(kind, true, true), "all false": filled(kind, false, true), "no lists": filled(kind, true, false),
			} {
				body, err := execute(value.Interface())
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for _, bad := range []string{"<no value>", "ZgotmplZ", "%!", "&lt;nil&gt;"} {
					if bytes.Contains(body, []byte(bad)) {
						t.Errorf("%s: the page shows %q", what, bad)
					}
				}
				if !bytes.HasPrefix(body, []byte("<!doctype html>")) || !bytes.HasSuffix(bytes.TrimSpace(body), []byte("</html>")) {
					t.Errorf("%s: not a whole page: %.80q…", what, body)
				}
			}
		})
	}
}

// HostileNames checks that names which come from other people are text on a page, whatever
// they hold. The function execute is that of [Executes]; every text in the struct that it
// gets is hostile, and it sets those back that come from the program, never from people.
func HostileNames(t *testing.T, pages map[string]reflect.Type, execute func(page any) ([]byte, error)) {
	t.Helper()
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	for name, kind := range pages {
		value := filled(kind, true, true)
		replaceText(value.Elem(), hostile, 0)
		body, err := execute(value.Interface())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := string(body)
		if strings.Contains(text, "<script>alert") || strings.Contains(text, "<img src=x") || strings.Contains(text, `""><`) {
			t.Errorf("%s lets a name out of its text: %s", name, text)
		}
	}
}

// NothingInline checks the files of a folder of templates: nothing stands in them that the
// policy of the pages forbids, every form that changes something says where it goes, and
// each is the template of a page or one of the shared ones.
func NothingInline(t *testing.T, folder string, pages map[string]reflect.Type, shared ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range shared {
		used[name] = true
	}
	for name := range pages {
		used[name] = true
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !used[entry.Name()] {
			t.Errorf("no route has the template %s", entry.Name())
		}
		for _, forbidden := range []string{"<style", " style=", "javascript:", "data:", " onclick", " onchange", " onsubmit", "http://", "https://"} {
			if strings.Contains(string(content), forbidden) {
				t.Errorf("%s holds %q", entry.Name(), forbidden)
			}
		}
		for form := range strings.SplitSeq(string(content), "<form ") {
			if tag, _, _ := strings.Cut(form, ">"); strings.Contains(tag, `method="post"`) && !strings.Contains(tag, `action="`) {
				t.Errorf("%s has a form without an action: %s", entry.Name(), tag)
			}
		}
	}
}

package portal

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// newTestPortal is a portal whose pages can be executed; its services are not there.
func newTestPortal(t *testing.T) *Portal {
	t.Helper()
	c, err := New(Config{PublicURL: publicURL})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pagesOf returns a pointer to the zero value of every page's struct, by template.
func pagesOf(c *Portal) map[string]reflect.Type {
	all := map[string]reflect.Type{"error.html": reflect.TypeFor[errorPage]()}
	for _, r := range c.routes {
		if r.page != nil {
			all[r.template] = reflect.TypeOf(r.page)
		}
	}
	return all
}

// Every template can be executed with its struct empty, with everything in it filled,
// with every list empty, and for a person who is not signed in: html/template finds only
// then that a value cannot stand where it stands.
func TestTemplates_execute(t *testing.T) {
	t.Parallel()
	c := newTestPortal(t)
	for name, kind := range pagesOf(c) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, value := range map[string]reflect.Value{
				"zero": reflect.New(kind), "filled": filled(kind, true, true), "all false": filled(kind, false, true), "no lists": filled(kind, true, false),
			} {
				body, err := c.templates.execute(value.Interface().(page))
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

// filled makes a value in which every exported field has a value: booleans are truth,
// and lists have two elements or none.
func filled(kind reflect.Type, truth, lists bool) reflect.Value {
	v := reflect.New(kind)
	fill(v.Elem(), truth, lists, 0)
	return v
}

func fill(v reflect.Value, truth, lists bool, depth int) {
	if depth > 12 {
		return // types that hold themselves end somewhere
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(truth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(3)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), truth, lists, depth+1)
	case reflect.Slice:
		if lists {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), truth, lists, depth+1)
			fill(v.Index(1), truth, lists, depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 23, 21, 8, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
				fill(settable(v.Field(i)), truth, lists, depth+1)
			}
		}
	}
}

// settable reaches through an embedded struct whose type has no exported name.
func settable(v reflect.Value) reflect.Value {
	if v.CanSet() {
		return v
	}
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}

// Names come from other people: whatever they hold is text on a page.
func TestTemplates_hostileNames(t *testing.T) {
	t.Parallel()
	c := newTestPortal(t)
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	for name, kind := range pagesOf(c) {
		value := filled(kind, true, true)
		replaceText(value.Elem(), hostile, 0)
		p := value.Interface().(page)
		// These come from the program, never from people.
		p.base().Theme = "dark"
		body, err := c.templates.execute(p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := string(body)
		if strings.Contains(text, "<script>alert") || strings.Contains(text, "<img src=x") || strings.Contains(text, `""><`) {
			t.Errorf("%s lets a name out of its text: %s", name, text)
		}
	}
}

func replaceText(v reflect.Value, with string, depth int) {
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(with)
	case reflect.Pointer:
		if !v.IsNil() {
			replaceText(v.Elem(), with, depth+1)
		}
	case reflect.Slice:
		for i := range v.Len() {
			replaceText(v.Index(i), with, depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
				replaceText(settable(v.Field(i)), with, depth+1)
			}
		}
	}
}

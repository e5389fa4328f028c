package portal

import (
	"reflect"
	"testing"

	"github.com/rollcall/rollcall/internal/web/pagetest"
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

func TestTemplates_namesExist(t *testing.T) {
	t.Parallel()
	c := newTestPortal(t)
	for name, kind := range pagesOf(c) {
		for _, problem := range pagetest.Absent(c.templates.Of(kind), kind, functions(c.files)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

func TestTemplates_execute(t *testing.T) {
	t.Parallel()
	c := newTestPortal(t)
	pagetest.Executes(t, pagesOf(c), c.templates.Execute)
}

func TestTemplates_hostileNames(t *testing.T) {
	t.Parallel()
	c := newTestPortal(t)
	pagetest.HostileNames(t, pagesOf(c), func(value any) ([]byte, error) {
		p := value.(page)
		// These come from the program, never from people.
		p.base().Theme = "dark"
		return c.templates.Execute(p)
	})
}

func TestTemplates_nothingInline(t *testing.T) {
	t.Parallel()
	pagetest.NothingInline(t, "templates", pagesOf(newTestPortal(t)), "layout.html", "parts.html")
}

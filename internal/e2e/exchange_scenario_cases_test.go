package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const exchangesDir = "testdata/exchanges"

func loadExchanges(t *testing.T) []Scenario {
	t.Helper()
	all, err := LoadScenarios(os.DirFS(exchangesDir))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestExchanges_everyIDHasAScenario holds the catalogue together: every exchange of Entra ID and Okta and every quirk is
// there, in the directory it belongs to.
func TestExchanges_everyIDHasAScenario(t *testing.T) {
	t.Parallel()
	scenarios := map[string]int{}
	for _, s := range loadExchanges(t) {
		scenarios[s.ID]++
		dir, _, _ := strings.Cut(s.File, "/")
		want := map[byte]string{'M': "entra", 'K': "okta", 'Q': "quirks"}[s.ID[0]]
		if want == "" && dir != "others" && !strings.HasPrefix(s.ID, dir+"-") || want != "" && dir != want {
			t.Errorf("%s: id %s does not belong into %s", s.File, s.ID, dir)
		}
		if name := s.File[len(dir)+1:]; want != "" && !strings.HasPrefix(name, fmt.Sprintf("%c%02s-", s.ID[0]|0x20, s.ID[1:])) {
			t.Errorf("%s: the name does not begin with id %s", s.File, s.ID)
		}
		if want == "" && scenarios[s.ID] > 1 {
			t.Errorf("%s: id %s is taken", s.File, s.ID)
		}
	}
	for _, group := range []struct {
		letter string
		last   int
	}{{"M", 18}, {"K", 11}, {"Q", 36}} {
		for n := 1; n <= group.last; n++ {
			if id := fmt.Sprint(group.letter, n); scenarios[id] == 0 {
				t.Errorf("no scenario for %s", id)
			}
			delete(scenarios, fmt.Sprint(group.letter, n))
		}
	}
	for _, client := range []string{"entra", "okta", "onelogin", "jumpcloud", "pingone", "authentik", "ringcentral", "genesys", "github"} {
		found := false
		for id := range scenarios {
			if strings.HasPrefix(id, client+"-") {
				found = true
				delete(scenarios, id)
			}
		}
		if !found {
			t.Errorf("no scenario of %s", client)
		}
	}
	for id := range scenarios {
		t.Errorf("id %s is in no catalogue", id)
	}
}

// TestExchanges_sourcesAreNamed wants a public source for what is called documented or observed and a reason for what is
// inferred.
func TestExchanges_sourcesAreNamed(t *testing.T) {
	t.Parallel()
	words := map[string][]string{
		"D": {"docs", "RFC", "source:", "support:", "collection", "template"},
		"O": {"#", "public", "docs.", "source", "pull request", "guide", "provisioning sample", "template", "supported_endpoints", "Recorded from"},
		"I": {"inferred", "docs"},
	}
	for _, s := range loadExchanges(t) {
		named := false
		for _, word := range words[s.Mark] {
			named = named || strings.Contains(s.Source, word)
		}
		if !named {
			t.Errorf("%s: mark %s with source %q", s.File, s.Mark, s.Source)
		}
	}
}

const smallScenario = `{"id":"M1","title":"t","mark":"D","source":"docs",
  "steps":[{"name":"n","method":"POST","path":"/Users","body":{"userName":"{{run}}"},"expect":{"status":201},"save":{"user":"id"}},
           {"name":"n","method":"GET","path":"/Users/{{user}}","expect":{"status":[200,204],"body":{"id":"{{user}}"}}}]}`

func TestParseScenario(t *testing.T) {
	t.Parallel()
	s, err := ParseScenario([]byte(smallScenario))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Steps) != 2 || s.Steps[0].Save["user"] != "id" || fmt.Sprint(s.Steps[0].Expect.Status) != "[201]" ||
		fmt.Sprint(s.Steps[1].Expect.Status) != "[200 204]" || string(s.Steps[0].Body) != `{"userName":"{{run}}"}` {
		t.Errorf("got %+v", s)
	}
}

func TestParseScenario_refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, wantErr string }{
		{"unknown member", `"mark"`, `"market":"D","mark"`, "market"},
		{"unknown member of a step", `"method":"POST"`, `"method":"POST","methd":"x"`, "methd"},
		{"unknown member of expect", `{"status":201}`, `{"status":201,"bdy":{}}`, "bdy"},
		{"repeated member", `"mark":"D"`, `"mark":"D","mark":"D"`, `"mark" is given twice`},
		{"repeated member deep inside", `{"userName":"{{run}}"}`, `{"a":[{"b":1},{"b":1,"b":2}]}`, `"b" is given twice`},
		{"something behind it", `"{{user}}"}}}]}`, `"{{user}}"}}}]} {}`, "follows"},
		{"id", `"M1"`, `"M-1"`, "id"},
		{"no title", `"title":"t"`, `"title":""`, "title"},
		{"mark", `"mark":"D"`, `"mark":"X"`, "mark"},
		{"no source", `"source":"docs"`, `"source":""`, "source"},
		{"no status", `{"status":201}`, `{}`, "status"},
		{"status as text", `{"status":201}`, `{"status":"201"}`, "status"},
		{"status out of range", `{"status":201}`, `{"status":20}`, "status 20"},
		{"method", `"POST"`, `"post"`, "method"},
		{"path", `"path":"/Users",`, `"path":"Users",`, "path"},
		{"raw blank in the path", `"path":"/Users",`, `"path":"/Users?filter=a eq b",`, "blank"},
		{"two bodies", `"body":`, `"rawBody":"x","body":`, "rawBody"},
		{"variable nobody sets", `/Users/{{user}}`, `/Users/{{usr}}`, "{{usr}}"},
		{"variable nobody sets in an expectation", `{"id":"{{user}}"}`, `{"id":"{{usr}}"}`, "{{usr}}"},
		{"own answer in the request", `/Users"`, `/Users/{{user}}"`, "{{user}}"},
		{"save under a name that is taken", `"save":{"user"`, `"save":{"run"`, "run"},
		{"unknown condition", `{"id":"{{user}}"}`, `{"id":{"$abscent":true}}`, "$abscent"},
		{"condition beside members", `{"id":"{{user}}"}`, `{"id":{"$any":true,"value":1}}`, "conditions and members"},
		{"unusable argument", `{"id":"{{user}}"}`, `{"id":{"$absent":false}}`, "$absent"},
		{"change that is not read back", `"method":"GET"`, `"method":"DELETE"`, "read back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(smallScenario, c.old, c.new, 1)
			if text == smallScenario {
				t.Fatalf("%q is not in the scenario", c.old)
			}
			_, err := ParseScenario([]byte(text))
			if err == nil || !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("got error %v, want one with %q", err, c.wantErr)
			}
		})
	}
}

func TestLoadScenarios_namesTheFile(t *testing.T) {
	t.Parallel()
	_, err := LoadScenarios(fstest.MapFS{
		"a/good.json": {Data: []byte(smallScenario)},
		"b/bad.json":  {Data: []byte(`{"id":"M1"}`)},
	})
	if err == nil || !strings.Contains(err.Error(), "b/bad.json") {
		t.Errorf("got error %v, want one with b/bad.json", err)
	}
	if _, err := LoadScenarios(fstest.MapFS{"a/notes.txt": {}}); err == nil {
		t.Error("a file that is no scenario was passed over")
	}
}

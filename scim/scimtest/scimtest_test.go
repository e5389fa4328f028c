package scimtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
	"github.com/rollcall/rollcall/scim/scimtest"
	"github.com/rollcall/rollcall/scim/scimtest/faulty"
)

const (
	secret = "c2VjcmV0LW9mLXRoZS10ZXN0LXNlcnZlcg"
	token  = "scim_testtesttesttesttest:" + secret
)

func client(t *testing.T, handler http.Handler) *scimclient.Client {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return &scimclient.Client{BaseURL: srv.URL, Token: token}
}

func run(t *testing.T, cfg scimtest.Config) (*scimtest.Report, string) {
	t.Helper()
	var out strings.Builder
	cfg.Out = &out
	report, err := scimtest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report, out.String()
}

func TestChecks_catalogue(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)+$`)
	every := map[string]bool{}
	for _, profile := range scimtest.Profiles() {
		seen := map[string]bool{}
		for _, c := range scimtest.Checks(profile) {
			if seen[c.ID] {
				t.Errorf("%s: two checks have this id", c.ID)
			}
			seen[c.ID], every[c.ID] = true, true
			if !form.MatchString(c.ID) {
				t.Errorf("%s: an id has lower case words with dots between them", c.ID)
			}
			if !strings.HasSuffix(c.Says, ".") || strings.Contains(c.Says, "\n") || len(c.Says) > 200 {
				t.Errorf("%s: want one sentence, got %q", c.ID, c.Says)
			}
			if c.Source == "" || len(c.Profiles) == 0 {
				t.Errorf("%s: source %q, profiles %v", c.ID, c.Source, c.Profiles)
			}
		}
	}
	for profile, least := range map[scimtest.Profile]int{scimtest.RFC: 130, scimtest.Entra: 100, scimtest.Okta: 60} {
		if n := len(scimtest.Checks(profile)); n < least {
			t.Errorf("profile %s has %d checks, want at least %d", profile, n, least)
		}
	}
	t.Logf("%d checks", len(every))
}

func TestRun_lastLine(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]faulty.Fault{"right": nil, "wrong": {faulty.NoChallenge}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, out := run(t, scimtest.Config{Client: client(t, faulty.New(token, faults...)), Only: []string{"auth"}})
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			want := fmt.Sprintf("%d passed, %d failed, %d skipped", report.Passed, report.Failed, report.Skipped)
			if got := lines[len(lines)-1]; got != want {
				t.Errorf("last line %q, want %q", got, want)
			}
			if report.OK() != (len(faults) == 0) || report.Failed != len(faults) {
				t.Errorf("report %s", report.Summary())
			}
		})
	}
}

func TestRun_failureShowsTheExchange(t *testing.T) {
	t.Parallel()
	_, out := run(t, scimtest.Config{Client: client(t, faulty.New(token, faulty.CapitalOpsIgnored)), Profile: scimtest.Entra, Only: []string{"patch.op_case"}})
	for _, want := range []string{
		"FAIL  patch.op_case  The operations may be written Add, Replace and Remove.",
		"Microsoft Entra docs, application-provisioning-config-problem-scim-compatibility",
		`displayName after Replace is "Display check-`, `want "Changed"`,
		"-> PATCH /Users/", `"op":"Replace"`, "<- 200 OK", "Authorization: Bearer (hidden)", "Content-Type: application/scim+json",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the text lacks %q:\n%s", want, out)
		}
	}
}

func TestRun_verbose(t *testing.T) {
	t.Parallel()
	c := client(t, faulty.New(token))
	_, quiet := run(t, scimtest.Config{Client: c, Only: []string{"auth.none"}})
	_, verbose := run(t, scimtest.Config{Client: c, Only: []string{"auth.none"}, Verbose: true})
	const line = "ok    auth.none  A request without credentials is 401.\n"
	if strings.Contains(quiet, line) || !strings.Contains(verbose, line) {
		t.Errorf("quiet:\n%s\nverbose:\n%s", quiet, verbose)
	}
}

// A server that repeats what it was sent must not make the run print secrets.
func TestRun_hidesSecrets(t *testing.T) {
	t.Parallel()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		w.Header().Set("WWW-Authenticate", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusTeapot)
		json.NewEncoder(w).Encode(map[string]string{"authorization": r.Header.Get("Authorization"), "body": string(body)}) //nolint:errcheck // a test server
		w.Write(body)                                                                                                      //nolint:errcheck // a test server
	})
	for _, profile := range scimtest.Profiles() {
		report, out := run(t, scimtest.Config{Client: client(t, echo), Profile: profile})
		data, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{out, string(data)} {
			for _, hidden := range []string{token, secret, secret[:len(secret)-1], "1mz050nq", "Correct-Horse"} {
				if at := strings.Index(text, hidden); at >= 0 {
					t.Fatalf("%s shows %q: …%s", profile, hidden, text[max(0, at-200):at+len(hidden)])
				}
			}
		}
		for _, result := range report.Results {
			// Input that may be refused is refused rightly by this server too.
			mayRefuse := strings.HasPrefix(result.ID, "hostile.") || result.ID == "list.bad_numbers" || result.ID == "filter.deep"
			if result.Status != scimtest.Failed && !mayRefuse {
				t.Errorf("%s: %s %s by a server that answers 418 only", profile, result.ID, result.Status)
			}
		}
	}
}

// features answers the ServiceProviderConfig itself.
func features(next http.Handler, change func(scim.Object)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/ServiceProviderConfig" {
			next.ServeHTTP(w, r)
			return
		}
		config := scim.ServiceProviderConfig("http://" + r.Host)
		change(config)
		w.Header().Set("Content-Type", scim.MediaType)
		w.Write(scim.Encode(config)) //nolint:errcheck // a test server
	})
}

func TestRun_skipsWhatIsNotSupported(t *testing.T) {
	t.Parallel()
	handler := features(faulty.New(token), func(config scim.Object) {
		for _, name := range []string{"bulk", "sort", "etag"} {
			config[name].(scim.Object)["supported"] = false
		}
		delete(config, "pagination")
	})
	report, out := run(t, scimtest.Config{Client: client(t, handler)})
	if report.Failed != 0 {
		t.Errorf("%s\n%s", report.Summary(), out)
	}
	for _, result := range report.Results {
		want := scimtest.Passed
		switch result.Needs {
		case "bulk", "sort", "etag", "cursor":
			want = scimtest.Skipped
		}
		if result.Status != want {
			t.Errorf("%s (needs %q): %s, want %s", result.ID, result.Needs, result.Status, want)
		}
	}
	if !strings.Contains(out, "skip  bulk.create") || !strings.Contains(out, "the ServiceProviderConfig says that bulk is not supported") {
		t.Errorf("the text does not say what was skipped and why:\n%s", out)
	}
}

func TestRun_skipsNothingWithoutConfiguration(t *testing.T) {
	t.Parallel()
	report, _ := run(t, scimtest.Config{Client: client(t, faulty.New(token, faulty.NoServiceConfig))})
	if report.Skipped != 0 || report.Failed == 0 {
		t.Errorf("%s, want failures and no skips", report.Summary())
	}
}

// Entra and Okta cannot do without PATCH: skipping its checks must not look
// like success.
func TestRun_patchNotSupported(t *testing.T) {
	t.Parallel()
	handler := features(faulty.New(token), func(config scim.Object) { config["patch"].(scim.Object)["supported"] = false })
	report, _ := run(t, scimtest.Config{Client: client(t, handler), Profile: scimtest.Entra, Only: []string{"discovery", "patch"}})
	failed := []string{}
	for _, result := range report.Results {
		if result.Status == scimtest.Failed {
			failed = append(failed, result.ID)
		}
	}
	if fmt.Sprint(failed) != "[discovery.config.needed]" || report.Skipped == 0 {
		t.Errorf("failed: %v; %s", failed, report.Summary())
	}
}

func count(t *testing.T, c *scimclient.Client, path string) int {
	t.Helper()
	l, err := c.Resources(path).List(t.Context(), scimclient.Params{})
	if err != nil {
		t.Fatal(err)
	}
	return l.TotalResults
}

func TestRun_leavesOnlyWhatWasThere(t *testing.T) {
	t.Parallel()
	for _, fault := range []faulty.Fault{"", faulty.FilterIgnored, faulty.PatchDoesNothing, faulty.DeleteAnswersBody, faulty.PostIs200, faulty.DuplicatesAccepted} {
		t.Run("fault "+string(fault), func(t *testing.T) {
			t.Parallel()
			c := client(t, faulty.New(token, fault))
			user, err := c.Users().Create(t.Context(), scim.Object{"userName": "stays@example.com", "displayName": "Stays"})
			if err != nil {
				t.Fatal(err)
			}
			group, err := c.Groups().Create(t.Context(), scim.Object{"displayName": "Stays", "members": []any{scim.Object{"value": user["id"]}}})
			if err != nil {
				t.Fatal(err)
			}
			profiles := scimtest.Profiles()
			if fault != "" {
				profiles = profiles[:1]
			}
			for _, profile := range profiles {
				if report, _ := run(t, scimtest.Config{Client: c, Profile: profile}); len(report.LeftBehind) != 0 {
					t.Errorf("%s left behind %v", profile, report.LeftBehind)
				}
			}
			if users, groups := count(t, c, "/Users"), count(t, c, "/Groups"); users != 1 || groups != 1 {
				t.Errorf("%d users and %d groups after the runs, want 1 and 1", users, groups)
			}
			for path, was := range map[string]scim.Object{"/Users": user, "/Groups": group} {
				now, err := c.Resources(path).Get(t.Context(), was["id"].(string), scimclient.Params{ExcludedAttributes: []string{"groups", "members"}})
				if err != nil || now["displayName"] != "Stays" || fmt.Sprint(now["meta"]) != fmt.Sprint(was["meta"]) {
					t.Errorf("%s was changed: %v, %v", path, now, err)
				}
			}
		})
	}
}

func TestRun_saysWhatItLeaves(t *testing.T) {
	t.Parallel()
	next := faulty.New(token)
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	}))
	report, out := run(t, scimtest.Config{Client: c, Only: []string{"users.create.status"}})
	if len(report.LeftBehind) != 1 || !strings.Contains(out, "left behind: "+report.LeftBehind[0]+"\n1 passed, 0 failed, 0 skipped\n") {
		t.Errorf("left behind %v\n%s", report.LeftBehind, out)
	}
}

func TestRun_interrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	next := faulty.New(token)
	posts := 0
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.Method == http.MethodPost {
			if posts++; posts == 5 {
				cancel()
			}
		}
	}))
	var out strings.Builder
	report, err := scimtest.Run(ctx, scimtest.Config{Client: c, Only: []string{"users"}, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed == 0 || report.Passed == 0 || len(report.Results) != report.Passed+report.Failed {
		t.Errorf("%s of %d", report.Summary(), len(report.Results))
	}
	if !strings.Contains(out.String(), "not run: context canceled") {
		t.Errorf("the text does not say that checks were not run:\n%s", out.String())
	}
	if n := count(t, c, "/Users"); n != 0 || len(report.LeftBehind) != 0 {
		t.Errorf("%d users are left, reported %v", n, report.LeftBehind)
	}
}

func TestRun_noServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	report, out := run(t, scimtest.Config{Client: &scimclient.Client{BaseURL: srv.URL, Token: token}})
	if report.Failed != len(scimtest.Checks(scimtest.RFC)) || report.Skipped != 0 {
		t.Errorf("%s", report.Summary())
	}
	if n := strings.Count(out, "got no answer"); n != 3 {
		t.Errorf("%d checks tried to reach the server, want 3:\n%.2000s", n, out)
	}
}

func TestRun_prefixAndDomain(t *testing.T) {
	t.Parallel()
	var bodies strings.Builder
	next := faulty.New(token)
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("read request: %v", err)
			}
			bodies.Write(body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		next.ServeHTTP(w, r)
	}))
	report, _ := run(t, scimtest.Config{Client: c, Prefix: "my-run", Domain: "corp.test", Only: []string{"users.create.status"}})
	if !report.OK() || report.Prefix != "my-run" || !strings.Contains(bodies.String(), `"userName":"my-run-1@corp.test"`) {
		t.Errorf("%s, bodies %s", report.Summary(), bodies.String())
	}
}

// Entra's tenant URLs end in a slash or carry a flag.
func TestRun_baseURLForms(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"/", "?aadOptscim062020", "/?aadOptscim062020"} {
		c := client(t, faulty.New(token))
		c.BaseURL += suffix
		if report, out := run(t, scimtest.Config{Client: c, Profile: scimtest.Entra}); !report.OK() {
			t.Errorf("%s: %s\n%s", suffix, report.Summary(), out)
		}
	}
}

func TestRun_configuration(t *testing.T) {
	t.Parallel()
	c := &scimclient.Client{BaseURL: "http://127.0.0.1:1"}
	for name, cfg := range map[string]scimtest.Config{
		"no client":       {},
		"no address":      {Client: &scimclient.Client{}},
		"unknown profile": {Client: c, Profile: "google"},
		"bad prefix":      {Client: c, Prefix: "Mine "},
		"nothing chosen":  {Client: c, Only: []string{"user"}},
	} {
		if _, err := scimtest.Run(t.Context(), cfg); !errors.Is(err, scimtest.ErrConfig) {
			t.Errorf("%s: error %v, want ErrConfig", name, err)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRun_textCannotBeWritten(t *testing.T) {
	t.Parallel()
	c := client(t, faulty.New(token))
	report, err := scimtest.Run(t.Context(), scimtest.Config{Client: c, Only: []string{"auth"}, Out: brokenWriter{}})
	if !errors.Is(err, io.ErrClosedPipe) || report == nil || !report.OK() {
		t.Errorf("report %v, error %v", report, err)
	}
}

func ExampleRun() {
	server := httptest.NewServer(faulty.New("key:secret", faulty.NoLocation))
	defer server.Close()
	report, err := scimtest.Run(context.Background(), scimtest.Config{
		Client: &scimclient.Client{BaseURL: server.URL, Token: "key:secret"},
		Only:   []string{"users.create"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, result := range report.Results {
		if result.Status == scimtest.Failed {
			fmt.Println(result.ID, "-", result.Says)
		}
	}
	fmt.Println(report.Summary())
	// Output:
	// users.create.location - The answer to POST has a Location header, equal to meta.location, where the user can be read.
	// 16 passed, 1 failed, 0 skipped
}

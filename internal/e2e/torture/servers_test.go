package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/e2e/live"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// database makes an empty database of an engine and returns its URL.
func database(t *testing.T, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return storetest.Database(t)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "rollcall.db")
}

// cluster is one organization and the servers it is reached through: one on
// SQLite, two on PostgreSQL.
type cluster struct {
	servers []*live.Server
	org     live.Organization
	http    *http.Client
}

// noLimit lets the load generator send as fast as it can.
var noLimit = []string{"--scim-rate", "100000"}

func newCluster(t *testing.T, engine string) *cluster {
	t.Helper()
	url := database(t, engine)
	c := &cluster{servers: []*live.Server{live.Start(t, url, noLimit...)}}
	if engine == "postgres" {
		c.servers = append(c.servers, live.Start(t, url, noLimit...))
	}
	c.org = live.SetUp(t, c.servers[0], "Acme")
	c.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// answer is a SCIM answer; Status 0 means that none came.
type answer struct {
	Status int
	Body   map[string]any
}

// call sends a SCIM request through server n (modulo their number).
func (c *cluster) call(ctx context.Context, n int, method, path string, query url.Values, body any) answer {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		payload = bytes.NewReader(text)
	}
	target := c.servers[n%len(c.servers)].URL + "/v1/organizations/" + c.org.ID + "/scim" + path
	if query != nil {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, payload)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.org.Key.Bearer)
	req.Header.Set("Content-Type", "application/scim+json")
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}
	}
	a := answer{Status: res.StatusCode}
	if len(text) > 0 && json.Unmarshal(text, &a.Body) != nil {
		a.Body = map[string]any{"unreadable": string(text)}
	}
	return a
}

func (a answer) text(name string) string {
	s, _ := a.Body[name].(string)
	return s
}

// resources are the resources of a list answer.
func (a answer) resources() []map[string]any {
	list, _ := a.Body["Resources"].([]any)
	var out []map[string]any
	for _, r := range list {
		if m, ok := r.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (a answer) total() int {
	n, _ := a.Body["totalResults"].(float64)
	return int(n)
}

// must makes a resource that the test needs and returns its id.
func (c *cluster) must(t *testing.T, path string, body any) string {
	t.Helper()
	a := c.call(t.Context(), 0, http.MethodPost, path, nil, body)
	if a.Status != http.StatusCreated {
		t.Fatalf("POST %s: %d %v", path, a.Status, a.Body)
	}
	return a.text("id")
}

func patchOps(ops ...map[string]any) map[string]any {
	return map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops}
}

func filter(format string, a ...any) url.Values {
	return url.Values{"filter": {fmt.Sprintf(format, a...)}}
}

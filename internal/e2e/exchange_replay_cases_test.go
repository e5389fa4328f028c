package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const listBody = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`

// canned answers every request with one status, headers and body.
func canned(t *testing.T, status int, body string, headers ...string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json; charset=utf-8")
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			if value == "" {
				w.Header()[name] = nil
				continue
			}
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // a client that has gone sees it itself
	}))
	t.Cleanup(server.Close)
	return server.URL + "/scim"
}

func oneStep(t *testing.T, expect string) Scenario {
	t.Helper()
	s, err := ParseScenario([]byte(`{"id":"M1","title":"t","mark":"D","source":"docs","steps":[
		{"name":"first","method":"GET","path":"/Users","expect":` + expect + `},
		{"name":"last","method":"GET","path":"/Users","expect":` + expect + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReplay_failsOnNearMisses answers almost what is expected: every one of these must fail, and say where.
func TestReplay_failsOnNearMisses(t *testing.T) {
	t.Parallel()
	const ok = `{"status":200,"body":{"totalResults":0}}`
	for _, c := range []struct {
		name, expect string
		status       int
		body         string
		headers      []string
		wantErr      string
	}{
		{"right", ok, 200, listBody, nil, ""},
		{"one of two statuses", `{"status":[204,200]}`, 200, listBody, nil, ""},
		{"wrong status", ok, 404, listBody, nil, "want status [200], got 404"},
		{"wrong body", `{"status":200,"body":{"totalResults":1}}`, 200, listBody, nil, "body.totalResults: want 1, got 0"},
		{"missing header", `{"status":200,"headers":{"ETag":"*"}}`, 200, listBody, nil, "header ETag"},
		{"header that must not be there", `{"status":200,"headers":{"ETag":""}}`, 200, listBody, []string{`ETag: "1"`}, "header ETag"},
		{"other media type", ok, 200, listBody, []string{"Content-Type: application/json"}, "Content-Type"},
		{"other media type that is asked for", `{"status":200,"headers":{"Content-Type":"application/json"}}`, 200, listBody, []string{"Content-Type: application/json"}, ""},
		{"no body", ok, 200, "", nil, "200 without a body"},
		{"no JSON", ok, 200, "<html>", nil, "not JSON"},
		{"two JSON values", ok, 200, listBody + listBody, nil, "not JSON"},
		{"null", ok, 200, `{"totalResults":0,"Resources":[{"title":null}]}`, nil, "body.Resources[0].title is null"},
		{"password", ok, 200, `{"totalResults":0,"Password":"x"}`, nil, "body.Password"},
		{"repeated member", ok, 200, `{"totalResults":1,"totalResults":0}`, nil, "given twice"},
		{"error", `{"status":404}`, 404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"x"}`, nil, ""},
		{"error with a number", `{"status":404}`, 404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":404,"detail":"x"}`, nil, "body.status"},
		{"error with another status", `{"status":404}`, 404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","detail":"x"}`, nil, "body.status"},
		{"error without detail", `{"status":404}`, 404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}`, nil, "body.detail"},
		{"error without schema", `{"status":404}`, 404, `{"schemas":[],"status":"404","detail":"x"}`, nil, "body.schemas"},
		{"401 without challenge", `{"status":401}`, 401, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401","detail":"x"}`, nil, "WWW-Authenticate"},
		{"201", `{"status":201}`, 201, `{"id":"7"}`, []string{"Location: http://host/Users/7"}, ""},
		{"201 without Location", `{"status":201}`, 201, `{"id":"7"}`, nil, "Location"},
		{"201 with another Location", `{"status":201}`, 201, `{"id":"7"}`, []string{"Location: http://host/Users/77"}, "Location"},
		{"201 without id", `{"status":201}`, 201, `{}`, []string{"Location: http://host/Users/"}, "id"},
		{"204", `{"status":204,"body":{"$absent":true}}`, 204, "", nil, ""},
		{"204 where a body is expected", `{"status":204,"body":{"id":"7"}}`, 204, "", nil, "body: want"},
		{"body where none is expected", `{"status":200,"body":{"$absent":true}}`, 200, listBody, nil, "$absent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := replay(canned(t, c.status, c.body, c.headers...), "scim_key:secret", oneStep(t, c.expect))
			switch {
			case c.wantErr == "" && err != nil:
				t.Errorf("got error %v", err)
			case c.wantErr != "" && (err == nil || !strings.Contains(err.Error(), c.wantErr)):
				t.Errorf("got error %v, want one with %q", err, c.wantErr)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("the key is in the error: %v", err)
			}
		})
	}
}

// TestReplay_failsAtEveryStep takes a server that answers one thing for ever: no scenario of the catalogue may pass it.
func TestReplay_failsAtEveryStep(t *testing.T) {
	t.Parallel()
	empty := canned(t, 200, listBody)
	noContent := canned(t, 204, "")
	for _, s := range loadExchanges(t) {
		for name, base := range map[string]string{"an empty list": empty, "no content": noContent} {
			// Looking up somebody who does not exist is answered by an empty list: nothing else is asked here.
			onlyLooksUp := s.ID == "M1" || s.ID == "onelogin-enable"
			if err := replay(base, "k:s", s); err == nil && !(onlyLooksUp && name == "an empty list") {
				t.Errorf("%s passes a server that always answers %s", s.File, name)
			}
		}
	}
}

// recorder is a server that keeps the bytes of each request, as net/http would show them cleaned.
func recorder(t *testing.T, answer string) (base string, requests chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = make(chan string, 8)
	done := make(chan struct{})
	t.Cleanup(func() { _ = listener.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			requests <- readRequest(conn)
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String() + "/v1/organizations/o/scim/", requests
}

// readRequest returns head and body of one request as they came.
func readRequest(conn net.Conn) string {
	var raw bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &raw))
	length := 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return raw.String()
		}
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			break
		}
	}
	_, _ = io.CopyN(io.Discard, in, int64(length))
	return raw.String()
}

func TestReplay_sendsTheBytesOfTheScenario(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nETag: W/\"7\"\r\nContent-Length: 10\r\n\r\n" + `{"id":"7"}`
	base, requests := recorder(t, answer)
	s, err := ParseScenario([]byte(`{"id":"M2","title":"t","mark":"D","source":"docs","headers":{"user-agent":"Okta SCIM Client 1.0.0"},"steps":[
	  {"name":"raw","method":"GET","headers":{"User-Agent":""},"path":"//Users/?aadOptscim062020&filter=emails[type+eq+\"work\"].value+eq+\"a;b%40c\"","expect":{"status":200},"save":{"user":"id","etag":"@ETag"}},
	  {"name":"body","method":"PATCH","path":"/Users/{{user}}","headers":{"If-Match":"{{etag}}"},"body":{ "b": null, "a": [1.0, "{{user}}"] },"expect":{"status":200}},
	  {"name":"raw body","method":"POST","path":"/Users","headers":{"Content-Type":"application/json","Authorization":"non-token"},"rawBody":"{\"a\":1,\n\"a\":","expect":{"status":200}},
	  {"name":"no header","method":"DELETE","path":"/Users/{{user}}","headers":{"Authorization":"","Content-Type":"text/plain"},"expect":{"status":200}},
	  {"name":"last","method":"GET","path":"/Users/{{user}}","expect":{"status":200}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := replay(base, "scim_k:s", s); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/v1/organizations/o/scim/")
	const prefix = "/v1/organizations/o/scim"
	agent := "User-Agent: Okta SCIM Client 1.0.0\r\n"
	for i, want := range []string{
		"GET " + prefix + `//Users/?aadOptscim062020&filter=emails[type+eq+"work"].value+eq+"a;b%40c" HTTP/1.1` + "\r\nHost: " + host + "\r\nAuthorization: Bearer scim_k:s\r\nConnection: close\r\n\r\n",
		"PATCH " + prefix + "/Users/7 HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer scim_k:s\r\nContent-Length: 24\r\nContent-Type: application/scim+json; charset=utf-8\r\nIf-Match: W/\"7\"\r\n" + agent +
			"Connection: close\r\n\r\n" + `{"b":null,"a":[1.0,"7"]}`,
		"POST " + prefix + "/Users HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: non-token\r\nContent-Length: 12\r\nContent-Type: application/json\r\n" + agent + "Connection: close\r\n\r\n{\"a\":1,\n\"a\":",
		"DELETE " + prefix + "/Users/7 HTTP/1.1\r\nHost: " + host + "\r\n" + agent + "Connection: close\r\n\r\n",
		"GET " + prefix + "/Users/7 HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer scim_k:s\r\n" + agent + "Connection: close\r\n\r\n",
	} {
		if got := <-requests; got != want {
			t.Errorf("request %d:\n got %q\nwant %q", i+1, got, want)
		}
	}
}

func TestReplay_makesItsOwnNames(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: 2\r\n\r\n{}"
	base, requests := recorder(t, answer)
	s, err := ParseScenario([]byte(`{"id":"M2","title":"t","mark":"D","source":"docs","steps":[
	  {"name":"n","method":"GET","path":"/{{run}}/{{RUN}}/{{uuid}}/{{uuid}}/{{uuid2}}","expect":{"status":200}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var parts [2][]string
	for i := range parts {
		if err := replay(base, "k:s", s); err != nil {
			t.Fatal(err)
		}
		target := strings.Fields(<-requests)[1]
		parts[i] = strings.Split(strings.TrimPrefix(target, "/v1/organizations/o/scim/"), "/")
	}
	run, again := parts[0], parts[1]
	if len(run[0]) != 8 || run[1] != strings.ToUpper(run[0]) || len(run[2]) != 36 || run[2] != run[3] || run[2] == run[4] {
		t.Errorf("got %v", run)
	}
	if run[0] == again[0] || run[2] == again[2] {
		t.Errorf("two replays use the same names: %v and %v", run, again)
	}
}

func TestReplay_refusesWhatCannotBeSaved(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"id":7}`, `{"id":""}`, `{"id":"a\"b"}`, `{"id":["7"]}`} {
		s := oneStep(t, `{"status":200}`)
		s.Steps[0].Save = map[string]string{"user": "id"}
		if err := replay(canned(t, 200, body), "k:s", s); err == nil || !strings.Contains(err.Error(), "save user") {
			t.Errorf("%s: got error %v", body, err)
		}
	}
}

func TestLookUp(t *testing.T) {
	t.Parallel()
	doc := mustDecode(t, `{"Resources":[{"id":"1"},{"id":"2","meta":{"version":"v"}}]}`)
	for path, want := range map[string]any{
		"Resources.0.id": "1", "Resources.1.meta.version": "v", "Resources.2.id": nil, "Resources.-1.id": nil, "Resources.x": nil, "id": nil, "Resources.0.id.x": nil,
	} {
		if got := lookUp(doc, path); got != want {
			t.Errorf("lookUp(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]endpoint{
		"http://127.0.0.1:8080/a/scim/":  {dial: "127.0.0.1:8080", host: "127.0.0.1:8080", prefix: "/a/scim"},
		"https://scim.example.com/a":     {dial: "scim.example.com:443", host: "scim.example.com", prefix: "/a", tls: true},
		"http://[::1]:80":                {dial: "[::1]:80", host: "[::1]:80"},
		"http://scim.example.com":        {dial: "scim.example.com:80", host: "scim.example.com"},
		"ftp://scim.example.com":         {},
		"http://scim.example.com/a?flag": {},
		"/a/scim":                        {},
	} {
		got, err := parseEndpoint(base)
		if got != want || (err == nil) != (want != endpoint{}) {
			t.Errorf("parseEndpoint(%q) = %+v, %v", base, got, err)
		}
	}
}

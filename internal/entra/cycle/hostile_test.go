package cycle_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

// hostile is an answer that no SCIM server should give.
type hostile struct {
	name   string
	answer func(http.ResponseWriter)
	// What the log says when it answers a POST of a user.
	code, says string
}

// text answers with a status and a body.
func text(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", scim.MediaType)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // a client that went away
	}
}

// pour writes a chunk again and again until so many bytes were written or the client goes away; 0 = without end.
func pour(w io.Writer, chunk string, most int) {
	chunk = strings.Repeat(chunk, 1+(64<<10)/len(chunk))
	for n := 0; most == 0 || n < most; n += len(chunk) {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

// connection takes over the connection.
func connection(w http.ResponseWriter, use func(net.Conn)) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	use(conn)
	_ = conn.Close() // it is broken on purpose
}

func sends(raw string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		connection(w, func(c net.Conn) { _, _ = io.WriteString(c, raw) })
	}
}

const errorBody = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidValue","detail":"I do not like it."}`

// hostilities are answers whose size or time needs no bound of their own.
var hostilities = []hostile{
	{"empty", text(200, ""), cycle.CodeIncompatible, "because it is empty"},
	{"no JSON", text(200, "OK"), cycle.CodeIncompatible, "because it is not a JSON object. StatusCode: OK"},
	{"HTML", text(200, "<html><b>Please sign in</b></html>", "Content-Type", "text/html"), cycle.CodeIncompatible, "Web Response: <html><b>Please sign in</b></html>"},
	{"a list", text(200, `[{"id":"u1"}]`), cycle.CodeIncompatible, "because it is not a JSON object"},
	{"a text", text(200, `"u1"`), cycle.CodeIncompatible, "because it is not a JSON object"},
	{"null", text(200, `null`), cycle.CodeIncompatible, "because it is not a JSON object"},
	{"half of a JSON object", text(200, `{"id":"u1"`), cycle.CodeIncompatible, "because it is not a JSON object"},
	{"two JSON objects", text(200, `{"id":"u1"}{"id":"u2"}`), cycle.CodeIncompatible, "because it is not a JSON object"},
	{"deep", text(200, strings.Repeat("[", 1<<20)), cycle.CodeIncompatible, "because it is not a JSON object"},
	{"no id", text(201, `{"userName":"ada"}`), cycle.CodeIncompatible, "because it has no id"},
	{"id null", text(201, `{"id":null}`), cycle.CodeIncompatible, "because it has no id"},
	{"id empty", text(201, `{"id":""}`), cycle.CodeIncompatible, "because its id is empty"},
	{"id a number", text(201, `{"id":17}`), cycle.CodeIncompatible, "because its id is 17; an id is a text"},
	{"id an object", text(201, `{"id":{"value":"u1"}}`), cycle.CodeIncompatible, `because its id is {"value":"u1"}; an id is a text`},
	{"id of a megabyte", text(201, `{"id":"`+strings.Repeat("x", 1<<20)+`"}`), cycle.CodeIncompatible, "because its id has 1048576 characters"},
	{"id that is a path", text(201, `{"id":".."}`), cycle.CodeIncompatible, `because its id is ".."`},
	{"wrong types", text(200, `{"totalResults":"many","Resources":"none","schemas":5,"active":[],"name":7,"emails":{"value":1},"id":false}`), cycle.CodeIncompatible, "because its id is false"},
	{"an error as success", text(200, errorBody), cycle.CodeIncompatible, "The SCIM endpoint answered 200 (OK), but the body is an error. StatusCode: OK"},
	{"an error as 204", text(204, ""), cycle.CodeIncompatible, "because it is empty"},
	{"redirect", text(307, "", "Location", "https://elsewhere.example/scim"), cycle.CodeIncompatible, `a redirect to "https://elsewhere.example/scim", which is not followed`},
	{"redirect to nowhere", text(302, ""), cycle.CodeIncompatible, "a redirect, which is not followed"},
	{"broken redirect", text(302, "", "Location", "http://%zz"), cycle.CodeWebException, "An HTTP protocol error occurred"},
	{"binary error", text(400, "\x00\xff\xfe{"), cycle.CodeIncompatible, "StatusCode: BadRequest"},
	{"a status of its own", text(799, "what"), cycle.CodeInternalServerError, "StatusCode: 799"},
	{"no HTTP", sends("220 smtp.example.com ESMTP\r\n"), cycle.CodeWebException, "An HTTP protocol error occurred"},
	{"no answer", sends(""), cycle.CodeWebException, "An HTTP protocol error occurred"},
	{"less than promised", sends("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\":\"u1\"}"), cycle.CodeWebException, "unexpected EOF"},
	{"broken chunks", sends("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), cycle.CodeWebException, "An HTTP protocol error occurred"},
	{"no gzip", text(200, "this is plain text", "Content-Encoding", "gzip"), cycle.CodeWebException, "gzip"},
	{"reset", func(w http.ResponseWriter) {
		connection(w, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
			_ = c.(*net.TCPConn).SetLinger(0) // the close becomes a reset
		})
	}, cycle.CodeWebException, "An HTTP protocol error occurred"},
}

// TestHostile_log holds what the admin reads of each.
func TestHostile_log(t *testing.T) {
	t.Parallel()
	for _, h := range hostilities {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ada := w.addUser("ada")
			w.assign(ada.ID)
			w.target.answerRaw(func(rw http.ResponseWriter, c call) bool {
				if c.Method == http.MethodPost {
					h.answer(rw)
				}
				return c.Method == http.MethodPost
			})
			c, _ := w.cycle()
			e := w.last(ada.ID)
			w.wantEntry(e, cycle.ActionCreate, cycle.Failure, h.code)
			if !strings.Contains(e.Error.Reason, h.says) {
				t.Errorf("reason %.600q, want %q in it", e.Error.Reason, h.says)
			}
			if strings.Contains(e.Error.Reason, w.target.token) {
				t.Errorf("the secret token is in the reason %q", e.Error.Reason)
			}
			if c.Aborted != "" {
				t.Errorf("the cycle ended: %s", c.Aborted)
			}
			w.target.answerRaw(nil)
			w.cycle()
			if got := w.target.user(t, "ada@example.com"); got["displayName"] != "Ada Example" {
				t.Errorf("after the end of it the target has %v", got)
			}
		})
	}
}

// TestHostile_everywhere gives each answer to each kind of request: a cycle ends without an
// error of its own, and who was not provisioned has an entry that says why.
func TestHostile_everywhere(t *testing.T) {
	t.Parallel()
	where := map[string]func(c call) bool{
		"test":   func(call) bool { return true },
		"find":   func(c call) bool { return c.Method == "GET" && strings.Contains(c.URI, "%40example.com") },
		"groups": func(c call) bool { return c.Method == "GET" && strings.HasPrefix(c.URI, "/Groups") },
		"get":    func(c call) bool { return c.Method == "GET" && !strings.Contains(c.URI, "filter=") },
		"patch":  func(c call) bool { return c.Method == "PATCH" },
		"delete": func(c call) bool { return c.Method == "DELETE" },
	}
	for name, matches := range where {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ada, bob, gone := w.addUser("ada"), w.addUser("bob"), w.addUser("gone")
			g := w.addGroup("Admins", ada)
			w.assign(g.ID, ada.ID, bob.ID, gone.ID)
			w.cycle()
			for i, h := range hostilities {
				w.target.answerRaw(func(rw http.ResponseWriter, c call) bool {
					if matches(c) {
						h.answer(rw)
					}
					return matches(c)
				})
				w.change(ada, func(u *directory.User) { u.JobTitle = h.name })
				if i == 0 {
					w.ok(w.db.DeleteUser(t.Context(), gone.ID))
					w.ok(w.db.PurgeUser(t.Context(), gone.ID))
				}
				hired := w.addUser(fmt.Sprintf("hired%d", i))
				w.assign(hired.ID)
				w.join(g, hired)
				c, err := w.svc.RunCycle(t.Context(), w.job)
				if err != nil {
					t.Fatalf("%s: %v", h.name, err)
				}
				if name == "test" && (c.Quarantined == "" || w.read().Quarantine == nil) {
					t.Errorf("%s: no quarantine", h.name)
				}
				entries, _, err := w.svc.Logs(t.Context(), cycle.LogFilter{CycleID: c.ID, Statuses: []cycle.Result{cycle.Failure}})
				w.ok(err)
				for _, e := range entries {
					if e.Error == nil || e.Error.Reason == "" || e.Error.RecommendedAction == "" {
						t.Errorf("%s: a failure without a reason: %+v", h.name, e)
					}
				}
				for _, s := range []cycle.Subject{{Kind: mapping.KindUser, ID: ada.ID}, {Kind: mapping.KindGroup, ID: g.ID, Members: []directory.ID{ada.ID}}} {
					if _, err := w.svc.ProvisionOnDemand(t.Context(), w.job, s, admin); err != nil {
						t.Errorf("%s: provision on demand: %v", h.name, err)
					}
				}
				w.clock.Advance(12 * time.Hour) // what failed is due again
			}
			w.target.answerRaw(nil)
			_, err := w.svc.Restart(t.Context(), w.job, cycle.ResetWatermark, admin)
			w.ok(err)
			w.cycle()
			w.cycle()
			if got := w.target.user(t, "ada@example.com"); got["title"] != hostilities[len(hostilities)-1].name && name != "patch" {
				t.Errorf("after the end of it the target has %v", got)
			}
			if got := w.target.groupMembers("Admins"); len(got) != 1+len(hostilities) && name != "patch" {
				t.Errorf("after the end of it the group has %d members, want %d", len(got), 1+len(hostilities))
			}
		})
	}
}

// Sizes and times are bounded.
func TestHostile_bounds(t *testing.T) {
	t.Parallel()
	const limit = "more than 16777216 bytes, which are not read"
	for _, h := range []hostile{
		{"100 MB", func(w http.ResponseWriter) { pour(w, `{"id":"u1","x":`, 100<<20) }, cycle.CodeIncompatible, limit},
		{"endless", func(w http.ResponseWriter) { pour(w, `{"a":[`, 0) }, cycle.CodeIncompatible, limit},
		{"endless error", func(w http.ResponseWriter) { w.WriteHeader(400); pour(w, `no `, 0) }, cycle.CodeIncompatible, "answered 400 (Bad Request) with " + limit},
		{"endless header", func(w http.ResponseWriter) {
			connection(w, func(c net.Conn) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
				pour(c, "X-More: more\r\n", 0)
			})
		}, cycle.CodeWebException, "An HTTP protocol error occurred"},
		{"gzip bomb", func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			pour(z, `{"id":"u1"},`, 1<<30)
			_ = z.Close() // the client has gone
		}, cycle.CodeIncompatible, limit},
		{"drip", func(w http.ResponseWriter) {
			for {
				if _, err := io.WriteString(w, " "); err != nil {
					return
				}
				if err := http.NewResponseController(w).Flush(); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}, cycle.CodeTimeout, "did not answer in time"},
	} {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if h.code == cycle.CodeTimeout {
				w.svc.HTTP = &http.Client{Timeout: 3 * time.Second} // the other requests must come through
			}
			ada := w.addUser("ada")
			w.assign(ada.ID)
			w.target.answerRaw(func(rw http.ResponseWriter, c call) bool {
				if c.Method == http.MethodPost {
					h.answer(rw)
				}
				return c.Method == http.MethodPost
			})
			w.cycle()
			e := w.last(ada.ID)
			w.wantEntry(e, cycle.ActionCreate, cycle.Failure, h.code)
			if !strings.Contains(e.Error.Reason, h.says) || len(e.Error.Reason) > 100<<10 {
				t.Errorf("reason %.600q of %d bytes, want %q in it", e.Error.Reason, len(e.Error.Reason), h.says)
			}
		})
	}
}

// The secret token goes to the tenant URL and nowhere else, whatever the client that was
// given follows.
func TestHostile_redirect(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	for _, client := range []*http.Client{nil, {}, {CheckRedirect: func(r *http.Request, via []*http.Request) error {
		r.Header.Set("Authorization", via[0].Header.Get("Authorization"))
		return nil
	}}} {
		w := newWorld(t)
		w.svc.HTTP = client
		ada := w.addUser("ada")
		w.assign(ada.ID)
		w.target.answerRaw(func(rw http.ResponseWriter, c call) bool {
			text(http.StatusTemporaryRedirect, "", "Location", elsewhere.URL+c.URI)(rw)
			return true
		})
		c, err := w.svc.RunCycle(t.Context(), w.job)
		w.ok(err)
		if !strings.Contains(c.Quarantined, elsewhere.URL) || c.CallCount() != 1 {
			t.Errorf("quarantine %q after %d calls, want the address in it", c.Quarantined, c.CallCount())
		}
		test, err := w.svc.TestConnection(t.Context(), w.target.url, w.target.token)
		if err != nil || test.OK || test.Status != 307 || !strings.Contains(test.Message, elsewhere.URL) {
			t.Errorf("test of the connection: %+v, %v", test, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests went to the other host", n)
	}
}

// A target that repeats the secret token in an error does not get it into the logs.
func TestHostile_secret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.target.fail(func(c call) (int, string, http.Header) {
		if c.Method == http.MethodPost {
			return 400, "I was sent " + c.Header.Get("Authorization"), nil
		}
		return 0, "", nil
	})
	w.cycle()
	e := w.last(ada.ID)
	if !strings.Contains(e.Error.Reason, "Web Response: I was sent Bearer ••••") {
		t.Errorf("reason %q", e.Error.Reason)
	}
	entries, _, err := w.svc.Logs(t.Context(), cycle.LogFilter{Text: w.target.token})
	if err != nil || len(entries) > 0 {
		t.Errorf("the token is in %+v, %v", entries, err)
	}
	test, err := w.svc.TestConnection(t.Context(), w.target.url, w.target.token)
	if err != nil || strings.Contains(fmt.Sprintf("%+v", test), w.target.token) {
		t.Errorf("test of the connection: %+v, %v", test, err)
	}
}

// A target that gives every object the same id is told apart from one that links them.
func TestHostile_sameID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada, bob := w.addUser("ada"), w.addUser("bob")
	w.assign(ada.ID)
	same := func(rw http.ResponseWriter, c call) bool {
		if c.Method == http.MethodPost {
			text(201, `{"id":"same"}`)(rw)
		}
		return c.Method == http.MethodPost
	}
	w.target.answerRaw(same)
	w.cycle()
	w.wantEntry(w.last(ada.ID), cycle.ActionCreate, cycle.Success, "")
	w.assign(bob.ID)
	w.cycle()
	e := w.last(bob.ID)
	w.wantEntry(e, cycle.ActionCreate, cycle.Failure, cycle.CodeIncompatible)
	if want := fmt.Sprintf(`the id "same" that it was answered with belongs to %s of the directory already`, ada.ID); !strings.Contains(e.Error.Reason, want) {
		t.Errorf("reason %q, want %q in it", e.Error.Reason, want)
	}
	if l, err := w.svc.Link(t.Context(), w.job, mapping.KindUser, bob.ID); err != nil || l != nil {
		t.Errorf("bob is linked: %+v, %v", l, err)
	}
}

// A list that says it has hits and shows none is no answer: nobody is created twice.
func TestHostile_hiddenHits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.addUser("ada")
	w.assign(ada.ID)
	w.target.answerRaw(func(rw http.ResponseWriter, c call) bool {
		hidden := strings.Contains(c.URI, "ada%40")
		if hidden {
			text(200, `{"totalResults":1,"Resources":[]}`)(rw)
		}
		return hidden
	})
	_, calls := w.cycle()
	w.wantCalls(calls, "GET Users?")
	e := w.last(ada.ID)
	w.wantEntry(e, cycle.ActionOther, cycle.Failure, cycle.CodeIncompatible)
	if !strings.Contains(e.Error.Reason, "totalResults is 1, but there are no Resources") {
		t.Errorf("reason %q", e.Error.Reason)
	}
}

// A wait that a target asks for is at least a second and in all at most five minutes for a
// request, and a target that refuses everything ends the cycle.
func TestHostile_retryAfter(t *testing.T) {
	t.Parallel()
	type answer struct {
		status int
		header string
	}
	answers := []answer{{503, "1"}}
	for _, header := range []string{"", "0", "-5", "300", "301", "9223372036", "9223372037", "9223372036854775807", "99999999999999999999", "soon", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"} {
		answers = append(answers, answer{429, header})
	}
	for _, a := range answers {
		header := a.header
		w := newWorld(t)
		w.svc.Concurrency = 1
		for i := range 12 {
			w.assign(w.addUser(fmt.Sprintf("user%d", i)).ID)
		}
		w.target.fail(func(c call) (int, string, http.Header) {
			if strings.Contains(c.URI, "%40example.com") {
				return a.status, fmt.Sprintf(`{"status":"%d","detail":"wait"}`, a.status), http.Header{"Retry-After": {header}}
			}
			return 0, "", nil
		})
		c, calls := w.cycle()
		total := time.Duration(0)
		for _, d := range w.waited {
			if d < time.Second || d > 5*time.Minute {
				t.Fatalf("Retry-After %q: waited %v", header, d)
			}
			total += d
		}
		if total > 10*5*time.Minute || len(calls) > 10*301 {
			t.Errorf("Retry-After %q: waited %v in all, %d calls", header, total, len(calls))
		}
		want, code := "429 (Too Many Requests)", cycle.CodeTooManyRequests
		if a.status == 503 {
			want, code = "503 (Service Unavailable)", cycle.CodeInternalServerError
		}
		if c.Users > 10 || !strings.Contains(c.Aborted, want) || w.read().Quarantine.Code != code {
			t.Errorf("%d, Retry-After %q: %d users, ended %q, quarantine %+v", a.status, header, c.Users, c.Aborted, w.read().Quarantine)
		}
	}
}

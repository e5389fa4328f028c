package scimapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkDoor runs requests through the whole server but for the network, on
// SQLite, with the request log written behind as in service.
func BenchmarkDoor(b *testing.B) {
	w := newWorld(b, "sqlite", unlimited)
	o := w.org("a")
	user := o.post("/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@example.com","externalId":"0a21f0f2","name":{"givenName":"Ada","familyName":"Lovelace"},"emails":[{"type":"work","primary":true,"value":"ada@example.com"}],"title":"Countess"}`).id(b)
	group := o.group("Admins", user)
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.log.Run(ctx) }()
	defer func() { stop(); <-done }()

	n := 0
	for name, make := range map[string]func() *http.Request{
		"get user":             func() *http.Request { return o.request("GET", "/Users/"+user, "") },
		"find user":            func() *http.Request { return o.request("GET", `/Users?filter=userName+eq+%22ada%40example.com%22`, "") },
		"miss user":            func() *http.Request { return o.request("GET", `/Users?filter=userName+eq+%22x%40example.com%22`, "") },
		"group without people": func() *http.Request { return o.request("GET", "/Groups/"+group+"?excludedAttributes=members", "") },
		"create user": func() *http.Request {
			n++
			return o.request("POST", "/Users", fmt.Sprintf(`{"userName":"u%d-%d@example.com","displayName":"x"}`, n, time.Now().UnixNano()))
		},
		"no change": func() *http.Request {
			return o.request("PATCH", "/Users/"+user, `{"Operations":[{"op":"replace","path":"title","value":"Countess"}]}`)
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rec := httptest.NewRecorder()
				if w.handler.ServeHTTP(rec, make()); rec.Code >= 300 {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}

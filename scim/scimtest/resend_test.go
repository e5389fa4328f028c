package scimtest_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/rollcall/rollcall/scim/scimclient"
	"github.com/rollcall/rollcall/scim/scimtest"
	"github.com/rollcall/rollcall/scim/scimtest/faulty"
)

type servedKey struct{}

// A server may close a kept connection at any time between two answers, also when a request is already on its way.
func TestRun_connectionsThatEnd(t *testing.T) {
	t.Parallel()
	handler, dropped := faulty.New(token), atomic.Int64{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served := r.Context().Value(servedKey{}).(*atomic.Int64); served.Add(1) == 3 {
			dropped.Add(1)
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		handler.ServeHTTP(w, r)
	}))
	srv.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, servedKey{}, new(atomic.Int64))
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := &scimclient.Client{BaseURL: srv.URL, Token: token}
	report, out := run(t, scimtest.Config{Client: c, Only: []string{"users", "patch", "hostile.patch"}})
	if !report.OK() || dropped.Load() == 0 {
		t.Errorf("%d connections were closed:\n%s", dropped.Load(), out)
	}
}

package scimapi_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/rollcall/rollcall/internal/store/storetest"
	"github.com/rollcall/rollcall/internal/web/scimapi"
	"github.com/rollcall/rollcall/scim/scimclient"
	"github.com/rollcall/rollcall/scim/scimtest"
)

// The public conformance suite finds nothing to say, in any profile, and skips
// nothing; with the default limits of rates, as somebody would run it against a
// server of his own.
func TestDoor_conformance(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		for _, profile := range []scimtest.Profile{scimtest.RFC, scimtest.Entra, scimtest.Okta} {
			t.Run(engine+"/"+string(profile), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, engine, scimapi.Config{})
				o := w.org("a")
				var tooMany atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					w.handler.ServeHTTP(&counting{ResponseWriter: rw, tooMany: &tooMany}, r)
				}))
				defer server.Close()
				var out bytes.Buffer
				report, err := scimtest.Run(t.Context(), scimtest.Config{
					Client:  &scimclient.Client{BaseURL: server.URL + o.base(), Token: o.bearer, HTTP: server.Client()},
					Profile: profile, Out: &out,
				})
				if err != nil || report.Failed > 0 || report.Skipped > 0 || report.Passed == 0 {
					t.Errorf("%v\n%s", err, out.String())
				}
				t.Logf("%d passed; %d answers were 429", report.Passed, tooMany.Load())
			})
		}
	}
}

// counting counts the answers 429.
type counting struct {
	http.ResponseWriter
	tooMany *atomic.Int64
}

func (c *counting) WriteHeader(status int) {
	if status == http.StatusTooManyRequests {
		c.tooMany.Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

package scimapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/scim"
)

// breaking yields n members and then an error.
func breaking(n int, err error) func(func(provision.Ref, error) bool) {
	return func(yield func(provision.Ref, error) bool) {
		for range n {
			if !yield(provision.Ref{Value: strings.Repeat("x", 36)}, nil) {
				return
			}
		}
		yield(provision.Ref{}, err)
	}
}

func answerGroup(n int, err error) (*exchange, *httptest.ResponseRecorder, error) {
	rec := httptest.NewRecorder()
	x := &exchange{w: rec, r: httptest.NewRequest(http.MethodGet, "/", nil), base: "https://rollcall.example/scim"}
	doc := provision.Document{Type: scim.Group, ID: "g", Version: 1, Attrs: []byte(`{"displayName":"x"}`), Schemas: []string{scim.GroupURN}, Members: breaking(n, err)}
	return x, rec, x.resource(http.StatusOK, doc, view{spliced: true})
}

// Trouble while the members are read is an error as long as nothing was sent; after
// that the answer breaks off, so that nobody takes a part for the whole.
func TestOutput_brokenAnswer(t *testing.T) {
	t.Parallel()
	gone := scim.Errorf(http.StatusServiceUnavailable, "", "away")

	x, rec, err := answerGroup(3, gone)
	if !errors.Is(err, gone) || errors.Is(err, errAborted) || x.status != 0 || rec.Body.Len() != 0 {
		t.Errorf("a small group: error %v, status %d, %d bytes sent", err, x.status, rec.Body.Len())
	}
	x, rec, err = answerGroup(3000, gone)
	if !errors.Is(err, errAborted) || x.status != http.StatusOK || rec.Body.Len() < flushAt {
		t.Errorf("a large group: error %v, status %d, %d bytes sent", err, x.status, rec.Body.Len())
	}
	if len(x.answered) > flushAt+1024 || !x.answeredCut {
		t.Errorf("%d bytes of the answer are kept for the log, cut %v", len(x.answered), x.answeredCut)
	}
}

// TestDoor_brokenAnswer sees the connection break, as the client does.
func TestDoor_brokenAnswer(t *testing.T) {
	t.Parallel()
	d := &Door{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{w: w, r: r, ctx: r.Context()}
		defer d.finish(x)
		doc := provision.Document{Type: scim.Group, ID: "g", Attrs: []byte(`{}`), Members: breaking(3000, errors.New("away"))}
		if err := x.resource(http.StatusOK, doc, view{spliced: true}); err != nil {
			d.fail(x, err)
		}
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		return // broken before the beginning arrived
	}
	defer resp.Body.Close()
	var b strings.Builder
	buffer := make([]byte, 4096)
	for err == nil {
		var n int
		n, err = resp.Body.Read(buffer)
		b.Write(buffer[:n])
	}
	if err.Error() == "EOF" {
		t.Errorf("the client takes %d bytes for the whole answer", b.Len())
	}
}

// A panic in a handler is one answer of 500 with SCIM's error body.
func TestDoor_panic(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	x := &exchange{w: rec, r: httptest.NewRequest(http.MethodGet, "/", nil)}
	x.ctx = x.r.Context()
	func() {
		defer (&Door{}).finish(x)
		panic("a secret of ours")
	}()
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), scim.ErrorURN) || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("a panic answers %d %s", rec.Code, rec.Body)
	}
}

func BenchmarkEncodeUser(b *testing.B) {
	doc := provision.Document{
		Type: scim.User, ID: "01a20c70-e55c-7093-acc1-7abbade9906e", Version: 7, Active: true, Schemas: []string{scim.UserURN, scim.EnterpriseUserURN},
		Attrs:  []byte(`{"emails":[{"primary":true,"type":"work","value":"bjensen@example.com"}],"externalId":"0a21f0f2","name":{"familyName":"Jensen","formatted":"Barbara Jensen","givenName":"Barbara"},"title":"Tour Guide","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tours"},"userName":"bjensen@example.com"}`),
		Groups: []provision.Ref{{Value: "01a20c70-e55c-7093-acc1-7abbade9906f", Display: "Tour Guides"}},
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		x := &exchange{w: httptest.NewRecorder(), r: r, base: "https://rollcall.example/v1/organizations/01a20c70-e55c-7093-acc1-7abbade99060/scim"}
		o := x.output(http.StatusOK)
		if err := (encoder{x.base}).resource(o, doc, view{spliced: true}); err != nil {
			b.Fatal(err)
		}
	}
}

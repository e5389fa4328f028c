package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// A server reads the metadata of an identity provider again when it is due: it takes
// its new certificates, and nobody else in its place.
func TestServe_refreshesMetadata(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	first := sh.metadata()
	documents := func() string {
		t.Helper()
		data, err := madeUpMetadata(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var mu sync.Mutex
	served, asked := documents(), make(chan struct{}, 10)
	serve := func(document string) {
		mu.Lock()
		defer mu.Unlock()
		served = document
	}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = w.Write([]byte(served)) // whoever asked is gone
		asked <- struct{}{}
	}))
	t.Cleanup(provider.Close)

	org, address := sh.org("Example"), provider.URL+"/metadata"
	sh.ok("saml", "connect", "--org", org, "--metadata-file", first)
	sh.ok("saml", "connect", "--org", org, "--metadata-url", address, "--allow-private-address")
	<-asked
	certificate := func() string {
		t.Helper()
		var view struct {
			IDPEntityID  string `json:"idpEntityID"`
			Certificates []struct{ SHA256 string }
		}
		sh.json(&view, "saml", "show", "--org", org)
		if view.IDPEntityID != "https://idp.example.com/demo" || len(view.Certificates) != 1 {
			t.Fatalf("saml show = %+v", view)
		}
		return view.Certificates[0].SHA256
	}
	// refreshed runs a server while the metadata is due, and returns its log.
	refreshed := func() string {
		t.Helper()
		db, err := store.Open(t.Context(), "sqlite:"+sh.dir+"/rollcall.db", store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.MetadataLater(iam.OrganizationID(org), address, time.Now()) }); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s := sh.serve()
		<-asked
		return s.end(t)
	}
	before := certificate()
	serve(strings.ReplaceAll(documents(), "https://idp.example.com/demo", "https://other.example.com/"))
	log := refreshed()
	if got := certificate(); got != before {
		t.Errorf("the certificate of another identity provider was taken: %s", log)
	}
	serve(documents())
	for range 5 { // a server that ends while it reads has it done by the next
		if refreshed(); certificate() != before {
			return
		}
	}
	t.Error("the new certificate was not taken")
}

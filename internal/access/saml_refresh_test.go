package access_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

func TestRefreshSAML(t *testing.T) {
	each(t, func(w *world) {
		const address = "https://idp.example/metadata"
		first := metadata(t, "https://idp.example/1")
		refresh := func(data []byte, fails error) (bool, error) {
			return w.RefreshSAML(t.Context(), iam.Operator, w.org, func(_ context.Context, url string, allowPrivate bool) ([]byte, error) {
				if url != address || !allowPrivate {
					t.Errorf("asked for %s, private addresses: %v", url, allowPrivate)
				}
				return data, fails
			})
		}
		refused := func(kind iam.Kind, says string, err error) {
			t.Helper()
			if iam.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want %q", err, says)
			}
		}
		_, err := refresh(first, nil)
		refused(iam.KindConflict, "no SAML connection", err)
		w.connect("https://idp.example/1")
		_, err = refresh(first, nil)
		refused(iam.KindConflict, "came as a file", err)

		connect := func(data []byte) {
			must[access.SAMLView](t)(w.ConnectSAML(t.Context(), iam.Operator, w.org, access.Connect{Metadata: data, URL: address, AllowPrivate: true}))
		}
		connect(first)
		before := len(w.events(0))
		// The same in other bytes is no change, and leaves no event.
		if changed, err := refresh(bytes.ReplaceAll(first, []byte("\n"), []byte("\n ")), nil); changed || err != nil {
			t.Errorf("the same metadata: %v, %v", changed, err)
		}
		_, err = refresh(nil, iam.Errorf(iam.KindUnavailable, "cannot be reached"))
		refused(iam.KindUnavailable, "cannot be reached", err)
		_, err = refresh([]byte("<html/>"), nil)
		refused(iam.KindInvalid, "", err)
		_, err = refresh(metadata(t, "https://idp.example/2"), nil)
		refused(iam.KindConflict, `that of "https://idp.example/2" now`, err)
		if written := w.events(before); len(written) != 0 {
			t.Errorf("%q were written", written)
		}

		renewed := metadata(t, "https://idp.example/1")
		if changed, err := refresh(renewed, nil); !changed || err != nil {
			t.Fatalf("a new certificate: %v, %v", changed, err)
		}
		view := must[access.SAMLView](t)(w.SAML(t.Context(), w.org))
		if view.SourceURL != address || !view.AllowPrivate || !view.Connected {
			t.Errorf("afterwards: %+v", view)
		}
		if written := w.events(before); !slices.Equal(written, []string{"organization_saml_connection_update https://idp.example/1"}) {
			t.Errorf("%q were written", written)
		}
	})
}

// What the schedule does: metadata is read once a day, failures are kept until it goes
// well, and another identity provider is never taken by itself.
func TestRefreshSAML_schedule(t *testing.T) {
	each(t, func(w *world) {
		const address = "https://idp.example/metadata"
		served := metadata(t, "https://idp.example/1")
		var fails error
		asked := 0
		fetch := func(context.Context, string, bool) ([]byte, error) {
			asked++
			return served, fails
		}
		refresh := func() (bool, error) {
			return w.RefreshSAML(t.Context(), iam.Schedule, w.org, fetch)
		}
		noted := func() iam.MetadataRefresh {
			return must[access.SAMLView](t)(w.SAML(t.Context(), w.org)).Refresh
		}
		// between checks when metadata is read again.
		between := func(what string, least, most time.Duration) {
			t.Helper()
			if wait := noted().NextAt.Sub(w.clock()); wait < least || wait > most {
				t.Errorf("%s: read again after %v, want %v to %v", what, wait, least, most)
			}
		}
		const day = 24 * time.Hour
		w.connect("https://idp.example/1")
		if got := noted(); !got.NextAt.IsZero() {
			t.Errorf("metadata of a file is read again: %+v", got)
		}
		connect := func(data []byte) {
			t.Helper()
			must[access.SAMLView](t)(w.ConnectSAML(t.Context(), iam.Operator, w.org, access.Connect{Metadata: data, URL: address}))
		}
		connect(served)
		if got := noted(); !got.ReadAt.Equal(start) || got.Failing() {
			t.Errorf("after connecting: %+v", got)
		}
		between("after connecting", day*9/10, day)

		w.sleep(day)
		if changed, err := refresh(); changed || err != nil {
			t.Fatalf("the same metadata: %v, %v", changed, err)
		}
		if got := noted(); !got.ReadAt.Equal(w.clock()) {
			t.Errorf("after reading: %+v", got)
		}
		between("after reading", day*9/10, day)

		// It fails, each time for longer.
		events := len(w.events(0))
		since := w.clock().Add(day)
		fails = iam.Errorf(iam.KindUnavailable, "idp.example refuses connections")
		for i, wait := range []time.Duration{time.Hour, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, day, day} {
			if i == 0 {
				w.sleep(day)
			}
			if changed, err := refresh(); changed || iam.KindOf(err) != iam.KindUnavailable {
				t.Errorf("try %d: %v, %v", i, changed, err)
			}
			if got := noted(); got.Failure != "idp.example refuses connections" || !got.FailingSince.Equal(since) || !got.FailedAt.Equal(w.clock()) || got.ReadAt.Equal(w.clock()) {
				t.Errorf("try %d: %+v", i, got)
			}
			between("after a failure", wait*9/10, wait)
			w.sleep(wait)
		}
		// A fault of ours is not shown to an admin, and what is not meant is not noted.
		fails = errors.New("secret of ours")
		if _, err := refresh(); iam.KindOf(err) != iam.KindInternal || strings.Contains(noted().Failure, "secret") || !strings.Contains(noted().Failure, "a fault of this server") {
			t.Errorf("noted %+v, %v", noted(), err)
		}
		fails = iam.Errorf(iam.KindUnavailable, "was interrupted")
		stopped, cancel := context.WithCancel(t.Context())
		_, err := w.RefreshSAML(stopped, iam.Schedule, w.org, func(context.Context, string, bool) ([]byte, error) { cancel(); return nil, fails })
		if err == nil || noted().Failure == "was interrupted" {
			t.Errorf("a server that stops: %+v, %v", noted(), err)
		}

		// Another identity provider at the same address: kept as a failure, believed by nobody.
		fails, served = nil, metadata(t, "https://idp.example/2")
		if changed, err := refresh(); changed || iam.KindOf(err) != iam.KindConflict {
			t.Errorf("another identity provider: %v, %v", changed, err)
		}
		view := must[access.SAMLView](t)(w.SAML(t.Context(), w.org))
		if view.IdPEntityID != "https://idp.example/1" || !strings.Contains(view.Refresh.Failure, `is that of "https://idp.example/2" now`) {
			t.Errorf("afterwards %+v", view)
		}
		if got := w.events(events); len(got) > 0 {
			t.Errorf("%q were written", got)
		}

		// New certificates are taken, and on record.
		served = metadata(t, "https://idp.example/1")
		if changed, err := refresh(); !changed || err != nil {
			t.Fatalf("a new certificate: %v, %v", changed, err)
		}
		if got := noted(); got.Failing() || got.Failure != "" || !got.FailedAt.IsZero() || !got.ReadAt.Equal(w.clock()) {
			t.Errorf("afterwards %+v", got)
		}
		if got := w.events(events); !slices.Equal(got, []string{"organization_saml_connection_update https://idp.example/1"}) {
			t.Errorf("%q were written", got)
		}

		// What the metadata says of itself.
		served = bytes.Replace(served, []byte("<EntityDescriptor"), []byte(`<EntityDescriptor cacheDuration="PT6H"`), 1)
		if _, err := refresh(); err != nil {
			t.Fatal(err)
		}
		between("with cacheDuration", 6*time.Hour*9/10, 6*time.Hour)

		// A failure is over when an Admin imports the metadata again, if it is the same.
		fails = iam.Errorf(iam.KindUnavailable, "away")
		_, err = refresh()
		w.refused(iam.KindUnavailable, "away", func() error {
			// A member who asks is told himself; nothing is noted.
			_, err := w.RefreshSAML(t.Context(), w.person("ada@example.com"), w.org, fetch)
			return err
		})
		if err == nil || !noted().Failing() {
			t.Errorf("noted %+v, %v", noted(), err)
		}
		connect(served)
		if noted().Failing() {
			t.Errorf("after connecting: %+v", noted())
		}

		// Below the plan nothing is asked, and nothing has failed.
		must[iam.Organization](t)(w.SetPlan(t.Context(), iam.Operator, w.org, string(iam.PlanBasic)))
		before := asked
		if changed, err := refresh(); changed || err != nil || asked != before || noted().Failing() {
			t.Errorf("below the plan: %v, %v, %+v", changed, err, noted())
		}
		between("below the plan", day*9/10, day)
	})
}

// Whoever connects another address while the former one is read is not overruled, also
// not by a note of how that went.
func TestRefreshSAML_meanwhile(t *testing.T) {
	each(t, func(w *world) {
		first, second := metadata(t, "https://idp.example/1"), metadata(t, "https://idp.example/2")
		connect := func(data []byte, url string) {
			must[access.SAMLView](t)(w.ConnectSAML(t.Context(), iam.Operator, w.org, access.Connect{Metadata: data, URL: url}))
		}
		for name, answer := range map[string]func() ([]byte, error){
			"the same":         func() ([]byte, error) { return first, nil },
			"new certificates": func() ([]byte, error) { return metadata(t, "https://idp.example/1"), nil },
			"nothing":          func() ([]byte, error) { return nil, iam.Errorf(iam.KindUnavailable, "away") },
		} {
			connect(first, "https://idp.example/first")
			w.sleep(time.Hour)
			_, _ = w.RefreshSAML(t.Context(), iam.Schedule, w.org, func(context.Context, string, bool) ([]byte, error) {
				connect(second, "https://idp.example/second")
				w.sleep(time.Minute)
				return answer()
			})
			view := must[access.SAMLView](t)(w.SAML(t.Context(), w.org))
			if view.IdPEntityID != "https://idp.example/2" || view.SourceURL != "https://idp.example/second" || view.Refresh.Failing() || !view.Refresh.ReadAt.Equal(w.clock().Add(-time.Minute)) {
				t.Errorf("%s: afterwards %+v", name, view)
			}
		}
	})
}

// By plain HTTP anybody on the way could put certificates of his own into the metadata: the
// schedule takes nothing new from there, and an Admin who looked at it does. To this very
// machine there is no way that somebody else is on.
func TestRefreshSAML_schedulePlainHTTP(t *testing.T) {
	each(t, func(w *world) {
		for address, takes := range map[string]bool{
			"http://idp.internal:8080/metadata": false, "HTTP://10.0.0.7/metadata": false, "http://localhost.example/metadata": false,
			"http://127.0.0.1:8080/metadata": true, "http://[::1]/metadata": true, "http://localhost/metadata": true, "https://idp.internal/metadata": true,
		} {
			served := metadata(t, "https://idp.example/1")
			fetch := func(context.Context, string, bool) ([]byte, error) { return served, nil }
			must[access.SAMLView](t)(w.ConnectSAML(t.Context(), iam.Operator, w.org, access.Connect{Metadata: served, URL: address, AllowPrivate: true}))
			if changed, err := w.RefreshSAML(t.Context(), iam.Schedule, w.org, fetch); changed || err != nil {
				t.Errorf("%s: the same metadata: %v, %v", address, changed, err)
			}
			served = metadata(t, "https://idp.example/1")
			changed, err := w.RefreshSAML(t.Context(), iam.Schedule, w.org, fetch)
			failure := must[access.SAMLView](t)(w.SAML(t.Context(), w.org)).Refresh.Failure
			if changed != takes || (err == nil) != takes || strings.Contains(failure, "plain HTTP") == takes {
				t.Errorf("%s: new certificates: %v, %v; noted %q", address, changed, err, failure)
			}
			if changed, err := w.RefreshSAML(t.Context(), iam.Operator, w.org, fetch); changed == takes || err != nil {
				t.Errorf("%s: by hand: %v, %v", address, changed, err)
			}
		}
	})
}

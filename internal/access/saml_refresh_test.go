package access_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

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

package console

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
)

// What the schedule could not read is told on the SAML page until it goes well.
func TestSAML_scheduledRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.org("Alpha", "alpha.example")
	b := o.admin()
	provider := idp.New(t, "entra", w.clock())
	served, fails := provider.Metadata(), error(nil)
	refresh := func() {
		_, _ = w.access.RefreshSAML(t.Context(), iam.Schedule, o.id, func(context.Context, string, bool) ([]byte, error) { return served, fails })
	}
	must[access.SAMLView](t)(w.access.ConnectSAML(t.Context(), iam.Operator, o.id, access.Connect{Metadata: served, URL: "https://idp.example/metadata"}))
	b.get("/settings/saml").is(http.StatusOK).says("Metadata read just now , and by itself about once a day").saysNot("could not be refreshed")

	w.sleep(30 * time.Minute)
	fails = iam.Errorf(iam.KindUnavailable, "idp.example refuses connections")
	refresh()
	w.sleep(10 * time.Minute)
	refresh()
	b.get("/settings/saml").says("The metadata could not be refreshed. Idp.example refuses connections. Last tried just now , in vain since Tue, 10 Mar 2026 10:00:20 (UTC); it is tried again by itself", "Connected").
		saysNot("once a day")
	fails, served = nil, idp.New(t, "stranger", w.clock()).Metadata()
	refresh()
	b.get("/settings/saml").says(`is that of "https://stranger.example.net/" now, and the connection is to "https://entra.example.net/"`, "import it as new metadata", "Connected")
	served = provider.Metadata()
	refresh()
	b.get("/settings/saml").says("Metadata read just now").saysNot("could not be refreshed", "stranger")

	// Metadata of a file is not read again, and nothing is said of it.
	must[access.SAMLView](t)(w.access.ConnectSAML(t.Context(), iam.Operator, o.id, access.Connect{Metadata: served}))
	b.get("/settings/saml").says("Its metadata came as a file").saysNot("Metadata read", "once a day")
}

package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// While others look at many members, what an Admin has confirmed is done all the same; only
// how many it affected is not told.
func TestConfirmed_whileOthersCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.access.PreviewWait = time.Millisecond
	o := w.org("Alpha", "alpha.example").connect()
	b := o.admin()
	role := o.role("Everybody")
	var members []iam.MemberID
	for i := range 2_050 {
		members = append(members, o.user(fmt.Sprintf("m%04d@alpha.example", i)))
	}
	o.group("Everybody", role.ID, members...)

	release, reached := make(chan struct{}), make(chan struct{}, 2)
	secondPage := func(c *storetest.Call) bool {
		return strings.HasPrefix(c.SQL, "SELECT u.id, u.status FROM users u") && len(c.Args) > 1 && c.Args[1] != ""
	}
	ended := make(chan error, 2)
	for range 2 {
		w.driver.Inject(storetest.Fault{Match: secondPage, Hold: release, Do: func() { reached <- struct{}{} }})
		go func() {
			_, err := w.access.PreviewRemoveDomain(t.Context(), iam.Operator, o.id, "alpha.example")
			ended <- err
		}()
	}
	<-reached
	<-reached
	b.get("/roles/" + string(role.ID) + "/delete").is(http.StatusServiceUnavailable).says("Try again in 5 seconds")
	b.post("/roles/"+string(role.ID)+"/unlink", url.Values{}).leadsTo("/roles")
	b.get("/roles").says("The role Everybody was unlinked.", "was not counted")
	b.post("/settings/saml/domains/alpha.example/remove", url.Values{"sure": {"yes"}}).leadsTo("/settings/saml")
	close(release)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

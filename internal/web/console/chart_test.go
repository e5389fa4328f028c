package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

func TestScaleTop(t *testing.T) {
	t.Parallel()
	for most, want := range map[int64]int64{0: 2, 1: 2, 2: 2, 3: 4, 7: 8, 9: 20, 20: 20, 21: 40, 61: 80, 81: 200, 8_000: 8_000, 123_456: 200_000} {
		if got := scaleTop(most); got != want || got%2 != 0 {
			t.Errorf("%d: the scale ends at %d, want %d", most, got, want)
		}
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	day := start.Truncate(access.Day)
	counts := make([]access.ProvisioningCount, 14)
	for i := range counts {
		counts[i].Start = day.AddDate(0, 0, i-13)
	}
	counts[3].Applied, counts[3].Refused, counts[3].Failed, counts[3].Unchanged = 50, 20, 10, 1234
	counts[13].Applied = 1
	counts[7].Refused = 80
	ch := draw(counts, chartSpans()[1])
	if ch.Y != [3]string{"80", "40", "0"} || ch.X != [3]string{"25 Feb", "4 Mar", "10 Mar"} || ch.Width != 140 || len(ch.Bars) != 14 {
		t.Errorf("the scales are %v and %v, the width %d", ch.Y, ch.X, ch.Width)
	}
	for i, want := range map[int]bar{
		0:  {Title: "25 Feb: 0 changes, 0 refused, 0 without a change", X: "0", Inner: "1.5"},
		3:  {Title: "28 Feb: 50 changes, 20 refused, 10 failed, 1,234 without a change", X: "30", Inner: "31.5", ChangedY: "37.5", Changed: "62.5", RefusedY: "0", Refused: "37.5"},
		7:  {Title: "4 Mar: 0 changes, 80 refused, 0 without a change", X: "70", Inner: "71.5", RefusedY: "0", Refused: "100"},
		13: {Title: "10 Mar: 1 change, 0 refused, 0 without a change", X: "130", Inner: "131.5", ChangedY: "98.75", Changed: "1.25"},
	} {
		if ch.Bars[i] != want {
			t.Errorf("bar %d: %+v, want %+v", i, ch.Bars[i], want)
		}
	}
	if want := "Provisioning activity, last 14 days: 51 changes applied, 110 requests refused or failed, 1,234 without a change. Most changes on 28 February. Most refused on 4 March."; ch.Label != want {
		t.Errorf("the label is %q, want %q", ch.Label, want)
	}
	// One request among many can still be seen.
	counts[13].Applied, counts[3].Applied = 1, 100_000
	if b := draw(counts, chartSpans()[1]).Bars[13]; b.Changed != "1" {
		t.Errorf("one among a hundred thousand: %+v", b)
	}
}

// The chart shows what came of the requests, by the hour and by the day, to those who may
// see the log, and reads none of it.
func TestChart(t *testing.T) {
	t.Parallel()
	p, b := newProvisioned(t)
	const none = "Each request of the identity provider with a valid key makes a bar higher"
	b.get("/dashboard").says("Provisioning activity last 14 days", "No request in the last 14 days", none).has(`href="/settings/activity?days=14"`)
	b.get("/settings/activity").says("No request in the last 14 days", none)
	p.send(200, "GET", `/Users?filter=userName+eq+%22ann%40alpha.example%22`, "")
	b.get("/dashboard").says("Without a change 1", "everybody is in step", "None was refused").saysNot(none)
	p.send(201, "POST", "/Users", userBody)
	p.send(409, "POST", "/Users", userBody)
	p.sleep(2 * time.Hour)
	p.send(409, "POST", "/Users", userBody)

	b = p.again(b)
	p.driver.Reset()
	b.get("/dashboard").is(http.StatusOK).says("Changes 1", "Refused or failed 2", "Without a change 1").
		has(`aria-label="Provisioning activity, last 14 days: 1 change applied, 2 requests refused or failed, 1 without a change. Most changes on 10 March. Most refused on 10 March."`,
			"<title>10 Mar: 1 change, 2 refused, 1 without a change</title>", "<title>25 Feb: 0 changes", `href="/settings/activity?days=14&amp;result=refused"`)
	read := false
	for _, call := range p.driver.Calls() {
		read = read || strings.Contains(call.SQL, "activity_counts")
		if strings.Contains(call.SQL, "scim_requests") && !strings.Contains(call.SQL, "count(*)") {
			t.Errorf("the dashboard reads the log: %s", call.SQL)
		}
	}
	if !read {
		t.Error("the dashboard reads no counts")
	}
	hours := b.get("/settings/activity?chart=1&result=409").says("last 24 hours, UTC", "2 requests on this page").
		has("<title>10 Mar, 09:00–10:00 (UTC): 1 change, 1 refused, 1 without a change</title>", "<title>10 Mar, 11:00–12:00 (UTC): 0 changes, 1 refused, 0 without a change</title>",
			`href="/settings/activity?chart=30&amp;result=409"`, `name="chart" value="1"`, `aria-current="true">24 hours`)
	if n := strings.Count(hours.body, "<title>"); n != 1+24 {
		t.Errorf("%d bars, want 24", n-1)
	}
	b.get("/settings/activity?chart=30").says("last 30 days, UTC").has("<title>9 Feb: 0 changes")
	b.get("/settings/activity?chart=nonsense").says("last 14 days, UTC").has(`aria-current="true">14 days`)
	b.get("/settings/activity?result=refused&days=14").says("2 requests on this page").saysNot("no match")

	p.role("Viewer", iam.PermOrganizationView)
	p.user("r@alpha.example")
	p.person("r@alpha.example", "Viewer").get("/dashboard").is(http.StatusOK).saysNot("Provisioning activity last 14 days", "Changes 1")
}

// Another organization's requests are in nobody else's chart.
func TestChart_apart(t *testing.T) {
	t.Parallel()
	o, b := scimOrg(t)
	other := o.world.org("Beta", "beta.example")
	o.write(func(tx *store.Tx) error {
		return tx.InsertSCIMRequests([]store.SCIMRequest{{Organization: other.id, ID: o.db.SCIMRequestID(o.clock()), At: o.clock(), Status: 200, Verdicts: "[]", Outcome: store.Applied}})
	})
	b.get("/dashboard").says("No request in the last 14 days")
}

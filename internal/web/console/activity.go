package console

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// activityPage is Organization settings, SAML and SCIM settings, Provisioning activity:
// the SCIM request log, with one request opened beside the list. It is for the system
// role Admin (D15).
type activityPage struct {
	frame
	Search   string
	Results  []choice
	Methods  []choice
	Spans    []choice
	Filtered bool
	Requests []requestRow
	Looked   int
	Pager    pager
	Opened   *openedRequest
	Denied   []deniedRow
	Chart    *chart
	SCIM     bool // it is on
	Settings string
}

// requestRow is a request in the list.
type requestRow struct {
	Day          string // above the row: the day on which it and those below it were; "" as above
	Time         time.Time
	Method, Path string
	Status       int
	Kind         string // "ok", "warn", "bad"
	Summary      string
	URL          string
	Here         bool
}

// deniedRow is a minute's count of requests that were refused before they were anybody's.
type deniedRow struct {
	Minute  time.Time
	Cause   string
	Hint    string
	Address string
	Count   string
}

const (
	requestsPerPage = 50
	deniedMost      = 50
)

// The filter's lists. A value that is not in them filters nothing.
func activityResults() []choice {
	return []choice{
		{Value: "2xx", Label: "Answered (2xx)"}, {Value: "noted", Label: "Noted"}, {Value: "refused", Label: "Refused or failed"}, {Value: "4xx", Label: "Refused (4xx)"},
		{Value: "5xx", Label: "Failed (5xx)"}, {Value: "400", Label: "400"}, {Value: "403", Label: "403"}, {Value: "404", Label: "404"},
		{Value: "409", Label: "409"}, {Value: "412", Label: "412"}, {Value: "413", Label: "413"}, {Value: "503", Label: "503"},
	}
}

func activityMethods() []choice {
	return []choice{{Value: "GET", Label: "GET"}, {Value: "POST", Label: "POST"}, {Value: "PUT", Label: "PUT"}, {Value: "PATCH", Label: "PATCH"}, {Value: "DELETE", Label: "DELETE"}}
}

func activitySpans() []choice {
	return []choice{{Value: "1", Label: "Last 24 hours"}, {Value: "7", Label: "Last 7 days"}, {Value: "14", Label: "Last 14 days"}, {Value: "30", Label: "Last 30 days"}}
}

func (c *Console) activity(x *exchange) error {
	query := x.r.URL.Query()
	p := &activityPage{
		frame: x.frame(settingsTitle), Search: iam.Clip(strings.TrimSpace(query.Get("q"))), Results: activityResults(), Methods: activityMethods(), Spans: activitySpans(),
		SCIM: x.session.Organization.SCIMEnabled, Settings: c.linkTo(x, "/settings/scim"),
	}
	choose(p.Results, query.Get("result"))
	choose(p.Methods, query.Get("method"))
	if choose(p.Spans, query.Get("days")); chosen(p.Spans) == "" {
		choose(p.Spans, "30")
	}
	p.Filtered = p.Search != "" || chosen(p.Results) != "" || chosen(p.Methods) != "" || chosen(p.Spans) != "30"
	asked := p.asked(query, x.now)
	found, err := c.access.Requests(x.r.Context(), x.org(), asked)
	if err != nil {
		return err
	}
	p.Looked = found.Looked
	open := query.Get("open")
	for _, r := range found.Requests {
		row := newRequestRow(r, query)
		row.Here = r.ID == open
		p.Requests = append(p.Requests, row)
	}
	markDays(p.Requests)
	p.Pager = logPager("/settings/activity", query, found.Newer, found.Older, words.Plural(len(found.Requests), "request", "requests")+" on this page")
	if open != "" {
		r, err := c.access.Request(x.r.Context(), x.org(), open)
		if err != nil {
			return err
		}
		p.Opened = newOpenedRequest(r, without(query, "open"))
	}
	if err := c.denied(x, p, asked.Since); err != nil {
		return err
	}
	if p.Chart, err = c.provisioningChart(x, query.Get("chart"), query); err != nil {
		return err
	}
	return x.show(p)
}

// denied lists the newest counts of requests that were refused before they were anybody's.
func (c *Console) denied(x *exchange, p *activityPage, since time.Time) error {
	list, err := c.access.Denials(x.r.Context(), x.org(), since, deniedMost)
	if err != nil {
		return err
	}
	keys, err := c.access.Keys(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	known := c.circumstances(x, keys)
	for _, d := range list {
		why := known.explain(iam.ParseDenial(d.Cause))
		p.Denied = append(p.Denied, deniedRow{Minute: d.Minute, Cause: why.Title, Hint: why.Do, Address: d.Address, Count: words.Count(int(d.Count))})
	}
	return nil
}

// asked is the query of the request log that the filter comes to.
func (p *activityPage) asked(query url.Values, now time.Time) access.RequestQuery {
	days, _ := strconv.Atoi(chosen(p.Spans)) // one of three numbers
	asked := access.RequestQuery{
		Since: now.AddDate(0, 0, -days), Method: chosen(p.Methods), Older: logCursor(query, "older"), Newer: logCursor(query, "newer"), Limit: requestsPerPage,
	}
	result := chosen(p.Results)
	if class, ok := strings.CutSuffix(result, "xx"); ok {
		asked.StatusClass, _ = strconv.Atoi(class) // a digit
	} else if result == "refused" {
		asked.LeastStatus = 400
	} else if result != "noted" && result != "" {
		asked.Status, _ = strconv.Atoi(result) // a status
	}
	sought := strings.Fields(strings.ToLower(p.Search))
	if len(sought) > 0 || result == "noted" {
		asked.Match = func(r access.SCIMRequest) bool {
			return (result != "noted" || noted(r)) && hasWords(sought, r.ID, r.Path, string(r.Key), r.Address, r.UserAgent, r.RequestBody, r.ResponseBody, verdictText(r))
		}
	}
	return asked
}

// logCursor is an id that a page's link holds; "" for what is none.
func logCursor(query url.Values, name string) string {
	if id := query.Get(name); iam.IsID(id) {
		return id
	}
	return ""
}

// hasWords tells whether each word stands in one of the texts; case does not matter.
func hasWords(sought []string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	return !slices.ContainsFunc(sought, func(w string) bool { return !strings.Contains(all, w) })
}

func verdictText(r access.SCIMRequest) string {
	var b strings.Builder
	for _, v := range r.Verdicts {
		b.WriteString(v.Op + " " + v.Path + " " + v.Verdict + " " + v.Note + "\n")
	}
	return b.String()
}

// without is a query without some of its fields.
func without(query url.Values, fields ...string) url.Values {
	kept := url.Values{}
	for name, values := range query {
		if !slices.Contains(fields, name) && len(values) > 0 && values[0] != "" {
			kept.Set(name, values[0])
		}
	}
	return kept
}

func pathWith(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// logPager leads through a log, newest first.
func logPager(path string, query url.Values, newer, older, text string) pager {
	p := pager{Text: text}
	kept := without(query, "newer", "older", "open")
	if newer != "" {
		kept.Set("newer", newer)
		p.Previous = pathWith(path, kept)
		kept.Del("newer")
	}
	if older != "" {
		kept.Set("older", older)
		p.Next = pathWith(path, kept)
	}
	return p
}

func newRequestRow(r access.SCIMRequest, query url.Values) requestRow {
	to := without(query, "open")
	to.Set("open", r.ID)
	return requestRow{
		Time: r.At, Method: r.Method, Path: readablePath(r.Path), Status: r.Status, Kind: statusKind(r), Summary: requestSummary(r),
		URL: pathWith("/settings/activity", to) + "#request",
	}
}

// markDays puts the day above the first row of each.
func markDays(rows []requestRow) {
	last := ""
	for i := range rows {
		if day := dayText(rows[i].Time); day != last {
			rows[i].Day, last = day, day
		}
	}
}

func dayText(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006") }

// readablePath shows a filter as it was meant: without the escapes of a URL, where that
// changes nothing else.
func readablePath(path string) string {
	plain, err := url.QueryUnescape(path)
	if err != nil || strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return path
	}
	return plain
}

// statusKind is the colour of a request: refused, noted or in order.
func statusKind(r access.SCIMRequest) string {
	switch {
	case r.Status >= 400 || r.Status == 0:
		return "bad"
	case noted(r):
		return "warn"
	}
	return "ok"
}

// noted tells whether something of a request was not done as it was sent, or will keep
// somebody from signing in.
func noted(r access.SCIMRequest) bool {
	return slices.ContainsFunc(r.Verdicts, func(v access.Verdict) bool { return verdictKind(v) == "warn" })
}

func verdictKind(v access.Verdict) string {
	switch {
	case strings.HasPrefix(v.Note, "warning:"), v.Verdict == "ignored attribute", v.Verdict == "skipped member", v.Verdict == "dropped":
		return "warn"
	case v.Verdict == "applied":
		return "ok"
	}
	return ""
}

var totalResults = regexp.MustCompile(`"totalResults"\s*:\s*(\d+)`)

// requestSummary is what came of a request, in a line.
func requestSummary(r access.SCIMRequest) string {
	if r.Status >= 400 {
		return refusal(r)
	}
	if len(r.Verdicts) == 1 && r.Verdicts[0].Note != "" {
		return words.Sentence(strings.TrimPrefix(r.Verdicts[0].Note, "warning: "))
	}
	if len(r.Verdicts) > 0 {
		return verdictCounts(r.Verdicts)
	}
	if found := totalResults.FindStringSubmatch(r.ResponseBody); found != nil && r.Method != "PATCH" {
		n, err := strconv.Atoi(found[1])
		if err == nil && n == 0 {
			return "no match"
		}
		return words.Plural(n, "result", "results")
	}
	return ""
}

// verdictCounts sums verdicts up: "2 applied, 1 ignored attribute".
func verdictCounts(list []access.Verdict) string {
	var order []string
	counts := map[string]int{}
	for _, v := range list {
		if v.Verdict == "" {
			continue
		}
		if counts[v.Verdict] == 0 {
			order = append(order, v.Verdict)
		}
		counts[v.Verdict]++
	}
	parts := make([]string, len(order))
	for i, verdict := range order {
		parts[i] = words.Count(counts[verdict]) + " " + verdict
	}
	return strings.Join(parts, ", ")
}

// refusal is why a request was refused, as the identity provider was told.
func refusal(r access.SCIMRequest) string {
	var e struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal([]byte(r.ResponseBody), &e) != nil || e.Detail == "" {
		return "Refused"
	}
	return words.Sentence(e.Detail)
}

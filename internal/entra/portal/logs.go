package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

func (p *Portal) logRoutes() []route {
	return []route{
		show("/logs", configurers, p.allLogs, "logs.html", logsPage{}),
		get("/logs/download", configurers, p.downloadAllLogs),
		show("/applications/{app}/provisioning/logs", configurers, p.appLogs, "logs.html", logsPage{}),
		get("/applications/{app}/provisioning/logs/download", configurers, p.downloadAppLogs),
		show("/audit", configurers, p.audit, "audit.html", auditPage{}),
	}
}

// logsPage is the provisioning logs, of one application or of all (Microsoft Entra docs,
// "concept-provisioning-logs"). The opened entry stands beside the list.
type logsPage struct {
	frame
	Path       string // of this list
	Everywhere bool   // of all applications
	Identity   string
	Statuses   []choice
	Actions    []choice
	Dates      []choice
	Filtered   bool
	Download   []downloadLink
	Entries    []logRow
	Pager      pager
	Opened     *openedEntry
	Days       int // that the licence keeps entries
}

type downloadLink struct{ Label, URL string }

type logRow struct {
	URL         string
	Here        bool
	At          words.Moment
	Name, ID    string
	Action      string
	Status      cycle.Result
	Kind, Icon  string
	Application string
}

// openedEntry is an entry with the tab that is shown.
type openedEntry struct {
	cycle.LogEntry
	Name       string
	Kind, Icon string
	Took       string
	Close      string
	Tabs       []entryTab
	Tab        string
	Steps      []stepRow
	Requests   []requestRow
	OnDemand   string // where it can be tried at once
	SourceURL  string // of the object in the directory
	InCycle    bool
}

type entryTab struct {
	Label, URL string
	Here       bool
}

// stepRow is a step as pages show it, here and in provision on demand.
type stepRow struct {
	Title, Class, Icon string // Class: "done", "fail", "todo"
	Status             cycle.Result
	Description        string
	Name               string
	Ticks              []tick
	Details            []cycle.Detail
}

// tick is a condition that holds or not.
type tick struct {
	Text string
	Yes  bool
}

// requestRow is a request to the target with the answer, verbatim.
type requestRow struct {
	cycle.Exchange
	Head string // the line and the headers that every request has
	Bad  bool
}

var spans = []struct {
	value, label string
	length       time.Duration
}{
	{"1", "Last 24 hours", 24 * time.Hour}, {"7", "Last 7 days", 7 * 24 * time.Hour}, {"30", "Last 30 days", 30 * 24 * time.Hour},
}

var logStatuses = []cycle.Result{cycle.Success, cycle.Failure, cycle.Skipped, cycle.Warning}

var logActions = []cycle.Action{cycle.ActionCreate, cycle.ActionUpdate, cycle.ActionDisable, cycle.ActionDelete, cycle.ActionStagedDelete, cycle.ActionOther}

func (p *Portal) allLogs(x *exchange) error {
	f := x.frame("Provisioning logs", "/logs", identityCrumb, crumb{"Monitoring & health", ""})
	return p.logs(x, &logsPage{frame: f, Path: "/logs", Everywhere: true}, "")
}

func (p *Portal) appLogs(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	f := x.inApp(app, "Provisioning logs", "/provisioning/logs")
	f.Crumbs = append(f.Crumbs, crumb{"Provisioning", f.App.URL("/provisioning")})
	return p.logs(x, &logsPage{frame: f, Path: f.App.URL("/provisioning/logs")}, app.ID)
}

// logFilter reads the conditions of a list. What is not in the lists is no condition.
func (x *exchange) logFilter(app directory.ID) (cycle.LogFilter, url.Values) {
	f := cycle.LogFilter{ApplicationID: app, Identity: x.query("identity")}
	query := url.Values{"identity": {f.Identity}}
	if s := cycle.Result(x.query("status")); slices.Contains(logStatuses, s) {
		f.Statuses = []cycle.Result{s}
		query.Set("status", string(s))
	}
	if a := cycle.Action(x.query("action")); slices.Contains(logActions, a) {
		f.Actions = []cycle.Action{a}
		query.Set("action", string(a))
	}
	for _, s := range spans {
		if s.value == x.query("days") {
			f.Since = x.now.Add(-s.length)
			query.Set("days", s.value)
		}
	}
	if id := x.query("cycle"); id != "" {
		f.CycleID = id
		query.Set("cycle", id)
	}
	return f, query
}

func (p *Portal) logs(x *exchange, page *logsPage, app directory.ID) error {
	ctx := x.r.Context()
	filter, query := x.logFilter(app)
	place := x.place()
	filter.Before, _ = strconv.ParseInt(place.After, 10, 64)
	filter.Limit = pageRows
	licence, err := p.directory.Licence(ctx)
	if err != nil {
		return err
	}
	entries, next, err := p.cycle.Logs(ctx, filter)
	if err != nil {
		return err
	}
	page.Days = int(cycle.Retention(licence) / (24 * time.Hour))
	page.Identity = filter.Identity
	page.Statuses = withAny("Any status", x.query("status"), logStatuses)
	page.Actions = withAny("Any action", x.query("action"), logActions)
	page.Dates = []choice{{"", "Any date", filter.Since.IsZero()}}
	for _, s := range spans {
		page.Dates = append(page.Dates, choice{s.value, s.label, s.value == x.query("days")})
	}
	page.Filtered = filter.Identity != "" || len(filter.Statuses)+len(filter.Actions) > 0 || !filter.Since.IsZero() || filter.CycleID != ""
	for _, d := range []struct{ label, file string }{{"Provisioning logs", "logs"}, {"Provisioning steps", "steps"}, {"Modified properties", "properties"}} {
		page.Download = append(page.Download, downloadLink{d.label, address(page.Path+"/download", query, "file", d.file)})
	}
	opened := x.query("entry")
	here := func(id, tab string) string {
		pairs := []string{"entry", id}
		for _, name := range []string{"after", "from", "trail"} {
			if v := x.r.URL.Query().Get(name); v != "" {
				pairs = append(pairs, name, v)
			}
		}
		if tab != "" {
			pairs = append(pairs, "tab", tab)
		}
		return address(page.Path, query, pairs...)
	}
	for _, e := range entries {
		kind, icon := statusMark(e.Status)
		page.Entries = append(page.Entries, logRow{
			URL: here(e.ChangeID, "") + "#entry", Here: e.ChangeID == opened, At: logMoment(x.now, e.At), Name: nameOf(e), ID: e.Source.ID,
			Action: string(e.Action), Status: e.Status, Kind: kind, Icon: icon, Application: e.ApplicationName,
		})
	}
	page.Pager = place.page(page.Path, query, len(entries), strconv.FormatInt(next, 10), next != 0, -1, "entry", "entries")
	if opened != "" {
		if page.Opened, err = p.openEntry(x, page, app, opened, here); err != nil {
			return err
		}
	}
	return x.show(page)
}

// withAny makes options with one before them that chooses nothing.
func withAny[S ~string](label, chosen string, values []S) []choice {
	return append([]choice{{"", label, chosen == ""}}, choices(S(chosen), values...)...)
}

// address is a path with a query: conditions, and pairs of a name and a value.
func address(path string, query url.Values, pairs ...string) string {
	q := url.Values{}
	for name, values := range query {
		if len(values) > 0 && values[0] != "" {
			q[name] = values
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// logMoment is the time of an entry as lists show it: within a day only the time.
func logMoment(now, t time.Time) words.Moment {
	m := stamp(t)
	m.Text = t.UTC().Format("2 Jan 15:04:05")
	if now.Sub(t) < 24*time.Hour && now.UTC().YearDay() == t.UTC().YearDay() {
		m.Text = t.UTC().Format("15:04:05")
	}
	return m
}

// nameOf is whom an entry is about.
func nameOf(e cycle.LogEntry) string {
	switch {
	case e.Source.DisplayName != "":
		return e.Source.DisplayName
	case e.Target.DisplayName != "":
		return e.Target.DisplayName
	}
	return "(no longer in the directory)"
}

// statusMark is the colour and the icon of a status.
func statusMark(s cycle.Result) (kind, icon string) {
	switch s {
	case cycle.Success:
		return "ok", "check-circle"
	case cycle.Failure:
		return "bad", "error"
	case cycle.Warning:
		return "warn", "alert"
	}
	return "muted", "skip"
}

// The tabs of an entry.
const (
	tabSteps           = ""
	tabTroubleshooting = "troubleshooting"
	tabModified        = "modified"
	tabSummary         = "summary"
)

func (p *Portal) openEntry(x *exchange, page *logsPage, app directory.ID, id string, here func(id, tab string) string) (*openedEntry, error) {
	e, err := p.cycle.LogEntry(x.r.Context(), id)
	if err != nil {
		return nil, err
	}
	if app != "" && e.ApplicationID != app {
		return nil, refuse(http.StatusNotFound, "the entry %q is of another application", words.Clip(id))
	}
	o := &openedEntry{LogEntry: e, Name: nameOf(e), Took: span(e.Duration), Tab: x.query("tab"), InCycle: e.CycleID != ""}
	o.Kind, o.Icon = statusMark(e.Status)
	if !slices.Contains([]string{tabTroubleshooting, tabModified, tabSummary}, o.Tab) {
		o.Tab = tabSteps
	}
	for _, t := range []struct{ label, tab string }{
		{"Steps", tabSteps}, {"Troubleshooting & Recommendations", tabTroubleshooting}, {"Modified Properties", tabModified}, {"Summary", tabSummary},
	} {
		o.Tabs = append(o.Tabs, entryTab{t.label, here(id, t.tab) + "#entry", t.tab == o.Tab})
	}
	o.Close = strings.TrimSuffix(here("", ""), "?")
	o.Steps, o.Requests = stepRows(e), requestRows(e)
	o.OnDemand = "/applications/" + string(e.ApplicationID) + "/provisioning/on-demand?" + url.Values{"kind": {string(e.Source.Type)}, "q": {e.Source.ID}}.Encode()
	if e.Source.ID != "" {
		o.SourceURL = "/users/" + e.Source.ID
		if e.Source.Type == mapping.KindGroup {
			o.SourceURL = "/groups/" + e.Source.ID
		}
	}
	return o, nil
}

func stepRows(e cycle.LogEntry) []stepRow {
	noun := "user"
	if e.Source.Type == mapping.KindGroup {
		noun = "group"
	}
	titles := map[cycle.StepType]string{
		cycle.StepImport: "Import " + noun, cycle.StepScoping: "Determine if " + noun + " is in scope", cycle.StepMatching: "Match " + noun + " between source and target system",
		cycle.StepProcessing: "Decide on the action", cycle.StepReference: "Resolve references", cycle.StepExport: "Perform action",
	}
	var rows []stepRow
	for _, s := range e.Steps {
		row := stepRow{Title: titles[s.Type], Class: "done", Icon: "check", Status: s.Status, Description: s.Description, Name: s.Name}
		if row.Title == "" || s.Name == "TestConnection" {
			row.Title = s.Name
		}
		switch s.Status {
		case cycle.Failure:
			row.Class, row.Icon = "fail", "close"
		case cycle.Skipped:
			row.Class, row.Icon = "todo", "skip"
		case cycle.Warning:
			row.Class, row.Icon = "todo", "alert"
		}
		for _, d := range s.Details {
			if yes, ok := map[string]bool{"True": true, "true": true, "False": false, "false": false}[d.Value]; ok && s.Type == cycle.StepScoping {
				row.Ticks = append(row.Ticks, tick{d.Key, yes})
				continue
			}
			row.Details = append(row.Details, d)
		}
		rows = append(rows, row)
	}
	return rows
}

func requestRows(e cycle.LogEntry) []requestRow {
	var rows []requestRow
	for _, r := range e.Exchanges {
		row := requestRow{Exchange: r, Head: r.Method + " " + r.URL + "\nAuthorization: Bearer ••••••••", Bad: r.Status == 0 || r.Status >= 400}
		if r.Body != "" {
			row.Head += "\nContent-Type: application/scim+json; charset=utf-8"
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *Portal) downloadAllLogs(x *exchange) error { return p.downloadLogs(x, "") }

func (p *Portal) downloadAppLogs(x *exchange) error {
	app, err := x.app()
	if err != nil {
		return err
	}
	return p.downloadLogs(x, app.ID)
}

// auditPage is what admins changed of provisioning.
type auditPage struct {
	frame
	Entries []auditRow
	Pager   pager
}

type auditRow struct {
	cycle.AuditEntry
	At          words.Moment
	Application string
	URL         string
}

func (p *Portal) audit(x *exchange) error {
	ctx, place := x.r.Context(), x.place()
	before, _ := strconv.ParseInt(place.After, 10, 64)
	list, err := p.cycle.Audit(ctx, "", before, pageRows+1)
	if err != nil {
		return err
	}
	apps, err := p.directory.Applications(ctx)
	if err != nil {
		return err
	}
	more := len(list) > pageRows
	list = list[:min(len(list), pageRows)]
	page := &auditPage{frame: x.frame("Audit logs", "/audit", identityCrumb, crumb{"Monitoring & health", ""})}
	for _, e := range list {
		row := auditRow{AuditEntry: e, At: stamp(e.At), Application: "(deleted application)"}
		if i := slices.IndexFunc(apps, func(a directory.Application) bool { return a.ID == e.ApplicationID }); i >= 0 {
			row.Application, row.URL = apps[i].DisplayName, "/applications/"+string(e.ApplicationID)+"/provisioning"
		}
		page.Entries = append(page.Entries, row)
	}
	last := ""
	if len(list) > 0 {
		last = strconv.FormatInt(list[len(list)-1].Seq, 10)
	}
	page.Pager = place.page("/audit", nil, len(list), last, more, -1, "entry", "entries")
	return x.show(page)
}

package console

import (
	"net/url"
	"strconv"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/web/words"
)

// chart is provisioning activity as bars: requests that changed something, with those that
// were refused or failed above them. It is an SVG that the server draws; its scales stand
// beside it as text, so that stretching it distorts nothing.
type chart struct {
	Span                        string // "14"
	Title                       string // "last 14 days"
	Label                       string // everything that can be said without looking
	Width                       int    // of the viewBox; its height is 100
	Bars                        []bar
	Y                           [3]string // top, middle, zero
	X                           [3]string // first, middle, last
	Changed, Refused, Unchanged string
	Any                         bool // a request came
	Bare                        bool // requests came, and none of them makes a bar
	Spans                       []chartSpan
	All, RefusedLog             string // URLs of the request log
}

// bar is one hour or day. Lengths are those of the viewBox.
type bar struct {
	Title             string
	X, Inner          string // of the place it has, and of the bar in it
	ChangedY, Changed string // top and height, "" for none
	RefusedY, Refused string
}

// chartSpan is a length of time that a chart can have.
type chartSpan struct {
	Value, Label string
	URL          string
	Here         bool

	bars int
	step time.Duration
}

// defaultSpan is what the dashboard shows, and the log where nothing else is chosen.
const defaultSpan = "14"

func chartSpans() []chartSpan {
	return []chartSpan{
		{Value: "1", Label: "24 hours", bars: 24, step: time.Hour},
		{Value: defaultSpan, Label: "14 days", bars: 14, step: access.Day},
		{Value: "30", Label: "30 days", bars: 30, step: access.Day},
	}
}

// provisioningChart draws the span that a page was asked for. query is what its links to
// other spans keep. It is for those who may see the request log; nil for anybody else.
func (c *Console) provisioningChart(x *exchange, wanted string, query url.Values) (*chart, error) {
	if c.linkTo(x, "/settings/activity") == "" {
		return nil, nil //nolint:nilnil // no chart is an answer
	}
	spans := chartSpans()
	span := &spans[1]
	for i := range spans {
		if spans[i].Value == wanted {
			span = &spans[i]
		}
		kept := without(query, "chart", "open")
		kept.Set("chart", spans[i].Value)
		spans[i].URL = pathWith("/settings/activity", kept)
	}
	span.Here = true
	counts, err := c.access.Provisioning(x.r.Context(), x.org(), span.step, span.bars)
	if err != nil {
		return nil, err
	}
	drawn := draw(counts, *span)
	drawn.Spans = spans
	return drawn, nil
}

const (
	barPlace = 10  // width of one bar's place
	barInner = 7   // and of the bar itself
	barTall  = 100 // height of the scale
)

func draw(counts []access.ProvisioningCount, span chartSpan) *chart {
	ch := &chart{
		Span: span.Value, Title: "last " + span.Label, Width: barPlace * len(counts),
		All: "/settings/activity?days=" + span.Value, RefusedLog: "/settings/activity?days=" + span.Value + "&result=refused",
	}
	var changed, refused, unchanged, most int64
	var mostChanged, mostRefused access.ProvisioningCount
	for _, c := range counts {
		changed, refused, unchanged = changed+c.Applied, refused+bad(c), unchanged+c.Unchanged
		most = max(most, c.Applied+bad(c))
		if c.Applied > mostChanged.Applied {
			mostChanged = c
		}
		if bad(c) > bad(mostRefused) {
			mostRefused = c
		}
	}
	ch.Changed, ch.Refused, ch.Unchanged = words.Count(int(changed)), words.Count(int(refused)), words.Count(int(unchanged))
	ch.Any, ch.Bare = changed+refused+unchanged > 0, unchanged > 0 && changed+refused == 0
	top := scaleTop(most)
	ch.Y = [3]string{words.Count(int(top)), words.Count(int(top / 2)), "0"}
	ch.X = [3]string{span.short(counts[0].Start), span.short(counts[len(counts)/2].Start), span.short(counts[len(counts)-1].Start)}
	for i, c := range counts {
		ch.Bars = append(ch.Bars, newBar(i, c, top, span))
	}
	ch.Label = "Provisioning activity, last " + span.Label + ": " + words.Plural(int(changed), "change", "changes") + " applied, " +
		words.Plural(int(refused), "request", "requests") + " refused or failed, " + words.Count(int(unchanged)) + " without a change."
	if changed > 0 {
		ch.Label += " Most changes " + span.in(mostChanged.Start) + "."
	}
	if refused > 0 {
		ch.Label += " Most refused " + span.in(mostRefused.Start) + "."
	}
	return ch
}

// bad are the requests that the second series counts.
func bad(c access.ProvisioningCount) int64 { return c.Refused + c.Failed }

func newBar(i int, c access.ProvisioningCount, top int64, span chartSpan) bar {
	b := bar{
		X: strconv.Itoa(i * barPlace), Inner: lengthText(float64(i*barPlace) + float64(barPlace-barInner)/2),
		Title: span.long(c.Start) + ": " + words.Plural(int(c.Applied), "change", "changes") + ", " + words.Count(int(c.Refused)) + " refused",
	}
	if c.Failed > 0 {
		b.Title += ", " + words.Count(int(c.Failed)) + " failed"
	}
	b.Title += ", " + words.Count(int(c.Unchanged)) + " without a change"
	low := 0.0
	if c.Applied > 0 {
		tall := barHeight(c.Applied, top)
		low = tall
		b.ChangedY, b.Changed = lengthText(barTall-low), lengthText(tall)
	}
	if n := bad(c); n > 0 {
		tall := barHeight(n, top)
		b.RefusedY, b.Refused = lengthText(max(barTall-low-tall, 0)), lengthText(tall)
	}
	return b
}

// barHeight is never so little that a request cannot be seen.
func barHeight(n, top int64) float64 { return max(float64(n)*barTall/float64(top), 1) }

func lengthText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 32) }

// scaleTop is the end of a scale for numbers up to most: round, and with a round half.
func scaleTop(most int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, n := range []int64{2, 4, 6, 8} {
			if n*unit >= most {
				return n * unit
			}
		}
	}
}

// short, long and in are how a chart writes the beginning of a bar's time: below it, in
// its title, and in a sentence.
func (s chartSpan) short(t time.Time) string {
	if s.step < access.Day {
		return t.Format("15:04")
	}
	return t.Format("2 Jan")
}

func (s chartSpan) long(t time.Time) string {
	if s.step < access.Day {
		return t.Format("2 Jan, 15:04") + "–" + t.Add(s.step).Format("15:04 (UTC)")
	}
	return t.Format("2 Jan")
}

func (s chartSpan) in(t time.Time) string {
	if s.step < access.Day {
		return "from " + t.Format("15:04 (UTC)")
	}
	return "on " + t.Format("2 January")
}

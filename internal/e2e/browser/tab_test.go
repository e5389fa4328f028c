package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a tab waits for anything before it gives up.
const patience = 20 * time.Second

// tab is a browser with a profile of its own and one page: what one person has before
// him.
type tab struct {
	t      *testing.T
	ctx    context.Context
	script bool // pages may run scripts

	mu        sync.Mutex
	documents []*network.Response // in their order
	faults    []string            // what the console says went wrong
}

// newTab opens a tab and checks at the end of the test that no page had a fault.
func newTab(t *testing.T, script bool) *tab {
	t.Helper()
	browser, err := running()
	if err != nil {
		t.Fatal(err)
	}
	ctx, closing := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	b := &tab{t: t, ctx: ctx, script: script}
	t.Cleanup(func() {
		for _, fault := range b.takeFaults() {
			t.Errorf("the console says: %s", fault)
		}
		closing()
	})
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.scripts(script)
	b.size(desktop)
	return b
}

// scripts allows or forbids pages to run scripts, from the next page on.
func (b *tab) scripts(allowed bool) {
	b.t.Helper()
	b.script = allowed
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !allowed})
		return err
	}))
}

// size is that of a window, in CSS pixels.
type size struct {
	name          string
	width, height int64
}

var (
	desktop = size{"desktop", 1280, 900}
	phone   = size{"phone", 390, 844}
)

func (b *tab) size(s size) {
	b.t.Helper()
	if s == phone {
		b.do(chromedp.EmulateViewport(s.width, s.height, chromedp.EmulateMobile))
		return
	}
	b.do(chromedp.EmulateViewport(s.width, s.height))
}

// hear takes what the browser tells of the page.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			b.documents = append(b.documents, e.Response)
			if fault := policyFault(e.Response); fault != "" {
				b.faults = append(b.faults, fault)
			}
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			words := []string{"console." + string(e.Type)}
			for _, a := range e.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			b.faults = append(b.faults, strings.Join(words, " "))
		}
	case *runtime.EventExceptionThrown:
		fault := "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			fault += " " + e.ExceptionDetails.Exception.Description
		}
		b.faults = append(b.faults, fault)
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError && e.Entry.Level != log.EntryLevelWarning || b.toldByStatus(e.Entry) {
			return
		}
		b.faults = append(b.faults, fmt.Sprintf("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
	}
}

// toldByStatus: the browser notes every answer of 400 and more. That a page has such a
// status is for the test that opens it to judge; that a file of a page has is a fault.
func (b *tab) toldByStatus(entry *log.Entry) bool {
	if entry.Source != log.EntrySourceNetwork || len(b.documents) == 0 {
		return false
	}
	last := b.documents[len(b.documents)-1]
	return entry.URL == last.URL && last.Status >= 400
}

// policyFault finds what is wrong with the Content-Security-Policy of a page of ours (S55).
func policyFault(r *network.Response) string {
	if !strings.HasPrefix(r.MimeType, "text/html") || header(r, "Server") == foreignSite {
		return ""
	}
	policy := header(r, "Content-Security-Policy")
	for _, need := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action "} {
		if !strings.Contains(policy, need) {
			return fmt.Sprintf("the policy of %s lacks %s: %s", r.URL, need, policy)
		}
	}
	if strings.Contains(policy, "unsafe-") || strings.Contains(policy, "*") || strings.Contains(policy, "data:") {
		return fmt.Sprintf("the policy of %s is loose: %s", r.URL, policy)
	}
	return ""
}

func header(r *network.Response, name string) string {
	for key, value := range r.Headers {
		if strings.EqualFold(key, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// takeFaults returns the faults since the last time.
func (b *tab) takeFaults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.faults
	b.faults = nil
	return taken
}

// document is the answer that the page came from.
func (b *tab) document() *network.Response {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.documents) == 0 {
		b.t.Fatal("no page was loaded yet")
	}
	return b.documents[len(b.documents)-1]
}

func (b *tab) try(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := b.try(actions...); err != nil {
		b.t.Fatalf("%s: %v", b.where(), err)
	}
}

// run runs an action that has a result.
func run[T any](b *tab, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// evaluate runs an expression in the page. The page's policy does not hold for it, nor
// that scripts are off.
func evaluate[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %.200s: %v", b.where(), expression, err)
	}
	return v
}

// open goes to an address, as one types it in, and waits until its page is there.
func (b *tab) open(address string) *tab {
	b.t.Helper()
	b.loads("open "+address, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		went, err := cdp.Call(ctx, target, page.Navigate, page.NavigateParams{URL: address})
		if err == nil && went.ErrorText != "" {
			err = fmt.Errorf("navigate: %s", went.ErrorText)
		}
		return err
	}))
	return b
}

// loads does what makes a new page load, and waits for that.
func (b *tab) loads(what string, action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if _, err := run(b, chromedp.WaitEvent(page.LoadEventFired, nil, action)); err != nil {
		b.t.Fatalf("%s: %s: %v\n%s", b.where(), what, err, short(b.text()))
	}
}

// where is the address of the page.
func (b *tab) where() string {
	if at, err := run(b, chromedp.Evaluate[string]("location.href")); err == nil {
		return at
	}
	return "between pages"
}

// at waits until the tab has come to an address: its path, or all of it up to the query.
// Pages that lead on by themselves take a moment.
func (b *tab) at(want string) *tab {
	b.t.Helper()
	var got string
	done := b.eventually(func() bool {
		state, err := run(b, chromedp.Evaluate[string]("document.readyState + ' ' + location.href"))
		if err != nil {
			return false // between two pages
		}
		var ready bool
		if got, ready = strings.CutPrefix(state, "complete "); !ready {
			return false
		}
		u, err := url.Parse(got)
		return err == nil && (u.Path == want || u.Scheme+"://"+u.Host+u.Path == want)
	})
	if !done {
		b.t.Fatalf("the tab is at %s, want %s\n%s", b.where(), want, short(b.text()))
	}
	return b
}

// eventually asks again and again until it is so, or patience ends.
func (b *tab) eventually(so func() bool) bool {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return so()
		}
	}
	return true
}

// text is what the page shows.
func (b *tab) text() string {
	text, err := run(b, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text), " ")
}

// short is the text as far as a message needs it.
func short(text string) string {
	const most = 1500
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// says checks what the page shows.
func (b *tab) says(want ...string) *tab {
	b.t.Helper()
	text := b.text()
	for _, w := range want {
		if !strings.Contains(text, w) {
			b.t.Errorf("%s does not say %q: %s", b.where(), w, short(text))
		}
	}
	return b
}

func (b *tab) saysNot(bad ...string) *tab {
	b.t.Helper()
	text := b.text()
	for _, w := range bad {
		if strings.Contains(text, w) {
			b.t.Errorf("%s says %q: %s", b.where(), w, short(text))
		}
	}
	return b
}

// status checks the HTTP status that the page came with.
func (b *tab) status(want int64) *tab {
	b.t.Helper()
	if got := b.document(); got.Status != want {
		b.t.Fatalf("%s has the status %d, want %d: %s", got.URL, got.Status, want, short(b.text()))
	}
	return b
}

// quote writes a text as JavaScript has it.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return `""` // a string always has a JSON form
	}
	return string(text)
}

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// thing is what a person finds on a page: what it is, what it is called, what it holds.
type thing struct {
	role, name, value string
	states            map[string]string // "checked", "disabled", "readonly", …
	node              cdp.BackendNodeID
}

func (th thing) String() string { return fmt.Sprintf("%s %q", th.role, th.name) }

func (th thing) disabled() bool { return th.states["disabled"] == "true" }

// things lists what assistive technology is told of the page, in its order. A page that
// leads on by itself may go while it is read: then the next one is.
func (b *tab) things() []thing {
	b.t.Helper()
	var list []thing
	var err error
	b.eventually(func() bool {
		list, err = run(b, readThings)
		return err == nil
	})
	if err != nil {
		b.t.Fatalf("%s: read the accessibility tree: %v", b.where(), err)
	}
	return list
}

func readThings(ctx context.Context, target *chromedp.Target) ([]thing, error) {
	root, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
	if err != nil {
		return nil, err
	}
	tree, err := cdp.Call(ctx, target, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: root.Result.ObjectID})
	if err != nil {
		return nil, err
	}
	var list []thing
	for _, n := range tree.Nodes {
		if n.Ignored || n.BackendDOMNodeID == 0 {
			continue
		}
		th := thing{role: text(n.Role), name: text(n.Name), value: text(n.Value), states: map[string]string{}, node: n.BackendDOMNodeID}
		for _, p := range n.Properties {
			th.states[string(p.Name)] = text(p.Value)
		}
		list = append(list, th)
	}
	return list, nil
}

// text is a value of the accessibility tree: a string as it is, anything else as JSON.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if json.Unmarshal([]byte(v.Value), &s) == nil {
		return s
	}
	return string(v.Value)
}

// named tells whether a thing is called so; a count behind the name is no part of it.
func named(th thing, name string) bool {
	if th.name == name {
		return true
	}
	rest, ok := strings.CutPrefix(th.name, name+" ")
	if !ok {
		return false
	}
	_, err := strconv.Atoi(strings.ReplaceAll(rest, ",", ""))
	return err == nil
}

// find returns the first thing of one of the roles with the name. It waits for none.
func (b *tab) find(name string, roles ...string) thing {
	b.t.Helper()
	found, ok := b.look(name, roles...)
	if !ok {
		var there []string
		for _, th := range b.things() {
			if slices.Contains(roles, th.role) {
				there = append(there, th.String())
			}
		}
		b.t.Fatalf("%s has no %s %q; there are %s\n%s", b.where(), strings.Join(roles, " or "), name, short(strings.Join(there, ", ")), short(b.text()))
	}
	return found
}

// look is find for what may be missing.
func (b *tab) look(name string, roles ...string) (thing, bool) {
	b.t.Helper()
	list := b.things()
	i := slices.IndexFunc(list, func(th thing) bool { return slices.Contains(roles, th.role) && named(th, name) })
	if i < 0 {
		return thing{}, false
	}
	return list[i], true
}

var pressable = []string{"button", "link", "switch"}

// press clicks a button, switch or link and waits for the page that comes of it.
func (b *tab) press(name string) *tab {
	b.t.Helper()
	th := b.find(name, pressable...)
	if th.disabled() {
		b.t.Fatalf("%s: the %s is disabled", b.where(), th)
	}
	b.loads("press the "+th.String(), click(th))
	return b
}

// touch clicks something that leads to no other page.
func (b *tab) touch(name string) *tab {
	b.t.Helper()
	b.do(click(b.find(name, append([]string{"DisclosureTriangle"}, pressable...)...)))
	return b
}

// choose ticks a box or takes a radio button.
func (b *tab) choose(name string) *tab {
	b.t.Helper()
	th, ok := b.look(name, "radio", "checkbox")
	if !ok { // the name of a box begins with its title, and goes on with what it means
		list := b.things()
		i := slices.IndexFunc(list, func(th thing) bool {
			return (th.role == "radio" || th.role == "checkbox") && strings.HasPrefix(th.name, name+" ")
		})
		if i < 0 {
			th = b.find(name, "radio", "checkbox")
		} else {
			th = list[i]
		}
	}
	b.do(click(th))
	if after, ok := b.again(th); !ok || after.states["checked"] != "true" {
		b.t.Fatalf("%s: the %s is not chosen after a click", b.where(), th)
	}
	return b
}

// untick takes the tick out of a box.
func (b *tab) untick(name string) *tab {
	b.t.Helper()
	th := b.find(name, "checkbox")
	b.do(click(th))
	if after, ok := b.again(th); !ok || after.states["checked"] != "false" {
		b.t.Fatalf("%s: the %s is chosen after a click", b.where(), th)
	}
	return b
}

// again reads a thing of the same page once more.
func (b *tab) again(th thing) (thing, bool) {
	b.t.Helper()
	list := b.things()
	i := slices.IndexFunc(list, func(other thing) bool { return other.node == th.node })
	if i < 0 {
		return thing{}, false
	}
	return list[i], true
}

var fields = []string{"textbox", "searchbox"}

// enter types a text into a field, in place of what it holds.
func (b *tab) enter(field, value string) *tab {
	b.t.Helper()
	th := b.find(field, append([]string{"combobox"}, fields...)...) // one that suggests is a combobox
	b.do(click(th), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		return call(ctx, target, th, "function() { this.select() }")
	}), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: value})
		return err
	}))
	return b
}

// upload gives a file to a file field.
func (b *tab) upload(field, path string) *tab {
	b.t.Helper()
	th := b.find(field, "button", "textbox")
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, BackendNodeID: th.node})
		return err
	}))
	return b
}

// click moves the mouse to the middle of a thing and presses: if something lies over
// it, that is what gets the click.
func click(th thing) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: th.node}); err != nil {
			return fmt.Errorf("scroll to the %s: %w", th, err)
		}
		shape, err := cdp.Call(ctx, target, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: th.node})
		if err != nil || len(shape.Quads) == 0 {
			return fmt.Errorf("the %s is not on the screen: %w", th, err)
		}
		var x, y float64
		for i, c := range shape.Quads[0] {
			if i%2 == 0 {
				x += c / 4
			} else {
				y += c / 4
			}
		}
		for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
			event := input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}
			if _, err := cdp.Call(ctx, target, input.DispatchMouseEvent, event); err != nil {
				return fmt.Errorf("click the %s: %w", th, err)
			}
		}
		return nil
	})
}

// call runs a function on a thing's element.
func call(ctx context.Context, target *chromedp.Target, th thing, function string) error {
	element, err := cdp.Call(ctx, target, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: th.node})
	if err != nil {
		return err
	}
	_, err = cdp.Call(ctx, target, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: function, ObjectID: element.Object.ObjectID})
	return err
}

// option takes an entry of a list that unfolds, as from the keyboard: the list is focused
// and the first letter of the entry typed.
func (b *tab) option(field, entry string) *tab {
	b.t.Helper()
	th := b.find(field, "combobox")
	b.do(b.typeInto(th, entry))
	if got := b.chosen(th); got != entry {
		b.t.Fatalf("%s: the %s holds %q after %q was typed", b.where(), th, got, entry[:1])
	}
	return b
}

// filter is option for the list of a search, which is applied at once where scripts run,
// and with the search where not.
func (b *tab) filter(field, entry string) *tab {
	b.t.Helper()
	th := b.find(field, "combobox")
	switch {
	case b.chosen(th) == entry:
	case b.script:
		b.loads("choose "+entry, b.typeInto(th, entry))
	default:
		b.option(field, entry).press("Search")
	}
	return b
}

// typeInto types the first letter of a text where th is focused.
func (b *tab) typeInto(th thing, text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, dom.Focus, dom.FocusParams{BackendNodeID: th.node}); err != nil {
			return fmt.Errorf("focus the %s: %w", th, err)
		}
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			event := input.DispatchKeyEventParams{Type: kind, Key: text[:1]}
			if kind == input.DispatchKeyEventTypeKeyDown {
				event.Text = text[:1]
			}
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, event); err != nil {
				return fmt.Errorf("type into the %s: %w", th, err)
			}
		}
		return nil
	})
}

// chosen is the entry that a list shows.
func (b *tab) chosen(th thing) string {
	b.t.Helper()
	now, ok := b.again(th)
	if !ok {
		b.t.Fatalf("%s: the %s is gone", b.where(), th)
	}
	return now.value
}

package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// person is somebody with a browser before him: he reads pages, follows links by what they
// say, fills forms in and presses their buttons. Scripts do not run, so he also presses the
// button that a page for the other site has in their place.
type person struct {
	webBrowser
	at   *url.URL
	page string
}

func newPerson(t *testing.T) *person { return &person{webBrowser: newBrowser(t)} }

// shows takes an answer, and follows where a page leads on by itself.
func (p *person) shows(response *http.Response, err error) *person {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	refresh := response.Header.Get("Refresh")
	p.at = response.Request.URL
	_, _, p.page = p.read(response, nil)
	if _, to, found := strings.Cut(refresh, "url="); found {
		return p.open(p.resolve(to))
	}
	return p
}

func (p *person) open(address string) *person {
	p.t.Helper()
	response, err := p.Get(address)
	return p.shows(response, err)
}

func (p *person) resolve(reference string) string {
	p.t.Helper()
	u, err := p.at.Parse(html.UnescapeString(reference))
	if err != nil {
		p.t.Fatal(err)
	}
	return u.String()
}

var (
	anchor  = regexp.MustCompile(`(?s)<a\s([^>]*)>(.*?)</a>`)
	forms   = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	inputs  = regexp.MustCompile(`(?s)<(button|textarea|select)\b([^>]*)>(.*?)</(?:button|textarea|select)>|<input\b([^>]*)>`)
	label   = regexp.MustCompile(`(?s)<label[^>]*>(.*?)</label>`)
	option  = regexp.MustCompile(`(?s)<option\b([^>]*)>(.*?)</option>`)
	tags    = regexp.MustCompile(`(?s)<[^>]*>`)
	drawing = regexp.MustCompile(`(?s)<svg.*?</svg>`)
)

func words(markup string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(drawing.ReplaceAllString(markup, ""), " "))), " ")
}

// attribute is the value of one in the text of a tag; ok tells whether it is there.
func attribute(tag, name string) (value string, ok bool) {
	if found := regexp.MustCompile(`(?:^|\s)` + name + `="([^"]*)"`).FindStringSubmatch(tag); found != nil {
		return html.UnescapeString(found[1]), true
	}
	return "", regexp.MustCompile(`(?:^|\s)` + name + `(?:\s|$)`).MatchString(tag)
}

// follow opens the first link that says text.
func (p *person) follow(text string) *person {
	p.t.Helper()
	for _, a := range anchor.FindAllStringSubmatch(p.page, -1) {
		if named, _ := attribute(a[1], "aria-label"); words(a[2]) == text || named == text {
			to, _ := attribute(a[1], "href")
			return p.open(p.resolve(to))
		}
	}
	p.t.Fatalf("%s has no link %q:\n%s", p.at, text, words(p.page))
	return nil
}

// press presses the first button that says button, or begins with it, in its form. fill are
// fields by name, or boxes to tick by the words beside them, with the value "on".
func (p *person) press(button string, fill map[string]string) *person {
	p.t.Helper()
	for _, form := range forms.FindAllStringSubmatch(p.page, -1) {
		values, found := p.values(form[2], button, fill)
		if !found {
			continue
		}
		to := p.at.String()
		if action, ok := attribute(form[1], "action"); ok {
			to = p.resolve(action)
		}
		if method, _ := attribute(form[1], "method"); !strings.EqualFold(method, "post") {
			to, _, _ = strings.Cut(to, "?")
			return p.open(to + "?" + values.Encode())
		}
		response, err := p.PostForm(to, values)
		return p.shows(response, err)
	}
	p.t.Fatalf("%s has no form with the button %q and %v:\n%s", p.at, button, fill, words(p.page))
	return nil
}

// values are what a browser would send of a form; found is false when it has not the button
// or not every field.
func (p *person) values(form, button string, fill map[string]string) (values url.Values, found bool) {
	values = url.Values{}
	left := len(fill)
	set := func(name, value string) {
		if filled, ok := fill[name]; ok {
			value, left = filled, left-1
		}
		values.Add(name, value)
	}
	ticked := map[string]bool{}
	for _, l := range label.FindAllStringSubmatch(form, -1) {
		for text, value := range fill {
			if value == "on" && strings.Contains(words(l[1])+" "+l[1], text) {
				if box := inputs.FindStringSubmatch(l[1]); box != nil {
					ticked[box[0]] = true
					left--
				}
			}
		}
	}
	for _, in := range inputs.FindAllStringSubmatch(form, -1) {
		if in[1] == "" {
			in[2] = in[4]
		}
		name, _ := attribute(in[2], "name")
		value, _ := attribute(in[2], "value")
		kind, _ := attribute(in[2], "type")
		_, checked := attribute(in[2], "checked")
		switch {
		case in[1] == "button":
			aria, _ := attribute(in[2], "aria-label")
			if !found && (strings.HasPrefix(words(in[3]), button) || strings.HasPrefix(aria, button)) {
				found = true
				if name != "" {
					values.Set(name, value)
				}
			}
		case name == "", kind == "checkbox" && !checked && !ticked[in[0]]:
		case kind == "radio":
			filled, ok := fill[name]
			if ok && value == filled {
				set(name, value)
			} else if !ok && checked {
				values.Add(name, value)
			}
		case in[1] == "textarea":
			set(name, html.UnescapeString(in[3]))
		case in[1] == "select":
			chosen := ""
			for i, o := range option.FindAllStringSubmatch(in[3], -1) {
				if _, selected := attribute(o[1], "selected"); selected || i == 0 {
					chosen, _ = attribute(o[1], "value")
				}
			}
			set(name, chosen)
		default:
			set(name, value)
		}
	}
	return values, found && left <= 0
}

// reads checks what the page says.
func (p *person) reads(want ...string) *person {
	p.t.Helper()
	for _, w := range want {
		if text := words(p.page); !strings.Contains(text, w) {
			p.t.Errorf("%s does not say %q:\n%s", p.at, w, text)
		}
	}
	return p
}

func (p *person) readsNot(bad ...string) *person {
	p.t.Helper()
	for _, b := range bad {
		if text := words(p.page); strings.Contains(text, b) {
			p.t.Errorf("%s says %q:\n%s", p.at, b, text)
		}
	}
	return p
}

// row is what the page's table says of somebody.
func (p *person) row(name string) string {
	p.t.Helper()
	for _, row := range regexp.MustCompile(`(?s)<tr>.*?</tr>`).FindAllString(p.page, -1) {
		if strings.Contains(words(row), name) {
			return words(row)
		}
	}
	return ""
}

package portal

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall/rollcall/internal/web/words"
)

const pageRows = 50

// listPlace is where in a list a page begins. Lists are read forwards from the last row
// of the page before, so the way back is remembered in the page's address.
type listPlace struct {
	After string   // the last row of the page before; "" on the first page
	Trail []string // the same of the pages before, the nearest last
	From  int      // how many rows lie before the page
}

// most pages that Previous goes back one by one; further back it goes to the first.
const longestTrail = 20

func (x *exchange) place() listPlace {
	query := x.r.URL.Query()
	place := listPlace{After: query.Get("after")}
	if trail := query.Get("trail"); trail != "" {
		place.Trail = strings.Split(trail, ".")
	}
	place.From, _ = strconv.Atoi(query.Get("from"))
	if place.From < 0 || place.After == "" {
		place.From = 0
	}
	return place
}

// pager is what the foot of a list shows.
type pager struct {
	Text           string // "51–100 of 10,284 users"
	Previous, Next string // URLs; "" for none
}

// page makes the pager of a list at path. query holds its conditions, rows is how many
// stand on the page, last is the last row's key, more tells whether others follow, and
// total is how many there are in all, negative when nobody knows.
func (l listPlace) page(path string, query url.Values, rows int, last string, more bool, total int, one, many string) pager {
	var p pager
	switch {
	case rows == 0:
		p.Text = "No " + many
	case total >= 0:
		p.Text = words.Count(l.From+1) + "–" + words.Count(l.From+rows) + " of " + words.Plural(total, one, many)
	case more || l.From > 0:
		p.Text = many + " " + words.Count(l.From+1) + "–" + words.Count(l.From+rows)
	default:
		p.Text = words.Plural(rows, one, many)
	}
	address := func(after string, trail []string, from int) string {
		q := url.Values{}
		for name, values := range query {
			if len(values) > 0 && values[0] != "" {
				q[name] = values
			}
		}
		if after != "" {
			q.Set("after", after)
			q.Set("from", strconv.Itoa(max(from, 0)))
			if len(trail) > 0 {
				q.Set("trail", strings.Join(trail, "."))
			}
		}
		if len(q) == 0 {
			return path
		}
		return path + "?" + q.Encode()
	}
	if more {
		trail := l.Trail
		if l.After != "" {
			trail = append(trail[:len(trail):len(trail)], l.After)
		}
		if len(trail) > longestTrail {
			trail = trail[len(trail)-longestTrail:]
		}
		p.Next = address(last, trail, l.From+rows)
	}
	if l.After != "" {
		if n := len(l.Trail); n > 0 {
			p.Previous = address(l.Trail[n-1], l.Trail[:n-1], l.From-pageRows)
		} else {
			p.Previous = address("", nil, 0)
		}
	}
	return p
}

// searchField is the search of a list.
type searchField struct {
	Query, Label string
	Clear        string // the list without it
}

// formField is a text field of a form.
type formField struct {
	Name, Label, Value, Help string
	Required, Mono           bool
	Max                      int // characters; 0 = no bound
	Lines                    int // of a text area; 0 = one line
}

// choice is an option of a select or of radio buttons.
type choice struct {
	Value, Label string
	Chosen       bool
}

// choices makes options of values that are their own labels.
func choices[S ~string](chosen S, values ...S) []choice {
	list := make([]choice, len(values))
	for i, v := range values {
		list[i] = choice{string(v), string(v), v == chosen}
	}
	return list
}

// confirmPage asks before what cannot be undone, or changes more than it seems to.
type confirmPage struct {
	frame
	Points []point
	Action string        // where the answer posts to
	Fields []hiddenField // what it carries
	Do     string        // the button's label: what happens
	Keep   string        // the label of the way back
	Back   string
	Danger bool
}

// point is one consequence: what happens in bold, and more about it.
type point struct{ Bold, Text string }

type hiddenField struct{ Name, Value string }

package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/web/words"
)

// The limits of a filter.
const (
	maxFilter     = 8 << 10
	maxFilterDeep = 20
	maxTerms      = 100
)

// parseFilter reads a $filter over the properties whose kinds are given.
func parseFilter(text string, known map[string]kind) (*filter, error) {
	if len(text) > maxFilter {
		return nil, bad("The $filter is longer than %d characters.", maxFilter)
	}
	tokens, err := filterTokens(text)
	if err != nil {
		return nil, err
	}
	p := &filterParser{tokens: tokens, known: known}
	f, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.tokens) {
		return nil, bad("Syntax error in the $filter at %q.", words.Clip(p.peek()))
	}
	return f, nil
}

// filterTokens cuts a filter into parentheses, commas, texts with their quotes, and words.
func filterTokens(text string) ([]string, error) {
	var tokens []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '(' || c == ')' || c == ',':
			tokens = append(tokens, string(c))
			i++
		case c == '\'':
			end := i + 1
			for ; end < len(text); end++ {
				if text[end] != '\'' {
					continue
				}
				if end+1 < len(text) && text[end+1] == '\'' { // OData: a quote inside is doubled
					end++
					continue
				}
				break
			}
			if end >= len(text) {
				return nil, bad("The $filter has a text without its closing quote.")
			}
			tokens = append(tokens, text[i:end+1])
			i = end + 1
		default:
			end := i
			for end < len(text) && !strings.ContainsRune(" \t(),'", rune(text[end])) {
				end++
			}
			tokens = append(tokens, text[i:end])
			i = end
		}
	}
	return tokens, nil
}

type filterParser struct {
	tokens []string
	at     int
	deep   int
	terms  int
	known  map[string]kind
}

func (p *filterParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *filterParser) next() string {
	token := p.peek()
	p.at++
	return token
}

func (p *filterParser) want(token string) error {
	if got := p.next(); got != token {
		return bad("Syntax error in the $filter: %q is expected where %q stands.", token, words.Clip(got))
	}
	return nil
}

func (p *filterParser) either() (*filter, error) { return p.joined("or", p.both) }
func (p *filterParser) both() (*filter, error)   { return p.joined("and", p.negated) }

func (p *filterParser) joined(word string, part func() (*filter, error)) (*filter, error) {
	left, err := part()
	for err == nil && p.peek() == word {
		p.next()
		var right *filter
		if right, err = part(); err == nil {
			left = &filter{op: word, parts: []*filter{left, right}}
		}
	}
	return left, err
}

func (p *filterParser) negated() (*filter, error) {
	if p.deep++; p.deep > maxFilterDeep {
		return nil, bad("The $filter is nested deeper than %d.", maxFilterDeep)
	}
	defer func() { p.deep-- }()
	switch p.peek() {
	case "not":
		p.next()
		inner, err := p.negated()
		return &filter{op: "not", parts: []*filter{inner}}, err
	case "(":
		p.next()
		inner, err := p.either()
		if err != nil {
			return nil, err
		}
		return inner, p.want(")")
	}
	if p.terms++; p.terms > maxTerms {
		return nil, bad("The $filter has more than %d comparisons.", maxTerms)
	}
	return p.comparison()
}

func (p *filterParser) comparison() (*filter, error) {
	word := p.next()
	if slices.Contains([]string{"startswith", "endswith", "contains"}, word) && p.peek() == "(" {
		p.next()
		f := &filter{op: word, path: p.next()}
		if err := p.property(f); err != nil {
			return nil, err
		}
		if f.kind != kindText {
			return nil, bad("%s in the $filter needs a text, and %s is %s.", word, f.path, f.kind)
		}
		if err := p.want(","); err != nil {
			return nil, err
		}
		if err := p.literal(f); err != nil {
			return nil, err
		}
		return f, p.want(")")
	}
	f := &filter{path: word, op: p.next()}
	if err := p.property(f); err != nil {
		return nil, err
	}
	switch f.op {
	case "eq", "ne", "gt", "ge", "lt", "le":
		return f, p.literal(f)
	case "in":
		return f, p.list(f)
	}
	return nil, bad("The $filter has %q where eq, ne, gt, ge, lt, le or in is expected.", words.Clip(f.op))
}

func (p *filterParser) property(f *filter) error {
	var ok bool
	if f.kind, ok = p.known[f.path]; !ok {
		return bad("Could not find a property named '%s' that can be filtered by.", words.Clip(f.path))
	}
	if f.kind == kindTexts {
		return bad("The stand-in does not filter by '%s', which has several values.", f.path)
	}
	return nil
}

func (p *filterParser) list(f *filter) error {
	if err := p.want("("); err != nil {
		return err
	}
	for {
		if err := p.literal(f); err != nil {
			return err
		}
		if p.peek() != "," {
			return p.want(")")
		}
		p.next()
	}
}

// literal adds a value of the property's kind.
func (p *filterParser) literal(f *filter) error {
	token := p.next()
	if token == "null" && (f.op == "eq" || f.op == "ne") {
		f.values = append(f.values, nil)
		return nil
	}
	quoted := strings.HasPrefix(token, "'")
	switch {
	case f.kind == kindBoolean && (token == "true" || token == "false") && (f.op == "eq" || f.op == "ne" || f.op == "in"):
		f.values = append(f.values, token == "true")
		return nil
	case f.kind == kindText && quoted:
		f.values = append(f.values, strings.ReplaceAll(token[1:len(token)-1], "''", "'"))
		return nil
	case f.kind == kindTime && !quoted:
		at, err := time.Parse(time.RFC3339, token)
		if err != nil {
			at, err = time.Parse(time.DateOnly, token)
		}
		if err == nil {
			f.values = append(f.values, at)
			return nil
		}
	}
	return bad("The $filter compares '%s' (%s) with %s by %s, which is not possible.", f.path, f.kind, words.Clip(token), f.op)
}

package main

import (
	"crypto/rand"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/iam"
)

type entraEval struct {
	Expression string   `required:"" placeholder:"E" help:"The expression, e.g. ToLower([mail])."`
	Attribute  []string `sep:"none" placeholder:"NAME=VALUE" help:"An attribute of the person; repeat for several. A name given twice has several values, NAME= is an empty text, a name not given is null."`
	Now        string   `placeholder:"T" help:"What Now() is: a date or a time (default: now)."`
}

// evalView is the one document that eval prints, with --json or without: a text, a list
// and null look the same in no other form. Ignored and Redacted are there when true.
type evalView struct {
	Value    mapping.Value `json:"value"`
	Ignored  bool          `json:"ignored,omitempty"`
	Redacted bool          `json:"redacted,omitempty"`
}

// Run refuses a wrong expression with exit 1: {"error"} on standard output for scripts,
// and the line of every command on standard error.
func (c *entraEval) Run(a *app) error {
	env, err := c.env(a)
	if err != nil {
		return err
	}
	result, err := mapping.Eval(c.Expression, env)
	if err != nil {
		document := struct {
			Error string `json:"error"`
		}{err.Error()}
		if err := writeJSON(a.stdout, document, ""); err != nil {
			return err
		}
		return err
	}
	return writeJSON(a.stdout, evalView{result.Value, result.Ignore, result.Redacted}, "")
}

// env is the person of the flags. Every name is an attribute: which ones a directory
// has, only a mapping of it can say.
func (c *entraEval) env(a *app) (mapping.Env, error) {
	values := map[string][]string{}
	for _, attribute := range c.Attribute {
		name, value, ok := strings.Cut(attribute, "=")
		if !ok || name == "" {
			return mapping.Env{}, wrongUsage("--attribute %q is not NAME=VALUE", iam.Clip(attribute))
		}
		values[name] = append(values[name], value)
	}
	now := a.now()
	if c.Now != "" {
		var err error
		if now, err = parseMoment("--now", c.Now, now, false); err != nil {
			return mapping.Env{}, err
		}
	}
	return mapping.Env{
		Now:    now,
		Random: rand.Reader,
		Attribute: func(name string) (mapping.Value, bool) {
			if texts := values[name]; len(texts) == 1 {
				return mapping.String(texts[0]), true
			}
			return mapping.Multi(values[name]...), true
		},
	}, nil
}

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/rollcall/rollcall/scim/scimclient"
	"github.com/rollcall/rollcall/scim/scimtest"
)

type checkCommand struct {
	URL       string `arg:"" name:"url" help:"The SCIM endpoint (Tenant URL)."`
	TokenFile string `placeholder:"FILE" help:"A file with the secret token (key:secret). It wins over ROLLCALL_TOKEN."`
	Token     string `placeholder:"K:S" help:"The secret token; other users of this machine can read it, so ROLLCALL_TOKEN or --token-file are better."`
	Profile   string `enum:"rfc,entra,okta" default:"rfc" placeholder:"PROFILE" help:"rfc, entra or okta (default: ${default})."`
	Domain    string `default:"example.com" placeholder:"DOMAIN" help:"The domain of the users it makes, for servers that want a verified one (default: ${default})."`
	Verbose   bool   `short:"v" help:"Also list the checks that passed."`
}

// Help is shown below the command's own line.
func (c *checkCommand) Help() string {
	return "It makes users and groups of its own and removes them again. The last line is \"N passed, N failed, N skipped\"; exit 1 means that a check failed."
}

func (c *checkCommand) Run(a *app) error {
	token, err := c.token()
	if err != nil {
		return err
	}
	config := scimtest.Config{
		Client:  &scimclient.Client{BaseURL: c.URL, Token: token},
		Profile: scimtest.Profile(c.Profile),
		Domain:  c.Domain, Verbose: c.Verbose, Now: a.now,
	}
	if !a.JSON {
		config.Out = flushing{a}
	}
	report, err := scimtest.Run(a.ctx, config)
	switch {
	case errors.Is(err, scimtest.ErrConfig):
		return wrongUsage("%v", err)
	case err != nil:
		return err
	}
	if a.JSON {
		if err := writeJSON(a.stdout, report, "  "); err != nil {
			return err
		}
	}
	if !report.OK() {
		return errSilent
	}
	return nil
}

func (c *checkCommand) token() (string, error) {
	if c.TokenFile == "" {
		if c.Token == "" {
			return "", wrongUsage("no token: give --token-file, ROLLCALL_TOKEN or --token")
		}
		return c.Token, nil
	}
	data, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimRight(string(data), "\r\n")
	if token == "" {
		return "", wrongUsage("the token file %s is empty", c.TokenFile)
	}
	return token, nil
}

// flushing shows the findings as they come: a run takes a while.
type flushing struct{ a *app }

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.a.stdout.Write(p)
	if err == nil {
		err = f.a.stdout.Flush()
	}
	return n, err
}

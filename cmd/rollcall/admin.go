package main

import (
	"fmt"
	"io"

	"github.com/rollcall/rollcall/internal/iam"
)

type adminCommands struct {
	Link adminLink `cmd:"" help:"Make a one-time link with which an Admin sets up his local sign-in."`
}

// link is a one-time link as every command prints it.
type link struct {
	URL       string `json:"url"`
	ExpiresAt string `json:"expiresAt"`
}

type adminLink struct {
	orgFlag
	Email string `required:"" placeholder:"EMAIL" help:"The Admin's address."`
}

func (c *adminLink) Run(a *app) error {
	return a.with(func(s *session) error {
		url, expires, err := s.access.AdminLink(a.ctx, iam.Operator, c.organization(), c.Email)
		if err != nil {
			return err
		}
		return a.show(link{URL: url, ExpiresAt: rfc3339(expires)}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s sets up local sign-in with this link. It works once, until %s, and is not shown again; a former link is void:\n%s\n", printable(c.Email), rfc3339(expires), url)
			a.noteAddress(w, s)
		})
	})
}

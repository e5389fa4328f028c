package main

import (
	"log/slog"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/outbound"
)

// post is how a server sends mail. The zero value sends none.
type post struct {
	send    access.SendMail
	support string // the operator's address
	server  string // host:port, for the log
}

func (c *serveCommand) mail(a *app, log *slog.Logger) (post, error) {
	if c.SMTP == "" {
		switch {
		case c.MailFrom != "":
			return post{}, wrongUsage("--mail-from says whom mail comes from, and no mail is sent without --smtp")
		case c.SupportAddress != "":
			return post{}, wrongUsage("--support-address wants mail, and no mail is sent without --smtp")
		}
		return post{}, nil
	}
	support := ""
	if c.SupportAddress != "" {
		var ok bool
		if support, ok = iam.EmailKey(c.SupportAddress); !ok {
			return post{}, wrongUsage("--support-address %q is not an e-mail address", iam.Clip(c.SupportAddress))
		}
	}
	mailer, err := outbound.NewMailer(outbound.MailConfig{URL: c.SMTP, From: c.MailFrom, Log: log, Now: a.now})
	if err != nil {
		return post{}, wrongUsage("--smtp: %v", err)
	}
	return post{send: mailer.Send, support: support, server: mailer.Server()}, nil
}

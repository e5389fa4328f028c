package main

import (
	"io"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type samlSettings struct {
	orgFlag
	IDPInitiated string        `name:"idp-initiated" enum:",on,off" default:"" placeholder:"on|off" help:"Accept sign-ins that begin at the identity provider, such as the tile in My Apps. Anybody can then sign a browser in to his own account unasked."`
	SessionIdle  time.Duration `placeholder:"TIME" help:"End a session after this time without a request: 5m to 24h."`
	SessionLife  time.Duration `placeholder:"TIME" help:"End a session after this time, whatever happens: 15m to 24h. Holds for sessions that begin."`
}

type signInView struct {
	IDPInitiated       bool `json:"idpInitiated"`
	SessionIdleMinutes int  `json:"sessionIdleMinutes"`
	SessionLifeMinutes int  `json:"sessionLifeMinutes"`
}

func (c *samlSettings) Run(a *app) error {
	var in access.SignInChange
	if c.IDPInitiated != "" {
		on := c.IDPInitiated == "on"
		in.IDPInitiated = &on
	}
	if c.SessionIdle != 0 {
		in.SessionIdle = &c.SessionIdle
	}
	if c.SessionLife != 0 {
		in.SessionLife = &c.SessionLife
	}
	return a.with(func(s *session) error {
		settings, err := c.apply(a, s, in)
		if err != nil {
			return err
		}
		view := signInView{settings.IDPInitiated, int(settings.SessionIdle.Minutes()), int(settings.SessionLife.Minutes())}
		return a.show(view, func(w io.Writer) {
			begins := "must begin at Rollcall"
			if settings.IDPInitiated {
				begins = "may begin at the identity provider"
			}
			facts(w, "Sign-in", begins,
				"Sessions end", plural(view.SessionIdleMinutes, "minute")+" after the last request, at the latest after "+plural(view.SessionLifeMinutes, "minute"))
		})
	})
}

func (c *samlSettings) apply(a *app, s *session, in access.SignInChange) (access.SignInSettings, error) {
	if in == (access.SignInChange{}) {
		return s.access.SignInSettings(a.ctx, c.organization())
	}
	return s.access.SetSignIn(a.ctx, iam.Operator, c.organization(), in)
}

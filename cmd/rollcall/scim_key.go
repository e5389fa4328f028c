package main

import (
	"fmt"
	"io"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type keyCommands struct {
	Create keyCreate `cmd:"" help:"Make a SCIM key. At most two are active at once."`
	List   keyList   `cmd:"" help:"List the SCIM keys."`
	Revoke keyRevoke `cmd:"" help:"Revoke a SCIM key at once."`
}

type keyCreate struct {
	orgFlag
	Expires string `default:"12mo" placeholder:"WHEN" help:"1w, 1mo, 3mo, 6mo, 12mo, never, or a date as YYYY-MM-DD (default: ${default})."`
}

func (c *keyCreate) Run(a *app) error {
	return a.with(func(s *session) error {
		k, err := s.access.CreateKey(a.ctx, iam.Operator, c.organization(), c.Expires)
		if err != nil {
			return err
		}
		document := struct {
			Key       iam.KeyID `json:"key"`
			Secret    string    `json:"secret"`
			Bearer    string    `json:"bearer"`
			ExpiresAt *string   `json:"expiresAt"`
		}{k.Key, k.Secret, k.Bearer, orNull(k.ExpiresAt)}
		return a.show(document, func(w io.Writer) {
			until := "never"
			if !k.ExpiresAt.IsZero() {
				until = rfc3339(k.ExpiresAt)
			}
			_, _ = fmt.Fprintln(w, "Copy the secret token now; it is not shown again.")
			facts(w, "  Secret token", k.Bearer, "  Key", string(k.Key), "  Secret", k.Secret, "  Expires", until)
		})
	})
}

type keyView struct {
	Key        iam.KeyID     `json:"key"`
	CreatedBy  string        `json:"createdBy"`
	CreatedAt  string        `json:"createdAt"`
	ExpiresAt  *string       `json:"expiresAt"`
	LastUsedAt *string       `json:"lastUsedAt"`
	Status     iam.KeyStatus `json:"status"`
}

type keyList struct{ orgFlag }

func (c *keyList) Run(a *app) error {
	return a.with(func(s *session) error {
		keys, err := s.access.Keys(a.ctx, c.organization())
		if err != nil {
			return err
		}
		views := list(keys, func(k access.KeyView) keyView {
			return keyView{
				Key: k.ID, CreatedBy: k.CreatedBy, CreatedAt: rfc3339(k.CreatedAt),
				ExpiresAt: orNull(k.ExpiresAt), LastUsedAt: orNull(k.LastUsedAt), Status: k.Status,
			}
		})
		return a.show(views, func(w io.Writer) {
			t := newTable(w, "KEY", "STATUS", "CREATED", "EXPIRES", "LAST USED", "CREATED BY")
			for _, k := range keys {
				var notes []string
				if k.MakerLeft {
					notes = append(notes, "whoever made this key is no member any more; make a new key and revoke this one")
				}
				t.row([]string{string(k.ID), string(k.Status), day(k.CreatedAt, ""), day(k.ExpiresAt, "never"), day(k.LastUsedAt, "never"), k.CreatedBy}, notes...)
			}
			t.end("There is no SCIM key yet. Make one with: rollcall scim key create --org " + string(c.organization()))
		})
	})
}

type keyRevoke struct {
	orgFlag
	Key string `required:"" placeholder:"KEY" help:"The key; it begins with scim_."`
}

func (c *keyRevoke) Run(a *app) error {
	return a.with(func(s *session) error {
		if err := s.access.RevokeKey(a.ctx, iam.Operator, c.organization(), iam.KeyID(c.Key)); err != nil {
			return err
		}
		document := struct {
			Key    string        `json:"key"`
			Status iam.KeyStatus `json:"status"`
		}{c.Key, iam.KeyRevoked}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "The key %s is revoked; calls with it are refused from now on.\n", printable(c.Key))
		})
	})
}

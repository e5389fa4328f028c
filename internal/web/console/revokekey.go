package console

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// revokePage asks before a key is revoked.
type revokePage struct {
	frame
	Key    keyRow
	Safe   bool // nobody uses it any more
	Others int  // keys that stay active
	Action string
}

func (c *Console) revoke(x *exchange) error {
	p, err := c.revokePage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) revokePage(x *exchange) (*revokePage, error) {
	k, err := c.key(x, iam.KeyID(x.r.PathValue("key")))
	if err != nil {
		return nil, err
	}
	p := &revokePage{frame: x.frame("Revoke key"), Key: newKeyRow(k)}
	p.Here, p.Action = "/settings/scim", p.Key.Revoke
	keys, err := c.access.Keys(x.r.Context(), x.org())
	for _, a := range access.AdviseKeys(keys, x.now) {
		if a.ID == k.ID {
			p.Key, p.Safe = activeKeyRow(a, x.now), a.Verdict == access.KeySafe
		} else {
			p.Others++
		}
	}
	if k.Status != iam.KeyActive {
		p.Status = http.StatusConflict
		p.Problem = words.Sentence("the key " + string(k.ID) + " is " + string(k.Status) + " already")
	}
	return p, err
}

func (c *Console) revokeKey(x *exchange) error {
	p, err := c.revokePage(x)
	if err != nil || p.Problem != "" || x.value("sure") != "yes" {
		if err == nil {
			err = x.show(p)
		}
		return err
	}
	if err := c.access.RevokeKey(x.r.Context(), x.session.Actor, x.org(), p.Key.ID); err != nil {
		return x.again(p, err)
	}
	return x.done("/settings/scim", "The key "+string(p.Key.ID)+" is revoked.", "Calls with it are refused from now on.")
}

package scimapi

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/provision"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/web"
	"github.com/rollcall/rollcall/scim"
)

// Causes by which refused requests are counted beside those of signin.
const (
	causeRate      = "too many requests"
	causeThrottled = "refused too often"
)

// challenge is the answer's WWW-Authenticate (RFC 7644 section 2, RFC 9110 section
// 11.6.1).
const challenge = `Bearer realm="Rollcall SCIM", Basic realm="Rollcall SCIM", charset="UTF-8"`

// authenticate finds out who is calling. Every path below the base needs a key. A
// refusal is 401, or 403 when the key is right and SCIM is off or not in the plan;
// trouble of ours is 503 and never a refusal (S31).
func (d *Door) authenticate(x *exchange) error {
	authorization := x.r.Header.Values("Authorization")
	pair := failurePair(x.address, authorization)
	if err := d.failures.allow(pair, authorization, x.started); err != nil {
		d.log.Deny(x.org, causeThrottled, x.address)
		return err
	}
	caller, err := d.signIn.SCIM(x.ctx, x.org, authorization, x.address, clip(housekeeping.Hide(x.r.UserAgent(), secretOf(authorization))))
	switch status := web.StatusOf(err); {
	case err == nil:
		d.known(x, caller, authorization)
		d.failures.succeeded(pair, authorization)
		return nil
	case status == http.StatusForbidden: // the key is right, so the request log may say whose it is
		d.known(x, caller, authorization)
		d.log.Deny(x.org, signin.Denial(err), x.address)
		return scim.Errorf(status, "", "%s", err)
	case status == http.StatusUnauthorized:
		d.failures.failed(pair, x.started)
		d.log.Deny(x.org, signin.Denial(err), x.address)
		x.w.Header().Set("WWW-Authenticate", challenge)
		return scim.Errorf(status, "", "%s", err)
	case status == http.StatusServiceUnavailable:
		web.SetCause(x.r, web.Cause(err))
		return scim.Errorf(status, "", "%s", err)
	}
	return err
}

// known notes who is calling.
func (d *Door) known(x *exchange, caller provision.Caller, authorization []string) {
	x.caller, x.authenticated = caller, true
	x.org = string(caller.Organization.ID)
	x.secret = secretOf(authorization)
	x.base = d.publicURL + "/v1/organizations/" + x.org + "/scim"
	web.SetActor(x.r, string(caller.Key))
}

// secretOf is the secret of an Authorization that was accepted.
func secretOf(authorization []string) string {
	if len(authorization) != 1 {
		return ""
	}
	scheme, pair, _ := strings.Cut(authorization[0], " ")
	if strings.EqualFold(scheme, "Basic") {
		raw, err := base64.StdEncoding.DecodeString(pair)
		if err != nil {
			return ""
		}
		pair = string(raw)
	}
	_, secret, _ := strings.Cut(pair, ":")
	return secret
}

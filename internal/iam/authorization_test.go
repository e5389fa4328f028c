package iam_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

func TestNewKey(t *testing.T) {
	t.Parallel()
	key, secret, err := iam.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(key), "scim_") || len(key) != len("scim_")+20 || len(secret) != 43 {
		t.Errorf("key %q, secret of %d characters", key, len(secret))
	}
	again, other, err := iam.NewKey(rand.Reader)
	if err != nil || again == key || other == secret {
		t.Errorf("two keys alike (%v)", err)
	}
	if _, _, err := iam.NewKey(strings.NewReader("short")); err == nil {
		t.Error("a key was made without enough randomness")
	}
}

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	basic := base64.StdEncoding.EncodeToString([]byte("scim_abc:s3cret"))
	want := iam.Credential{Key: "scim_abc", Secret: iam.HashSecret("s3cret")}
	for _, value := range []string{"Bearer scim_abc:s3cret", "bearer scim_abc:s3cret", "BEARER scim_abc:s3cret", "Basic " + basic, "basic " + basic} {
		if got, err := iam.ParseAuthorization([]string{value}); err != nil || got != want {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
	if got, err := iam.ParseAuthorization([]string{"Bearer scim_abc:s3:cret"}); err != nil || got.Secret != iam.HashSecret("s3:cret") {
		t.Errorf("a colon in the secret: %v, %v", got, err)
	}
}

// The sentence of each mistake is told from the text alone, and holds nothing of
// what was sent.
func TestParseAuthorization_refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []string
		cause  string
		why    iam.DenialCause
		says   string
	}{
		"none":                  {nil, iam.CauseNone, iam.DeniedNone, "no credentials"},
		"empty":                 {[]string{""}, iam.CauseNone, iam.DeniedNone, "no credentials"},
		"two headers":           {[]string{"Bearer scim_a:CANARY", "Bearer scim_a:CANARY"}, iam.CauseForm, iam.DeniedHeaders, "more than one"},
		"no token":              {[]string{"Bearer"}, iam.CauseForm, iam.DeniedNoToken, "no token"},
		"another scheme":        {[]string{"non-token"}, iam.CauseForm, iam.DeniedScheme, "neither Bearer nor Basic"},
		"Bearer twice":          {[]string{"Bearer Bearer scim_a:CANARY"}, iam.CauseForm, iam.DeniedTwice, "Bearer stands twice"},
		"leading blank":         {[]string{"Bearer  scim_a:CANARY"}, iam.CauseForm, iam.DeniedAround, "white space before or after"},
		"trailing blank":        {[]string{"Bearer scim_a:CANARY "}, iam.CauseForm, iam.DeniedAround, "white space before or after"},
		"trailing newline":      {[]string{"Bearer scim_a:CANARY\n"}, iam.CauseForm, iam.DeniedAround, "white space before or after"},
		"blanks at the colon":   {[]string{"Bearer scim_a : CANARY"}, iam.CauseForm, iam.DeniedInside, "inside"},
		"tab":                   {[]string{"Bearer\tscim_a:CANARY"}, iam.CauseForm, iam.DeniedScheme, "neither"},
		"a blank for the colon": {[]string{"Bearer scim_a CANARY"}, iam.CauseForm, iam.DeniedInside, "inside"},
		"no colon":              {[]string{"Bearer CANARY"}, iam.CauseForm, iam.DeniedNoColon, "no colon"},
		"secret missing":        {[]string{"Bearer scim_a"}, iam.CauseForm, iam.DeniedKeyOnly, "secret is missing"},
		"empty secret":          {[]string{"Bearer scim_a:"}, iam.CauseForm, iam.DeniedEmptySecret, "empty"},
		"swapped":               {[]string{"Bearer CANARY:scim_a"}, iam.CauseForm, iam.DeniedSwapped, "swapped"},
		"another prefix":        {[]string{"Bearer key_a:CANARY"}, iam.CauseForm, iam.DeniedPrefix, "does not start with scim_"},
		"another case":          {[]string{"Bearer SCIM_a:CANARY"}, iam.CauseForm, iam.DeniedPrefix, "does not start with scim_"},
		"too long":              {[]string{"Bearer scim_a:" + strings.Repeat("CANARY", 99)}, iam.CauseForm, iam.DeniedLong, "too long"},
		"Basic without base64":  {[]string{"Basic scim_a:CANARY"}, iam.CauseForm, iam.DeniedBasic, "not base64"},
		"Basic alone":           {[]string{"Basic"}, iam.CauseForm, iam.DeniedBasic, "no user and password"},
		"Basic, key alone":      {[]string{"Basic c2NpbV9h"}, iam.CauseForm, iam.DeniedKeyOnly, "secret is missing"},
		"secret alone":          {[]string{"Bearer CANARY" + strings.Repeat("x-_0Z", 8)[:37]}, iam.CauseForm, iam.DeniedSecretOnly, "no colon"},
	} {
		_, err := iam.ParseAuthorization(c.values)
		var bad *iam.BadCredential
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := (iam.Denial{Cause: c.why}); bad.Denial != want {
			t.Errorf("%s: the Admins are told %+v, want %+v", name, bad.Denial, want)
		}
		if bad.Cause != c.cause || !strings.Contains(bad.Message, c.says) {
			t.Errorf("%s: %s: %s; want %s, saying %q", name, bad.Cause, bad.Message, c.cause, c.says)
		}
		if strings.Contains(bad.Message, "CANARY") {
			t.Errorf("%s: the message holds what was sent", name)
		}
	}
}

// What is told of a secret alone differs for the Admins, and not for the caller.
func TestParseAuthorization_secretAloneReadsAsNoColon(t *testing.T) {
	t.Parallel()
	_, alone := iam.ParseAuthorization([]string{"Bearer " + strings.Repeat("s", 43)})
	_, other := iam.ParseAuthorization([]string{"Bearer something"})
	if alone == nil || other == nil || alone.Error() != other.Error() {
		t.Errorf("the caller is told %v of a secret, and %v of something else", alone, other)
	}
}

func TestDenial_text(t *testing.T) {
	t.Parallel()
	const key = iam.KeyID("scim_aaaaaaaaaaaaaaaaaaaa")
	for text, want := range map[string]iam.Denial{
		"wrong secret " + string(key): {Cause: iam.DeniedSecret, Key: key},
		"no credentials":              {Cause: iam.DeniedNone},
		"wrong secret":                {Cause: iam.DeniedSecret},
		string(key):                   {Cause: iam.DenialCause(key)},
		" " + string(key):             {Cause: iam.DenialCause(" " + key)},
		"wrong secret scim_short":     {Cause: "wrong secret scim_short"},
		"":                            {},
	} {
		if got := iam.ParseDenial(text); got != want || got.String() != text {
			t.Errorf("%q: %+v, written %q", text, got, got)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	for _, s := range []string{"Bearer scim_a:b", "Basic c2NpbV9hOmI=", "Bearer Bearer x", "", "Bearer scim_a:", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := iam.ParseAuthorization([]string{s})
		if err == nil && !strings.HasPrefix(string(c.Key), iam.KeyPrefix) {
			t.Errorf("%q gave the key %q", s, c.Key)
		}
	})
}

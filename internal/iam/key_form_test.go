package iam

import (
	"crypto/rand"
	"testing"
)

func TestIsKey(t *testing.T) {
	t.Parallel()
	key, secret, err := NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !IsKey(string(key)) {
		t.Errorf("IsKey(%q) = false for a key just made", key)
	}
	for _, s := range []string{"", "scim_", string(key) + ":" + secret, secret, string(key)[1:], string(key) + "a", "scim_AAAAAAAAAAAAAAAAAAAA", "scim_aaaaaaaaaaaaaaaaaaa\x00"} {
		if IsKey(s) {
			t.Errorf("IsKey(%q) = true", s)
		}
	}
}

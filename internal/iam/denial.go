package iam

import "strings"

// DenialCause is why a SCIM request was refused before it was anybody's, in a word, and
// as exactly as the organization's own Admins may know it. The caller is told less: the
// Message of BadCredential, which is the same for whatever is wrong with a pair of key
// and secret (D12, S2). The words are stored: none is changed or used for something else.
type DenialCause string

// Causes that the text of the Authorization header tells.
const (
	DeniedNone        DenialCause = "no credentials"
	DeniedHeaders     DenialCause = "several Authorization headers"
	DeniedScheme      DenialCause = "neither Bearer nor Basic"
	DeniedNoToken     DenialCause = "no token"
	DeniedBasic       DenialCause = "Basic cannot be read"
	DeniedTwice       DenialCause = "Bearer twice"
	DeniedAround      DenialCause = "white space around the token"
	DeniedInside      DenialCause = "blank inside the token"
	DeniedKeyOnly     DenialCause = "key without secret"
	DeniedSecretOnly  DenialCause = "secret without key"
	DeniedNoColon     DenialCause = "no colon"
	DeniedSwapped     DenialCause = "key and secret swapped"
	DeniedPrefix      DenialCause = "no scim_ prefix"
	DeniedEmptySecret DenialCause = "empty secret"
	DeniedLong        DenialCause = "token too long"
)

// Causes that the organization's keys and settings tell. A key that nobody made and one
// that another organization made are one cause: what another organization has is not
// told to anybody, and looking for it would reach into all of them.
const (
	DeniedKeyForm DenialCause = "key not whole"
	DeniedForeign DenialCause = "not a key of this organization"
	DeniedSecret  DenialCause = "wrong secret"
	DeniedRevoked DenialCause = "revoked"
	DeniedExpired DenialCause = "expired"
	DeniedOff     DenialCause = "SCIM is off"
	DeniedPlan    DenialCause = "plan without SCIM"
)

// Denial is a cause together with the key of the organization that was shown.
type Denial struct {
	Cause DenialCause
	Key   KeyID // "" where none was, or none of the organization's
}

// String is the denial as it is counted and stored: "wrong secret scim_…".
func (d Denial) String() string {
	if d.Key == "" {
		return string(d.Cause)
	}
	return string(d.Cause) + " " + string(d.Key)
}

// ParseDenial reads what String wrote. A text of another kind is a cause without a key.
func ParseDenial(s string) Denial {
	if i := strings.LastIndexByte(s, ' '); i > 0 && IsKey(s[i+1:]) {
		return Denial{Cause: DenialCause(s[:i]), Key: KeyID(s[i+1:])}
	}
	return Denial{Cause: DenialCause(s)}
}

// isSecret tells whether s has the form of a secret, without its key.
func isSecret(s string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	return len(s) == secretChars && !strings.ContainsFunc(s, odd)
}

package iam

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"io"
	"strings"
	"time"
)

// KeyPrefix begins every SCIM key.
const KeyPrefix = "scim_"

const (
	keyRandomChars = 20 // base32: 100 bits, a public id
	secretChars    = 43 // base64url without padding: 256 bits
	// MaxActiveKeys is how many keys of an organization work at once: two, so that
	// one can take over from the other without a gap (R30).
	MaxActiveKeys = 2
)

// SecretHash is what is stored of a secret: its SHA-256. The secret has 256
// random bits, so nothing slower is needed.
type SecretHash [sha256.Size]byte

// HashSecret hashes a secret as it was shown.
func HashSecret(secret string) SecretHash { return sha256.Sum256([]byte(secret)) }

// Matches compares in constant time.
func (h SecretHash) Matches(other SecretHash) bool {
	return subtle.ConstantTimeCompare(h[:], other[:]) == 1
}

// NewKey makes a key and its secret from random, which must be
// cryptographically strong. The secret exists only in what is returned.
func NewKey(random io.Reader) (KeyID, string, error) {
	var b [45]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", "", Errorf(KindInternal, "read randomness for a SCIM key: %w", err)
	}
	public := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:13])[:keyRandomChars]
	return KeyID(KeyPrefix + strings.ToLower(public)), base64.RawURLEncoding.EncodeToString(b[13:]), nil
}

// IsKey tells whether s has the form of a SCIM key, without a secret.
func IsKey(s string) bool {
	public, ok := strings.CutPrefix(s, KeyPrefix)
	if !ok || len(public) != keyRandomChars {
		return false
	}
	odd := func(r rune) bool { return !('a' <= r && r <= 'z') && !('2' <= r && r <= '7') }
	return !strings.ContainsFunc(public, odd)
}

// Credential is a key with the hash of the secret that was shown for it.
type Credential struct {
	Key    KeyID
	Secret SecretHash
}

// BadCredential says what is wrong with an Authorization header. Cause and Message are
// for the caller, Denial is for the Admins of the organization alone. None holds anything
// of what was sent but the id of a key that is the organization's (S16).
type BadCredential struct {
	Cause   string // a short word: one of the causes below
	Message string // what the caller reads
	Denial  Denial
}

func (e *BadCredential) Error() string { return e.Message }

// Causes of refused credentials, as far as the caller is told (D12). A DenialCause says
// more.
const (
	CauseNone    = "no credentials"
	CauseForm    = "not key:secret"
	CauseWrong   = "wrong key or secret"
	CauseRevoked = "revoked"
	CauseExpired = "expired"
)

func badForm(why DenialCause, message string) error {
	return &BadCredential{Cause: CauseForm, Message: message, Denial: Denial{Cause: why}}
}

const formHint = "the secret token must be <scim-key>:<scim-secret>, the key (it starts with scim_), a colon, the secret, without blanks"

// noColon is said of a secret alone too: the words do not tell what was sent.
const noColon = "there is no colon in the secret token; " + formHint

// ParseAuthorization reads the values of a request's Authorization headers:
// exactly one, "Bearer key:secret" or HTTP Basic with the same pair, one blank
// behind the scheme, whose case does not matter (D12, S17). Any other value is a
// *BadCredential.
func ParseAuthorization(values []string) (Credential, error) {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return Credential{}, &BadCredential{Cause: CauseNone, Message: "no credentials: send the SCIM key and secret as \"Authorization: Bearer <scim-key>:<scim-secret>\"", Denial: Denial{Cause: DeniedNone}}
	}
	if len(values) > 1 {
		return Credential{}, badForm(DeniedHeaders, "more than one Authorization header was sent; send one")
	}
	scheme, rest, found := strings.Cut(values[0], " ")
	switch Fold(scheme) {
	case "bearer":
		if !found {
			return Credential{}, badForm(DeniedNoToken, "the Authorization header holds no token; "+formHint)
		}
		return parsePair(rest)
	case "basic":
		if !found {
			return Credential{}, badForm(DeniedBasic, "the Authorization header holds no user and password; send the SCIM key as the user and its secret as the password")
		}
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return Credential{}, badForm(DeniedBasic, "HTTP Basic credentials are not base64; send the SCIM key as the user and its secret as the password")
		}
		return parsePair(string(raw))
	}
	return Credential{}, badForm(DeniedScheme, "the Authorization header is neither Bearer nor Basic; "+formHint)
}

// parsePair reads key:secret and tells the usual mistakes apart.
func parsePair(s string) (Credential, error) {
	switch {
	case len(s) >= 7 && Fold(s[:7]) == "bearer ":
		return Credential{}, badForm(DeniedTwice, "the word Bearer stands twice; enter the secret token without it, the identity provider adds it")
	case strings.TrimSpace(s) != s:
		return Credential{}, badForm(DeniedAround, "there is white space before or after the secret token; "+formHint)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7F }):
		return Credential{}, badForm(DeniedInside, "there is a blank or an unprintable character inside the secret token; "+formHint)
	}
	key, secret, found := strings.Cut(s, ":")
	switch {
	case !found && strings.HasPrefix(s, KeyPrefix):
		return Credential{}, badForm(DeniedKeyOnly, "the secret is missing; "+formHint)
	case !found && isSecret(s):
		return Credential{}, badForm(DeniedSecretOnly, noColon)
	case !found:
		return Credential{}, badForm(DeniedNoColon, noColon)
	case strings.HasPrefix(secret, KeyPrefix) && !strings.HasPrefix(key, KeyPrefix):
		return Credential{}, badForm(DeniedSwapped, "key and secret are swapped; "+formHint)
	case !strings.HasPrefix(key, KeyPrefix):
		return Credential{}, badForm(DeniedPrefix, "the key does not start with scim_; "+formHint)
	case secret == "":
		return Credential{}, badForm(DeniedEmptySecret, "the secret behind the colon is empty; "+formHint)
	case len(key) > 100 || len(secret) > 200:
		return Credential{}, badForm(DeniedLong, "the secret token is too long; "+formHint)
	}
	return Credential{Key: KeyID(key), Secret: HashSecret(secret)}, nil
}

// KeyStatus is where a SCIM key stands.
type KeyStatus string

// The statuses of keys. Active means neither revoked nor expired.
const (
	KeyActive  KeyStatus = "active"
	KeyExpired KeyStatus = "expired"
	KeyRevoked KeyStatus = "revoked"
)

// SCIMKey is a key as lists show it; the secret is gone.
type SCIMKey struct {
	ID         KeyID
	CreatedBy  string // what the audit log calls its maker
	MakerID    MemberID
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	RevokedAt  time.Time // zero: not revoked
	LastUsedAt time.Time // zero: never; to the minute
	SlotFreed  bool      // it had expired, and its slot was given free for another key
}

// Status tells where the key stands at now. A key is valid while now < ExpiresAt,
// and not again once its slot was given free: so that no more than MaxActiveKeys
// work where a clock is behind (D12).
func (k SCIMKey) Status(now time.Time) KeyStatus {
	switch {
	case !k.RevokedAt.IsZero():
		return KeyRevoked
	case k.SlotFreed, !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return KeyExpired
	}
	return KeyActive
}

// DefaultExpiry is preselected wherever a key is made (R29).
const DefaultExpiry = "12mo"

var expiryMonths = map[string]int{"1mo": 1, "3mo": 3, "6mo": 6, "12mo": 12}

// ParseExpiry turns an expiration choice (1w, 1mo, 3mo, 6mo, 12mo, never, or a
// date as YYYY-MM-DD) into the last second of that day in UTC; the zero time
// means never. A month without such a day ends on its last day. A past date is
// refused.
func ParseExpiry(choice string, now time.Time) (time.Time, error) {
	today := now.UTC()
	switch months, isMonths := expiryMonths[choice]; {
	case isMonths:
		return endOfDay(addMonths(today, months)), nil
	case choice == "never":
		return time.Time{}, nil
	case choice == "1w":
		return endOfDay(today.AddDate(0, 0, 7)), nil
	}
	day, err := time.Parse(time.DateOnly, choice)
	if err != nil {
		return time.Time{}, Errorf(KindInvalid, "expiration %q is not one of 1w, 1mo, 3mo, 6mo, 12mo, never, or a date as YYYY-MM-DD", Clip(choice)).On("expires")
	}
	if end := endOfDay(day); now.Before(end) {
		return end, nil
	}
	return time.Time{}, Errorf(KindInvalid, "expiration %s lies in the past; choose a later date", choice).On("expires")
}

func endOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 23, 59, 59, 0, time.UTC)
}

// addMonths keeps the day of the month, or takes the month's last day where it
// has no such day (31 January + 1 month = 28 or 29 February).
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return time.Date(first.Year(), first.Month(), min(t.Day(), last), 0, 0, 0, 0, time.UTC)
}

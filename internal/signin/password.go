package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/rollcall/rollcall/internal/iam"
)

// Lengths of passwords, in characters. Nothing else is asked of them: length is what
// makes a password strong, and rules about its characters make people choose worse
// (NIST SP 800-63B-4 section 3.1.1.2).
const (
	MinPassword = 12
	MaxPassword = 200
)

// CheckPassword refuses a password that is too short, too long, or the address.
// email is folded.
func CheckPassword(password, email string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return iam.Errorf(iam.KindInvalid, "the password is not UTF-8 text").On("password")
	case n < MinPassword:
		return iam.Errorf(iam.KindInvalid, "the password has %d characters; at least %d are needed", n, MinPassword).On("password")
	case n > MaxPassword:
		return iam.Errorf(iam.KindInvalid, "the password has %d characters; at most %d are allowed", n, MaxPassword).On("password")
	case iam.Fold(strings.TrimSpace(password)) == email:
		return iam.Errorf(iam.KindInvalid, "the password is the e-mail address; choose another").On("password")
	}
	return nil
}

// The work that a guess costs. OWASP Password Storage Cheat Sheet: argon2id with 19
// MiB, 2 passes, 1 lane.
const (
	argonKiB    = 19 * 1024
	argonPasses = 2
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
)

// maxHashing is how many passwords are hashed at a time, so that a flood of guesses
// takes 76 MiB and no more.
const maxHashing = 4

// hashing lets maxHashing in at a time.
type hashing struct {
	once  sync.Once
	slots chan struct{}
}

func (h *hashing) hash(ctx context.Context, password string, salt []byte, passes, kib uint32, lanes uint8, size uint32) ([]byte, error) {
	h.once.Do(func() { h.slots = make(chan struct{}, maxHashing) })
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, iam.Unavailable(ctx.Err())
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, passes, kib, lanes, size), nil
}

// hashPassword makes what is stored of a password: the parameters stand in it, in
// the form that other programs know too ("$argon2id$v=19$m=…").
func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(s.random(), salt); err != nil {
		return "", iam.Errorf(iam.KindInternal, "read randomness: %w", err)
	}
	sum, err := s.hashing.hash(ctx, password, salt, argonPasses, argonKiB, argonLanes, hashBytes)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonKiB, argonPasses, argonLanes, b64(salt), b64(sum)), nil
}

// nobodysHash is the hash of no password: checking against it costs what checking
// against a true one does, so that the time of an answer does not tell whether there
// is such an account (S61).
var nobodysHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonKiB, argonPasses, argonLanes,
	strings.Repeat("A", 22), strings.Repeat("A", 43))

// passwordMatches compares in constant time. A stored text that is no hash is an
// error: it must not look like a wrong password.
func (s *Service) passwordMatches(ctx context.Context, password, stored string) (bool, error) {
	var version int
	var kib, passes uint32
	var lanes uint8
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, iam.Errorf(iam.KindInternal, "a stored password is no argon2id hash")
	}
	_, err1 := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &kib, &passes, &lanes)
	salt, err2 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err3 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || err3 != nil || version != argon2.Version || passes == 0 || lanes == 0 || len(want) < saltBytes {
		return false, iam.Errorf(iam.KindInternal, "a stored password is no argon2id hash that this version knows")
	}
	got, err := s.hashing.hash(ctx, password, salt, passes, kib, lanes, uint32(len(want))) //nolint:gosec // a few bytes
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// pendingLifetime is how long a sign-in at the identity provider may take.
const pendingLifetime = 15 * time.Minute

// pending is a request to the identity provider that waits for its answer. All of it
// is in a cookie of the browser that asked, and nothing in the database: so beginning
// a sign-in, which anybody can, writes nothing.
//
// The request's ID is a hash of the cookie. The identity provider signs the ID into
// its answer (InResponseTo), so the answer fits the cookie, whole and unchanged, or it
// is refused: it is bound to this browser and this organization (S39). Nobody can make
// a cookie for an answer that somebody else's browser asked for, because 256 random
// bits are in it. That a request is answered once is decided when the answer comes, by
// a unique row.
type pending struct {
	secret   string // 256 random bits
	begun    time.Time
	replaces string // the mark of the session that the browser had, "" for none
	to       string // the path to go to
}

// The parts of the cookie, joined by dots: secret, seconds, organization and hash of
// the former session, path.
const pendingParts = 5

func (p pending) cookie() string {
	if p.replaces == "" {
		p.replaces = "."
	}
	return p.secret + "." + strconv.FormatInt(p.begun.Unix(), 36) + "." + p.replaces + "." + base64.RawURLEncoding.EncodeToString([]byte(p.to))
}

// parsePending reads a cookie. ok is false for one that cannot be ours or whose time
// is over.
func parsePending(value string, now time.Time) (p pending, ok bool) {
	parts := strings.Split(value, ".")
	if len(parts) != pendingParts || len(parts[0]) != secretChars {
		return pending{}, false
	}
	seconds, err := strconv.ParseInt(parts[1], 36, 64)
	if err != nil {
		return pending{}, false
	}
	begun := time.Unix(seconds, 0).UTC()
	to, err := base64.RawURLEncoding.DecodeString(parts[4])
	if err != nil || now.Sub(begun) >= pendingLifetime || begun.Sub(now) > time.Minute {
		return pending{}, false
	}
	return pending{secret: parts[0], begun: begun, replaces: parts[2] + "." + parts[3], to: SafePath(string(to))}, true
}

// replaced is the session that the browser had when it asked, which may have lost its
// mark meanwhile.
func (p pending) replaced() (cookie, bool) { return parseMark(p.replaces) }

// requestID is the ID of the request that a cookie stands for: "_" and 160 bits, an
// xs:ID (SAML 2.0 core section 1.3.4).
func requestID(org iam.OrganizationID, cookie string) string {
	sum := sha256.Sum256([]byte("rollcall saml request\n" + string(org) + "\n" + cookie))
	return "_" + hex.EncodeToString(sum[:20])
}

package access

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Service holds what every use case needs. Make one per process: it lets few large previews
// in at a time. Other state it has none, and it is safe for concurrent use.
type Service struct {
	DB        *store.DB
	Now       func() time.Time // nil: the store's clock
	Random    io.Reader        // cryptographically strong; nil: crypto/rand
	PublicURL string           // the server's public base URL, for endpoints and links

	SendMail       SendMail // nil: nothing is mailed
	SupportAddress string   // of the operator, who is mailed what people write to support; "" is nobody

	PreviewWait time.Duration // how long a preview of many members waits for its turn; 0: 5 s
	turns       turns
}

// How long the links that are shown once may be used.
const (
	SetupLinkLifetime  = 72 * time.Hour
	InvitationLifetime = 7 * 24 * time.Hour
)

func (s *Service) now() time.Time {
	if s.Now == nil {
		return s.DB.Now()
	}
	return s.Now().UTC().Truncate(time.Microsecond)
}

func (s *Service) random() io.Reader {
	if s.Random == nil {
		return rand.Reader
	}
	return s.Random
}

// token returns 256 random bits for a one-time link, and the hash that is stored.
func (s *Service) token() (string, iam.SecretHash, error) {
	var b [32]byte
	if _, err := io.ReadFull(s.random(), b[:]); err != nil {
		return "", iam.SecretHash{}, fmt.Errorf("read randomness for a link: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(b[:])
	return token, iam.HashSecret(token), nil
}

// url returns an address below the public URL.
func (s *Service) url(parts ...string) string {
	return strings.TrimRight(s.PublicURL, "/") + "/" + strings.Join(parts, "/")
}

// change is one use case that writes, inside its transaction: the organization's
// row is locked, so that such use cases follow one another.
type change struct {
	judge
	tx  *store.Tx
	now time.Time
}

func newChange(tx *store.Tx, org iam.Organization, actor iam.Actor, now time.Time) *change {
	return &change{judge: judge{reader: tx.Reader, org: org, actor: actor}, tx: tx, now: now}
}

// write runs fn under the organization's row lock. fn may run more than once and
// sets its results anew each time.
func (s *Service) write(ctx context.Context, actor iam.Actor, org iam.OrganizationID, fn func(w *change) error) error {
	return s.writeBy(ctx, s.DB.Write, actor, org, fn)
}

// writeBig is write for an act that counts the members of groups, of which there
// may be many: it does not share a commit with others.
func (s *Service) writeBig(ctx context.Context, actor iam.Actor, org iam.OrganizationID, fn func(w *change) error) error {
	return s.writeBy(ctx, s.DB.WriteBig, actor, org, fn)
}

func (s *Service) writeBy(ctx context.Context, run func(context.Context, func(*store.Tx) error) error,
	actor iam.Actor, org iam.OrganizationID, fn func(w *change) error) error {
	if !iam.IsID(string(org)) {
		return noOrganization(org)
	}
	now := s.now()
	return run(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockOrganization(org)
		if errors.Is(err, iam.ErrNotFound) {
			return noOrganization(org)
		}
		if err != nil {
			return fmt.Errorf("lock organization %s: %w", org, err)
		}
		return fn(newChange(tx, locked, actor, now))
	})
}

// read finds the organization and hands it to fn with a reader.
func (s *Service) read(ctx context.Context, org iam.OrganizationID, fn func(r *store.Reader, org iam.Organization) error) error {
	if !iam.IsID(string(org)) {
		return noOrganization(org)
	}
	r := s.DB.Read(ctx)
	found, err := r.Organization(org)
	if errors.Is(err, iam.ErrNotFound) {
		return noOrganization(org)
	}
	if err != nil {
		return fmt.Errorf("read organization %s: %w", org, err)
	}
	return fn(r, found)
}

func noOrganization(org iam.OrganizationID) error {
	return iam.Errorf(iam.KindNotFound, "there is no organization %q; give the id that the list of organizations shows", iam.Clip(string(org))).On("org")
}

// audit writes the event of one changed resource.
func (w *change) audit(e iam.AuditEvent) error {
	e.Organization, e.At, e.Actor = w.org.ID, w.now, w.actor
	if err := w.tx.InsertAudit(e); err != nil {
		return fmt.Errorf("write the audit event %s: %w", e.Type, err)
	}
	return nil
}

// needAdmin refuses a signed-in member who is no Admin an act by which he could become
// one (D1). what names the act.
func (w *change) needAdmin(what string) error {
	admin, _ := iam.SystemRole(iam.RoleAdmin)
	err := w.mayGive(admin)
	if iam.KindOf(err) == iam.KindForbidden {
		return iam.Errorf(iam.KindForbidden, "%s takes the role Admin (System), because whoever does it can sign in as an Admin; ask an Admin", what)
	}
	return err
}

// breakGlass returns the organization's break-glass Admins.
func (w *change) breakGlass() ([]iam.BreakGlass, error) {
	admins, err := w.tx.BreakGlassAdmins(w.org.ID)
	if err != nil {
		return nil, fmt.Errorf("read the break-glass Admins: %w", err)
	}
	return admins, nil
}

// needBreakGlass refuses what would leave nobody a way in without the identity
// provider (D8). what names the refused act.
func (w *change) needBreakGlass(what string) error {
	admins, err := w.breakGlass()
	if err != nil {
		return err
	}
	if len(admins) == 0 {
		return iam.Errorf(iam.KindConflict, "%s needs an Admin who can get in without the identity provider, and there is none; give a member the role Admin directly and make him a link with admin link", what)
	}
	return nil
}

// ids returns the ids of roles.
func ids(roles []iam.Role) []iam.RoleID {
	list := make([]iam.RoleID, 0, len(roles))
	for _, r := range roles {
		list = append(list, r.ID)
	}
	return list
}

func refs(roles []iam.Role) []iam.RoleRef {
	list := make([]iam.RoleRef, 0, len(roles))
	for _, r := range roles {
		list = append(list, r.Ref())
	}
	return list
}

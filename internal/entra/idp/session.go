package idp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

// cookieName names the session of a browser with the stand-in. Ports do not part cookies,
// so it must differ from those of the products on the same host.
const cookieName = "rollcall-entra"

// sessionLife is how long a browser stays signed in.
const sessionLife = 24 * time.Hour

// session is a browser that is signed in.
type session struct {
	user    directory.ID
	since   time.Time
	entered []participant // applications signed in to, in that order
}

// participant is an application with a session that began here.
type participant struct {
	application  directory.ID
	name         nameID
	sessionIndex string
}

// sessions are kept by the hash of their cookies, so that a dump of memory opens none.
type sessions struct {
	mu   sync.Mutex
	byID map[[sha256.Size]byte]session
}

func (s *sessions) put(value string, one session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[[sha256.Size]byte]session{}
	}
	for id, other := range s.byID {
		if !now.Before(other.since.Add(sessionLife)) {
			delete(s.byID, id)
		}
	}
	s.byID[sha256.Sum256([]byte(value))] = one
}

func (s *sessions) get(value string, now time.Time) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.byID[sha256.Sum256([]byte(value))]
	one.entered = slices.Clone(one.entered)
	return one, ok && now.Before(one.since.Add(sessionLife))
}

// enter notes that the session has begun one with an application.
func (s *sessions) enter(value string, p participant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sha256.Sum256([]byte(value))
	one, ok := s.byID[id]
	if !ok {
		return
	}
	one.entered = slices.DeleteFunc(slices.Clone(one.entered), func(o participant) bool { return o.application == p.application })
	one.entered = append(one.entered, p)
	s.byID[id] = one
}

func (s *sessions) end(value string) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sha256.Sum256([]byte(value))
	one := s.byID[id]
	delete(s.byID, id)
	return one
}

func (s *sessions) endOf(user directory.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.byID, func(_ [sha256.Size]byte, one session) bool { return one.user == user })
}

// EndSessions signs a user out of the stand-in in every browser. Applications that he has
// signed in to are not told.
func (p *Provider) EndSessions(user directory.ID) { p.sessions.endOf(user) }

// cookie returns the value of the session cookie, "" for none.
func (p *Provider) cookie(r *http.Request) string {
	found := r.CookiesNamed(cookieName)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

func (p *Provider) setCookie(w http.ResponseWriter, value string, age time.Duration) {
	cookie := &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: int(age.Seconds()), HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteLaxMode}
	if p.secure {
		cookie.SameSite = http.SameSiteNoneMode // it must come with requests that service providers post
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// begin signs a browser in.
func (p *Provider) begin(w http.ResponseWriter, r *http.Request, user directory.ID) (string, session, error) {
	var raw [32]byte
	if _, err := io.ReadFull(p.random, raw[:]); err != nil {
		return "", session{}, fmt.Errorf("make a session: %w", err)
	}
	if old := p.cookie(r); old != "" {
		p.sessions.end(old)
	}
	value := base64.RawURLEncoding.EncodeToString(raw[:])
	one := session{user: user, since: p.now().UTC()}
	p.sessions.put(value, one, p.now())
	p.setCookie(w, value, sessionLife)
	return value, one, nil
}

// SignedIn returns who is signed in to the stand-in with this browser. A user who was
// disabled or deleted since is not.
func (p *Provider) SignedIn(r *http.Request) (directory.User, bool, error) {
	one, ok := p.sessions.get(p.cookie(r), p.now())
	if !ok {
		return directory.User{}, false, nil
	}
	return p.present(r.Context(), one)
}

func (p *Provider) present(ctx context.Context, one session) (directory.User, bool, error) {
	u, err := p.directory.User(ctx, one.user)
	if directory.IsProblem(err, directory.NotFound) {
		return directory.User{}, false, nil
	}
	return u, err == nil && u.AccountEnabled && u.DeletedAt.IsZero(), err
}

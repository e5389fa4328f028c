package access

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// MemberQuery asks for a page of the list of members, which is in the order of sign-in
// addresses. Conditions that are "" let everybody pass.
type MemberQuery struct {
	Search    string        // words of which each stands in the name or the address; case does not matter
	Role      iam.RoleID    // that the member holds, for whatever reason
	ManagedBy iam.ManagedBy // who keeps him
	State     MemberState
	After     string // MemberPage.Next of the page before
	Before    string // MemberPage.Previous of the page behind; After wins
	Limit     int    // members of a page; below 1 means 50
}

// MemberState is what an admin looks for in a list of members.
type MemberState string

// The states. One member can have several.
const (
	MemberFine          MemberState = "fine"           // no warnings
	MemberNoSignIn      MemberState = "no-sign-in"     // something will keep him from signing in
	MemberNoPermissions MemberState = "no-permissions" // none of his roles holds any
	MemberBreakGlass    MemberState = "break-glass"    // kept, although the identity provider deactivated him (D8)
)

// MemberPage is a page of the list.
type MemberPage struct {
	Members []MemberEntry
	// Next and Previous lead to the pages behind and before; "" where there is none. A
	// page can have fewer members than the limit, or none, and a Next all the same:
	// one request looks through a bounded number of members.
	Next, Previous string
	Total          int // members of the organization
	Looked         int // how many were looked through for this page
}

// MemberEntry is a member in the list.
type MemberEntry struct {
	iam.Member
	LocalSignIn bool // he can sign in with a password, or has a link to set one
}

// Filtered tells whether the query leaves anybody out.
func (q MemberQuery) Filtered() bool {
	return strings.TrimSpace(q.Search) != "" || q.Role != "" || q.ManagedBy != "" || q.State != ""
}

// How many members one request looks through before it lets the person ask for more.
// Names alone are read much faster than members with their roles.
const (
	maxLookedNames   = 200_000
	maxLookedMembers = 20_000
	namePage         = 5_000
)

// MemberPage returns a page of the members.
func (s *Service) MemberPage(ctx context.Context, org iam.OrganizationID, q MemberQuery) (MemberPage, error) {
	if q.Limit < 1 {
		q.Limit = 50
	}
	var page MemberPage
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		viewer, err := newMemberViewer(r, org)
		if err != nil {
			return err
		}
		total, err := r.CountMembers(org)
		if err != nil {
			return err
		}
		w := &memberWalk{reader: r, org: org, viewer: viewer, query: q, words: strings.Fields(strings.ToLower(q.Search))}
		if w.from = decodeCursor(q.After); w.from == "" {
			w.from = decodeCursor(q.Before)
			w.back = w.from != ""
		}
		page, err = w.page()
		page.Total = total.All
		return err
	})
	return page, err
}

func encodeCursor(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

// decodeCursor returns "", the beginning of the list, for what is no cursor.
func decodeCursor(cursor string) string {
	key, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || iam.CheckName("cursor", string(key)) != nil {
		return ""
	}
	return string(key)
}

// memberWalk goes through the members, forwards or backwards, for those that fit.
type memberWalk struct {
	reader *store.Reader
	org    iam.OrganizationID
	viewer *memberViewer
	query  MemberQuery
	words  []string // of the search, in lower case

	back   bool
	from   string // the login key that was passed last; "" at the beginning
	looked int
	more   bool // there is something behind from
	found  []MemberEntry
	keys   []string // the login keys of found
}

// page walks until a page is full, and makes the cursors of its neighbours.
func (w *memberWalk) page() (MemberPage, error) {
	start := w.from
	if err := w.walk(); err != nil {
		return MemberPage{}, err
	}
	if w.back && !w.more && len(w.found) < w.query.Limit {
		// The first page is shown full, wherever he came from.
		first := memberWalk{reader: w.reader, org: w.org, viewer: w.viewer, query: w.query, words: w.words}
		return first.page()
	}
	p := MemberPage{Members: w.found, Looked: w.looked}
	if w.back {
		slices.Reverse(w.found)
		slices.Reverse(w.keys)
		last := w.from
		if n := len(w.keys); n > 0 {
			last = w.keys[n-1]
		}
		p.Next = encodeCursor(last)
		if w.more {
			p.Previous = encodeCursor(w.from)
		}
		return p, nil
	}
	if w.more {
		p.Next = encodeCursor(w.from)
	}
	if start != "" {
		p.Previous = encodeCursor(append(w.keys, start)[0])
	}
	return p, nil
}

// walk passes member after member until the page is full, the list is at its end, or
// enough were looked through.
func (w *memberWalk) walk() error {
	for {
		ended, err := w.step()
		if err != nil || w.more || ended {
			return err
		}
		if len(w.words) == 0 && w.looked >= maxLookedMembers || w.looked >= maxLookedNames {
			w.more = true
			return nil
		}
	}
}

// step reads the next piece of the list and tells whether it was the last. The search
// goes by names alone, and reads only the members whose names fit.
func (w *memberWalk) step() (ended bool, err error) {
	if len(w.words) == 0 {
		size := memberPage
		if !w.query.Filtered() {
			size = w.query.Limit + 1 // all of them fit
		}
		members, err := w.reader.MembersFrom(w.org, w.from, w.back, size)
		if err != nil {
			return false, err
		}
		for _, m := range members {
			if !w.pass(m.LoginKey, &m) {
				break
			}
		}
		return len(members) < size, nil
	}
	names, err := w.reader.MemberNamesFrom(w.org, w.from, w.back, namePage)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		m, err := w.named(name)
		if err != nil {
			return false, err
		}
		if !w.pass(name.LoginKey, m) {
			break
		}
	}
	return len(names) < namePage, nil
}

// named reads the member of a name that has all words of the search; nil for another
// name, and for a member who has just gone.
func (w *memberWalk) named(name store.MemberName) (*store.Member, error) {
	shown := strings.ToLower(strings.Join([]string{name.LoginKey, name.DisplayName, name.GivenName, name.FamilyName}, "\n"))
	for _, word := range w.words {
		if !strings.Contains(shown, word) {
			return nil, nil //nolint:nilnil // no member is no trouble here
		}
	}
	m, err := w.reader.Member(w.org, name.ID)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, fmt.Errorf("read member %s: %w", name.ID, err)
	}
	return &m, nil
}

// pass looks at a member, nil for one that does not fit; false when he fits and the
// page is full: then he is left for the next one.
func (w *memberWalk) pass(key string, m *store.Member) bool {
	if m != nil {
		entry := MemberEntry{Member: w.viewer.view(*m), LocalSignIn: m.LocalSignIn}
		if w.fits(*m, entry) {
			if len(w.found) == w.query.Limit {
				w.more = true
				return false
			}
			w.found, w.keys = append(w.found, entry), append(w.keys, key)
		}
	}
	w.from = key
	w.looked++
	return true
}

func (w *memberWalk) fits(m store.Member, entry MemberEntry) bool {
	q := w.query
	if q.ManagedBy != "" && m.ManagedBy != q.ManagedBy {
		return false
	}
	if q.Role != "" && !slices.ContainsFunc(entry.Roles, func(h iam.HeldRole) bool { return h.Role.ID == q.Role }) {
		return false
	}
	switch q.State {
	case MemberFine:
		return len(entry.Warnings) == 0
	case MemberNoSignIn:
		return w.viewer.signInTrouble(m)
	case MemberNoPermissions:
		return w.viewer.noPermissions(entry.Roles)
	case MemberBreakGlass:
		return m.Status == iam.StatusBreakGlass
	}
	return true
}

// signInTrouble tells whether something will keep a member from signing in.
func (v *memberViewer) signInTrouble(m store.Member) bool {
	if m.SCIM {
		return m.Status == iam.StatusActive && len(iam.SignInTroubles(identityOf(m), v.verified)) > 0
	}
	return !m.LocalSignIn && !v.verified(iam.DomainOf(m.LoginKey))
}

func (v *memberViewer) noPermissions(held []iam.HeldRole) bool {
	return iam.NoPermissions(held, func(id iam.RoleID) ([]iam.Permission, bool) {
		permissions, ok := v.permissions[id]
		return permissions, ok
	})
}

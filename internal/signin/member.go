package signin

import (
	"errors"
	"fmt"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// member finds the member of the assertion's address and holds his row, or makes him
// if that is allowed. joined tells that he is new.
func (in *admission) member(tx *store.Tx, org iam.Organization, a *attempt) (user store.User, joined bool, err error) {
	found, err := tx.UserByLogin(org.ID, in.email)
	if errors.Is(err, iam.ErrNotFound) {
		a.member = ""
		return in.join(tx, org)
	}
	if err != nil {
		return store.User{}, false, fmt.Errorf("read the user of %q: %w", in.email, err)
	}
	a.member = found.ID
	user, err = tx.LockUser(org.ID, found.ID)
	if errors.Is(err, iam.ErrNotFound) || err == nil && user.LoginKey != in.email {
		return store.User{}, false, refusal(CauseChanged, sentenceAgain, "the user of %q was changed during the sign-in", in.email)
	}
	if err != nil {
		return store.User{}, false, fmt.Errorf("read the user of %q: %w", in.email, err)
	}
	return user, false, mayKeep(MethodSAML, user.Status, nil)
}

// join makes a member at his first sign-in (D9): with SCIM off, from a verified domain,
// which the caller has checked. He gets no direct roles, and so the Default roles. The
// address of an inactive SCIM user never comes here: there is a user.
//
// The organization's row must be held, so that SCIM is not turned on meanwhile.
func (in *admission) join(tx *store.Tx, org iam.Organization) (user store.User, joined bool, err error) {
	if org.SCIMEnabled {
		return store.User{}, false, refusal(CauseNotProvisioned, sentenceDenied,
			"no member has the address %q, and while SCIM is on only the identity provider makes members: assign the person to the application there, and compare userName with the address that SAML sends", in.email)
	}
	if !in.locked {
		return store.User{}, false, errNeedsLock
	}
	now := in.draft.now
	user = store.User{
		Org: org.ID, ID: in.id, LoginKey: in.email, UserName: in.email,
		DisplayName: shownName(in.assertion.DisplayName), GivenName: shownName(in.assertion.GivenName), FamilyName: shownName(in.assertion.FamilyName),
		Status: iam.StatusActive, ManagedBy: iam.ManagedBySAML, Doc: "{}", Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	added, err := tx.InsertUser(user)
	if err != nil {
		return store.User{}, false, fmt.Errorf("insert the member %q: %w", in.email, err)
	}
	if !added {
		return store.User{}, false, refusal(CauseChanged, sentenceAgain, "somebody made a user of %q during the sign-in", in.email)
	}
	err = tx.InsertAudit(iam.AuditEvent{
		Organization: org.ID, At: now, Type: iam.MemberAdd, Actor: in.draft.client.actor(user.ID, in.email),
		TargetType: "user", TargetID: string(user.ID), TargetName: in.email,
		Details: map[string]any{"reason": "first sign-in by SAML"},
	})
	if err != nil {
		return store.User{}, false, fmt.Errorf("write the audit event %s: %w", iam.MemberAdd, err)
	}
	return user, true, nil
}

// shownName takes a name from an assertion, or nothing where it could mislead or
// would not fit.
func shownName(name string) string {
	if iam.CheckName("name", name) != nil {
		return ""
	}
	return name
}

package provision

import (
	"context"
	"errors"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// CreateUser provisions a person (RFC 7644 section 3.3): a SCIM user, who is a
// member unless the body says active:false (D4). The address of a member who is
// no SCIM user adopts that member when its domain is verified here, and is refused
// otherwise (D5). 409 uniqueness when any SCIM user has the userName.
func (s *Service) CreateUser(ctx context.Context, c iam.SCIMCaller, body scim.Object, tr *Trail) (Document, error) {
	return s.createUser(ctx, c, s.DB.NewID(), body, tr)
}

func (s *Service) createUser(ctx context.Context, c iam.SCIMCaller, newID string, body scim.Object, tr *Trail) (Document, error) {
	attrs, ignored, err := scim.User.Normalize(body)
	if err != nil {
		return Document{}, err
	}
	u, err := newUserState(attrs, true)
	if err != nil {
		return Document{}, err
	}
	id := iam.MemberID(newID)
	var doc Document
	err = s.write(ctx, "create user", c, verifiedDomains, func(w *writing) error {
		if err := w.checkPolicy(u); err != nil {
			return err
		}
		row, groups, notes, err := w.addUser(id, u)
		if err != nil {
			return err
		}
		doc = userDocument(row, groups)
		tr.set(append([]scim.Verdict{{Op: "create", Verdict: scim.Applied}}, append(noteVerdicts("create", ignored), notes...)...)...)
		return nil
	})
	return doc, err
}

// addUser inserts a new SCIM user, or adopts the member who has the address.
func (w *writing) addUser(id iam.MemberID, u userState) (store.User, []Ref, []scim.Verdict, error) {
	row := u.row(store.User{Org: w.org, ID: id, Version: 1, CreatedAt: w.now, UpdatedAt: w.now, ManagedBy: iam.ManagedBySCIM, Status: iam.StatusActive})
	if !u.active {
		row.Status = iam.StatusInactive
	}
	added, err := w.tx.InsertUser(row)
	if err != nil {
		return store.User{}, nil, nil, err
	}
	if !added {
		return w.adopt(u)
	}
	if err := w.tx.AddCount(w.org, store.CountUsers, string(id), 1); err != nil {
		return store.User{}, nil, nil, err
	}
	event := iam.AuditEvent{Type: iam.MemberAdd, TargetType: "user", TargetID: string(id), TargetName: row.UserName, Details: map[string]any{}}
	if !u.active {
		event.Type = iam.SCIMUserProfileUpdate
		event.Details["created"], event.Details["active"] = true, false
	}
	if err := w.dropAccess(row, false, event.Details); err != nil {
		return store.User{}, nil, nil, err
	}
	return row, []Ref{}, w.warnings("create", u), w.audit(event)
}

// adopt makes a SCIM user of the member who has the address: same id, direct roles
// kept (D5, S7). Nothing about his local sign-in changes.
func (w *writing) adopt(u userState) (store.User, []Ref, []scim.Verdict, error) {
	before, err := w.lockHolder(u)
	if err != nil {
		return store.User{}, nil, nil, err
	}
	if before.SCIM {
		return store.User{}, nil, nil, taken(u, before)
	}
	if !w.isVerified(iam.DomainOf(before.LoginKey)) {
		return store.User{}, nil, nil, scim.Errorf(409, scim.Uniqueness,
			"userName %q is the address of a member who is not managed by SCIM, and the domain %q is not verified for this organization; verify the domain under SAML settings so that SCIM may take the member over, or remove the member",
			iam.Clip(u.name.Answer), iam.DomainOf(before.LoginKey))
	}
	row := u.row(before)
	row.ManagedBy, row.Status = iam.ManagedBySCIM, iam.StatusActive
	row.Version, row.UpdatedAt = before.Version+1, w.now
	event := iam.AuditEvent{Type: iam.SCIMUserAdopt, TargetType: "user", TargetID: string(row.ID), TargetName: row.UserName,
		Details: map[string]any{"managedByBefore": string(before.ManagedBy), "active": u.active}}
	notes := w.warnings("create", u)
	notes = append(notes, scim.Verdict{Op: "create", Path: "userName", Verdict: scim.Applied, Note: "a member with this address was there already and is managed by SCIM from now on; his direct roles stay"})
	if !u.active {
		kept, err := w.keepBreakGlass(&row)
		if err != nil {
			return store.User{}, nil, nil, err
		}
		if kept {
			notes = append(notes, scim.Verdict{Op: "create", Path: "active", Verdict: scim.Applied, Note: breakGlassNote})
		}
	}
	if err := w.tx.UpdateUser(row); err != nil {
		return store.User{}, nil, nil, err
	}
	if err := w.dropAccess(row, row.Status == iam.StatusInactive, event.Details); err != nil {
		return store.User{}, nil, nil, err
	}
	if err := w.tx.AddCount(w.org, store.CountUsers, string(row.ID), 1); err != nil {
		return store.User{}, nil, nil, err
	}
	return row, []Ref{}, notes, w.audit(event)
}

// lockHolder reads and holds the row that has the userName of a new user. The row
// may go, or get another name, at any moment before it is held: then the request
// is refused, and finds the name free when it is sent again.
func (w *writing) lockHolder(u userState) (store.User, error) {
	freed := scim.Errorf(409, scim.Uniqueness, "userName %q was taken and freed at this very moment; send the request again", iam.Clip(u.name.Answer))
	holder, err := w.tx.UserByLogin(w.org, u.name.Key)
	if err == nil {
		holder, err = w.tx.LockUser(w.org, holder.ID)
	}
	switch {
	case errors.Is(err, iam.ErrNotFound):
		return store.User{}, freed
	case err != nil:
		return store.User{}, err
	case holder.LoginKey != u.name.Key:
		return store.User{}, freed
	}
	return holder, nil
}

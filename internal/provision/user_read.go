package provision

import (
	"context"
	"errors"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// GetUser returns a SCIM user, active or not (D4). With w.Groups it is one
// statement all the same.
func (s *Service) GetUser(ctx context.Context, c iam.SCIMCaller, id string, w Want) (Document, error) {
	if !iam.IsID(id) {
		return Document{}, noUser(id)
	}
	r := s.DB.Read(ctx)
	org := c.Organization.ID
	if !w.Groups {
		row, err := r.User(org, iam.MemberID(id))
		if err == nil && !row.SCIM {
			err = iam.ErrNotFound
		}
		if err != nil {
			return Document{}, s.answer(ctx, "get user", c, missingUser(err, id))
		}
		return userDocument(row, nil), nil
	}
	row, groups, err := r.SCIMUserWithGroups(org, iam.MemberID(id))
	if err != nil {
		return Document{}, s.answer(ctx, "get user", c, missingUser(err, id))
	}
	return userDocument(row, groupRefs(groups)), nil
}

// missingUser names the user that a look-up did not find.
func missingUser(err error, id string) error {
	if errors.Is(err, iam.ErrNotFound) {
		return noUser(id)
	}
	return err
}

func groupRefs(groups []store.GroupName) []Ref {
	refs := make([]Ref, len(groups))
	for i, g := range groups {
		refs[i] = Ref{Value: string(g.ID), Display: g.DisplayName}
	}
	return refs
}

// userDocument makes an answer of a row. groups nil means not wanted.
func userDocument(row store.User, groups []Ref) Document {
	return Document{
		Type:     scim.User,
		ID:       string(row.ID),
		Version:  row.Version,
		Created:  row.CreatedAt,
		Modified: row.UpdatedAt,
		Active:   row.Status == iam.StatusActive,
		Attrs:    []byte(row.Doc),
		Schemas:  userSchemas(row.Doc),
		Groups:   groups,
	}
}

var (
	plainUser      = scim.User.Schemas(scim.Object{})
	enterpriseUser = scim.User.Schemas(scim.Object{scim.EnterpriseUserURN: scim.Object{"department": "x"}})
)

// userSchemas tells from the stored text whether the enterprise extension is
// there. A stored document is canonical: the key stands first or behind a comma,
// quotes inside values are escaped, and no attribute that is kept has that name
// one level down.
func userSchemas(doc string) []string {
	if hasKey(doc, scim.EnterpriseUserURN) {
		return enterpriseUser
	}
	return plainUser
}

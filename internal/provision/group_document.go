package provision

import (
	"context"
	"errors"
	"iter"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// memberPage is how many members are read at once while an answer is written: no
// read holds a snapshot longer than one page.
const memberPage = 1000

var groupSchemas = scim.Group.Schemas(scim.Object{})

// groupState is a SCIM group as a request leaves it, without its members.
type groupState struct {
	attrs      scim.Object
	doc        []byte
	name       string
	externalID string
}

// newGroupState takes a normalized document apart and checks what Rollcall asks of
// a group beyond the schema.
func newGroupState(attrs scim.Object) (groupState, error) {
	if err := scim.Group.RequireAttributes(attrs); err != nil {
		return groupState{}, err
	}
	g := groupState{attrs: attrs, name: text(attrs, "displayName"), externalID: text(attrs, "externalId")}
	if len(g.name) > iam.MaxNameBytes {
		return groupState{}, scim.Errorf(400, scim.InvalidValue, "displayName is %d bytes long; at most %d are allowed", len(g.name), iam.MaxNameBytes)
	}
	if err := checkExternalID(g.externalID); err != nil {
		return groupState{}, err
	}
	g.doc = scim.Encode(attrs)
	return g, nil
}

func (g groupState) row(before store.Group) store.Group {
	row := before
	row.DisplayName, row.NameKey, row.ExternalID, row.Doc = g.name, iam.Fold(g.name), g.externalID, string(g.doc)
	return row
}

// groupDocument makes an answer of a row; members is nil when they are not wanted.
func groupDocument(row store.Group, members iter.Seq2[Ref, error]) Document {
	return Document{
		Type:     scim.Group,
		ID:       string(row.ID),
		Version:  row.Version,
		Created:  row.CreatedAt,
		Modified: row.UpdatedAt,
		Attrs:    []byte(row.Doc),
		Schemas:  groupSchemas,
		Members:  members,
	}
}

// members reads a group's members page by page, in the order of their ids.
func (s *Service) members(ctx context.Context, c iam.SCIMCaller, id iam.GroupID) iter.Seq2[Ref, error] {
	return func(yield func(Ref, error) bool) {
		r := s.DB.Read(ctx)
		after := iam.MemberID("")
		for {
			page, err := r.GroupMembersAfter(c.Organization.ID, id, after, memberPage)
			if err != nil {
				yield(Ref{}, s.answer(ctx, "read members", c, err))
				return
			}
			for _, m := range page {
				if !yield(memberRef(m), nil) {
					return
				}
			}
			if len(page) < memberPage {
				return
			}
			after = page[len(page)-1].ID
		}
	}
}

func memberRef(m store.GroupMember) Ref {
	if m.DisplayName != "" {
		return Ref{Value: string(m.ID), Display: m.DisplayName}
	}
	return Ref{Value: string(m.ID), Display: m.UserName}
}

// GetGroup returns a group; its members are read only when w wants them, and then
// while they are written.
func (s *Service) GetGroup(ctx context.Context, c iam.SCIMCaller, id string, w Want) (Document, error) {
	if !iam.IsID(id) {
		return Document{}, noGroup(id)
	}
	row, err := s.DB.Read(ctx).Group(c.Organization.ID, iam.GroupID(id))
	if err != nil {
		return Document{}, s.answer(ctx, "get group", c, missingGroup(err, id))
	}
	if !w.Members {
		return groupDocument(row, nil), nil
	}
	return groupDocument(row, s.members(ctx, c, row.ID)), nil
}

func missingGroup(err error, id string) error {
	if errors.Is(err, iam.ErrNotFound) {
		return noGroup(id)
	}
	return err
}

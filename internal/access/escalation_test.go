package access_test

import (
	"context"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Whoever says which identity provider signs people in can sign in as an Admin: the
// permission to manage the organization is not enough for it.
func TestConnectSAML_onlyAnAdminChangesWhomToTrust(t *testing.T) {
	each(t, func(w *world) {
		const address = "https://idp.example/metadata"
		w.user("ann@example.com")
		w.role("Managers", "", string(iam.PermOrganizationManage))
		w.ok(w.setRoles("ann@example.com", "Managers"))
		ann, ada := w.person("ann@example.com"), w.person("ada@example.com")
		first := metadata(t, "https://idp.example/1")
		connect := func(by iam.Actor, in access.Connect) func() error {
			return func() error {
				_, err := w.ConnectSAML(t.Context(), by, w.org, in)
				return err
			}
		}
		in := access.Connect{Metadata: first, URL: address}
		w.refused(iam.KindForbidden, "takes the role Admin", connect(ann, in))
		w.ok(connect(ada, in)())
		// The same once more takes nobody's right.
		w.ok(connect(ann, in)())
		for name, other := range map[string]access.Connect{
			"another provider":    {Metadata: metadata(t, "https://idp.example/2"), URL: address},
			"another certificate": {Metadata: metadata(t, "https://idp.example/1"), URL: address},
			"another source":      {Metadata: first, URL: "https://elsewhere.example/metadata"},
			"a file":              {Metadata: first},
		} {
			t.Log(name)
			w.refused(iam.KindForbidden, "takes the role Admin", connect(ann, other))
		}
		// To read what the source says now is no choice of whom to trust.
		renewed := metadata(t, "https://idp.example/1")
		changed, err := w.RefreshSAML(t.Context(), ann, w.org, func(context.Context, string, bool) ([]byte, error) { return renewed, nil })
		if !changed || err != nil {
			t.Errorf("the refresh: %v, %v", changed, err)
		}
		// And it does not undo what an Admin does at that very moment.
		other := access.Connect{Metadata: metadata(t, "https://idp.example/3"), URL: address}
		_, err = w.RefreshSAML(t.Context(), ann, w.org, func(context.Context, string, bool) ([]byte, error) {
			w.ok(connect(ada, other)())
			return first, nil
		})
		if iam.KindOf(err) != iam.KindConflict {
			t.Errorf("a refresh behind an Admin's change: %v", err)
		}
		if view := must[access.SAMLView](t)(w.SAML(t.Context(), w.org)); view.IdPEntityID != "https://idp.example/3" {
			t.Errorf("connected to %s", view.IdPEntityID)
		}
	})
}

// The Default role is what is left to whoever loses his other roles. Nobody comes by one
// that he may not give by taking his own roles away, or by deleting or unlinking them.
func TestDefaultRole_isNotReachedByTakingAway(t *testing.T) {
	each(t, func(w *world) {
		ann := w.user("ann@example.com")
		w.user("ben@example.com")
		managers := w.role("Managers", "", string(iam.PermOrganizationManage))
		w.ok(w.setRoles("ann@example.com", "Managers"))
		readers := w.role("Readers", "")
		w.group("Readers", readers.ID, w.user("cid@example.com"))
		by := w.person("ann@example.com")
		none := func(who string) func() error {
			return func() error {
				_, err := w.SetMemberRoles(t.Context(), by, w.org, who, nil)
				return err
			}
		}
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), iam.Operator, w.org, []string{"system:Admin"}))
		w.refused(iam.KindForbidden, "only an Admin may give the role Admin", none("ann@example.com"))
		w.refused(iam.KindForbidden, "only an Admin may give the role Admin", func() error {
			return w.DeleteRole(t.Context(), by, w.org, string(managers.ID))
		})
		w.refused(iam.KindForbidden, "only an Admin may give the role Admin", func() error {
			return w.UnlinkRole(t.Context(), by, w.org, string(readers.ID))
		})
		// Whoever holds a role through a group keeps that, and no Default role comes.
		w.group("Managing", managers.ID, ann)
		w.ok(none("ann@example.com")())
		must[[]iam.RoleRef](t)(w.SetDefaultRoles(t.Context(), iam.Operator, w.org, []string{"Member"}))
		w.ok(w.UnlinkRole(t.Context(), by, w.org, string(readers.ID)))
		w.ok(w.DeleteRole(t.Context(), by, w.org, string(readers.ID)))
	})
}

// A session that began with a password ends with the role Admin, and does not come back
// with it.
func TestSetMemberRoles_endsLocalSessions(t *testing.T) {
	each(t, func(w *world) {
		eve := w.user("eve@example.com")
		w.ok(w.setRoles("eve@example.com", "system:Admin"))
		for _, method := range []string{"saml", "local"} {
			w.write(func(tx *store.Tx) error {
				return tx.InsertSession(w.org, store.Session{
					ID: w.db.NewID(), Member: eve, Method: method, CreatedAt: w.clock(), LastSeenAt: w.clock(), ExpiresAt: w.clock().Add(time.Hour),
				}, iam.HashSecret(method))
			})
		}
		w.ok(w.setRoles("eve@example.com", "Billing"))
		w.ok(w.setRoles("eve@example.com", "system:Admin"))
		left := must[[]store.Session](t)(w.db.Read(t.Context()).MemberSessions(w.org, eve, w.clock()))
		if len(left) != 1 || left[0].Method != "saml" {
			t.Errorf("the sessions left are %+v", left)
		}
	})
}

package signin_test

import (
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// invite invites an address and returns the id and the token of its link.
func (h *house) invite(email string, roles ...string) (iam.InvitationID, string) {
	h.t.Helper()
	made, err := h.admin.Invite(h.t.Context(), iam.Operator, h.org, email, roles)
	h.ok(err)
	return made.ID, made.URL[strings.LastIndex(made.URL, "/")+1:]
}

// acceptInvitation accepts the pending invitation of an Admin, invited anew.
func (h *house) acceptInvitation(email, word string) signin.SignedIn {
	h.t.Helper()
	id, token := h.invite(email, "system:Admin")
	accepted, err := h.AcceptInvitation(h.t.Context(), h.org, id, token, word, browser)
	h.ok(err)
	if accepted.Way != signin.WayPassword {
		h.t.Errorf("accepted: %+v", accepted)
	}
	return accepted.SignedIn
}

func (h *house) member(email string) (iam.Member, bool) {
	h.t.Helper()
	members, err := h.admin.Members(h.t.Context(), h.org, true)
	h.ok(err)
	for _, m := range members {
		if m.Email == email {
			return m, true
		}
	}
	return iam.Member{}, false
}

func TestAcceptInvitation_saml(t *testing.T) {
	eachHouse(t, func(h *house) {
		id, token := h.invite("Bo@Example.com", "system:Billing")
		before := storetest.Dump(t, h.url)
		shown, err := h.Invitation(t.Context(), h.org, id, token)
		h.ok(err)
		if shown.Email != "bo@example.com" || shown.OrganizationName != "Example" || shown.Way != signin.WaySAML || len(shown.Roles) != 1 || shown.InvitedBy != "command line" {
			t.Errorf("invitation %+v", shown)
		}
		if storetest.Dump(t, h.url) != before {
			t.Error("looking at the invitation changed something")
		}
		accepted, err := h.AcceptInvitation(t.Context(), h.org, id, token, "", browser)
		h.ok(err)
		if accepted.Way != signin.WaySAML || accepted.SignedIn.Cookie != "" {
			t.Errorf("accepted: %+v", accepted)
		}
		m, ok := h.member("bo@example.com")
		if !ok || m.ManagedBy != iam.ManagedByAdmin || len(m.Roles) != 1 || m.Roles[0].Role.ID != iam.RoleBilling {
			t.Errorf("member %+v", m)
		}
		if s := h.alive(h.signIn("bo@example.com").Cookie); s.Member != m.ID || !s.May(iam.PermViewBilling) {
			t.Errorf("session %+v", s)
		}
		if joined := h.events(iam.MemberJoin); len(joined) != 1 || joined[0].TargetID != string(m.ID) {
			t.Errorf("organization_member_join: %+v", joined)
		}
		_, err = h.AcceptInvitation(t.Context(), h.org, id, token, "", browser)
		if iam.KindOf(err) != iam.KindForbidden {
			t.Errorf("accepted again: %v", err)
		}
	})
}

func TestAcceptInvitation_password(t *testing.T) {
	eachHouse(t, func(h *house) {
		id, token := h.invite("bo@nowhere.example", "system:Admin", "system:Billing")
		if _, err := h.AcceptInvitation(t.Context(), h.org, id, token, "short", browser); iam.KindOf(err) != iam.KindInvalid {
			t.Errorf("a short password: %v", err)
		}
		accepted, err := h.AcceptInvitation(t.Context(), h.org, id, token, password, browser)
		h.ok(err)
		s := h.alive(accepted.SignedIn.Cookie)
		if accepted.Way != signin.WayPassword || s.Email != "bo@nowhere.example" || s.Method != signin.MethodLocal || len(s.Roles) != 2 || !s.May(iam.PermOrganizationManage) {
			t.Errorf("session %+v", s)
		}
		in, err := h.Password(t.Context(), h.org, "bo@nowhere.example", password, browser)
		h.ok(err)
		h.alive(in.Cookie)
	})
}

// Neither single sign-on nor an Admin: the invitation waits until there is a way.
func TestAcceptInvitation_noWayYet(t *testing.T) {
	eachHouse(t, func(h *house) {
		id, token := h.invite("bo@later.example", "system:Billing")
		before := storetest.Dump(t, h.url)
		if _, err := h.AcceptInvitation(t.Context(), h.org, id, token, password, browser); iam.KindOf(err) != iam.KindConflict {
			t.Errorf("accepted: %v", err)
		}
		if storetest.Dump(t, h.url) != before {
			t.Error("a refused acceptance changed something")
		}
		_, err := h.admin.AddDomain(t.Context(), iam.Operator, h.org, "later.example", true)
		h.ok(err)
		_, err = h.AcceptInvitation(t.Context(), h.org, id, token, "", browser)
		h.ok(err)
		h.alive(h.signIn("bo@later.example").Cookie)
	})
}

func TestAcceptInvitation_wrongLinks(t *testing.T) {
	eachHouse(t, func(h *house) {
		elsewhere, _ := h.organization("Elsewhere")
		id, token := h.invite("bo@example.com", "system:Billing")
		otherID, _ := h.invite("cy@example.com", "system:Admin")
		refused := func(org iam.OrganizationID, id iam.InvitationID, token string) {
			t.Helper()
			_, looked := h.Invitation(t.Context(), org, id, token)
			_, accepted := h.AcceptInvitation(t.Context(), org, id, token, password, browser)
			if iam.KindOf(looked) != iam.KindForbidden || iam.KindOf(accepted) != iam.KindForbidden || looked.Error() != accepted.Error() {
				t.Errorf("%s/%s: %v, %v", org, id, looked, accepted)
			}
		}
		refused(elsewhere, id, token)
		refused("nonsense", id, token)
		refused(h.org, otherID, token)
		refused(h.org, "nonsense", token)
		refused(h.org, id, "")
		refused(h.org, id, token+"x")
		former := token
		id2, token := h.invite("bo@example.com", "system:Billing")
		refused(h.org, id, former)
		h.sleep(access.InvitationLifetime)
		refused(h.org, id2, token)
		if _, ok := h.member("bo@example.com"); ok {
			t.Error("he became a member")
		}
	})
}

// D5, D9: who the address has become meanwhile.
func TestAcceptInvitation_addressInUse(t *testing.T) {
	eachHouse(t, func(h *house) {
		// A first sign-in by SAML made him a member: he gets the roles beside.
		id, token := h.invite("bo@example.com", "system:Billing")
		in := h.signIn("bo@example.com")
		_, err := h.AcceptInvitation(t.Context(), h.org, id, token, "", browser)
		h.ok(err)
		if s := h.alive(in.Cookie); len(s.Roles) != 1 || s.Roles[0].Role.ID != iam.RoleBilling {
			t.Errorf("session %+v", s)
		}
		// An admin invites a SCIM user who is inactive, while SCIM is off: a member again.
		user := h.scimUser("gone@example.com", false)
		id, token = h.invite("gone@example.com", "system:Billing")
		_, err = h.AcceptInvitation(t.Context(), h.org, id, token, "", browser)
		h.ok(err)
		if s := h.alive(h.signIn("gone@example.com").Cookie); string(s.Member) != user {
			t.Errorf("session %+v", s)
		}
		// While SCIM is on the identity provider decides.
		h.scimUser("later@example.com", false)
		id, token = h.invite("later@example.com", "system:Billing")
		h.enableSCIM()
		if _, err := h.AcceptInvitation(t.Context(), h.org, id, token, "", browser); iam.KindOf(err) != iam.KindConflict {
			t.Errorf("accepted: %v", err)
		}
		if m, _ := h.member("later@example.com"); m.Status != iam.StatusInactive {
			t.Errorf("member %+v", m)
		}
	})
}

func TestAcceptInvitation_atOnce(t *testing.T) {
	eachHouse(t, func(h *house) {
		id, token := h.invite("bo@nowhere.example", "system:Admin")
		results := h.atOnce(4, func(s *signin.Service) error {
			_, err := s.AcceptInvitation(t.Context(), h.org, id, token, password, browser)
			return err
		})
		if results[""] != 1 || results[signin.CauseLink] != 3 || h.rows("sessions") != 1 {
			t.Errorf("the answers were %v; %d sessions", results, h.rows("sessions"))
		}
	})
}

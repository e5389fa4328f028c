package access_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/outbound"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// post takes mail of a world's server, or refuses it with an error. It looks at the
// database meanwhile: mail goes out when its cause is there, and no lock is held.
type post struct {
	*world
	sent  []outbound.Message
	fails error
	look  func()
}

func (w *world) withPost(look func()) *post {
	p := &post{world: w, look: look}
	w.SendMail = func(_ context.Context, m outbound.Message) error {
		p.look()
		if p.fails == nil {
			p.sent = append(p.sent, m)
		}
		return p.fails
	}
	return p
}

func TestInvite_mail(t *testing.T) {
	each(t, func(w *world) {
		if made := must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, "zoe@example.com", nil)); made.Mail.Tried || w.MailsInvitations() {
			t.Errorf("without a mail server: %+v", made.Mail)
		}
		invited := 0
		p := w.withPost(func() {
			// Another act of the organization goes through while the mail is on its way.
			pending := must[[]access.InvitationView](t)(w.Invitations(t.Context(), w.org))
			invited = len(pending)
			name := fmt.Sprintf("Beside %d", invited)
			must[access.RoleView](t)(w.CreateRole(t.Context(), iam.Operator, w.org, access.RoleInput{Name: &name}))
		})
		made := must[access.Invited](t)(w.Invite(t.Context(), w.person("ada@example.com"), w.org, "Mia@Example.com", []string{"Billing"}))
		if !made.Mail.Sent() || len(p.sent) != 1 || invited != 2 {
			t.Fatalf("%+v, sent %d, %d were invited", made.Mail, len(p.sent), invited)
		}
		m := p.sent[0]
		if m.To != "mia@example.com" || m.ReplyTo != "ada@example.com" || m.Subject != "Invitation to Example" || m.Attached != nil {
			t.Errorf("sent %+v", m)
		}
		for _, want := range []string{"ada@example.com invites you to join Example.\n", "Your roles there: Billing (system)\n", "until 17 March 2026, 09:30 UTC,", "only for mia@example.com:", "\n" + made.URL + "\n", "https://rollcall.example\n"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("the mail does not say %q:\n%s", want, m.Text)
			}
		}
		// From the command line nobody is named, and nobody answered.
		must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, "bea@example.com", nil))
		if m := p.sent[1]; m.ReplyTo != "" || !strings.HasPrefix(m.Text, "You are invited to join Example.\n\nOpen this link") {
			t.Errorf("sent %+v", m)
		}

		p.fails = iam.Errorf(iam.KindInvalid, "the mail server refuses the address")
		failed := must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, "gone@example.com", nil))
		if failed.Mail.Sent() || failed.Mail.Failure != "the mail server refuses the address" || failed.URL == "" || invited != 4 {
			t.Errorf("%+v, %d were invited", failed, invited)
		}
		// What is refused is not mailed.
		p.look = func() { t.Error("a refused invitation is mailed") }
		w.refused(iam.KindConflict, "is a member", func() error {
			_, err := w.Invite(t.Context(), iam.Operator, w.org, "ada@example.com", nil)
			return err
		})
	})
}

func TestContactSupport_mail(t *testing.T) {
	each(t, func(w *world) {
		text := iam.SupportText{Priority: iam.PriorityHigh, Subject: "Sync stopped", Description: "Since noon.\nAll of them.\n", Application: "Rollcall (prod)", ApplicationID: "3f25"}
		picture := aPicture(t)
		kept := 0
		p := w.withPost(func() {
			found, _, err := w.SupportRequests(t.Context(), w.org, "", 10)
			w.ok(err)
			kept = len(found)
		})
		send := func(text iam.SupportText, picture []byte) access.SupportSent {
			t.Helper()
			return must[access.SupportSent](t)(w.ContactSupport(t.Context(), ann, w.org, text, picture))
		}
		if made := send(text, nil); made.Mail.Tried || w.MailsSupport() || len(p.sent) > 0 {
			t.Errorf("without an address: %+v", made.Mail)
		}
		w.SupportAddress = "ops@example.net"
		made := send(text, picture)
		if !made.Mail.Sent() || len(p.sent) != 1 || kept != 2 {
			t.Fatalf("%+v, sent %d, %d are kept", made.Mail, len(p.sent), kept)
		}
		m := p.sent[0]
		if m.To != "ops@example.net" || m.ReplyTo != "ann@example.com" || m.Subject != "High priority: [Example] Sync stopped" {
			t.Errorf("sent %+v", m)
		}
		for _, want := range []string{"Organization:           Example\n", string(w.org), "From:                   ann@example.com\n", "Rollcall (prod)", "3f25", "\nSync stopped\n\nSince noon.\nAll of them.\n", "rollcall support show " + string(made.ID)} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("the mail does not say %q:\n%s", want, m.Text)
			}
		}
		if len(m.Attached) != 1 || m.Attached[0].Name != "support-"+string(made.ID)+".png" || m.Attached[0].Type != "image/png" || !bytes.Equal(m.Attached[0].Data, picture) {
			t.Errorf("attached %+v", m.Attached)
		}
		text.Priority, text.Application, text.ApplicationID = iam.PriorityLow, "", ""
		send(text, nil)
		if m := p.sent[1]; m.Subject != "[Example] Sync stopped" || m.Attached != nil || strings.Contains(m.Text, "Object ID") {
			t.Errorf("sent %+v", m)
		}
		p.fails = iam.Errorf(iam.KindUnavailable, "the mail server refuses connections")
		if made := send(text, nil); made.Mail.Sent() || made.Mail.Failure != "the mail server refuses connections" || kept != 4 {
			t.Errorf("%+v, %d are kept", made.Mail, kept)
		}
	})
}

// Nobody's mailbox is flooded by Rollcall: beyond so many mails to one address, or of one
// organization, in a day the invitation stands and is not mailed.
func TestInvite_mailLimits(t *testing.T) {
	each(t, func(w *world) {
		p := w.withPost(func() {})
		invite := func(w *world, email string) access.Invited {
			t.Helper()
			return must[access.Invited](t)(w.Invite(t.Context(), iam.Operator, w.org, email, nil))
		}
		for range access.MailsPerAddress {
			if made := invite(w, "Mia@Example.com"); !made.Mail.Sent() {
				t.Fatalf("after %d: %+v", len(p.sent), made.Mail)
			}
		}
		made := invite(w, "mia@example.com")
		if made.Mail.Tried || !strings.Contains(made.Mail.Withheld, "5 invitations were mailed to mia@example.com today") || made.URL == "" || len(p.sent) != access.MailsPerAddress {
			t.Errorf("one more: %+v, %d sent", made, len(p.sent))
		}
		if pending := must[[]access.InvitationView](t)(w.Invitations(t.Context(), w.org)); len(pending) != 1 || pending[0].ID != made.ID {
			t.Errorf("pending %+v", pending)
		}
		// What the mail server refuses counts as well: it was asked.
		p.fails = iam.Errorf(iam.KindInvalid, "no")
		for range access.MailsPerAddress {
			if made := invite(w, "bo@example.com"); !made.Mail.Tried {
				t.Fatalf("%+v", made.Mail)
			}
		}
		if made := invite(w, "bo@example.com"); made.Mail.Tried {
			t.Errorf("one more: %+v", made.Mail)
		}
		p.fails = nil
		w.write(func(tx *store.Tx) error { // as if so many had been sent
			return tx.AddMails(w.org, w.clock(), "somebody@example.com", access.MailsPerOrganization-2*access.MailsPerAddress-1)
		})
		if made := invite(w, "last@example.com"); !made.Mail.Sent() {
			t.Errorf("the last one: %+v", made.Mail)
		}
		if made := invite(w, "later@example.com"); made.Mail.Tried || !strings.Contains(made.Mail.Withheld, "500 invitations") {
			t.Errorf("beyond the organization's limit: %+v", made.Mail)
		}
		other := w.another()
		other.SendMail = w.SendMail
		if made := invite(other, "mia@example.com"); !made.Mail.Sent() {
			t.Errorf("of another organization: %+v", made.Mail)
		}
		w.sleep(14*time.Hour + 29*time.Minute) // 23:59 UTC
		if made := invite(w, "later@example.com"); made.Mail.Tried {
			t.Errorf("on the same day: %+v", made.Mail)
		}
		w.sleep(time.Minute)
		if made := invite(w, "mia@example.com"); !made.Mail.Sent() {
			t.Errorf("on the next day: %+v", made.Mail)
		}
		// Of the day before nothing is kept but the other organization's two counts.
		if n := strings.Count(storetest.Dump(t, w.url), "Mail 2026-03-10"); n != 2 {
			t.Errorf("%d counts of the day before", n)
		}
	})
}

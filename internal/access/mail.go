package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/outbound"
)

// SendMail hands a mail to the operator's server. Its errors may be shown to whoever
// caused the mail.
type SendMail func(ctx context.Context, m outbound.Message) error

// Mailed is what became of a mail. The zero value: none was to be sent. A mail is sent
// when its cause is in the database: it fails alone, and the cause stands.
type Mailed struct {
	Tried    bool
	Failure  string // why it was not sent
	Withheld string // why it was not even tried: over a limit
}

// Limits of the invitations that are mailed in a day (UTC), so that nobody floods a mailbox
// or the operator's good name through this server. Beyond them invitations stand and are
// not mailed.
const (
	MailsPerOrganization = 500
	MailsPerAddress      = 5
)

// Sent tells whether the operator's server has taken the mail.
func (m Mailed) Sent() bool { return m.Tried && m.Failure == "" }

// MailsInvitations tells whether people get their invitations by mail.
func (s *Service) MailsInvitations() bool { return s.SendMail != nil }

// MailsSupport tells whether support requests are mailed to the operator.
func (s *Service) MailsSupport() bool { return s.SendMail != nil && s.SupportAddress != "" }

// mail sends, outside of any transaction: a slow mail server must not hold a lock.
func (s *Service) mail(ctx context.Context, m outbound.Message) Mailed {
	if err := s.SendMail(ctx, m); err != nil {
		return Mailed{Tried: true, Failure: err.Error()}
	}
	return Mailed{Tried: true}
}

func mailTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// signature ends every mail.
func (s *Service) signature() string {
	return "-- \nRollcall, " + strings.TrimRight(s.PublicURL, "/") + "\n"
}

// countMail counts a mail to an address, or says why it is one too many.
func (w *change) countMail(email string) (withheld string, err error) {
	all, to, err := w.tx.Mails(w.org.ID, w.now, email)
	if err != nil {
		return "", fmt.Errorf("count the mails of the day: %w", err)
	}
	switch {
	case to >= MailsPerAddress:
		return fmt.Sprintf("%d invitations were mailed to %s today, and no more are before tomorrow (UTC)", to, email), nil
	case all >= MailsPerOrganization:
		return fmt.Sprintf("%d invitations of this organization were mailed today, and no more are before tomorrow (UTC)", all), nil
	}
	if err := w.tx.AddMails(w.org.ID, w.now, email, 1); err != nil {
		return "", fmt.Errorf("count the mail: %w", err)
	}
	return "", nil
}

// mailInvitation sends the link of an invitation to whom it is for.
func (s *Service) mailInvitation(ctx context.Context, actor iam.Actor, organization, email string, roles []iam.RoleRef, invited Invited) Mailed {
	m := outbound.Message{To: email, Subject: "Invitation to " + organization}
	if _, ok := iam.EmailKey(actor.Details); ok && actor.Type == iam.ActorUser {
		m.ReplyTo = actor.Details
		m.Text = fmt.Sprintf("%s invites you to join %s.\n", actor.Details, organization)
	} else {
		m.Text = fmt.Sprintf("You are invited to join %s.\n", organization)
	}
	if len(roles) > 0 {
		m.Text += fmt.Sprintf("Your roles there: %s\n", strings.Join(iam.RoleNames(roles), ", "))
	}
	m.Text += fmt.Sprintf("\nOpen this link to accept. It works once, until %s,\nand only for %s:\n\n%s\n\n"+
		"If you did not expect this, do nothing: you join only by accepting.\n\n", mailTime(invited.ExpiresAt), email, invited.URL)
	m.Text += s.signature()
	return s.mail(ctx, m)
}

// mailSupport sends a support request, with its screenshot, to the operator.
func (s *Service) mailSupport(ctx context.Context, organization string, r iam.SupportRequest, picture []byte) Mailed {
	m := outbound.Message{To: s.SupportAddress, Subject: fmt.Sprintf("[%s] %s", organization, r.Subject)}
	if _, ok := iam.EmailKey(r.Email); ok {
		m.ReplyTo = r.Email
	}
	if r.Priority == iam.PriorityHigh {
		m.Subject = "High priority: " + m.Subject
	}
	facts := [][2]string{
		{"Organization", organization}, {"Organization ID", string(r.Organization)}, {"From", r.Email}, {"Priority", string(r.Priority)},
		{"Sent", mailTime(r.CreatedAt)}, {"Enterprise application", r.Application}, {"Object ID", r.ApplicationID},
		{"Request ID", string(r.ID)},
	}
	for _, f := range facts {
		if f[1] != "" {
			m.Text += fmt.Sprintf("%-23s %s\n", f[0]+":", f[1])
		}
	}
	m.Text += "\n" + r.Subject + "\n\n" + strings.TrimRight(r.Description, "\n") + "\n\n" +
		"Kept as well: rollcall support show " + string(r.ID) + "\n" + s.signature()
	if r.Screenshot.Exists() {
		m.Attached = []outbound.Attachment{{Name: "support-" + string(r.ID) + r.Screenshot.Extension(), Type: r.Screenshot.Type, Data: picture}}
	}
	return s.mail(ctx, m)
}

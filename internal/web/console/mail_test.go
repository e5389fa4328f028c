package console

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/outbound"
)

// An invitation stands whether its mail was sent or not, and the page says which, with
// the link to copy.
func TestInvitations_mail(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	var fails error
	var sent []outbound.Message
	o.access.SendMail = func(_ context.Context, m outbound.Message) error {
		sent = append(sent, m)
		return fails
	}
	b.get("/invitations").says("Whoever is invited gets a link by mail")
	b.get("/invitations/new").says("Mails a link to the person.").saysNot("send to the person yourself")
	b.post("/invitations", url.Values{"email": {"mia@alpha.example"}}).is(http.StatusOK).
		says("The link was mailed to mia@alpha.example.", "The link that mia@alpha.example gets", "It is shown once.", "Done").
		saysNot("nothing is mailed", "I have sent it").has(`<code id="invitation-link">` + publicURL + `/invitation/`)
	fails = iam.Errorf(iam.KindInvalid, `the mail server refuses the address "bo@alpha.example" (550 5.1.1)`)
	b.post("/invitations", url.Values{"email": {"bo@alpha.example"}}).is(http.StatusOK).
		says("The invitation stands, but its mail could not be sent.", `The mail server refuses the address "bo@alpha.example" (550 5.1.1). Send the link below yourself.`,
			"Send this link to bo@alpha.example", "I have sent it").has(`role="alert"`, `<code id="invitation-link">`+publicURL+`/invitation/`)
	b.get("/invitations").says("mia@alpha.example", "bo@alpha.example")
	for range access.MailsPerAddress - 1 {
		b.post("/invitations", url.Values{"email": {"bo@alpha.example"}}).is(http.StatusOK).says("could not be sent")
	}
	b.post("/invitations", url.Values{"email": {"bo@alpha.example"}}).is(http.StatusOK).
		says("The invitation stands, but it was not mailed.", "5 invitations were mailed to bo@alpha.example today, and no more are before tomorrow (UTC).", "Send the link below yourself.", "nothing is mailed", "I have sent it").
		has(`<code id="invitation-link">` + publicURL + `/invitation/`).saysNot("could not be sent")
	if len(sent) != 1+access.MailsPerAddress || sent[0].ReplyTo != "admin@alpha.example" {
		t.Errorf("sent %+v", sent)
	}
}

func TestContactSupport_mail(t *testing.T) {
	t.Parallel()
	o := newWorld(t).org("Alpha", "alpha.example").connect()
	b := o.admin()
	var fails error
	var sent []outbound.Message
	o.access.SupportAddress = "ops@example.net"
	o.access.SendMail = func(_ context.Context, m outbound.Message) error {
		sent = append(sent, m)
		return fails
	}
	b.get("/support").says("Goes by mail to the person who runs this server, and is kept here. An answer goes to admin@alpha.example.").saysNot("Nothing is mailed")
	shot := screenshotPNG(t)
	path := b.sendForm("/support", supportForm(), "screenshot", "a.png", shot).is(http.StatusSeeOther).header.Get("Location")
	b.get(path).says("Your request is mailed to the person who runs this server, and kept here. An answer goes to admin@alpha.example.").saysNot("Nothing is mailed")
	fails = iam.Errorf(iam.KindUnavailable, "the mail server refuses connections; try again later")
	path = b.post("/support", supportForm()).is(http.StatusSeeOther).header.Get("Location")
	b.get(path).says("Your request is kept for the person who runs this server. But it could not be mailed to him: the mail server refuses connections; try again later. Tell him of it if it is urgent.")
	if len(sent) != 2 || len(sent[0].Attached) != 1 || string(sent[0].Attached[0].Data) != string(shot) || sent[1].Attached != nil {
		t.Errorf("sent %d mails", len(sent))
	}
}

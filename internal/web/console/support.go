package console

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// supportPage is Help, Contact support (R148-R151): the form, and what this organization
// wrote before.
type supportPage struct {
	frame
	Text        iam.SupportText
	Mails       bool // requests are mailed to the operator
	Priorities  []choice
	ChooseAgain bool // a screenshot came with the refused form: browsers do not keep it
	Rows        []supportRow
	Pager       pager
	Later       bool // not the newest page of the list
}

// supportRow is a request that was made.
type supportRow struct {
	ID       iam.SupportRequestID
	Subject  string
	Email    string
	Priority string
	High     bool
	At       time.Time
	Picture  bool
}

// ticketPage is one request.
type ticketPage struct {
	frame
	Subject, Email, Priority string
	ID                       iam.SupportRequestID
	High                     bool
	At                       time.Time
	Paragraphs               [][]string // of the description: lines
	Application, ObjectID    string
	Picture                  string // "PNG, 1,280 × 720 pixels, 84 KB"; "" for none
}

const (
	// maxSupportForm lets a screenshot that is too large arrive, so that the form is
	// shown again with all that was entered.
	maxSupportForm    = iam.MaxScreenshotBytes + 3<<20
	supportRowsOnPage = 25
)

// supportRoutes are those of Contact support.
func (c *Console) supportRoutes() []route {
	may := holders(iam.PermSupportManage)
	send := act("/support", may, c.contactSupport, "send a request to support, with a screenshot")
	send.limit = maxSupportForm
	return []route{
		show("/support", may, c.support, "support.html", supportPage{}, "open the form for support, and list what the organization sent"),
		send,
		show("/support/{ticket}", may, c.ticket, "ticket.html", ticketPage{}, "see one request to support"),
		get("/support/{ticket}/screenshot", may, c.screenshot, "save its screenshot as a file"),
	}
}

func (c *Console) support(x *exchange) error {
	p, err := c.supportPage(x, iam.SupportText{Priority: iam.PriorityNormal})
	if err != nil {
		return err
	}
	return x.show(p)
}

// supportPage is the form with a text in it, and the list.
func (c *Console) supportPage(x *exchange, text iam.SupportText) (*supportPage, error) {
	query := x.r.URL.Query()
	before := logCursor(query, "older")
	found, more, err := c.access.SupportRequests(x.r.Context(), x.org(), iam.SupportRequestID(before), supportRowsOnPage)
	if err != nil {
		return nil, err
	}
	p := &supportPage{frame: x.frame("Contact support"), Text: text, Mails: c.access.MailsSupport(), Later: before != ""}
	for _, priority := range iam.SupportPriorities() {
		p.Priorities = append(p.Priorities, choice{Value: string(priority), Label: words.Capital(string(priority)), Chosen: priority == text.Priority})
	}
	for _, r := range found {
		p.Rows = append(p.Rows, supportRow{
			ID: r.ID, Subject: r.Subject, Email: r.Email, Priority: words.Capital(string(r.Priority)), High: r.Priority == iam.PriorityHigh,
			At: r.CreatedAt, Picture: r.Screenshot.Exists(),
		})
	}
	p.Pager.Text = words.Plural(len(p.Rows), "request", "requests") + " on this page"
	if p.Later {
		p.Pager.Previous = "/support#requests" // the newest
	}
	if more {
		p.Pager.Next = pathWith("/support", url.Values{"older": {string(found[len(found)-1].ID)}}) + "#requests"
	}
	return p, nil
}

func (c *Console) contactSupport(x *exchange) error {
	text := iam.SupportText{
		Priority: iam.SupportPriority(x.value("priority")), Subject: x.value("subject"), Description: x.value("description"),
		Application: x.value("application"), ApplicationID: x.value("application-id"),
	}
	picture, err := screenshotFile(x)
	var kept access.SupportSent
	if err == nil {
		x.allowMail()
		kept, err = c.access.ContactSupport(x.r.Context(), x.session.Actor, x.org(), text, picture)
	}
	if err != nil {
		p, listErr := c.supportPage(x, text)
		if listErr != nil {
			return listErr
		}
		p.ChooseAgain = picture != nil
		return x.again(p, err)
	}
	what, page := "Your request is kept for the person who runs this server.", "/support/"+string(kept.ID)
	answer := " An answer goes to " + kept.Email + "."
	switch {
	case kept.Mail.Sent():
		return x.done(page, "Your request is mailed to the person who runs this server, and kept here.", strings.TrimSpace(answer))
	case kept.Mail.Tried:
		return x.done(page, what, "But it could not be mailed to him: "+kept.Mail.Failure+". Tell him of it if it is urgent."+answer)
	}
	return x.done(page, what, "Nothing is mailed."+answer)
}

// screenshotFile returns the file of the form; nil for none.
func screenshotFile(x *exchange) ([]byte, error) {
	file, _, err := x.r.FormFile("screenshot")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, iam.Errorf(iam.KindInvalid, "the screenshot did not arrive; choose it again")
	}
	defer func() { _ = file.Close() }() // only read from
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, iam.Errorf(iam.KindInvalid, "the screenshot did not arrive whole; choose it again")
	}
	if len(data) == 0 {
		// Browsers send an empty part for a field without a file.
		return nil, nil
	}
	return data, nil
}

func (c *Console) ticket(x *exchange) error {
	r, err := c.access.SupportRequest(x.r.Context(), x.org(), iam.SupportRequestID(x.r.PathValue("ticket")))
	if err != nil {
		return err
	}
	p := &ticketPage{
		frame: x.frame("Support request"), ID: r.ID, Subject: r.Subject, Email: r.Email, Priority: words.Capital(string(r.Priority)), High: r.Priority == iam.PriorityHigh,
		At: r.CreatedAt, Application: r.Application, ObjectID: r.ApplicationID, Picture: pictureText(r.Screenshot),
	}
	p.Here = "/support"
	for paragraph := range strings.SplitSeq(r.Description, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			p.Paragraphs = append(p.Paragraphs, strings.Split(paragraph, "\n"))
		}
	}
	return x.show(p)
}

// pictureText describes a screenshot, "" for none.
func pictureText(s iam.Screenshot) string {
	if !s.Exists() {
		return ""
	}
	kind := "PNG"
	if s.Extension() == ".jpg" {
		kind = "JPEG"
	}
	return kind + ", " + words.Count(s.Width) + " × " + words.Count(s.Height) + " pixels, " + words.Count((s.Bytes+1023)/1024) + " KB"
}

// screenshot is a file that a person sent: it is kept by the browser and never shown as
// a part of this site, under a name and a type that come from here.
func (c *Console) screenshot(x *exchange) error {
	id := iam.SupportRequestID(x.r.PathValue("ticket"))
	r, err := c.access.SupportRequest(x.r.Context(), x.org(), id)
	if err != nil {
		return err
	}
	picture, err := c.access.SupportPicture(x.r.Context(), x.org(), id)
	if err != nil {
		return err
	}
	x.download("support-"+string(id)+r.Screenshot.Extension(), r.Screenshot.Type)
	x.w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = x.w.Write(picture) // the browser is gone: nobody is left to tell
	return nil
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

type supportCommands struct {
	List supportList `cmd:"" help:"List what people wrote to support in the console, newest first."`
	Show supportShow `cmd:"" help:"Show one request."`
}

// ticketView is a request as lists show it.
type ticketView struct {
	ID             iam.SupportRequestID `json:"id"`
	OrganizationID iam.OrganizationID   `json:"organizationId"`
	CreatedAt      string               `json:"createdAt"`
	MemberID       iam.MemberID         `json:"memberId"`
	Email          string               `json:"email"`
	Priority       iam.SupportPriority  `json:"priority"`
	Subject        string               `json:"subject"`
	Screenshot     *screenshotView      `json:"screenshot"`
}

type screenshotView struct {
	Type   string `json:"type"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int    `json:"bytes"`
}

func viewTicket(r iam.SupportRequest) ticketView {
	v := ticketView{
		ID: r.ID, OrganizationID: r.Organization, CreatedAt: rfc3339(r.CreatedAt), MemberID: r.Member, Email: r.Email,
		Priority: r.Priority, Subject: r.Subject,
	}
	if s := r.Screenshot; s.Exists() {
		v.Screenshot = &screenshotView{s.Type, s.Width, s.Height, s.Bytes}
	}
	return v
}

type supportList struct {
	Org string `placeholder:"ID" help:"Only those of this organization."`
}

func (c *supportList) Run(a *app) error {
	return a.with(func(s *session) error {
		all := s.access.EachSupportRequest(a.ctx, iam.OrganizationID(c.Org))
		if a.JSON {
			array := &jsonArray{w: a.stdout}
			for r, err := range all {
				if err != nil {
					return err
				}
				if err := array.add(viewTicket(r)); err != nil {
					return err
				}
			}
			return array.end()
		}
		t := newTable(a.stdout, "ID", "SENT (UTC)", "PRIORITY", "ORGANIZATION", "FROM", "SCREENSHOT", "SUBJECT")
		for r, err := range all {
			if err != nil {
				return err
			}
			t.row([]string{string(r.ID), day(r.CreatedAt, ""), string(r.Priority), string(r.Organization), r.Email, strings.TrimPrefix(r.Screenshot.Extension(), "."), r.Subject})
		}
		t.end("Nobody has written to support yet.")
		return nil
	})
}

type supportShow struct {
	ID         string `arg:"" help:"The request's id."`
	Screenshot string `placeholder:"FILE" help:"Write the screenshot to this new file."`
}

func (c *supportShow) Run(a *app) error {
	return a.with(func(s *session) error {
		r, err := s.access.FindSupportRequest(a.ctx, iam.SupportRequestID(c.ID))
		if err != nil {
			return err
		}
		o, err := s.access.Organization(a.ctx, r.Organization)
		if err != nil {
			return err
		}
		if c.Screenshot != "" {
			if err := c.save(a, s.access, r); err != nil {
				return err
			}
		}
		document := struct {
			ticketView
			OrganizationName    string `json:"organizationName"`
			ApplicationName     string `json:"applicationName"`
			ApplicationObjectID string `json:"applicationObjectId"`
			Description         string `json:"description"`
		}{viewTicket(r), o.Name, r.Application, r.ApplicationID, r.Description}
		return a.show(document, func(w io.Writer) { c.text(w, r, o.Name) })
	})
}

func (c *supportShow) text(w io.Writer, r iam.SupportRequest, organization string) {
	picture := "none"
	if s := r.Screenshot; s.Exists() {
		picture = fmt.Sprintf("%s, %d x %d pixels, %s", s.Type, s.Width, s.Height, plural(s.Bytes, "byte"))
		if c.Screenshot != "" {
			picture += ", written to " + c.Screenshot
		} else {
			picture += "; --screenshot FILE writes it to a file"
		}
	}
	facts(w,
		"Subject", r.Subject,
		"Id", string(r.ID),
		"Sent", rfc3339(r.CreatedAt),
		"From", r.Email,
		"Priority", string(r.Priority),
		"Organization", organization,
		"Organization id", string(r.Organization),
		"Application", r.Application,
		"Object id", r.ApplicationID,
		"Screenshot", picture)
	_, _ = fmt.Fprintln(w)
	for line := range strings.SplitSeq(r.Description, "\n") {
		_, _ = fmt.Fprintln(w, printable(strings.ReplaceAll(line, "\t", "    ")))
	}
}

// save writes the screenshot to a file that is not there yet: nothing is overwritten.
func (c *supportShow) save(a *app, service *access.Service, r iam.SupportRequest) error {
	picture, err := service.SupportPicture(a.ctx, r.Organization, r.ID)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(c.Screenshot, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return iam.Errorf(iam.KindConflict, "there is a file %s already; give another name", iam.Clip(c.Screenshot))
	}
	if err != nil {
		return fmt.Errorf("write the screenshot: %w", err)
	}
	_, err = file.Write(picture)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the screenshot: %w", err), os.Remove(c.Screenshot))
	}
	return nil
}

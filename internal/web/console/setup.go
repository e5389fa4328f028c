package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/signin"
)

// setUpPage is what a one-time link of an Admin opens: he chooses the password of his
// local sign-in. Opening it uses nothing up: mail scanners open links too.
type setUpPage struct {
	frame
	Organization string
	Email        string
	ExpiresAt    time.Time
	MinPassword  int
	Action       string // where the form goes: the link itself
}

func (c *Console) setUp(x *exchange) error {
	p, err := c.setUpPage(x)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) setUpPage(x *exchange) (*setUpPage, error) {
	org, token := iam.OrganizationID(x.r.PathValue("org")), x.r.PathValue("token")
	link, err := c.signIn.SetUpLink(x.r.Context(), org, token)
	if err != nil {
		return nil, err
	}
	return &setUpPage{
		frame: x.frame("Set up sign-in"), Organization: link.OrganizationName, Email: link.Email, ExpiresAt: link.ExpiresAt,
		MinPassword: signin.MinPassword, Action: x.r.URL.Path,
	}, nil
}

func (c *Console) useSetUp(x *exchange) error {
	p, err := c.setUpPage(x)
	if err != nil {
		return err
	}
	password, err := x.newPassword()
	if err != nil {
		return x.again(p, err)
	}
	in, err := c.signIn.SetUp(x.r.Context(), iam.OrganizationID(x.r.PathValue("org")), x.r.PathValue("token"), password, x.client())
	if err != nil {
		return x.again(p, err)
	}
	c.cookies.SetSession(x.w, in.Cookie, in.Mark, in.ExpiresAt)
	return x.to("/")
}

// newPassword returns a password that was entered twice alike. Its white space is part
// of it.
func (x *exchange) newPassword() (string, error) {
	password := x.r.PostForm.Get("password")
	if password != x.r.PostForm.Get("repeated") {
		return "", iam.Errorf(iam.KindInvalid, "the two passwords differ; enter the same one twice").On("password")
	}
	return password, nil
}

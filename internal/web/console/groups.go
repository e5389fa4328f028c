package console

import (
	"net/url"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
)

// peoplePerPage is how many members of a group one page shows.
const peoplePerPage = 100

// groupsPage lists the SCIM groups, each with the role that it gives, or "no role". They
// belong to the identity provider: what can be changed here is the role.
type groupsPage struct {
	frame
	SCIM   bool
	Groups []access.GroupView
}

// groupPage is one SCIM group.
type groupPage struct {
	frame
	Group   access.GroupView
	People  []access.GroupPerson
	Next    string
	Later   bool   // it is not the first page of people
	NewRole string // URL of the form for a role of the group's name; "" for whoever may not
}

func (c *Console) groups(x *exchange) error {
	found, err := c.access.Groups(x.r.Context(), x.org())
	if err != nil {
		return err
	}
	p := &groupsPage{frame: x.frame("SCIM groups"), SCIM: x.session.Organization.SCIMEnabled, Groups: found}
	p.Here = "/roles"
	return x.show(p)
}

func (c *Console) group(x *exchange) error {
	after := x.r.URL.Query().Get("after")
	found, err := c.access.Group(x.r.Context(), x.org(), iam.GroupID(x.r.PathValue("group")), after, peoplePerPage)
	if err != nil {
		return err
	}
	p := &groupPage{frame: x.frame(found.DisplayName), Group: found.GroupView, People: found.People, Later: after != ""}
	p.Here = "/roles"
	if found.Next != "" {
		p.Next = "/groups/" + string(found.ID) + "?" + url.Values{"after": {found.Next}}.Encode()
	}
	if found.Role == nil {
		p.NewRole = c.linkTo(x, "/roles/new?"+url.Values{"name": {found.DisplayName}}.Encode())
	}
	return x.show(p)
}

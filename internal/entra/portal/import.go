package portal

import (
	"errors"
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// largestImport bounds a CSV file: about a hundred thousand people.
const largestImport = 32 << 20

func (p *Portal) importRoutes() []route {
	users, groups := act("/users/import", configurers, p.importUsers), act("/groups/import", configurers, p.importGroups)
	users.limit, groups.limit = largestImport, largestImport
	return []route{
		show("/users/import", configurers, p.userImport, "import.html", importPage{}), users,
		show("/groups/import", configurers, p.groupImport, "import.html", importPage{}), groups,
	}
}

// importPage is Bulk create: a CSV file (Microsoft Entra docs, "users-bulk-add").
type importPage struct {
	frame
	Action, Back string
	Groups       bool
	Columns      []string
	Lines        []directory.LineError // what was wrong with the file
	More         int
}

func (x *exchange) importPage(groups bool) *importPage {
	if groups {
		return &importPage{
			frame: x.frame("Bulk create groups", "/groups", groupsCrumbs...), Action: "/groups/import", Back: "/groups", Groups: true,
			Columns: []string{"displayName", "members", "description", "mailNickname", "securityEnabled", "objectId"},
		}
	}
	return &importPage{
		frame: x.frame("Bulk create users", "/users", identityCrumb, crumb{"Users", "/users"}), Action: "/users/import", Back: "/users",
		Columns: append(directory.UserAttributes(), "directoryRoles"),
	}
}

func (p *Portal) userImport(x *exchange) error { return x.show(x.importPage(false)) }

func (p *Portal) groupImport(x *exchange) error { return x.show(x.importPage(true)) }

func (p *Portal) importUsers(x *exchange) error { return p.importFile(x, false) }

func (p *Portal) importGroups(x *exchange) error { return p.importFile(x, true) }

func (p *Portal) importFile(x *exchange, groups bool) error {
	page := x.importPage(groups)
	file, _, err := x.r.FormFile("file")
	if err != nil {
		return x.again(page, refuse(http.StatusBadRequest, "no file was chosen: choose a CSV file"))
	}
	defer func() { _ = file.Close() }() // it was only read
	read := p.directory.ImportUsers
	if groups {
		read = p.directory.ImportGroups
	}
	report, err := read(x.r.Context(), file)
	var wrong *directory.ImportError
	switch {
	case errors.As(err, &wrong):
		page.Lines, page.More, page.Status = wrong.Lines, wrong.More, http.StatusBadRequest
		return x.show(page)
	case err != nil:
		return x.again(page, err)
	case groups:
		return x.done("/groups", words.Plural(report.Groups, "group was", "groups were")+" created.", words.Plural(report.Memberships, "membership was", "memberships were")+" added.")
	}
	return x.done("/users", words.Plural(report.Users, "user was", "users were")+" created.", "")
}

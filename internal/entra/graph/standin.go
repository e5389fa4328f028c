package graph

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// What is here has no path in Graph.

// counts tells how much there is, and up to which change.
func (x *exchange) counts() error {
	c, err := x.api.directory.Counts(x.r.Context())
	if err != nil {
		return err
	}
	head, err := x.api.directory.HeadSeq(x.r.Context())
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "", object{
		"users": c.Users, "deletedUsers": c.DeletedUsers, "groups": c.Groups, "deletedGroups": c.DeletedGroups,
		"memberships": c.Memberships, "applications": c.Applications, "lastChange": head,
	})
}

func (x *exchange) getLicence() error {
	l, err := x.api.directory.Licence(x.r.Context())
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "", object{"licence": string(l)})
}

func (x *exchange) putLicence() error {
	f, err := x.body("licence", maxBody)
	if err != nil {
		return err
	}
	text, err := f.needText("licence")
	if err != nil {
		return err
	}
	if err := f.done(); err != nil {
		return err
	}
	licence := directory.Licence(text)
	switch text {
	case "Free":
		licence = directory.LicenceFree
	case "P1":
		licence = directory.LicenceP1
	}
	if licence != directory.LicenceFree && licence != directory.LicenceP1 {
		return f.invalid("licence", strconv.Quote(string(directory.LicenceFree))+" or "+strconv.Quote(string(directory.LicenceP1))+`, in short "Free" or "P1"`)
	}
	if err := x.api.directory.SetLicence(x.r.Context(), licence); err != nil {
		return err
	}
	return x.getLicence()
}

func (x *exchange) getTenant() error {
	t, err := x.api.directory.Tenant(x.r.Context())
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "", object{"id": string(t.ID), "displayName": t.DisplayName, "defaultDomain": t.DefaultDomain})
}

func (x *exchange) patchTenant() error {
	f, err := x.body("tenant", maxBody)
	if err != nil {
		return err
	}
	t, err := x.api.directory.Tenant(x.r.Context())
	if err != nil {
		return err
	}
	for name, at := range map[string]*string{"displayName": &t.DisplayName, "defaultDomain": &t.DefaultDomain} {
		value, given, err := f.text(name)
		if err != nil {
			return err
		}
		if given {
			*at = value
		}
	}
	if err := f.done(); err != nil {
		return err
	}
	if err := x.api.directory.SetTenant(x.r.Context(), t.DisplayName, t.DefaultDomain); err != nil {
		return err
	}
	return x.getTenant()
}

// directoryRoles are those that say who may use the portal. Graph has them as assignments of
// role definitions.
func (x *exchange) getDirectoryRoles() error {
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	return x.answerRoles(u)
}

func (x *exchange) answerRoles(u user) error {
	roles := []string{}
	for _, r := range u.DirectoryRoles {
		roles = append(roles, string(r))
	}
	return x.one(http.StatusOK, "", object{"directoryRoles": roles, "mayConfigure": u.MayConfigure()})
}

func (x *exchange) putDirectoryRoles() error {
	f, err := x.body("directoryRoles", maxBody)
	if err != nil {
		return err
	}
	u, err := x.userOf("user")
	if err != nil {
		return err
	}
	names, given, err := f.texts("directoryRoles")
	if err != nil {
		return err
	}
	if !given {
		return f.required("directoryRoles")
	}
	if err := f.done(); err != nil {
		return err
	}
	known := []directory.DirectoryRole{directory.GlobalAdministrator, directory.ApplicationAdministrator, directory.CloudApplicationAdministrator}
	var roles []directory.DirectoryRole
	for _, name := range names {
		if !slices.Contains(known, directory.DirectoryRole(name)) {
			return bad("There is no directory role %q here; there are %q.", words.Clip(name), known)
		}
		roles = append(roles, directory.DirectoryRole(name))
	}
	u, err = x.api.directory.UpdateUser(x.r.Context(), u.ID, func(u *user) error { u.DirectoryRoles = roles; return nil })
	if err != nil {
		return err
	}
	return x.answerRoles(u)
}

func (x *exchange) importUsers() error {
	return x.importCSV(func() (directory.ImportReport, error) {
		return x.api.directory.ImportUsers(x.r.Context(), http.MaxBytesReader(x.w, x.r.Body, maxCSV))
	})
}

func (x *exchange) importGroups() error {
	return x.importCSV(func() (directory.ImportReport, error) {
		return x.api.directory.ImportGroups(x.r.Context(), http.MaxBytesReader(x.w, x.r.Body, maxCSV))
	})
}

func (x *exchange) importCSV(run func() (directory.ImportReport, error)) error {
	if err := x.contentType("text/csv"); err != nil {
		return err
	}
	x.patient()
	report, err := run()
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "", reportDocument(report))
}

func reportDocument(r directory.ImportReport) object {
	return object{"users": r.Users, "groups": r.Groups, "memberships": r.Memberships}
}

func (x *exchange) generate() error {
	f, err := x.body("plan", maxBody)
	if err != nil {
		return err
	}
	var plan directory.Plan
	seed := 0
	for name, at := range map[string]*int{"users": &plan.Users, "groups": &plan.Groups, "memberships": &plan.Memberships, "seed": &seed} {
		if *at, _, err = f.number(name); err != nil {
			return err
		}
		if *at < 0 {
			return f.invalid(name, "a whole number that is not negative")
		}
	}
	plan.Seed = uint64(seed)
	if plan.Domain, _, err = f.text("domain"); err != nil {
		return err
	}
	if err := f.done(); err != nil {
		return err
	}
	x.patient()
	report, err := x.api.directory.Generate(x.r.Context(), plan)
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "", reportDocument(report))
}

package portal

import (
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web/words"
)

// licencesPage chooses what the tenant has bought. Microsoft Entra docs,
// "assign-user-or-group-access-portal": assigning groups takes P1 or P2.
type licencesPage struct {
	frame
	Free             bool
	GroupAssignments int
}

func (p *Portal) licences(x *exchange) error {
	licence, err := p.directory.Licence(x.r.Context())
	if err != nil {
		return err
	}
	page := &licencesPage{frame: x.frame("Licences", "/licences", crumb{"Manage", ""}), Free: licence == directory.LicenceFree}
	apps, err := p.directory.Applications(x.r.Context())
	if err != nil {
		return err
	}
	for _, app := range apps {
		_, groups, err := p.directory.CountAssignments(x.r.Context(), app.ID)
		if err != nil {
			return err
		}
		page.GroupAssignments += groups
	}
	return x.show(page)
}

func (p *Portal) setLicence(x *exchange) error {
	licence, ok := map[string]directory.Licence{"free": directory.LicenceFree, "p1": directory.LicenceP1}[x.value("licence")]
	if !ok {
		return refuse(http.StatusBadRequest, "the licence %q is not one of free, p1", words.Clip(x.value("licence")))
	}
	if err := p.directory.SetLicence(x.r.Context(), licence); err != nil {
		return err
	}
	detail := "Groups can be assigned to applications, and are provisioned from the next cycle on."
	if licence == directory.LicenceFree {
		detail = "Groups that are assigned count for nothing from the next cycle on."
	}
	return x.done("/licences", "The licence is "+string(licence)+" now.", detail)
}

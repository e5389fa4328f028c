package cycle

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
)

// ImportReport is what an import has found in the target.
type ImportReport struct {
	Users, Groups int // read
	Pages         int // requests
	// Linked counts those that belong to an object of the directory by their name and had no
	// link. Okta calls it an exact match, which it may confirm by itself.
	Linked int
	// Unknown are the names that nobody in the directory has, at most 100.
	Unknown []string
}

const mostUnknown = 100

// Import reads all users and groups of the target page by page, as Okta does for "Import
// Now", and links what has the name of an object of the directory (Okta developer docs,
// "reference/scim/scim-20": startIndex and count until totalResults). Nothing is written to
// either side. Entra ID has no such act for applications of this kind: Invalid.
func (s *Service) Import(ctx context.Context, id JobID) (ImportReport, error) {
	r, err := s.newRun(ctx, id)
	if err != nil {
		return ImportReport{}, err
	}
	if !s.Manner.okta() {
		return ImportReport{}, refuse(Invalid, "Microsoft Entra ID does not import from applications. Start the stand-in in the manner of Okta to try an import.")
	}
	var report ImportReport
	err = errors.Join(r.importKind(ctx, mapping.KindUser, &report), r.importKind(ctx, mapping.KindGroup, &report), r.flush(context.WithoutCancel(ctx)))
	var refused *TargetError
	if errors.As(err, &refused) {
		return report, refuse(Conflict, "The import has ended early. %s", refused.Error())
	}
	if err != nil {
		return report, fmt.Errorf("import from the target of job %s: %w", id, err)
	}
	return report, nil
}

func (r *run) importKind(ctx context.Context, kind mapping.Kind, report *ImportReport) error {
	for start := 1; ; {
		list, _, err := r.target.list(ctx, &trace{}, kind, fmt.Sprintf("startIndex=%d&count=%d", start, oktaPage))
		if err != nil {
			return err
		}
		report.Pages++
		for _, one := range list.Resources {
			if err := r.importOne(ctx, kind, one, report); err != nil {
				return err
			}
		}
		start += len(list.Resources)
		if len(list.Resources) == 0 || start > list.TotalResults {
			return nil
		}
	}
}

func (r *run) importOne(ctx context.Context, kind mapping.Kind, one scim.Object, report *ImportReport) error {
	id, _ := one["id"].(string)
	name, _ := one["userName"].(string)
	if kind == mapping.KindGroup {
		name, _ = one["displayName"].(string)
		report.Groups++
	} else {
		report.Users++
	}
	source, err := r.named(ctx, kind, name)
	if err != nil {
		return err
	}
	if source == "" || id == "" {
		if len(report.Unknown) < mostUnknown {
			report.Unknown = append(report.Unknown, clip(name))
		}
		return nil
	}
	link, err := r.s.Link(ctx, r.job.ID, kind, source)
	if err != nil || link != nil {
		return err
	}
	other, err := r.linkedElsewhere(ctx, object{kind: kind, id: source}, id)
	if err != nil || other != "" {
		return err
	}
	active, given := one["active"].(bool)
	r.record(outcome{source: escrowKey{kind: kind, id: source}, link: &Link{Kind: kind, SourceID: source, TargetID: id, Active: active || !given, Managed: true}})
	report.Linked++
	return nil
}

// named finds the one object of the directory that has a name in the target.
func (r *run) named(ctx context.Context, kind mapping.Kind, name string) (directory.ID, error) {
	if kind == mapping.KindGroup {
		groups, err := r.s.Directory.GroupsNamed(ctx, name)
		if err != nil || len(groups) != 1 {
			return "", err
		}
		return groups[0].ID, nil
	}
	candidates, err := r.s.Directory.UsersByMail(ctx, name)
	if err != nil {
		return "", err
	}
	u, err := r.s.Directory.UserByUPN(ctx, name)
	if err != nil && !directory.IsProblem(err, directory.NotFound) {
		return "", err
	}
	if err == nil {
		candidates = append(candidates, u)
	}
	found := directory.ID("")
	for _, u := range candidates {
		mapped, err := r.userName(ctx, u.ID)
		if err != nil {
			return "", err
		}
		if !strings.EqualFold(mapped, name) || u.ID == found {
			continue
		}
		if found != "" {
			return "", nil // several have it: nobody can tell which
		}
		found = u.ID
	}
	return found, nil
}

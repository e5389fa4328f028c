package console

import (
	"slices"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// The template "preview" of layout.html shows an access.Preview: every page that asks
// before members are affected does so with it.

// preview is what of a preview may be shown: whoever may not see who is a member reads how
// many an act affects, and of those whom it names only himself.
func (x *exchange) preview(p access.Preview) *access.Preview {
	if !x.session.May(iam.PermOrganizationView) {
		p.Examples = slices.DeleteFunc(slices.Clone(p.Examples), func(m access.MemberEffect) bool { return !m.You })
	}
	return &p
}

// uncounted says after an act that nobody could be counted for it.
const uncounted = "How many members it affected was not counted: too many were being counted at once."

// affected says after an act what it did to the members, as the preview right before it
// saw it.
func affected(p access.Preview) string {
	if p.Members == 0 {
		return "No member was affected."
	}
	text := words.Plural(p.Members, "member", "members") + " changed"
	if p.LoseAdmin > 0 {
		text += ", " + words.Count(p.LoseAdmin) + " lost admin access"
	}
	if p.GainAdmin > 0 {
		text += ", " + words.Count(p.GainAdmin) + " gained admin access"
	}
	return text + "."
}

// takesFrom tells whether a preview moves a SCIM group away from another role.
func takesFrom(p access.Preview) bool {
	for _, g := range p.Groups {
		if g.From != nil && g.To != nil {
			return true
		}
	}
	return false
}

// weighty tells whether a form is to be confirmed before it is saved: a SCIM group changes
// its role and with it members change, one is taken from another role, or members lose or
// gain admin access.
func weighty(p access.Preview) bool {
	return takesFrom(p) || len(p.Groups) > 0 && p.Members > 0 || p.LoseAdmin > 0 || p.GainAdmin > 0
}

package idp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/entra/directory"
)

func TestSignIn_manyGroupsBecomeALink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func(a *directory.Application) {
		a.SAML.Claims = []directory.Claim{{Name: "groups", Namespace: directory.MicrosoftClaims, Source: directory.GroupsSource}}
	})
	var file strings.Builder
	file.WriteString("displayName,members,securityEnabled\nDistribution list,ada@corp.example.com,false\n")
	for i := range 150 {
		fmt.Fprintf(&file, "Group %d,ada@corp.example.com,\n", i)
	}
	_, err := w.db.ImportGroups(t.Context(), strings.NewReader(file.String()))
	w.check(err)
	b := w.browser()
	w.choose(b, w.get(b, w.redirected(authn("", ""), "")), w.ada.UserPrincipalName)
	last := func() (string, []string) {
		t.Helper()
		all := w.parse(w.response(w.get(b, w.redirected(authn("", ""), "")))).Assertion.Attributes
		return all[len(all)-1].Name, all[len(all)-1].Values
	}
	if name, values := last(); name != directory.MicrosoftClaims+"/groups" || len(values) != 150 {
		t.Errorf("150 groups: got %s with %d values", name, len(values))
	}
	_, err = w.db.ImportGroups(t.Context(), strings.NewReader("displayName,members\nOne more,ada@corp.example.com\n"))
	w.check(err)
	if name, values := last(); name != "http://schemas.microsoft.com/claims/groups.link" || len(values) != 1 || !strings.Contains(values[0], string(w.ada.ID)) {
		t.Errorf("151 groups: got %s %v", name, values)
	}
}

func TestHandler_faultsAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	large := strings.NewReader("SAMLRequest=" + strings.Repeat("A", 300<<10))
	if p := w.read(w.browser().Post(w.endpoint("/saml2"), "application/x-www-form-urlencoded", large)); p.status != http.StatusBadRequest || !strings.Contains(p.body, "AADSTS750056") {
		t.Errorf("a form that is too large: got %d %s", p.status, p.body)
	}
	w.check(w.db.Close())
	p := w.get(w.browser(), w.redirected(authn("", ""), ""))
	if p.status != http.StatusInternalServerError || !strings.Contains(p.body, "AADSTS90033") || strings.Contains(p.body, "sql") {
		t.Errorf("without a directory: got %d %s", p.status, p.body)
	}
	for name, want := range map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "strict-origin-when-cross-origin"} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

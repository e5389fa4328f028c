package browser

import (
	"net/http"
	"testing"
)

// What pages offer beside their content works with scripts and without: the navigation
// on a phone, the theme, the menus of rows.
func TestConsole_comforts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "Example")
	b := s.admin()
	for _, script := range []bool{true, false} {
		b.scripts(script)
		b.open(s.url + "/members").status(http.StatusOK)
		if b.theme("dark"); b.background() != "dark" {
			t.Error("the page is not dark where the system is")
		}
		// The choice holds against the system, and on the next page.
		if b.pick("Light", script); b.background() != "light" {
			t.Error("the page is not light after that was chosen")
		}
		if !b.eventually(func() bool { return b.open(s.url+"/roles").background() == "light" }) {
			t.Error("the next page is not light")
		}
		if b.pick("As the system", script); b.background() != "dark" {
			t.Error("the page is not as the system again")
		}
		if !b.eventually(func() bool { return b.open(s.url+"/roles").background() == "dark" }) {
			t.Error("the next page is not as the system")
		}
		b.theme("light")

		b.open(s.url + "/members").touch("Actions for admin@example.com").press("Edit roles").at("/members/" + string(s.adminID) + "/roles")

		b.size(phone)
		b.open(s.url + "/members")
		if _, there := b.look("Audit", "link"); there {
			t.Error("the navigation is in the way on a phone")
		}
		b.touch("Open navigation").press("Audit").at("/audit")
		b.size(desktop)
	}
}

// pick chooses a theme. With scripts the page changes as it is.
func (b *tab) pick(theme string, script bool) {
	b.t.Helper()
	if !script {
		b.press(theme)
		return
	}
	b.touch(theme)
	if !b.eventually(func() bool { return b.find(theme, "button").states["pressed"] == "true" }) {
		b.t.Errorf("%s: the button %s is not pressed", b.where(), theme)
	}
}

// background tells whether the page is light or dark.
func (b *tab) background() string {
	b.t.Helper()
	return evaluate[string](b, `(() => { const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number); return r + g + b > 382 ? "light" : "dark"; })()`)
}

package browser

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/e2e/idp"
	"github.com/rollcall/rollcall/internal/iam"
)

// state is what an organization may look like.
type state struct {
	name         string
	organization string
	fill         func(*site)
	shows        [2]string // a page, and what it says in this state and in no other
	acts         bool      // the pages that are answers to forms are looked at, too
	bare         bool      // every page is compared with itself without scripts
}

var states = []state{
	{"empty", "Example", fillNothing, [2]string{"/dashboard", "0 of 7 done"}, false, false},
	{"usual", "Example", fillUsual, [2]string{"/members", "Grace Hopper"}, true, true},
	{"longest", longest("Gesellschaft שלום ", iam.MaxNameBytes), fillLongest, [2]string{"/members", "محمد عبد الرحمن الخوارزمي"}, true, false},
	{"large", "Example", fillLarge, [2]string{"/members", "of 10,001 members"}, false, false},
}

// longest repeats a text up to a number of bytes, whole characters only.
func longest(text string, bytes int) string {
	var b strings.Builder
	for {
		for _, r := range text {
			if b.Len()+len(string(r)) > bytes {
				return strings.TrimSpace(b.String())
			}
			b.WriteRune(r)
		}
	}
}

// fillNothing leaves the organization as it was made. Pages of single things show what
// there is from the start.
func fillNothing(s *site) {
	s.places["member"] = string(s.adminID)
	s.places["role"] = string(s.role("Admin").ID)
	s.places["plan"] = "basic"
	s.visitors()
}

// visitors makes what a person needs who is not signed in.
func (s *site) visitors() {
	s.t.Helper()
	link, _, err := s.access.AdminLink(s.t.Context(), iam.Operator, s.org, "admin@example.com")
	if err != nil {
		s.t.Fatal(err)
	}
	s.addresses["/setup/{org}/{token}"] = strings.TrimPrefix(link, s.url)
}

func (s *site) role(name string) access.RoleView {
	s.t.Helper()
	for _, r := range need[[]access.RoleView](s.t)(s.access.Roles(s.t.Context(), s.org)) {
		if r.Name == name {
			return r
		}
	}
	s.t.Fatalf("there is no role %q", name)
	return access.RoleView{}
}

// provisioned connects the organization and gives back its identity provider's side.
func (s *site) provisioned(domains ...string) *entra {
	s.t.Helper()
	ctx := s.t.Context()
	provider := idp.New(s.t, "idp", time.Now())
	need[access.SAMLView](s.t)(s.access.ConnectSAML(ctx, iam.Operator, s.org, access.Connect{Metadata: provider.Metadata(), Domains: domains, TrustDomains: true}))
	endpoint := need[access.SCIMView](s.t)(s.access.EnableSCIM(ctx, iam.Operator, s.org)).Endpoint
	key := need[access.NewKey](s.t)(s.access.CreateKey(ctx, iam.Operator, s.org, "1w"))
	s.places["key"], s.places["domain"] = string(key.Key), domains[0]
	return s.directory(endpoint, key)
}

// refusedCalls calls with Secret Tokens that were entered wrongly.
func (s *site) refusedCalls() {
	s.t.Helper()
	endpoint := need[access.SCIMView](s.t)(s.access.SCIMSettings(s.t.Context(), s.org)).Endpoint
	for _, token := range []string{"", "Bearer " + s.places["key"] + ":x", s.places["key"], s.places["key"] + ":wrong", "scim_aaaaaaaaaaaaaaaaaaaa:x"} {
		mistaken := entra{s.t, http.DefaultClient, endpoint, token}
		mistaken.send(http.StatusUnauthorized, http.MethodGet, "/Users", "")
	}
}

func (s *site) makeRole(name, group string, permissions ...string) access.RoleView {
	s.t.Helper()
	in := access.RoleInput{Name: &name, Permissions: &permissions}
	if group != "" {
		in.SCIMGroup = &group
	}
	return need[access.RoleView](s.t)(s.access.CreateRole(s.t.Context(), iam.Operator, s.org, in))
}

func (s *site) invite(email string, roles ...string) {
	s.t.Helper()
	made := need[access.Invited](s.t)(s.access.Invite(s.t.Context(), iam.Operator, s.org, email, roles))
	s.places["invitation"] = string(made.ID)
	s.addresses["/invitation/{org}/{invitation}/{token}"] = strings.TrimPrefix(made.URL, s.url)
}

// askSupport keeps a request to support, with a screenshot.
func (s *site) askSupport(subject, description string) {
	s.t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		s.t.Fatal(err)
	}
	text := iam.SupportText{Priority: iam.PriorityHigh, Subject: subject, Description: description, Application: subject, ApplicationID: subject}
	made := need[access.SupportSent](s.t)(s.access.ContactSupport(s.t.Context(), iam.Actor{Type: iam.ActorUser, ID: string(s.adminID), Details: "admin@example.com"}, s.org, text, picture.Bytes()))
	s.places["ticket"] = string(made.ID)
}

// found fills in what the logs hold, once they are written.
func (s *site) found() {
	s.t.Helper()
	s.places["plan"] = "basic"
	activities := need[access.ActivityPage](s.t)(s.access.Activities(s.t.Context(), s.org, access.ActivityQuery{Limit: 10}))
	s.places["event"] = string(activities.Events[0].ID)
	b := &tab{t: s.t}
	if !b.eventually(func() bool {
		page := need[access.RequestPage](s.t)(s.access.Requests(s.t.Context(), s.org, access.RequestQuery{Limit: 10}))
		if len(page.Requests) == 0 {
			return false
		}
		s.places["request"] = page.Requests[0].ID
		return true
	}) {
		s.t.Fatal("the request log stays empty")
	}
	s.visitors()
}

// fillUsual is an organization as it is after some weeks: with what goes well, and with
// one of each thing that a page warns of.
func fillUsual(s *site) {
	directory := s.provisioned("example.com", "example.org")
	need[iam.Certificate](s.t)(s.access.EnableEncryption(s.t.Context(), iam.Operator, s.org))
	s.makeRole("Admins", "ClickHouse-Admins", "control-plane:organization:view", "control-plane:organization:manage")
	s.makeRole("Read-only", "ClickHouse-Read-only", "control-plane:organization:view", "reports:invoices:read")
	support := s.makeRole("Support", "", "control-plane:support:manage")
	s.makeRole("click house admins", "")
	var groups []string
	for _, name := range []string{"ClickHouse-Admins", "ClickHouse-Read-only", "Marketing"} {
		groups = append(groups, directory.createGroup(name))
	}
	people := []person{
		{"ada@example.com", "ada@example.com", "Ada", "Lovelace"}, {"grace@example.com", "grace@example.com", "Grace", "Hopper"},
		{"alan@corp.example", "alan@example.com", "Alan", "Turing"}, {"katherine", "katherine@example.com", "Katherine", "Johnson"},
		{"edsger@example.com", "edsger@example.com", "Edsger", "Dijkstra"}, {"barbara@example.com", "barbara@example.com", "Barbara", "Liskov"},
	}
	for i, p := range people {
		id := directory.createUser(p)
		if i == 0 {
			s.places["member"] = id
		}
		if i < 5 {
			directory.addMember(groups[i%len(groups)], id)
		}
		if i == 5 {
			directory.activate(id, false)
		}
	}
	directory.send(http.StatusBadRequest, http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"active":true}`)
	directory.send(http.StatusOK, http.MethodPatch, "/Users/"+s.places["member"], patch(`{"op":"Replace","path":"nickName","value":"Countess"}`))
	s.places["group"], s.places["role"] = groups[0], string(support.ID)
	need[access.Domain](s.t)(s.access.AddDomain(s.t.Context(), iam.Operator, s.org, "waiting.example", false))
	need[iam.Member](s.t)(s.access.SetMemberRoles(s.t.Context(), iam.Operator, s.org, "grace@example.com", []string{"Support", "system:Billing"}))
	s.invite("mary@example.com", "Read-only")
	s.refusedCalls()
	s.askSupport("Provisioning fails", "Since yesterday.\n\nThe log says 400.")
	s.found()
}

// fillLongest has the longest of everything that is stored, also as one word, and in a
// script that runs from right to left.
func fillLongest(s *site) {
	label := strings.Repeat("a", 63)
	domain := label + "." + strings.Repeat("b", 63) + ".example"
	directory := s.provisioned(domain)
	word, arabic := strings.Repeat("W", iam.MaxNameBytes), longest("مجموعة المسؤولين ", iam.MaxNameBytes)
	product := strings.Repeat("p", 60) + ":" + strings.Repeat("q", 60) + ":" + strings.Repeat("r", 60)
	role := s.makeRole(word, arabic, "control-plane:organization:view", product)
	s.makeRole(arabic, "", "control-plane:organization:view")
	s.makeRole(longest("Éclair ", iam.MaxNameBytes), word)
	group := directory.createGroup(arabic)
	directory.createGroup(word)
	directory.createGroup(longest("קבוצה ", iam.MaxNameBytes))
	address := strings.Repeat("u", 64) + "@" + domain
	names := []person{
		{address, address, strings.Repeat("Wolfeschlegelsteinhausenbergerdorff", 30), strings.Repeat("x", 60_000)},
		{"ltr@" + domain, "ltr@" + domain, "محمد عبد الرحمن", longest("الخوارزمي ", 2000)},
		{strings.Repeat("n", iam.MaxNameBytes), "rtl@" + domain, "אדם", "לביא 🏳️‍🌈👩🏽‍🚀"},
	}
	for i, p := range names {
		id := directory.createUser(p)
		directory.addMember(group, id)
		if i == 0 {
			s.places["member"] = id
		}
	}
	directory.send(http.StatusBadRequest, http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"displayName":"`+arabic+`"}`)
	directory.send(http.StatusOK, http.MethodPatch, "/Users/"+s.places["member"], patch(`{"op":"Replace","path":"`+strings.Repeat("unknown", 100)+`","value":"`+word+`"}`))
	s.places["group"], s.places["role"] = group, string(role.ID)
	need[access.Domain](s.t)(s.access.AddDomain(s.t.Context(), iam.Operator, s.org, label+"."+label+"."+label+".example", false))
	need[iam.Member](s.t)(s.access.SetMemberRoles(s.t.Context(), iam.Operator, s.org, address, []string{word, arabic, "system:Admin", "system:Billing"}))
	s.invite(strings.Repeat("i", 64)+"@"+domain, word)
	s.askSupport(strings.Repeat("S", iam.MaxSupportSubject), strings.Repeat("D", iam.MaxSupportDescription))
	s.found()
}

// manyMembers is how many members the large organization has.
const manyMembers = 10_000

// fillLarge has thousands of members, and hundreds of everything else.
func fillLarge(s *site) {
	directory := s.provisioned("example.com")
	role := s.makeRole("Everybody", "", "control-plane:organization:view")
	group := directory.createGroup("Everybody")
	for i := range 150 {
		directory.createGroup(fmt.Sprintf("Team %03d", i)) // and a role with each
	}
	for i := range 60 {
		s.invite(fmt.Sprintf("guest%03d@example.com", i), "Everybody")
	}
	users := directory.createMany(manyMembers)
	directory.addMembers(group, users)
	s.places["member"], s.places["group"], s.places["role"] = users[0], group, string(role.ID)
	need[access.NewKey](s.t)(s.access.CreateKey(s.t.Context(), iam.Operator, s.org, "12mo")) // a rotation has begun
	for i := range access.SupportPerDay {
		s.askSupport(fmt.Sprintf("Request %d", i), "It still fails.")
	}
	s.found()
}

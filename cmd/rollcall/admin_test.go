package main

import (
	"encoding/csv"
	"encoding/json"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

const noOrg = "01890000-0000-7000-8000-000000000000"

func TestOrg(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	out := sh.ok("org", "create", "--name", "Example", "--admin-email", "Admin@Example.com")
	for _, want := range []string{"Name  Example", "Plan  enterprise", "http://127.0.0.1:8080/setup/", "no server has stored its public URL"} {
		if !strings.Contains(out, want) {
			t.Errorf("org create does not say %q:\n%s", want, out)
		}
	}
	var made map[string]any
	sh.json(&made, "org", "create", "--name", "Zwei", "--admin-email", "admin@example.com", "--plan", "basic", "--public-url", "https://people.example.com")
	id, _ := made["id"].(string)
	if len(made) != 4 || made["name"] != "Zwei" || made["plan"] != "basic" || !strings.HasPrefix(made["adminSetupURL"].(string), "https://people.example.com/setup/"+id+"/") {
		t.Errorf("org create = %v", made)
	}
	var all []orgView
	sh.json(&all, "org", "list")
	if len(all) != 2 || all[0].Name != "Example" || all[1].Name != "Zwei" || all[1].Plan != "basic" || all[1].SCIMEnabled || all[1].Identity != "standard" || all[1].UnmappedGroups != "create" {
		t.Errorf("org list = %+v", all)
	}
	if out := sh.ok("org", "list"); strings.Count(out, "\n") != 3 || !strings.Contains(out, id+"  basic") {
		t.Errorf("org list prints:\n%s", out)
	}
	var one orgView
	sh.json(&one, "org", "show", "--org", id)
	if one != all[1] {
		t.Errorf("org show = %+v, want %+v", one, all[1])
	}
	sh.json(&one, "org", "set-plan", "--org", id, "--plan", "enterprise")
	if one.Plan != "enterprise" {
		t.Errorf("set-plan = %+v", one)
	}
	if out := sh.ok("org", "set-plan", "--org", id, "--plan", "scale"); !strings.Contains(out, "Zwei is on the plan scale.") || !strings.Contains(out, "nothing was deleted") {
		t.Errorf("set-plan prints %q", out)
	}

	before := sh.ok("org", "list")
	sh.fails(exitRefused, "name is empty", "org", "create", "--name", "", "--admin-email", "admin@example.com")
	sh.fails(exitRefused, "is not an e-mail address", "org", "create", "--name", "x", "--admin-email", "nobody")
	sh.refused(id, "there is no organization", "org", "show", "--org", noOrg)
	sh.refused(id, "there is no organization", "org", "show", "--org", "'; DROP TABLE users")
	sh.refused(id, "there is no organization", "org", "set-plan", "--org", noOrg, "--plan", "basic")
	if after := sh.ok("org", "list"); after != before {
		t.Errorf("a refused org create left something:\n%s", after)
	}
}

func TestOrg_defaultRole(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	type answer struct{ DefaultRoles []roleRef }
	var got answer
	sh.json(&got, "org", "default-role", "--org", org)
	if len(got.DefaultRoles) != 1 || got.DefaultRoles[0].Name != "Member" || got.DefaultRoles[0].Type != "system" {
		t.Errorf("the Default roles at first: %+v", got)
	}
	sh.ok("role", "create", "--org", org, "--name", "Member")
	sh.ok("role", "create", "--org", org, "--name", "Guests")
	sh.json(&got, "org", "default-role", "--org", org, "--role", "Member", "--role", "Guests")
	if len(got.DefaultRoles) != 2 || got.DefaultRoles[0].Type != "custom" || got.DefaultRoles[1].Type != "custom" {
		t.Errorf("custom comes before system: %+v", got)
	}
	sh.json(&got, "org", "default-role", "--org", org, "--role", "system:Member")
	if len(got.DefaultRoles) != 1 || got.DefaultRoles[0].Type != "system" {
		t.Errorf("system:Member = %+v", got)
	}
	if out := sh.ok("org", "default-role", "--org", org); !strings.Contains(out, "  Member (system)  0000") {
		t.Errorf("default-role prints %q", out)
	}
	sh.refused(org, "no role", "org", "default-role", "--org", org, "--role", "Nobody")
}

func TestAdminLink(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	var got map[string]string
	sh.json(&got, "admin", "link", "--org", org, "--email", "admin@example.com")
	if len(got) != 2 || !strings.Contains(got["url"], "/setup/"+org+"/") {
		t.Errorf("admin link = %v", got)
	}
	if at, err := time.Parse(time.RFC3339, got["expiresAt"]); err != nil || !at.After(time.Now()) {
		t.Errorf("expiresAt = %v, %v", got["expiresAt"], err)
	}
	var again map[string]string
	sh.json(&again, "admin", "link", "--org", org, "--email", "admin@example.com")
	if again["url"] == got["url"] {
		t.Error("the same link twice")
	}
	if out := sh.ok("admin", "link", "--org", org, "--email", "admin@example.com"); !strings.Contains(out, "a former link is void:\nhttp://") {
		t.Errorf("admin link prints %q", out)
	}
	sh.refused(org, "nobody@example.com", "admin", "link", "--org", org, "--email", "nobody@example.com")
}

func TestSAML(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	var view samlView
	sh.json(&view, "saml", "show", "--org", org, "--public-url", "https://people.example.com")
	if view.Connected || view.ACSURL != "https://people.example.com/saml/"+org+"/acs" || view.EntityID == "" || view.MetadataURL == "" ||
		view.SignInURL != "https://people.example.com/?connection="+org || view.LogoutURL != "https://people.example.com/saml/"+org+"/logout" || view.IdPEntityID != "" || len(view.Certificates) != 0 || len(view.Domains) != 0 {
		t.Errorf("saml show before connecting = %+v", view)
	}
	if out := sh.ok("saml", "show", "--org", org, "--json"); !strings.Contains(out, `"certificates": []`) || !strings.Contains(out, `"domains": []`) {
		t.Errorf("empty lists are not []: %s", out)
	}
	if out := sh.ok("saml", "show", "--org", org); !strings.Contains(out, "State  not connected") || !strings.Contains(out, "none: nobody can sign in") {
		t.Errorf("saml show prints:\n%s", out)
	}

	metadata := sh.metadata()
	sh.refused(org, "no such file", "saml", "connect", "--org", org, "--metadata-file", "none.xml")
	sh.refused(org, "it is a web page", "saml", "connect", "--org", org, "--metadata-file", sh.file("page.xml", "<html></html>"))
	sh.refused(org, "larger than 1024 KiB", "saml", "connect", "--org", org, "--metadata-file", sh.file("large.xml", strings.Repeat(" ", 1<<20+1)))
	sh.refused(org, "is plain http", "saml", "connect", "--org", org, "--metadata-url", "http://127.0.0.1/metadata")
	sh.refused(org, "not a public address", "saml", "connect", "--org", org, "--metadata-url", "https://127.0.0.1:1/metadata")
	sh.refused(org, "refuses connections", "saml", "connect", "--org", org, "--metadata-url", "http://127.0.0.1:1/metadata", "--allow-private-address")
	sh.refused(org, "is not a domain name", "saml", "connect", "--org", org, "--metadata-file", metadata, "--domain", "ex ample")

	sh.json(&view, "saml", "connect", "--org", org, "--metadata-file", metadata, "--domain", "example.com", "--domain", "example.org")
	if !view.Connected || view.IdPEntityID != "https://idp.example.com/demo" || len(view.Certificates) != 1 || len(view.Certificates[0].SHA256) != 64 || len(view.Domains) != 2 {
		t.Errorf("saml connect = %+v", view)
	}
	for _, d := range view.Domains {
		if d.Status != "pending" || !strings.Contains(d.TXTName, d.Domain) || d.TXTValue == "" {
			t.Errorf("domain = %+v", d)
		}
	}
	sh.ok("saml", "connect", "--org", org, "--metadata-file", metadata, "--domain", "example.net", "--trust-domain")
	out := sh.ok("saml", "show", "--org", org)
	for _, want := range []string{"State              connected", "example.net  verified", "example.com  pending", "TXT record _"} {
		if !strings.Contains(out, want) {
			t.Errorf("saml show does not say %q:\n%s", want, out)
		}
	}

	if out := sh.ok("saml", "disconnect", "--org", org, "--yes"); !strings.Contains(out, "is removed") {
		t.Errorf("disconnect prints %q", out)
	}
	sh.json(&view, "saml", "show", "--org", org)
	if view.Connected || len(view.Certificates) != 0 || len(view.Domains) != 3 {
		t.Errorf("saml show after disconnecting = %+v", view)
	}
}

func TestSAMLDomain(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	var d domainView
	sh.json(&d, "saml", "domain", "add", "--org", org, "--domain", "Example.COM")
	if d.Domain != "example.com" || d.Status != "pending" {
		t.Errorf("domain add = %+v", d)
	}
	// A DNS server that is not there: an answer is no refusal of the domain.
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	resolver := conn.LocalAddr().String()
	_ = conn.Close()
	sh.refused(org, "could not be looked up", "saml", "domain", "verify", "--org", org, "--domain", "example.com", "--dns-resolver", resolver)
	sh.refused(org, "add it first", "saml", "domain", "verify", "--org", org, "--domain", "example.org", "--dns-resolver", resolver)
	if out := sh.ok("saml", "domain", "add", "--org", org, "--domain", "example.com"); !strings.Contains(out, "is pending. Add this TXT record") || !strings.Contains(out, d.TXTValue) {
		t.Errorf("domain add again prints:\n%s", out)
	}
	if out := sh.ok("saml", "domain", "verify", "--org", org, "--domain", "example.com", "--trust-domain"); out != "The domain example.com is verified.\n" {
		t.Errorf("domain verify prints %q", out)
	}
	var removed map[string]any
	sh.json(&removed, "saml", "domain", "remove", "--org", org, "--domain", "example.com")
	if removed["removed"] != true || removed["membersShutOut"] != 0.0 {
		t.Errorf("domain remove = %v", removed)
	}
	sh.refused(org, "example.com", "saml", "domain", "remove", "--org", org, "--domain", "example.com")
}

func TestSCIM(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	var v scimView
	sh.json(&v, "scim", "show", "--org", org, "--public-url", "https://people.example.com")
	if v.Enabled || v.Endpoint != "https://people.example.com/v1/organizations/"+org+"/scim" || v.Identity != "standard" || v.UnmappedGroups != "create" {
		t.Errorf("scim show = %+v", v)
	}
	sh.refused(org, "SAML", "scim", "enable", "--org", org)
	sh.ok("saml", "connect", "--org", org, "--metadata-file", sh.metadata())
	sh.ok("org", "set-plan", "--org", org, "--plan", "scale")
	sh.refused(org, "nterprise", "scim", "enable", "--org", org)
	sh.ok("org", "set-plan", "--org", org, "--plan", "enterprise")
	sh.json(&v, "scim", "enable", "--org", org)
	if !v.Enabled {
		t.Errorf("scim enable = %+v", v)
	}
	var p policyView
	sh.json(&p, "scim", "policy", "--org", org, "--identity", "strict", "--unmapped-groups", "reject")
	if p.Identity != "strict" || p.UnmappedGroups != "reject" || p.WouldFail == nil || len(p.WouldFail) != 0 {
		t.Errorf("scim policy = %+v", p)
	}
	if out := sh.ok("scim", "policy", "--org", org, "--unmapped-groups", "create"); !strings.Contains(out, "Identity policy        strict\nUnmapped groups        create\n") {
		t.Errorf("scim policy prints:\n%s", out)
	}
	sh.json(&v, "scim", "disable", "--org", org)
	if v.Enabled {
		t.Errorf("scim disable = %+v", v)
	}
	if out := sh.ok("scim", "log", "--org", org); !strings.HasPrefix(out, "No request is logged yet") {
		t.Errorf("scim log prints %q", out)
	}
	if out := sh.ok("scim", "log", "--org", org, "--since", "7d", "--status", "4xx", "--json"); out != "[]\n" {
		t.Errorf("scim log --json prints %q", out)
	}
	sh.refused(org, "there is no organization", "scim", "log", "--org", noOrg)
}

func TestSCIMKey(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.connected("Example")
	if out := sh.ok("scim", "key", "list", "--org", org); !strings.Contains(out, "There is no SCIM key yet") {
		t.Errorf("key list prints %q", out)
	}
	var k map[string]any
	sh.json(&k, "scim", "key", "create", "--org", org, "--expires", "never")
	key, _ := k["key"].(string)
	if len(k) != 4 || !strings.HasPrefix(key, "scim_") || k["bearer"] != key+":"+k["secret"].(string) || k["expiresAt"] != nil {
		t.Errorf("key create = %v", k)
	}
	sh.refused(org, "lies in the past", "scim", "key", "create", "--org", org, "--expires", "2020-01-01")
	sh.refused(org, "is not one of 1w", "scim", "key", "create", "--org", org, "--expires", "2 years")
	out := sh.ok("scim", "key", "create", "--org", org, "--expires", "1w")
	if !regexp.MustCompile(`Secret token  scim_[a-z2-7]{20}:[A-Za-z0-9_-]{43}\n`).MatchString(out) || !strings.Contains(out, "T23:59:59Z") {
		t.Errorf("key create prints:\n%s", out)
	}
	sh.refused(org, "at most 2 SCIM keys", "scim", "key", "create", "--org", org)
	var keys []keyView
	sh.json(&keys, "scim", "key", "list", "--org", org)
	if len(keys) != 2 || keys[0].Status != "active" || keys[0].CreatedBy != "command line" || keys[0].LastUsedAt != nil {
		t.Errorf("key list = %+v", keys)
	}
	sh.refused(org, "this is not a SCIM key", "scim", "key", "revoke", "--org", org, "--key", "scim_nokey")
	sh.json(&k, "scim", "key", "revoke", "--org", org, "--key", key)
	if k["status"] != "revoked" {
		t.Errorf("key revoke = %v", k)
	}
	table := sh.ok("scim", "key", "list", "--org", org)
	if !strings.Contains(table, "revoked") || !strings.Contains(table, "active") || strings.Contains(table+sh.state(org), k["secret"].(string)) {
		t.Errorf("key list prints:\n%s", table)
	}
}

func TestRole(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	var r roleView
	sh.json(&r, "role", "create", "--org", org, "--name", "Developers", "--scim-group", "dev-team", "--permission", "shop:orders:view", "--permission", "a:b:c")
	if r.Name != "Developers" || r.Type != "custom" || r.Source != "admin" || r.SCIMGroup != "dev-team" || r.Groups == nil || len(r.Permissions) != 2 || r.Permissions[0] != "a:b:c" {
		t.Errorf("role create = %+v", r)
	}
	sh.refused(org, "Developers", "role", "create", "--org", org, "--name", "Developers")
	sh.refused(org, "dev-team", "role", "create", "--org", org, "--name", "Others", "--scim-group", "dev-team")
	sh.refused(org, "is not of the form a:b:c", "role", "create", "--org", org, "--name", "Others", "--permission", "everything")
	sh.refused(org, "system", "role", "update", "--org", org, "--role", "system:Admin", "--name", "Boss")
	sh.refused(org, "Nobody", "role", "delete", "--org", org, "--role", "Nobody")

	id := string(r.ID)
	sh.json(&r, "role", "update", "--org", org, "--role", "Developers", "--name", "Engineers")
	if string(r.ID) != id || r.Name != "Engineers" || r.SCIMGroup != "dev-team" || len(r.Permissions) != 2 {
		t.Errorf("role update of the name = %+v", r)
	}
	sh.json(&r, "role", "update", "--org", org, "--role", id, "--scim-group", "", "--permission", "")
	if r.SCIMGroup != "" || r.Permissions == nil || len(r.Permissions) != 0 {
		t.Errorf("role update to nothing = %+v", r)
	}
	out := sh.ok("role", "update", "--org", org, "--role", id, "--permission", "a:b:c")
	for _, want := range []string{"Name           Engineers", "Type           custom, made by an admin", "SCIM group     -", "Permissions    a:b:c"} {
		if !strings.Contains(out, want) {
			t.Errorf("role update does not print %q:\n%s", want, out)
		}
	}
	var all []roleView
	sh.json(&all, "role", "list", "--org", org)
	if len(all) != 5 || all[0].Type != "system" || all[4].Name != "Engineers" {
		t.Errorf("role list = %+v", all)
	}
	if out := sh.ok("role", "list", "--org", org); !strings.Contains(out, "and 9 more") || !strings.Contains(out, "a:b:c") {
		t.Errorf("role list prints:\n%s", out)
	}
	sh.ok("org", "default-role", "--org", org, "--role", "Engineers")
	sh.refused(org, "Default", "role", "delete", "--org", org, "--role", "Engineers")
	sh.ok("org", "default-role", "--org", org, "--role", "system:Member")
	var deleted map[string]any
	sh.json(&deleted, "role", "delete", "--org", org, "--role", "Engineers")
	if deleted["deleted"] != true {
		t.Errorf("role delete = %v", deleted)
	}
	if out := sh.ok("group", "list", "--org", org); !strings.HasPrefix(out, "There is no SCIM group yet") {
		t.Errorf("group list prints %q", out)
	}
}

func TestMember(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	var all []memberView
	sh.json(&all, "member", "list", "--org", org)
	if len(all) != 1 || all[0].Email != "admin@example.com" || all[0].Status != "active" || all[0].ManagedBy != "admin" ||
		len(all[0].Roles) != 1 || all[0].Roles[0].Name != "Admin" || all[0].Roles[0].Source != "direct" || all[0].Roles[0].Group != nil || all[0].Warnings == nil {
		t.Errorf("member list = %+v", all)
	}
	if out := sh.ok("member", "list", "--org", org); !strings.Contains(out, "Admin (direct)") {
		t.Errorf("member list prints:\n%s", out)
	}
	sh.refused(org, "Admin", "member", "set-roles", "--org", org, "--member", "admin@example.com", "--role", "Member")
	sh.refused(org, "Admin", "member", "set-roles", "--org", org, "--member", string(all[0].ID))
	sh.refused(org, "Admin", "member", "remove", "--org", org, "--member", "admin@example.com")
	sh.refused(org, "nobody@example.com", "member", "remove", "--org", org, "--member", "nobody@example.com")
	var m memberView
	sh.json(&m, "member", "set-roles", "--org", org, "--member", "ADMIN@example.com", "--role", "Admin", "--role", "Billing")
	if m.ID != all[0].ID || len(m.Roles) != 2 {
		t.Errorf("set-roles = %+v", m)
	}
	if out := sh.ok("member", "set-roles", "--org", org, "--member", string(m.ID), "--role", "Admin"); out != "admin@example.com has: Admin (direct)\n" {
		t.Errorf("set-roles prints %q", out)
	}
	var invited map[string]string
	sh.json(&invited, "member", "invite", "--org", org, "--email", "bob@example.com", "--role", "Billing")
	if len(invited) != 3 || invited["id"] == "" || !strings.Contains(invited["url"], "/"+org+"/") || invited["expiresAt"] == "" {
		t.Errorf("invite = %v", invited)
	}
	sh.refused(org, "admin@example.com", "member", "invite", "--org", org, "--email", "admin@example.com")
	sh.refused(org, "no role", "member", "invite", "--org", org, "--email", "eve@example.com", "--role", "Nobody")
	if out := sh.ok("member", "invite", "--org", org, "--email", "eve@example.com"); !strings.Contains(out, "Give this link to eve@example.com.") {
		t.Errorf("invite prints %q", out)
	}
}

func TestAuditExport(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("=Example")
	sh.ok("role", "create", "--org", org, "--name", "=1+1", "--permission", "a:b:c")

	lines := strings.Split(strings.TrimSpace(sh.ok("audit", "export", "--org", org)), "\n")
	var types, days []string
	for _, line := range lines {
		var e eventView
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if string(e.OrganizationID) != org || e.ActorType != "system" || e.ActorDetails != "command line" || e.Details == nil || e.ID == "" {
			t.Errorf("event = %+v", e)
		}
		types, days = append(types, string(e.Type)), append(days, e.CreatedAt[:len(time.DateOnly)])
	}
	if got := strings.Join(types, " "); got != "create_organization organization_member_add role_create" {
		t.Errorf("types = %s", got)
	}
	var all []eventView
	sh.json(&all, "audit", "export", "--org", org)
	if len(all) != len(lines) {
		t.Errorf("--json has %d events, jsonl %d", len(all), len(lines))
	}
	records, err := csv.NewReader(strings.NewReader(sh.ok("audit", "export", "--org", org, "--format", "csv"))).ReadAll()
	if err != nil || len(records) != len(lines)+1 || records[0][0] != "createdAt" {
		t.Fatalf("csv = %q, %v", records, err)
	}
	if got := records[3][9]; got != "'=1+1" {
		t.Errorf("a name that looks like a formula is exported as %q", got)
	}
	for args, want := range map[string]int{
		"--from 1h": 3, "--from " + days[0] + " --to " + days[2]: 3, "--to 2020-01-01": 0, "--from 2100-01-01": 0,
		"--from 2020-01-01T00:00:00Z --to 2020-01-02T00:00:00Z": 0,
	} {
		sh.json(&all, append([]string{"audit", "export", "--org", org}, strings.Fields(args)...)...)
		if len(all) != want {
			t.Errorf("%s: %d events, want %d", args, len(all), want)
		}
	}
	if out := sh.ok("audit", "export", "--org", org, "--to", "2020-01-01", "--format", "csv"); strings.Count(out, "\n") != 1 {
		t.Errorf("an empty csv has %q", out)
	}
	sh.fails(exitRefused, "there is no organization", "audit", "export", "--org", noOrg)
}

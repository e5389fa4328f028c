package main

import (
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"testing"
)

// dnsServer is a DNS server on loopback that knows TXT records, one string each
// (RFC 1035 section 4).
type dnsServer struct {
	address string
	mu      sync.Mutex
	records map[string]string // name without the dot at its end -> value
}

func newDNSServer(t *testing.T) *dnsServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &dnsServer{address: conn.LocalAddr().String(), records: map[string]string{}}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		packet := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(d.answer(packet[:n]), from) // a lost answer is asked for again
		}
	}()
	return d
}

func (d *dnsServer) set(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records[strings.ToLower(name)] = value
}

func (d *dnsServer) answer(query []byte) []byte {
	const header = 12
	var labels []string
	end := header
	for query[end] != 0 {
		size := int(query[end])
		labels = append(labels, strings.ToLower(string(query[end+1:end+1+size])))
		end += 1 + size
	}
	end += 5 // the empty label, type and class
	d.mu.Lock()
	value, found := d.records[strings.Join(labels, ".")]
	d.mu.Unlock()
	count, code := uint16(0), byte(3) // no such name
	if found {
		count, code = 1, 0
	}
	answer := append([]byte{}, query[0], query[1], 0x81, 0x80|code, 0, 1)
	answer = binary.BigEndian.AppendUint16(answer, count)
	answer = append(answer, 0, 0, 0, 0)
	answer = append(answer, query[header:end]...)
	if !found {
		return answer
	}
	answer = append(answer, 0xC0, header, 0, 16, 0, 1, 0, 0, 0, 0) // the same name, TXT, IN, no time to live
	answer = binary.BigEndian.AppendUint16(answer, uint16(len(value)+1))
	return append(append(answer, byte(len(value))), value...)
}

// A domain is verified by the TXT record that Rollcall asks for, and by no other.
func TestSAMLDomain_byDNS(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	dns := newDNSServer(t)
	var d domainView
	sh.json(&d, "saml", "domain", "add", "--org", org, "--domain", "example.com")
	verify := []string{"saml", "domain", "verify", "--org", org, "--domain", "example.com", "--dns-resolver", dns.address}
	sh.refused(org, "there is no TXT record", verify...)
	dns.set(d.TXTName, "something else")
	sh.refused(org, `shows "something else"`, verify...)
	dns.set(d.TXTName, d.TXTValue)
	sh.json(&d, verify...)
	if d.Status != "verified" {
		t.Errorf("domain verify = %+v", d)
	}
}

func TestSAMLSettings(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	settings := func(args ...string) signInView {
		t.Helper()
		var v signInView
		sh.json(&v, append([]string{"saml", "settings", "--org", org}, args...)...)
		return v
	}
	if v := settings(); v != (signInView{false, 60, 720}) {
		t.Errorf("settings at first: %+v", v)
	}
	sh.refused(org, "there is no SAML connection", "saml", "settings", "--org", org, "--idp-initiated", "on")
	sh.refused(org, "a session can end after", "saml", "settings", "--org", org, "--session-idle", "1m")
	sh.refused(org, "a session can last", "saml", "settings", "--org", org, "--session-life", "25h")
	sh.refused(org, "give a shorter idle time", "saml", "settings", "--org", org, "--session-idle", "13h")
	sh.refused(org, "whole minutes", "saml", "settings", "--org", org, "--session-idle", "5m1s")
	if v := settings("--session-idle", "15m", "--session-life", "8h"); v != (signInView{false, 15, 480}) {
		t.Errorf("settings: %+v", v)
	}
	sh.ok("saml", "connect", "--org", org, "--metadata-file", sh.metadata())
	if v := settings("--idp-initiated", "on"); v != (signInView{true, 15, 480}) {
		t.Errorf("settings: %+v", v)
	}
	if out := sh.ok("saml", "settings", "--org", org, "--idp-initiated", "off"); !strings.Contains(out, "must begin at Rollcall") || !strings.Contains(out, "15 minutes after the last request, at the latest after 480 minutes") {
		t.Errorf("settings print:\n%s", out)
	}
	if out := sh.ok("audit", "export", "--org", org, "--format", "csv"); !strings.Contains(out, "organization_session_settings_update") || strings.Count(out, "idpInitiated") != 2 {
		t.Errorf("audit log:\n%s", out)
	}
	sh.fails(exitUsage, "--idp-initiated must be one of", "saml", "settings", "--org", org, "--idp-initiated", "maybe")
}

func TestSAMLEncryption(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org := sh.org("Example")
	enable, disable := []string{"saml", "encryption", "enable", "--org", org}, []string{"saml", "encryption", "disable", "--org", org}
	sh.refused(org, "connect the identity provider first", enable...)
	sh.ok("saml", "connect", "--org", org, "--metadata-file", sh.metadata())
	var v samlView
	if sh.json(&v, "saml", "show", "--org", org); v.Encryption != nil {
		t.Errorf("at first: %+v", v.Encryption)
	}
	if sh.json(&v, enable...); v.Encryption == nil || len(v.Encryption.SHA256) != 64 {
		t.Fatalf("enabled: %+v", v.Encryption)
	}
	if out := sh.ok(enable...); !strings.Contains(out, "take Rollcall's metadata again") || !strings.Contains(out, v.Encryption.SHA256+", until ") {
		t.Errorf("enable prints:\n%s", out)
	}
	if out := sh.ok("saml", "show", "--org", org); !strings.Contains(out, "Encrypted for") {
		t.Errorf("show prints:\n%s", out)
	}
	if out := sh.ok(disable...); !strings.Contains(out, "encrypted assertions are refused") {
		t.Errorf("disable prints:\n%s", out)
	}
	if sh.json(&v, disable...); v.Encryption != nil {
		t.Errorf("disabled: %+v", v.Encryption)
	}
	if out := sh.ok("audit", "export", "--org", org, "--format", "csv"); strings.Count(out, "encryptionCertificate") != 2 {
		t.Errorf("audit log:\n%s", out)
	}
}

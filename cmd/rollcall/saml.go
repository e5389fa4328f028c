package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/outbound"
	"github.com/rollcall/rollcall/internal/saml"
)

type samlCommands struct {
	Show       samlShow           `cmd:"" help:"Show the SAML connection, and what the identity provider has to be told, also before connecting."`
	Connect    samlConnect        `cmd:"" help:"Connect the identity provider, or replace its metadata in place."`
	Disconnect samlDisconnect     `cmd:"" help:"Remove the connection: every SCIM key is revoked and SCIM is turned off."`
	Domain     domainCommands     `cmd:"" help:"E-mail domains."`
	Encryption encryptionCommands `cmd:"" help:"Encrypted assertions, which are off until a certificate for them is made."`
	Settings   samlSettings       `cmd:"" help:"Show or change how people sign in and how long sessions last."`
}

type domainCommands struct {
	Add    domainAdd    `cmd:"" help:"Add a domain; prints the TXT record that proves it is yours."`
	Verify domainVerify `cmd:"" help:"Look for the TXT record of a domain."`
	Remove domainRemove `cmd:"" help:"Remove a domain: its members can no longer sign in."`
}

type samlView struct {
	Connected    bool              `json:"connected"`
	ACSURL       string            `json:"acsURL"`
	EntityID     string            `json:"entityID"`
	MetadataURL  string            `json:"metadataURL"`
	SignInURL    string            `json:"signInURL"`
	LogoutURL    string            `json:"logoutURL"`
	IdPEntityID  string            `json:"idpEntityID"`
	Certificates []certificateView `json:"certificates"`
	Encryption   *certificateView  `json:"encryptionCertificate"` // of this side; null for none
	Domains      []domainView      `json:"domains"`
}

type certificateView struct {
	SHA256   string `json:"sha256"`
	NotAfter string `json:"notAfter"`
}

type domainView struct {
	Domain   string              `json:"domain"`
	Status   access.DomainStatus `json:"status"`
	TXTName  string              `json:"txtName"`
	TXTValue string              `json:"txtValue"`
}

func viewDomain(d access.Domain) domainView {
	return domainView{Domain: d.Domain, Status: d.Status, TXTName: d.TXTName, TXTValue: d.TXTValue}
}

func viewSAML(v access.SAMLView) samlView {
	var encryption *certificateView
	if c := v.Encryption; c.SHA256 != "" {
		encryption = &certificateView{SHA256: c.SHA256, NotAfter: rfc3339(c.NotAfter)}
	}
	return samlView{
		Encryption: encryption,
		Connected:  v.Connected, ACSURL: v.ACSURL, EntityID: v.EntityID, MetadataURL: v.MetadataURL,
		SignInURL: v.SignInURL, LogoutURL: v.LogoutURL, IdPEntityID: v.IdPEntityID,
		Certificates: list(v.Certificates, func(c iam.Certificate) certificateView {
			return certificateView{SHA256: c.SHA256, NotAfter: rfc3339(c.NotAfter)}
		}),
		Domains: list(v.Domains, viewDomain),
	}
}

func (a *app) showSAML(v access.SAMLView) error {
	return a.show(viewSAML(v), func(w io.Writer) {
		state := "not connected"
		switch {
		case v.Connected:
			state = "connected"
		case v.IdPEntityID != "":
			state = "no certificate is valid; import the metadata again"
		}
		_, _ = fmt.Fprintln(w, "For the identity provider")
		facts(w,
			"  Identifier (Entity ID)", v.EntityID,
			"  Reply URL (ACS)", v.ACSURL,
			"  Sign on URL", v.SignInURL,
			"  Logout URL (optional)", v.LogoutURL,
			"  Metadata", v.MetadataURL)
		_, _ = fmt.Fprintln(w, "\nConnection")
		pairs := []string{"  State", state}
		if v.IdPEntityID != "" {
			pairs = append(pairs, "  Identity provider", v.IdPEntityID)
		}
		for _, c := range v.Certificates {
			pairs = append(pairs, "  Certificate", c.SHA256+", until "+rfc3339(c.NotAfter))
		}
		if c := v.Encryption; c.SHA256 != "" {
			pairs = append(pairs, "  Encrypted for", c.SHA256+", until "+rfc3339(c.NotAfter))
		}
		facts(w, pairs...)
		_, _ = fmt.Fprintln(w, "\nDomains")
		if len(v.Domains) == 0 {
			_, _ = fmt.Fprintln(w, "  none: nobody can sign in until a domain is added and verified")
		}
		for _, d := range v.Domains {
			_, _ = fmt.Fprintf(w, "  %s  %s\n", d.Domain, d.Status)
			if d.Status == access.DomainPending {
				_, _ = fmt.Fprintf(w, "    TXT record %s\n    value      %s\n", d.TXTName, d.TXTValue)
			}
		}
	})
}

type samlShow struct{ orgFlag }

func (c *samlShow) Run(a *app) error {
	return a.with(func(s *session) error {
		v, err := s.access.SAML(a.ctx, c.organization())
		if err != nil {
			return err
		}
		return a.showSAML(v)
	})
}

type samlConnect struct {
	orgFlag
	MetadataFile        string   `xor:"source" required:"" placeholder:"FILE" help:"The identity provider's metadata as a file."`
	MetadataURL         string   `xor:"source" required:"" name:"metadata-url" placeholder:"URL" help:"Or the https address to fetch it from."`
	AllowPrivateAddress bool     `help:"Fetch from private and loopback addresses, and by plain http."`
	Domain              []string `sep:"none" placeholder:"DOMAIN" help:"An e-mail domain to add; repeat for several."`
	TrustDomain         bool     `help:"You vouch for the domains: they are verified at once, without DNS."`
}

func (c *samlConnect) Run(a *app) error {
	if c.AllowPrivateAddress && c.MetadataURL == "" {
		return wrongUsage("--allow-private-address goes with --metadata-url")
	}
	if c.TrustDomain && len(c.Domain) == 0 {
		return wrongUsage("--trust-domain goes with --domain")
	}
	return a.with(func(s *session) error {
		metadata, err := c.metadata(a.ctx)
		if err != nil {
			return err
		}
		v, err := s.access.ConnectSAML(a.ctx, iam.Operator, c.organization(), access.Connect{
			Metadata: metadata, URL: c.MetadataURL, AllowPrivate: c.AllowPrivateAddress,
			Domains: c.Domain, TrustDomains: c.TrustDomain,
		})
		if err != nil {
			return err
		}
		return a.showSAML(v)
	})
}

func (c *samlConnect) metadata(ctx context.Context) ([]byte, error) {
	if c.MetadataURL != "" {
		return fetchMetadata(ctx, c.MetadataURL, c.AllowPrivateAddress)
	}
	f, err := os.Open(c.MetadataFile)
	if err != nil {
		return nil, fmt.Errorf("read the metadata file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, saml.MaxMetadataBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the metadata file: %w", err)
	}
	return data, nil
}

type samlDisconnect struct {
	orgFlag
	Yes bool `help:"Yes, revoke every SCIM key and turn SCIM off."`
}

func (c *samlDisconnect) Run(a *app) error {
	if !c.Yes {
		return wrongUsage("removing the SAML connection revokes every SCIM key and turns SCIM off; add --yes to do it")
	}
	return a.with(func(s *session) error {
		if err := s.access.DisconnectSAML(a.ctx, iam.Operator, c.organization()); err != nil {
			return err
		}
		v, err := s.access.SAML(a.ctx, c.organization())
		if err != nil {
			return err
		}
		return a.show(viewSAML(v), func(w io.Writer) {
			_, _ = fmt.Fprintln(w, "The SAML connection is removed. Every SCIM key is revoked and SCIM is off; members, groups and roles stay.")
		})
	})
}

type domainAdd struct {
	orgFlag
	Domain      string `required:"" placeholder:"DOMAIN" help:"The e-mail domain."`
	TrustDomain bool   `help:"You vouch for the domain: it is verified at once, without DNS."`
}

func (c *domainAdd) Run(a *app) error {
	return a.with(func(s *session) error {
		d, err := s.access.AddDomain(a.ctx, iam.Operator, c.organization(), c.Domain, c.TrustDomain)
		if err != nil {
			return err
		}
		return a.showDomain(d)
	})
}

type domainVerify struct {
	orgFlag
	Domain      string `required:"" placeholder:"DOMAIN" help:"The e-mail domain."`
	TrustDomain bool   `help:"You vouch for the domain: it is verified without DNS."`
	DNSResolver string `name:"dns-resolver" aliases:"resolver" placeholder:"HOST:PORT" help:"Ask this DNS server instead of the system's."`
}

func (c *domainVerify) Run(a *app) error {
	return a.with(func(s *session) error {
		d, err := c.verify(a, s)
		if err != nil {
			return err
		}
		return a.showDomain(d)
	})
}

func (c *domainVerify) verify(a *app, s *session) (access.Domain, error) {
	if c.TrustDomain {
		return s.access.AddDomain(a.ctx, iam.Operator, c.organization(), c.Domain, true)
	}
	return s.access.VerifyDomain(a.ctx, iam.Operator, c.organization(), c.Domain, lookupTXT(c.DNSResolver))
}

// fetchMetadata reads the document at an address.
func fetchMetadata(ctx context.Context, url string, allowPrivate bool) ([]byte, error) {
	return outbound.Get(ctx, outbound.Policy{AllowPrivate: allowPrivate}, url)
}

// lookupTXT asks a DNS server, "" for the system's. It answers nothing for a record
// that is not there, which is no failure.
func lookupTXT(resolver string) access.LookupTXT {
	return func(ctx context.Context, name string) ([]string, error) {
		values, err := outbound.LookupTXT(ctx, resolver, name)
		if iam.KindOf(err) == iam.KindNotFound {
			return nil, nil
		}
		return values, err
	}
}

func (a *app) showDomain(d access.Domain) error {
	return a.show(viewDomain(d), func(w io.Writer) {
		if d.Status == access.DomainVerified {
			_, _ = fmt.Fprintf(w, "The domain %s is verified.\n", d.Domain)
			return
		}
		_, _ = fmt.Fprintf(w, "The domain %s is pending. Add this TXT record to its DNS until %s, then run rollcall saml domain verify:\n", d.Domain, rfc3339(d.ExpiresAt))
		facts(w, "  Name", d.TXTName, "  Value", d.TXTValue)
	})
}

type domainRemove struct {
	orgFlag
	Domain string `required:"" placeholder:"DOMAIN" help:"The e-mail domain."`
}

func (c *domainRemove) Run(a *app) error {
	return a.with(func(s *session) error {
		shutOut, err := s.access.RemoveDomain(a.ctx, iam.Operator, c.organization(), c.Domain)
		if err != nil {
			return err
		}
		document := struct {
			Domain         string `json:"domain"`
			Removed        bool   `json:"removed"`
			MembersShutOut int    `json:"membersShutOut"`
		}{c.Domain, true, shutOut}
		return a.show(document, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "The domain %s is removed; %s with an address there can no longer sign in. SCIM data is unchanged.\n", printable(c.Domain), plural(shutOut, "member"))
		})
	})
}

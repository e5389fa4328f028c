package console

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// samlSetupPage is the set-up of SAML in three steps, with the words of the guide's
// sister document. Nothing is lost between them: each step shows what is stored.
type samlSetupPage struct {
	frame
	Step  int // 1 Single Sign-On URL, 2 metadata, 3 domains
	Steps []setupStep
	Gate  planGate
	SAML  access.SAMLView

	// Step 2
	Stored      bool // there is a connection already: its metadata is replaced
	MetadataURL string
	Private     bool // private addresses are allowed

	// Step 3
	Domain   string // as entered
	Domains  []domainRow
	Verified int
	Lifetime string // of a TXT value
}

// setupStep is one of the steps, as the bar above them shows it.
type setupStep struct {
	Number    int
	Label     string
	URL       string
	Done, Now bool
}

// domainRow is a domain with the record that proves it.
type domainRow struct {
	access.Domain
	ID       string // of its elements on the page
	Verified bool
	Expired  bool   // its value cannot be used any more
	Problem  string // why it could not be verified just now
}

const (
	setupURL    = "/settings/saml/setup"
	metadataURL = "/settings/saml/setup/metadata"
	domainsURL  = "/settings/saml/setup/domains"
)

// maxMetadataForm bounds the form with a metadata file: the file may have a megabyte.
const maxMetadataForm = 1<<20 + 64<<10

func (c *Console) samlSetup(x *exchange) error { return c.showSetup(x, 1) }

func (c *Console) samlMetadata(x *exchange) error { return c.showSetup(x, 2) }

func (c *Console) samlDomains(x *exchange) error { return c.showSetup(x, 3) }

func (c *Console) showSetup(x *exchange, step int) error {
	p, err := c.setupPage(x, step)
	if err != nil {
		return err
	}
	return x.show(p)
}

func (c *Console) setupPage(x *exchange, step int) (*samlSetupPage, error) {
	p := &samlSetupPage{frame: x.frame(settingsTitle), Step: step, Gate: c.planGate(x), Private: c.outside.private, Lifetime: durationText(access.DomainCodeLifetime)}
	p.Here = "/settings/saml"
	var err error
	if p.SAML, err = c.access.SAML(x.r.Context(), x.org()); err != nil {
		return nil, err
	}
	p.Stored, p.MetadataURL = p.SAML.IdPEntityID != "", p.SAML.SourceURL
	for _, d := range p.SAML.Domains {
		row := domainRow{Domain: d, ID: strings.ReplaceAll(d.Domain, ".", "-"), Verified: d.Status == access.DomainVerified}
		row.Expired = !row.Verified && !x.now.Before(d.ExpiresAt)
		if row.Verified {
			p.Verified++
		}
		p.Domains = append(p.Domains, row)
	}
	p.Steps = []setupStep{
		{1, "Single Sign-On URL", setupURL, step > 1 || p.Stored, step == 1},
		{2, "Metadata URL", metadataURL, p.Stored, step == 2},
		{3, "Verify your domains", domainsURL, len(p.Domains) > 0 && p.Verified == len(p.Domains), step == 3},
	}
	return p, nil
}

// connectSAML takes the identity provider's metadata, from an address or as a file.
func (c *Console) connectSAML(x *exchange) error {
	p, err := c.setupPage(x, 2)
	if err != nil {
		return err
	}
	before := p.SAML
	p.MetadataURL = x.value("metadata-url")
	in := access.Connect{URL: p.MetadataURL, AllowPrivate: c.outside.private}
	if in.Metadata, err = metadataFile(x); err != nil {
		return x.again(p, err)
	}
	switch {
	case in.Metadata != nil:
		in.URL, in.AllowPrivate = "", false
	case in.URL == "" && p.Stored:
		return x.to(domainsURL) // nothing new: on to the next step
	case in.URL == "":
		return x.again(p, iam.Errorf(iam.KindInvalid, "enter the Metadata URL of your identity provider, or choose its metadata as a file"))
	default:
		// What the operator allowed for this very address holds on.
		in.AllowPrivate = in.AllowPrivate || before.AllowPrivate && before.SourceURL == in.URL
		if in.Metadata, err = c.outside.metadata(x.r.Context(), in.URL, in.AllowPrivate); err != nil {
			return x.again(p, err)
		}
	}
	after, err := c.access.ConnectSAML(x.r.Context(), x.session.Actor, x.org(), in)
	if err != nil {
		return x.again(p, err)
	}
	if before.IdPEntityID != "" && before.IdPEntityID != after.IdPEntityID {
		return x.done(domainsURL, "Another identity provider is connected.", "Everybody who was signed in by the one before has been signed out.")
	}
	return x.done(domainsURL, "The metadata is stored.", "Now verify the domains of your members' addresses.")
}

// metadataFile returns the file of the form; nil for none.
func metadataFile(x *exchange) ([]byte, error) {
	file, _, err := x.r.FormFile("metadata-file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, iam.Errorf(iam.KindInvalid, "the metadata file did not arrive; choose it again")
	}
	defer func() { _ = file.Close() }() // only read from
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, iam.Errorf(iam.KindInvalid, "the metadata file did not arrive whole; choose it again")
	}
	if len(data) == 0 {
		// Browsers send an empty part for a field without a file.
		return nil, nil
	}
	return data, nil
}

// checkDomain adds a domain and shows the TXT record that proves it; when that is shown
// already it looks for the record.
func (c *Console) checkDomain(x *exchange) error {
	p, err := c.setupPage(x, 3)
	if err != nil {
		return err
	}
	p.Domain = x.value("domain")
	key, ok := iam.DomainKey(p.Domain)
	for i := range p.Domains {
		row := &p.Domains[i]
		if !ok || row.Domain.Domain != key || row.Expired {
			continue
		}
		if err := c.verifyDomain(x, key); err != nil {
			return x.domainRefused(p, row, err)
		}
		return x.done(domainsURL, key+" is verified.", "Members with an address in it can sign in and be provisioned.")
	}
	d, err := c.access.AddDomain(x.r.Context(), x.session.Actor, x.org(), p.Domain, false)
	if err != nil {
		return x.again(p, err)
	}
	return x.done(domainsURL+"#"+strings.ReplaceAll(d.Domain, ".", "-"), d.Domain+" was added.", "Add the TXT record where your DNS is managed. You can leave and come back.")
}

// verifyDomain looks for the TXT record of a domain.
func (c *Console) verifyDomain(x *exchange, domain string) error {
	var outsideTrouble error
	_, err := c.access.VerifyDomain(x.r.Context(), x.session.Actor, x.org(), domain, c.outside.lookup(&outsideTrouble))
	if err != nil && outsideTrouble != nil {
		return outsideTrouble
	}
	return err
}

// domainRefused shows the step again, with why beside the domain.
func (x *exchange) domainRefused(p *samlSetupPage, row *domainRow, err error) error {
	if ours(err) {
		return err
	}
	row.Problem, p.Status = words.Sentence(err.Error()), http.StatusConflict
	return x.show(p)
}

// maxChecked bounds how many domains one click looks for: each may take seconds.
const maxChecked = 20

// finishSetup looks for the TXT records of all domains that are not verified.
func (c *Console) finishSetup(x *exchange) error {
	p, err := c.setupPage(x, 3)
	if err != nil {
		return err
	}
	switch {
	case len(p.Domains) == 0:
		return x.again(p, iam.Errorf(iam.KindConflict, "no domain is there yet; enter the domain of your members' addresses and choose Check domain"))
	case !p.Stored:
		return x.again(p, iam.Errorf(iam.KindConflict, "the identity provider is not connected yet; go back and provide its metadata"))
	}
	problems, err := c.verifyPending(x, p.Domains)
	if err != nil {
		return err
	}
	if p, err = c.setupPage(x, 3); err != nil {
		return err
	}
	if p.Verified == len(p.Domains) {
		return x.done("/settings/saml", "SAML single sign-on is set up.", "Try it in a private window with the direct link below, then enable SCIM.")
	}
	for i := range p.Domains {
		p.Domains[i].Problem = problems[p.Domains[i].Domain.Domain]
	}
	p.Status = http.StatusConflict
	return x.show(p)
}

// verifyPending looks for the records of the domains that are not verified, side by side,
// and returns why which of them could not be. An error is trouble of ours.
func (c *Console) verifyPending(x *exchange, rows []domainRow) (map[string]string, error) {
	refused := make([]error, len(rows))
	var looking sync.WaitGroup
	checked := 0
	for i, row := range rows {
		if row.Verified || checked == maxChecked {
			continue
		}
		checked++
		looking.Go(func() { refused[i] = c.verifyDomain(x, row.Domain.Domain) })
	}
	looking.Wait()
	problems := make(map[string]string, checked)
	for i, err := range refused {
		if err == nil {
			continue
		}
		if ours(err) {
			return nil, err
		}
		problems[rows[i].Domain.Domain] = words.Sentence(err.Error())
	}
	return problems, nil
}

// ours tells trouble of this server from a refusal that the admin can mend.
func ours(err error) bool {
	kind := iam.KindOf(err)
	return kind == iam.KindInternal || kind == iam.KindUnavailable
}

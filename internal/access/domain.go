package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// Domain is an e-mail domain of an organization.
type Domain struct {
	Domain     string
	Status     DomainStatus
	TXTName    string    // the name of the TXT record that proves ownership
	TXTValue   string    // and the value it must show
	ExpiresAt  time.Time // until when a pending domain's value may be used
	VerifiedAt time.Time // zero while pending
}

// DomainStatus is pending until the TXT record was seen or the operator vouched.
type DomainStatus string

// The statuses of domains.
const (
	DomainPending  DomainStatus = "pending"
	DomainVerified DomainStatus = "verified"
)

// DomainCodeLifetime is how long the value of a TXT record may be used.
const DomainCodeLifetime = 48 * time.Hour

// What a TXT record is called below the domain, and what its value begins with.
const (
	txtLabel  = "_rollcall-verification."
	txtPrefix = "rollcall-verification="
)

func domainView(d store.Domain) Domain {
	view := Domain{
		Domain: d.Domain, Status: DomainPending,
		TXTName: txtLabel + d.Domain, TXTValue: d.TXTValue, ExpiresAt: d.ExpiresAt, VerifiedAt: d.VerifiedAt,
	}
	if !d.VerifiedAt.IsZero() {
		view.Status = DomainVerified
	}
	return view
}

// newDomains makes rows for domains to add. trust verifies them at once.
func (s *Service) newDomains(names []string, trust bool, now time.Time) ([]store.Domain, error) {
	list := make([]store.Domain, 0, len(names))
	for _, name := range names {
		key, err := domainKey(name)
		if err != nil {
			return nil, err
		}
		code, _, err := s.token()
		if err != nil {
			return nil, err
		}
		d := store.Domain{Domain: key, TXTValue: txtPrefix + code, ExpiresAt: now.Add(DomainCodeLifetime)}
		if trust {
			d.VerifiedAt = now
		}
		list = append(list, d)
	}
	return list, nil
}

func domainKey(name string) (string, error) {
	key, ok := iam.DomainKey(name)
	if !ok {
		return "", iam.Errorf(iam.KindInvalid, "%q is not a domain name (for example example.com; other scripts in their xn-- form)", iam.Clip(name)).On("domain")
	}
	return key, nil
}

// AddDomain adds a domain; trust, with which the operator vouches, verifies it at
// once. Adding a pending domain again keeps its TXT value while that may be used,
// and makes a new one after that. A verified domain stays verified.
func (s *Service) AddDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string, trust bool) (Domain, error) {
	added, err := s.newDomains([]string{domain}, trust, s.now())
	if err != nil {
		return Domain{}, err
	}
	var after store.Domain
	err = s.write(ctx, actor, org, func(w *change) error {
		var err error
		after, err = w.addDomain(added[0])
		return err
	})
	if err != nil {
		return Domain{}, err
	}
	return domainView(after), nil
}

func (w *change) addDomain(d store.Domain) (store.Domain, error) {
	before, err := w.tx.Domain(w.org.ID, d.Domain)
	known := err == nil
	if err != nil && !errors.Is(err, iam.ErrNotFound) {
		return store.Domain{}, fmt.Errorf("read domain %s: %w", d.Domain, err)
	}
	trusted := !d.VerifiedAt.IsZero()
	usable := known && w.now.Before(before.ExpiresAt)
	if known && (!before.VerifiedAt.IsZero() || usable && !trusted) {
		return before, nil
	}
	if usable {
		d.TXTValue, d.ExpiresAt = before.TXTValue, before.ExpiresAt
	}
	if err := w.tx.PutDomain(w.org.ID, d); err != nil {
		return store.Domain{}, fmt.Errorf("add domain %s: %w", d.Domain, err)
	}
	what := iam.DomainAdd
	if known && trusted {
		what = iam.DomainVerify
	}
	details := map[string]any{"status": domainView(d).Status}
	if trusted {
		details["vouched"] = true
	}
	return d, w.auditDomain(what, d.Domain, details)
}

func (w *change) auditDomain(what iam.ActivityType, domain string, details map[string]any) error {
	return w.audit(iam.AuditEvent{Type: what, TargetType: "domain", TargetID: domain, TargetName: domain, Details: details})
}

// LookupTXT returns the values of a DNS name's TXT records; none is no error.
type LookupTXT func(ctx context.Context, name string) ([]string, error)

// VerifyDomain looks for the TXT record and verifies the domain when it shows the
// value. The look-up happens outside of any transaction.
func (s *Service) VerifyDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string, lookup LookupTXT) (Domain, error) {
	key, err := domainKey(domain)
	if err != nil {
		return Domain{}, err
	}
	var pending store.Domain
	err = s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		pending, err = findDomain(r, org, key)
		return err
	})
	if err != nil || !pending.VerifiedAt.IsZero() {
		return domainView(pending), err
	}
	if !s.now().Before(pending.ExpiresAt) {
		return Domain{}, iam.Errorf(iam.KindConflict, "the TXT value for %q could be used until %s; add the domain again for a new one", key, pending.ExpiresAt.Format(time.RFC3339)).On("domain")
	}
	if err := checkTXT(ctx, pending, lookup); err != nil {
		return Domain{}, err
	}
	var after store.Domain
	err = s.write(ctx, actor, org, func(w *change) error {
		current, err := findDomain(w.tx.Reader, org, key)
		if err != nil {
			return err
		}
		after = current
		if !current.VerifiedAt.IsZero() {
			return nil
		}
		if current.TXTValue != pending.TXTValue {
			return iam.Errorf(iam.KindConflict, "the TXT value for %q has just been replaced; look at the new one", key).On("domain")
		}
		after.VerifiedAt = w.now
		if err := w.tx.PutDomain(org, after); err != nil {
			return fmt.Errorf("verify domain %s: %w", key, err)
		}
		return w.auditDomain(iam.DomainVerify, key, nil)
	})
	if err != nil {
		return Domain{}, err
	}
	return domainView(after), nil
}

func findDomain(r *store.Reader, org iam.OrganizationID, key string) (store.Domain, error) {
	d, err := r.Domain(org, key)
	if errors.Is(err, iam.ErrNotFound) {
		return store.Domain{}, iam.Errorf(iam.KindNotFound, "the domain %q is not among this organization's domains; add it first", key).On("domain")
	}
	if err != nil {
		return store.Domain{}, fmt.Errorf("read domain %s: %w", key, err)
	}
	return d, nil
}

func checkTXT(ctx context.Context, d store.Domain, lookup LookupTXT) error {
	name := txtLabel + d.Domain
	values, err := lookup(ctx, name)
	if err != nil {
		return iam.Errorf(iam.KindUnavailable, "the TXT record %s could not be looked up (%w); try again", name, err).On("domain")
	}
	for _, value := range values {
		if value == d.TXTValue {
			return nil
		}
	}
	if len(values) == 0 {
		return iam.Errorf(iam.KindConflict, "there is no TXT record %s yet; make it with the value %s, and try again when DNS shows it", name, d.TXTValue).On("domain")
	}
	return iam.Errorf(iam.KindConflict, "the TXT record %s shows %q and not %s; correct it, and try again when DNS shows it", name, iam.Clip(values[0]), d.TXTValue).On("domain")
}

// domainMembers counts the members whom removing the domain would shut out: those
// whose address lies in it and who have no local sign-in.
func (s *Service) domainMembers(ctx context.Context, org iam.OrganizationID, key string) (n int, err error) {
	err = s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		d, err := findDomain(r, org, key)
		if err != nil || d.VerifiedAt.IsZero() {
			return err
		}
		if n, err = r.CountDomainMembers(org, key); err != nil {
			return fmt.Errorf("count the members of %s: %w", key, err)
		}
		return nil
	})
	return n, err
}

// RemoveDomain removes a domain, ends the sessions that began by SAML with an address
// in it, and returns how many members it shuts out. SCIM data stays (D9).
func (s *Service) RemoveDomain(ctx context.Context, actor iam.Actor, org iam.OrganizationID, domain string) (shutOut int, err error) {
	key, err := domainKey(domain)
	if err != nil {
		return 0, err
	}
	// Counted before: it looks at every member, and nobody shall wait for that.
	if shutOut, err = s.domainMembers(ctx, org, key); err != nil {
		return 0, err
	}
	err = s.write(ctx, actor, org, func(w *change) error {
		if _, err := findDomain(w.tx.Reader, org, key); err != nil {
			return err
		}
		if err := w.tx.DeleteDomain(org, key); err != nil {
			return fmt.Errorf("delete domain %s: %w", key, err)
		}
		// Whoever signs in holds the domain's row until his session is there, so none
		// begins behind this.
		ended, err := w.tx.EndSAMLSessions(org, key, store.EndedDomain, w.tx.Now())
		if err != nil {
			return fmt.Errorf("end the sessions of %s: %w", key, err)
		}
		details := map[string]any{"members": shutOut}
		noteSessions(details, ended)
		return w.auditDomain(iam.DomainDelete, key, details)
	})
	if err != nil {
		return 0, err
	}
	return shutOut, nil
}

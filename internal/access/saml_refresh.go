package access

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/saml"
	"github.com/rollcall/rollcall/internal/store"
)

// Fetch reads the document at an address. allowPrivate is what the operator said of it.
type Fetch func(ctx context.Context, url string, allowPrivate bool) ([]byte, error)

// RefreshSAML reads the identity provider's metadata again from where it came, and tells
// whether it has changed. The address may bring new certificates and a new sign-in URL,
// but no other identity provider: that is for an Admin to decide, with ConnectSAML. The
// metadata is fetched outside of any transaction, and an Admin who connects another
// identity provider meanwhile is not overruled. By plain HTTP iam.Schedule takes nothing
// new, unless from this machine.
//
// When it is read again is noted, and when iam.Schedule asked and it failed, why: admins
// see it on the SAML page until it goes well. A member who asks is told himself.
func (s *Service) RefreshSAML(ctx context.Context, actor iam.Actor, org iam.OrganizationID, fetch Fetch) (changed bool, err error) {
	var before iam.Connection
	plan := iam.Plan("")
	err = s.read(ctx, org, func(r *store.Reader, o iam.Organization) (err error) {
		plan = o.Plan
		before, err = r.Connection(org)
		if errors.Is(err, iam.ErrNotFound) {
			return iam.Errorf(iam.KindConflict, "there is no SAML connection; connect the identity provider first")
		}
		if err != nil {
			return fmt.Errorf("read the SAML connection: %w", err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if before.MetadataURL == "" {
		return false, iam.Errorf(iam.KindConflict, "the metadata came as a file; import a newer file, or the address of the metadata")
	}
	if actor == iam.Schedule && !plan.HasSCIM() {
		// Nobody signs in by it, and nothing is deleted: it waits for a higher plan.
		return false, s.noteRefresh(ctx, func(tx *store.Tx) error {
			return tx.MetadataLater(org, before.MetadataURL, after(s.now(), refreshMost, s.spread()))
		})
	}
	changed, err = s.readAgain(ctx, actor, before, fetch)
	if err != nil && actor == iam.Schedule && ctx.Err() == nil {
		return false, errors.Join(err, s.refreshFailed(ctx, before, err))
	}
	return changed, err
}

func (s *Service) refreshFailed(ctx context.Context, before iam.Connection, failure error) error {
	why := "a fault of this server; the person who runs it finds the cause in its log"
	if iam.KindOf(failure) != iam.KindInternal {
		why = failure.Error()
	}
	now := s.now()
	next := nextTry(before.Refresh.FailingSince, now, s.spread())
	return s.noteRefresh(ctx, func(tx *store.Tx) error {
		return tx.MetadataFailed(before.Organization, before.MetadataURL, why, now, next)
	})
}

// noteRefresh writes how reading the metadata went. That is no change of the
// organization's: no audit event, and no lock of its row.
func (s *Service) noteRefresh(ctx context.Context, note func(tx *store.Tx) error) error {
	if err := s.DB.Write(ctx, note); err != nil {
		return fmt.Errorf("note how reading the metadata went: %w", err)
	}
	return nil
}

// readAgain fetches the metadata and stores it if it says something new.
func (s *Service) readAgain(ctx context.Context, actor iam.Actor, before iam.Connection, fetch Fetch) (changed bool, err error) {
	data, err := fetch(ctx, before.MetadataURL, before.AllowPrivate)
	if err != nil {
		return false, err
	}
	now := s.now()
	metadata, err := saml.ParseMetadata(data, now)
	if err != nil {
		return false, err
	}
	if metadata.EntityID != before.IdPEntityID {
		return false, iam.Errorf(iam.KindConflict, "the metadata at %s is that of %q now, and the connection is to %q; if that is meant, import it as new metadata",
			iam.Clip(before.MetadataURL), iam.Clip(metadata.EntityID), iam.Clip(before.IdPEntityID))
	}
	if saysTheSame(metadata, before) {
		next := nextRead(metadata, now, s.spread())
		return false, s.noteRefresh(ctx, func(tx *store.Tx) error {
			return tx.MetadataRead(before.Organization, before.MetadataURL, now, next)
		})
	}
	if actor == iam.Schedule && overPlainHTTP(before.MetadataURL) {
		return false, iam.Errorf(iam.KindConflict, "the metadata at %s is another now, and came by plain HTTP, where anybody on the way could have changed it; compare its certificates, and refresh it by hand, or import it from an https address",
			iam.Clip(before.MetadataURL))
	}
	in := Connect{Metadata: data, URL: before.MetadataURL, AllowPrivate: before.AllowPrivate}
	_, err = s.connectSAML(ctx, actor, before.Organization, in, func(_ *change, current, _ iam.Connection) error {
		if !sameTrust(current, before) {
			return iam.Errorf(iam.KindConflict, "the SAML connection was changed while its metadata was read; look at it again")
		}
		return nil
	})
	return err == nil, err
}

// overPlainHTTP tells whether what comes from an address can be changed on its way.
func overPlainHTTP(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "https" {
		return false // what cannot be parsed is not fetched
	}
	return !iam.IsLoopback(u.Hostname())
}

// saysTheSame compares what metadata says, and not its bytes: Entra ID signs it anew
// for each who asks. Where people are signed out stands in the stored metadata alone.
func saysTheSame(m saml.Metadata, c iam.Connection) bool {
	stored, err := saml.ParseMetadata(c.Metadata, c.UpdatedAt)
	signOut := err != nil || stored.SLOURL == m.SLOURL && stored.SLOBinding == m.SLOBinding && stored.SLOResponseURL == m.SLOResponseURL
	return m.SSOURL == c.SSOURL && m.SSOBinding == c.SSOBinding && signOut &&
		slices.EqualFunc(m.Certificates, c.Certificates, func(a saml.Certificate, b iam.Certificate) bool { return a.SHA256 == b.SHA256 })
}

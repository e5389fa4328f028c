package access

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// How much an organization may write to support. Whoever writes is a member who may;
// the bounds keep a script that went wrong from filling the disk.
const (
	SupportPerDay     = 20                   // requests in 24 hours
	supportPictures   = 250 << 20            // bytes of all screenshots that are kept
	SupportRetention  = 365 * 24 * time.Hour // older requests go when another comes
	supportPerRead    = 100
	maxSupportPerPage = 200
)

// SupportSent is a support request that is kept.
type SupportSent struct {
	iam.SupportRequest
	Mail Mailed // to the operator
}

// ContactSupport keeps what a signed-in member writes to support, and then mails it to
// the operator if he gave an address. picture is a PNG or a JPEG of at most
// iam.MaxScreenshotBytes, nil for none. No audit event: it changes nothing of the
// organization.
func (s *Service) ContactSupport(ctx context.Context, actor iam.Actor, org iam.OrganizationID, text iam.SupportText, picture []byte) (SupportSent, error) {
	if actor.Type != iam.ActorUser {
		return SupportSent{}, iam.Errorf(iam.KindForbidden, "only a signed-in member writes to support")
	}
	text, err := text.Check()
	if err != nil {
		return SupportSent{}, err
	}
	shot, err := iam.ReadScreenshot(picture)
	if err != nil {
		return SupportSent{}, err
	}
	var kept iam.SupportRequest
	var organization string
	err = s.writeBig(ctx, actor, org, func(w *change) error {
		organization = w.org.Name
		if err := w.tx.DeleteSupportRequests(org, w.now.Add(-SupportRetention)); err != nil {
			return err
		}
		used, err := w.tx.SupportUse(org, w.now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		switch {
		case used.Recent >= SupportPerDay:
			return iam.Errorf(iam.KindTooMany, "%d requests came from this organization in the last 24 hours, which is the most; the operator has them all, so wait or call him", used.Recent)
		case shot.Exists() && used.Pictures+int64(shot.Bytes) > supportPictures:
			return iam.Errorf(iam.KindTooMany, "the screenshots of this organization have reached %d MB, which is the most; send the request without one", supportPictures>>20).On("screenshot")
		}
		kept = iam.SupportRequest{
			Organization: org, ID: w.tx.NewSupportRequestID(w.now), CreatedAt: w.now, Member: iam.MemberID(actor.ID), Email: actor.Details,
			SupportText: text, Screenshot: shot,
		}
		return w.tx.InsertSupportRequest(kept, picture)
	})
	if err != nil {
		return SupportSent{}, err
	}
	sent := SupportSent{SupportRequest: kept}
	if s.MailsSupport() {
		sent.Mail = s.mailSupport(ctx, organization, kept, picture)
	}
	return sent, nil
}

// SupportRequests returns at most limit requests of an organization, the newest first,
// behind the one called before; "" begins. more tells whether there are older ones.
func (s *Service) SupportRequests(ctx context.Context, org iam.OrganizationID, before iam.SupportRequestID, limit int) (page []iam.SupportRequest, more bool, err error) {
	limit = min(max(limit, 1), maxSupportPerPage)
	err = s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		page, err = r.SupportRequests(org, before, limit+1)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if len(page) > limit {
		return page[:limit], true, nil
	}
	return page, false, nil
}

// SupportRequest returns one request of an organization.
func (s *Service) SupportRequest(ctx context.Context, org iam.OrganizationID, id iam.SupportRequestID) (iam.SupportRequest, error) {
	if !iam.IsID(string(id)) {
		return iam.SupportRequest{}, noSupportRequest(id)
	}
	var found iam.SupportRequest
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) (err error) {
		found, err = r.SupportRequest(org, id)
		return err
	})
	return found, supportError(err, id)
}

// SupportPicture returns the screenshot of a request: a PNG or a JPEG, as the request
// says.
func (s *Service) SupportPicture(ctx context.Context, org iam.OrganizationID, id iam.SupportRequestID) ([]byte, error) {
	if !iam.IsID(string(id)) {
		return nil, noSupportRequest(id)
	}
	picture, err := s.DB.Read(ctx).SupportPicture(org, id)
	if errors.Is(err, iam.ErrNotFound) {
		return nil, iam.Errorf(iam.KindNotFound, "the support request %q has no screenshot", iam.Clip(string(id)))
	}
	if err != nil {
		return nil, fmt.Errorf("read the screenshot of support request %s: %w", id, err)
	}
	return picture, nil
}

// EachSupportRequest yields the requests of an organization, or with "" of all, the
// newest first. It is for the operator. An error is the last thing yielded.
func (s *Service) EachSupportRequest(ctx context.Context, org iam.OrganizationID) iter.Seq2[iam.SupportRequest, error] {
	return func(yield func(iam.SupportRequest, error) bool) {
		if org != "" {
			// A wrong id and an organization that never wrote differ.
			if _, err := s.Organization(ctx, org); err != nil {
				yield(iam.SupportRequest{}, err)
				return
			}
		}
		for before := iam.SupportRequestID(""); ; {
			page, err := s.supportPage(ctx, org, before)
			if err != nil {
				yield(iam.SupportRequest{}, err)
				return
			}
			for _, found := range page {
				if !yield(found, nil) {
					return
				}
			}
			if len(page) < supportPerRead {
				return
			}
			before = page[len(page)-1].ID
		}
	}
}

func (s *Service) supportPage(ctx context.Context, org iam.OrganizationID, before iam.SupportRequestID) ([]iam.SupportRequest, error) {
	if org == "" {
		return s.DB.Read(ctx).AllSupportRequests(before, supportPerRead)
	}
	return s.DB.Read(ctx).SupportRequests(org, before, supportPerRead)
}

// FindSupportRequest returns a request of whatever organization, for the operator.
func (s *Service) FindSupportRequest(ctx context.Context, id iam.SupportRequestID) (iam.SupportRequest, error) {
	if !iam.IsID(string(id)) {
		return iam.SupportRequest{}, noSupportRequest(id)
	}
	found, err := s.DB.Read(ctx).AnySupportRequest(id)
	return found, supportError(err, id)
}

func supportError(err error, id iam.SupportRequestID) error {
	if errors.Is(err, iam.ErrNotFound) {
		return noSupportRequest(id)
	}
	if err != nil {
		return fmt.Errorf("read support request %s: %w", id, err)
	}
	return nil
}

func noSupportRequest(id iam.SupportRequestID) error {
	return iam.Errorf(iam.KindNotFound, "there is no support request %q; give the id that the list of support requests shows", iam.Clip(string(id)))
}

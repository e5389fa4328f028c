package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// SCIMRequest is an entry of the SCIM request log: a request that showed a valid key,
// and what became of it. Secrets and photos in it are hidden already (D15).
type SCIMRequest struct {
	ID           string
	At           time.Time // when it began
	Method       string    // "LOG" for an entry with which the log owns up to missing ones
	Path         string    // below the SCIM base, with its query
	Status       int       // 0 with the method LOG
	Duration     time.Duration
	Key          iam.KeyID
	Address      string
	UserAgent    string
	RequestBody  string
	ResponseBody string
	Verdicts     []Verdict
}

// Verdict says what became of one operation of a request.
type Verdict struct {
	Op      string `json:"op"`
	Path    string `json:"path"`
	Verdict string `json:"verdict"` // "applied", "no change", "ignored attribute", "skipped member", "dropped"
	Note    string `json:"note"`
}

// RequestQuery asks for a page of the SCIM request log, newest first. The zero value of a
// condition lets every request pass.
type RequestQuery struct {
	Since       time.Time // requests that began then or later
	StatusClass int       // 4 for every 4xx
	Status      int       // exactly this status
	LeastStatus int       // this status or above
	Method      string
	// Match is a condition that the database cannot judge; nil for none.
	Match func(SCIMRequest) bool
	Older string // requests before this one, which the page before ended with
	Newer string // requests after this one; Older wins
	Limit int    // requests of a page; below 1 means 50
}

// RequestPage is a page of the SCIM request log. With Match a page can hold less than
// Limit, or nothing, and have an Older all the same.
type RequestPage struct {
	Requests     []SCIMRequest
	Older, Newer string // lead to the pages behind and before; "" where there is none
	Looked       int    // how many Match was asked about
}

// One request of ours looks through so many requests of the log: they carry bodies.
const maxLookedRequests = 5_000

// Requests returns a page of the SCIM request log. What is in it is for the system role
// Admin alone (D15).
func (s *Service) Requests(ctx context.Context, org iam.OrganizationID, q RequestQuery) (RequestPage, error) {
	if q.Limit < 1 {
		q.Limit = 50
	}
	var page RequestPage
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		walk := walker[SCIMRequest]{
			limit: q.Limit, most: maxLookedRequests, match: q.Match,
			id: func(e SCIMRequest) string { return e.ID },
			read: func(after string, newestFirst bool, limit int) ([]SCIMRequest, error) {
				rows, err := r.Requests(org, store.RequestQuery{
					Since: q.Since, StatusClass: q.StatusClass, Status: q.Status, LeastStatus: q.LeastStatus, Method: q.Method,
					After: after, NewestFirst: newestFirst, Limit: limit,
				})
				if err != nil {
					return nil, err
				}
				list := make([]SCIMRequest, 0, len(rows))
				for _, row := range rows {
					e, err := requestView(row)
					if err != nil {
						return nil, err
					}
					list = append(list, e)
				}
				return list, nil
			},
		}
		found, err := walk.page(q.Older, q.Newer)
		page = RequestPage{Requests: found.entries, Older: found.older, Newer: found.newer, Looked: found.looked}
		return err
	})
	return page, err
}

func requestView(row store.SCIMRequest) (SCIMRequest, error) {
	e := SCIMRequest{
		ID: row.ID, At: row.At, Method: row.Method, Path: row.Path, Status: row.Status, Duration: row.Duration,
		Key: row.Key, Address: row.Address, UserAgent: row.UserAgent, RequestBody: row.RequestBody, ResponseBody: row.ResponseBody,
	}
	if err := json.Unmarshal([]byte(row.Verdicts), &e.Verdicts); err != nil {
		return e, fmt.Errorf("read the verdicts of request %s: %w", row.ID, err)
	}
	return e, nil
}

// Request returns one entry of the SCIM request log.
func (s *Service) Request(ctx context.Context, org iam.OrganizationID, id string) (SCIMRequest, error) {
	var e SCIMRequest
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		row, err := r.Request(org, id)
		if errors.Is(err, iam.ErrNotFound) {
			return iam.Errorf(iam.KindNotFound, "there is no request %q in the log of this organization; requests are kept for 30 days", iam.Clip(id))
		}
		if err != nil {
			return fmt.Errorf("read request %s: %w", id, err)
		}
		e, err = requestView(row)
		return err
	})
	return e, err
}

// Denial counts the requests of one minute that were refused before they were anybody's:
// for one cause, from one address.
type Denial struct {
	Minute  time.Time
	Cause   string
	Address string
	Count   int64
}

// Denials returns the newest counts of the minutes from since on, at most limit.
func (s *Service) Denials(ctx context.Context, org iam.OrganizationID, since time.Time, limit int) ([]Denial, error) {
	var list []Denial
	err := s.read(ctx, org, func(r *store.Reader, _ iam.Organization) error {
		rows, err := r.LastDenials(org, since, limit)
		list = make([]Denial, 0, len(rows))
		for _, row := range rows {
			list = append(list, Denial{Minute: row.Minute, Cause: row.Cause, Address: row.Address, Count: row.Count})
		}
		return err
	})
	return list, err
}

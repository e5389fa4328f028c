package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
)

// SCIMRequest is one entry of the SCIM request log: a request that showed a valid
// key, and what became of it. Everything in it is masked already.
type SCIMRequest struct {
	Organization iam.OrganizationID
	ID           string    // of DB.SCIMRequestID
	At           time.Time // when the request began
	Method       string
	Path         string // below the SCIM base, with its query
	Status       int
	Duration     time.Duration
	Key          iam.KeyID
	Address      string
	UserAgent    string
	RequestBody  string
	ResponseBody string
	Verdicts     string // JSON [{"op","path","verdict","note"}]
	// Outcome is how a new entry is counted (ActivityCounts). It is not read back.
	Outcome Outcome
}

// SCIMDenial counts the requests of one minute that were refused before they
// were anybody's: for one cause, from one address.
type SCIMDenial struct {
	Organization iam.OrganizationID
	Minute       time.Time // its start
	Cause        string
	Address      string
	Count        int64
}

const scimRequestColumns = `id, at, method, path, status, duration_us, key_id, address, user_agent, request_body, response_body, verdicts`

// scimRequestRows is how many entries one INSERT takes: thirteen parameters each.
const scimRequestRows = 50

// SCIMRequestID returns an id for an entry of a request that began at at. It begins
// with that time, so that the log is in the order of the requests and a span of
// time is a range of the primary key.
func (db *DB) SCIMRequestID(at time.Time) string { return idAt(at, db.NewID()) }

// InsertSCIMRequests appends entries, of one organization or of many, and counts them by
// the hour. An entry whose id is there already was written by an earlier try: it is left
// as it is, and not counted again.
func (tx *Tx) InsertSCIMRequests(entries []SCIMRequest) error {
	var added []SCIMRequest
	for some := range slices.Chunk(entries, scimRequestRows) {
		args := make([]any, 0, 13*len(some))
		for _, e := range some {
			args = append(args, string(e.Organization), e.ID, micros(e.At), e.Method, e.Path, e.Status, e.Duration.Microseconds(),
				string(e.Key), e.Address, e.UserAgent, e.RequestBody, e.ResponseBody, e.Verdicts)
		}
		ids, err := list(tx.Reader, scanOne[string], `INSERT INTO scim_requests (org_id, `+scimRequestColumns+`) VALUES `+tuples(len(some), 13)+`
			ON CONFLICT (org_id, id) DO NOTHING RETURNING id`, args...)
		if err != nil {
			return fmt.Errorf("append %d entries to the SCIM request log: %w", len(some), err)
		}
		isNew := make(map[string]bool, len(ids))
		for _, id := range ids {
			isNew[id] = true
		}
		for _, e := range some {
			if isNew[e.ID] {
				added = append(added, e)
			}
		}
	}
	return tx.addActivity(added)
}

// tuples returns rows of n placeholders each: "(?, ?), (?, ?)".
func tuples(rows, n int) string {
	one := "(" + inList(n) + ")"
	return strings.Repeat(one+", ", rows-1) + one
}

// idAt returns id with the time of its first 48 bits set to at, as UUIDv7 lays it
// out: milliseconds since 1970. An id of another form is left alone.
func idAt(at time.Time, id string) string {
	if len(id) != 36 {
		return id
	}
	ms := fmt.Sprintf("%012x", at.UnixMilli())
	if len(ms) != 12 {
		return id
	}
	return ms[:8] + "-" + ms[8:] + id[13:]
}

// firstIDAt is not above the id of any entry that began at at or later.
func firstIDAt(at time.Time) string {
	return idAt(at, "00000000-0000-0000-0000-000000000000")
}

// AddSCIMDenials adds counts to those of the same minute, cause and address. A
// count for an organization that does not exist is left out: the id came from the
// URL of a caller nobody knows.
func (tx *Tx) AddSCIMDenials(denials []SCIMDenial) error {
	for _, d := range denials {
		_, err := tx.exec(`INSERT INTO scim_denials (org_id, minute, cause, address, count)
			SELECT org_id, CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT) FROM organizations WHERE org_id = ?
			ON CONFLICT (org_id, minute, cause, address) DO UPDATE SET count = scim_denials.count + excluded.count`,
			micros(d.Minute), d.Cause, d.Address, d.Count, string(d.Organization))
		if err != nil {
			return fmt.Errorf("count denied SCIM requests: %w", err)
		}
	}
	return nil
}

// RequestQuery asks for a part of the SCIM request log. The zero value asks for
// the oldest entries.
type RequestQuery struct {
	Since       time.Time // entries that began then or later; zero: all
	StatusClass int       // 4 for every 4xx; 0: any
	Status      int       // exactly this status; 0: any
	LeastStatus int       // this status or above; 0: any
	Method      string    // "": any
	NewestFirst bool
	After       string // the last id of the page before; "" for the first page
	Limit       int    // at most this many; below 1 means 100
}

// Requests returns a page of an organization's SCIM request log, in the order of
// time. The next page comes After the last entry's ID.
func (r *Reader) Requests(org iam.OrganizationID, q RequestQuery) ([]SCIMRequest, error) {
	where, args := "", []any{string(org)}
	and := func(condition string, values ...any) {
		where, args = where+" AND "+condition, append(args, values...)
	}
	order := "id"
	if q.NewestFirst {
		order = "id DESC"
	}
	if !q.Since.IsZero() {
		and("id >= ?", firstIDAt(q.Since))
		and("at >= ?", micros(q.Since))
	}
	switch {
	case q.After != "" && q.NewestFirst:
		and("id < ?", q.After)
	case q.After != "":
		and("id > ?", q.After)
	}
	if q.StatusClass != 0 {
		and("status >= ?", q.StatusClass*100)
		and("status < ?", q.StatusClass*100+100)
	}
	if q.Status != 0 {
		and("status = ?", q.Status)
	}
	if q.LeastStatus != 0 {
		and("status >= ?", q.LeastStatus)
	}
	if q.Method != "" {
		and("method = ?", q.Method)
	}
	if q.Limit < 1 {
		q.Limit = 100
	}
	entries, err := list(r, scanRequest(org), `SELECT `+scimRequestColumns+` FROM scim_requests WHERE org_id = ?`+where+` ORDER BY `+order+` LIMIT ?`, append(args, q.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("read the SCIM request log: %w", err)
	}
	return entries, nil
}

func scanRequest(org iam.OrganizationID) func(scanner) (SCIMRequest, error) {
	return func(row scanner) (SCIMRequest, error) {
		e := SCIMRequest{Organization: org}
		var at, duration int64
		err := row.Scan(&e.ID, &at, &e.Method, &e.Path, &e.Status, &duration, &e.Key, &e.Address, &e.UserAgent, &e.RequestBody, &e.ResponseBody, &e.Verdicts)
		e.At, e.Duration = fromMicros(at), time.Duration(duration)*time.Microsecond
		return e, err
	}
}

// Request returns one entry of an organization's SCIM request log; iam.ErrNotFound for
// none.
func (r *Reader) Request(org iam.OrganizationID, id string) (SCIMRequest, error) {
	return one(r, scanRequest(org), `SELECT `+scimRequestColumns+` FROM scim_requests WHERE org_id = ? AND id = ?`, string(org), id)
}

// Denials returns the counts of an organization's denied requests of the minutes
// from since on, oldest first, at most limit of them.
func (r *Reader) Denials(org iam.OrganizationID, since time.Time, limit int) ([]SCIMDenial, error) {
	denials, err := list(r, scanDenial(org), `SELECT minute, cause, address, count FROM scim_denials WHERE org_id = ? AND minute >= ? ORDER BY minute, cause, address LIMIT ?`,
		string(org), micros(since), limit)
	if err != nil {
		return nil, fmt.Errorf("read the denied SCIM requests: %w", err)
	}
	return denials, nil
}

// LastDenials returns the counts of the minutes from since on, newest first, at most
// limit of them.
func (r *Reader) LastDenials(org iam.OrganizationID, since time.Time, limit int) ([]SCIMDenial, error) {
	denials, err := list(r, scanDenial(org), `SELECT minute, cause, address, count FROM scim_denials
		WHERE org_id = ? AND minute >= ? ORDER BY minute DESC, count DESC, cause, address LIMIT ?`, string(org), micros(since), limit)
	if err != nil {
		return nil, fmt.Errorf("read the denied SCIM requests: %w", err)
	}
	return denials, nil
}

// DenialGroup sums the denied requests of a span of time that have one cause and one
// address.
type DenialGroup struct {
	Cause   string
	Address string
	Count   int64
	Newest  time.Time // the minute of the last of them
	Rows    int       // how many counts are in it
}

// DenialGroups sums the newest counts of the minutes from since on, at most most of them,
// the group that happened last first: the cost is bounded, whoever knocks.
func (r *Reader) DenialGroups(org iam.OrganizationID, since time.Time, most int) ([]DenialGroup, error) {
	groups, err := list(r, func(row scanner) (DenialGroup, error) {
		var g DenialGroup
		var newest int64
		err := row.Scan(&g.Cause, &g.Address, &g.Count, &newest, &g.Rows)
		g.Newest = fromMicros(newest)
		return g, err
	}, `SELECT cause, address, CAST(sum(count) AS BIGINT), max(minute) AS newest, count(*)
		FROM (SELECT minute, cause, address, count FROM scim_denials WHERE org_id = ? AND minute >= ? ORDER BY minute DESC LIMIT ?) AS newest_counts
		GROUP BY cause, address ORDER BY newest DESC, cause, address`, string(org), micros(since), most)
	if err != nil {
		return nil, fmt.Errorf("sum the denied SCIM requests: %w", err)
	}
	return groups, nil
}

func scanDenial(org iam.OrganizationID) func(scanner) (SCIMDenial, error) {
	return func(row scanner) (SCIMDenial, error) {
		d := SCIMDenial{Organization: org}
		var minute int64
		err := row.Scan(&minute, &d.Cause, &d.Address, &d.Count)
		d.Minute = fromMicros(minute)
		return d, err
	}
}

// DeleteSCIMRequests deletes at most limit entries of an organization that began
// before before, oldest first, and returns how many: fewer than limit means that
// none is left.
func (tx *Tx) DeleteSCIMRequests(org iam.OrganizationID, before time.Time, limit int) (int64, error) {
	n, err := tx.exec(`DELETE FROM scim_requests WHERE org_id = ? AND id IN (
		SELECT id FROM scim_requests WHERE org_id = ? AND id < ? ORDER BY id LIMIT ?)`,
		string(org), string(org), firstIDAt(before), limit)
	if err != nil {
		return 0, fmt.Errorf("delete old entries of the SCIM request log: %w", err)
	}
	return n, nil
}

// DeleteSCIMDenials deletes an organization's counts of the minutes before before.
func (tx *Tx) DeleteSCIMDenials(org iam.OrganizationID, before time.Time) error {
	if _, err := tx.exec(`DELETE FROM scim_denials WHERE org_id = ? AND minute < ?`, string(org), micros(before)); err != nil {
		return fmt.Errorf("delete old counts of denied SCIM requests: %w", err)
	}
	return nil
}

// OrganizationIDs returns at most limit ids of organizations behind after, in
// their order; "" begins.
func (r *Reader) OrganizationIDs(after iam.OrganizationID, limit int) ([]iam.OrganizationID, error) {
	ids, err := list(r, scanOne[iam.OrganizationID], `SELECT org_id FROM organizations WHERE org_id > ? ORDER BY org_id LIMIT ?`, string(after), limit)
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	return ids, nil
}

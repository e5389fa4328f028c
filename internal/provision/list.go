package provision

import (
	"context"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/scim"
)

// Limits of lists.
const (
	DefaultPage  = 100     // resources on a page when count is not given
	MaxScan      = 100_000 // documents that a filter without an index may look at
	scanPage     = 1000    // documents read at once
	keptMatches  = 1000    // matches whose documents are kept; of more only the page is read again
	maxHydration = MaxScan // members looked at for one filter
)

// listing is one list request on its way: the resource type's reads, the parsed
// question, and the window of the answer.
type listing struct {
	ctx     context.Context // of the request: a listing lives no longer
	s       *Service
	c       iam.SCIMCaller
	r       *store.Reader
	org     iam.OrganizationID
	kind    kind
	q       Query
	start   int // 1-based
	count   int
	from    *position // behind which the cursor page begins; nil: at the beginning
	cursors bool
}

// kind is what differs between users and groups.
type kind interface {
	resourceType() *scim.ResourceType
	counted() store.Resource
	// after returns up to limit documents whose ids follow id, in order.
	after(l *listing, id string, limit int) ([]Document, error)
	// at returns the id at a 0-based position in the order of ids, "" behind the last.
	at(l *listing, position int) (string, error)
	byID(l *listing, ids []string) ([]Document, error)
	// sorted returns one page in an order other than by id.
	sorted(l *listing) ([]position, error)
	// candidates returns the only documents that can match, found by an index, and
	// the conditions that are left to check on them; indexed is false when no index
	// serves the filter.
	candidates(l *listing, conjuncts []*scim.Filter) (found []Document, rest []*scim.Filter, indexed bool, err error)
	// hydrate completes documents for a filter that looks at groups or members.
	hydrate(l *listing, objects []scim.Object, filter *scim.Filter) error
	// finish adds to the page's documents what the answer wants.
	finish(l *listing, items []Document) error
}

// ListUsers lists SCIM users (RFC 7644 section 3.4.2, RFC 9865).
func (s *Service) ListUsers(ctx context.Context, c iam.SCIMCaller, q Query) (Page, error) {
	page, err := s.list(ctx, c, userKind{}, q)
	return page, s.answer(ctx, "list users", c, err)
}

// ListGroups lists SCIM groups, never roles.
func (s *Service) ListGroups(ctx context.Context, c iam.SCIMCaller, q Query) (Page, error) {
	page, err := s.list(ctx, c, groupKind{}, q)
	return page, s.answer(ctx, "list groups", c, err)
}

func (s *Service) list(ctx context.Context, c iam.SCIMCaller, k kind, q Query) (Page, error) {
	if q.Filter != nil {
		if err := q.Filter.Check(k.resourceType()); err != nil {
			return Page{}, err
		}
	}
	l := &listing{ctx: ctx, s: s, c: c, r: s.DB.Read(ctx), org: c.Organization.ID, kind: k, q: q, start: max(q.StartIndex, 1), count: DefaultPage}
	if q.HasCount {
		l.count = min(max(q.Count, 0), scim.MaxPageSize)
	}
	if q.Cursor != nil {
		l.cursors = true
		from, err := l.readCursor(*q.Cursor)
		if err != nil {
			return Page{}, err
		}
		l.from = from
	}
	page, err := l.page()
	if err != nil {
		return Page{}, err
	}
	if err := k.finish(l, page.Items); err != nil {
		return Page{}, err
	}
	if !l.cursors {
		page.StartIndex = l.start
	}
	return page, nil
}

func (l *listing) page() (Page, error) {
	switch {
	case l.q.Filter != nil:
		return l.filtered()
	case l.byID():
		return l.plain()
	}
	return l.ordered()
}

// byID tells whether the order is the default one.
func (l *listing) byID() bool {
	return l.q.Sort.By == "" || l.q.Sort.By == "id" && !l.q.Sort.Descending
}

// plain is a page in the order of ids, without a filter: the total comes from the
// counters, the page from one range of the index.
func (l *listing) plain() (Page, error) {
	total, err := l.r.Count(l.org, l.kind.counted())
	if err != nil {
		return Page{}, err
	}
	page := Page{Total: total, Items: []Document{}}
	if l.count == 0 {
		return page, nil
	}
	if l.cursors {
		after := ""
		if l.from != nil {
			after = l.from.ID
		}
		items, err := l.kind.after(l, after, l.count+1)
		return l.cut(page, items), err
	}
	if l.start > total && l.start > 1 {
		return page, nil
	}
	after := ""
	if l.start > 1 {
		if after, err = l.kind.at(l, l.start-2); err != nil || after == "" {
			return page, err
		}
	}
	items, err := l.kind.after(l, after, l.count)
	page.Items = append(page.Items, items...)
	return page, err
}

// cut ends a cursor page that was read with one document too many: that one tells
// whether there is a next page.
func (l *listing) cut(page Page, items []Document) Page {
	if len(items) > l.count {
		items = items[:l.count]
		page.NextCursor = l.writeCursor(position{ID: items[len(items)-1].ID})
	}
	page.Items = append(page.Items, items...)
	return page
}

// ordered is a page without a filter in an order that a column gives.
func (l *listing) ordered() (Page, error) {
	total, err := l.r.Count(l.org, l.kind.counted())
	if err != nil {
		return Page{}, err
	}
	page := Page{Total: total, Items: []Document{}}
	if l.count == 0 {
		return page, nil
	}
	window, err := l.kind.sorted(l)
	if err != nil {
		return Page{}, err
	}
	if l.cursors && len(window) > l.count {
		window = window[:l.count]
		page.NextCursor = l.writeCursor(window[len(window)-1])
	}
	page.Items, err = l.read(window)
	return page, err
}

// read fetches the documents of a window, in its order; one that was deleted
// meanwhile is left out.
func (l *listing) read(window []position) ([]Document, error) {
	ids := make([]string, len(window))
	for i, p := range window {
		ids[i] = p.ID
	}
	found, err := l.kind.byID(l, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Document, len(found))
	for _, d := range found {
		byID[d.ID] = d
	}
	items := make([]Document, 0, len(ids))
	for _, id := range ids {
		if d, ok := byID[id]; ok {
			items = append(items, d)
		}
	}
	return items, nil
}

// filtered finds all matches, by an index where one serves the filter, and cuts
// the page out of them.
func (l *listing) filtered() (Page, error) {
	conjuncts := l.q.Filter.Conjuncts()
	candidates, rest, indexed, err := l.kind.candidates(l, conjuncts)
	if err != nil {
		return Page{}, err
	}
	found := &matches{l: l}
	if !indexed {
		err = l.scan(found, rest)
	}
	for some := range slices.Chunk(candidates, scanPage) { // decoded, a document is many times as large
		if err == nil {
			err = found.look(some, rest)
		}
	}
	if err != nil {
		return Page{}, err
	}
	return l.window(found)
}

// tooMuch is the answer where more than MaxScan documents would have to be looked at.
func tooMuch() error {
	return scim.Errorf(400, scim.TooMany, "no index serves this filter and there are more than %d resources to look at; filter by id, userName, displayName or externalId", MaxScan)
}

// scan looks at every document, in pages, where there are no more than MaxScan.
func (l *listing) scan(found *matches, conditions []*scim.Filter) error {
	total, err := l.r.Count(l.org, l.kind.counted())
	if err != nil {
		return err
	}
	if total > MaxScan {
		return tooMuch()
	}
	after, looked := "", 0
	for {
		docs, err := l.kind.after(l, after, scanPage)
		if err != nil {
			return err
		}
		if looked += len(docs); looked > MaxScan {
			return tooMuch()
		}
		if err := found.look(docs, conditions); err != nil {
			return err
		}
		if len(docs) < scanPage {
			return nil
		}
		after = docs[len(docs)-1].ID
	}
}

// window sorts the matches and returns the page that was asked for.
func (l *listing) window(found *matches) (Page, error) {
	all := found.positions
	slices.SortFunc(all, l.compare)
	page := Page{Total: len(all), Items: []Document{}}
	begin := min(l.start-1, len(all))
	if l.cursors {
		begin = 0
		if l.from != nil {
			begin, _ = slices.BinarySearchFunc(all, *l.from, l.compare)
			if begin < len(all) && l.compare(all[begin], *l.from) == 0 {
				begin++
			}
		}
	}
	window := all[begin:min(begin+l.count, len(all))]
	if l.cursors && len(window) > 0 && begin+len(window) < len(all) {
		page.NextCursor = l.writeCursor(window[len(window)-1])
	}
	if found.docs == nil {
		items, err := l.read(window)
		page.Items = items
		return page, err
	}
	for _, p := range window {
		page.Items = append(page.Items, found.docs[p.ID])
	}
	return page, nil
}

// matches collects what a filter matched.
type matches struct {
	l         *listing
	positions []position
	docs      map[string]Document // nil once there are too many to keep
}

func (m *matches) look(docs []Document, conditions []*scim.Filter) error {
	if m.docs == nil && len(m.positions) == 0 {
		m.docs = map[string]Document{}
	}
	rt := m.l.kind.resourceType()
	objects := make([]scim.Object, len(docs))
	for i, d := range docs {
		o, err := d.object()
		if err != nil {
			return err
		}
		objects[i] = o
	}
	for _, condition := range conditions {
		if err := m.l.kind.hydrate(m.l, objects, condition); err != nil {
			return err
		}
	}
	for i, d := range docs {
		if slices.ContainsFunc(conditions, func(f *scim.Filter) bool { return !f.Match(rt, objects[i]) }) {
			continue
		}
		m.positions = append(m.positions, m.l.positionOf(d, objects[i]))
		if m.docs != nil {
			m.docs[d.ID] = d
		}
		if len(m.positions) > keptMatches {
			m.docs = nil
		}
	}
	return nil
}

// object is the whole resource as filters see it.
func (d Document) object() (scim.Object, error) {
	o, err := scim.Decode(d.Attrs)
	if err != nil {
		return nil, iam.Errorf(iam.KindInternal, "stored document of %s %s: %w", d.Type.Name, d.ID, err)
	}
	schemas := make([]any, len(d.Schemas))
	for i, urn := range d.Schemas {
		schemas[i] = urn
	}
	o["schemas"], o["id"] = schemas, d.ID
	if d.Type == scim.User {
		o["active"] = d.Active
	}
	const format = "2006-01-02T15:04:05.000000Z"
	o["meta"] = scim.Object{
		"resourceType": d.Type.Name,
		"created":      d.Created.UTC().Format(format),
		"lastModified": d.Modified.UTC().Format(format),
		"version":      d.ETag(),
	}
	return o, nil
}

// mentions tells whether a filter looks at an attribute (a lower-case name),
// anywhere in it.
func mentions(f *scim.Filter, attr string) bool {
	if f == nil {
		return false
	}
	return iam.Fold(f.Path.Attr) == attr || mentions(f.Left, attr) || mentions(f.Right, attr)
}

package provision

import "github.com/rollcall/rollcall/internal/store"

// sortedPositions returns the page of a list without a filter in the order of a
// column; with cursors one position more than the page has.
func (l *listing) sortedPositions(what store.Resource) ([]position, error) {
	ask := store.SortedPage{By: l.q.Sort.By, Descending: l.q.Sort.Descending, Limit: l.count}
	if l.cursors {
		ask.Limit++
		if l.from != nil {
			ask.Behind = &store.SortKey{Absent: l.from.Absent, Key: l.from.Key, ID: l.from.ID}
		}
	} else {
		ask.Skip = l.start - 1
	}
	keys, err := l.r.SortedIDs(l.org, what, ask)
	if err != nil {
		return nil, err
	}
	positions := make([]position, len(keys))
	for i, k := range keys {
		positions[i] = position{Absent: k.Absent, Key: k.Key, ID: k.ID}
	}
	return positions, nil
}

package store

import (
	"github.com/rollcall/rollcall/internal/iam"
)

// SortKey is where a row stands in an order: its key and its id. Absent rows, whose
// key is "", come last ascending and first descending.
type SortKey struct {
	Absent bool
	Key    string
	ID     string
}

// SortedPage is what to read of a sorted list: Skip rows are passed over, or those
// up to and including Behind.
type SortedPage struct {
	By         string // a SCIM attribute of sortColumns; anything else sorts by id
	Descending bool
	Behind     *SortKey
	Skip       int
	Limit      int
}

// sortColumns gives the sort key of each attribute as text. lower() folds A-Z only:
// SQLite's always does, PostgreSQL's under the collation "C" that the columns have.
// Microseconds have 16 digits from 2001 to 2286 and so sort as text.
var sortColumns = map[Resource]map[string]string{
	CountUsers: {
		"userName":          "login_key",
		"externalId":        "coalesce(external_id, '')",
		"displayName":       "lower(display_name)",
		"name.givenName":    "lower(given_name)",
		"name.familyName":   "lower(family_name)",
		"active":            "CASE WHEN status = 'active' THEN '1' ELSE '0' END",
		"meta.created":      "CAST(created_at AS TEXT)",
		"meta.lastModified": "CAST(updated_at AS TEXT)",
	},
	CountGroups: {
		"externalId":        "coalesce(external_id, '')",
		"displayName":       "name_key",
		"meta.created":      "CAST(created_at AS TEXT)",
		"meta.lastModified": "CAST(updated_at AS TEXT)",
	},
}

// SortedIDs returns a page of the keys of an organization's SCIM users or groups in
// the order of an attribute.
func (r *Reader) SortedIDs(org iam.OrganizationID, what Resource, page SortedPage) ([]SortKey, error) {
	key, known := sortColumns[what][page.By]
	if !known {
		key = "''"
	}
	from := `SELECT ` + key + ` AS sort_key, id FROM users WHERE org_id = ? AND is_scim`
	if what == CountGroups {
		from = `SELECT ` + key + ` AS sort_key, id FROM groups WHERE org_id = ?`
	}
	args := []any{org}
	behind, direction, beyond := "", "", ">"
	if page.Descending {
		direction, beyond = " DESC", "<"
	}
	if page.Behind != nil {
		behind = ` WHERE (sort_key = '', sort_key, id) ` + beyond + ` (?, ?, ?)`
		args = append(args, page.Behind.Absent, page.Behind.Key, page.Behind.ID)
	}
	scan := func(row scanner) (SortKey, error) {
		var k SortKey
		err := row.Scan(&k.Absent, &k.Key, &k.ID)
		return k, err
	}
	return list(r, scan, `SELECT sort_key = '', sort_key, id FROM (`+from+`) AS sorted`+behind+
		` ORDER BY sort_key = ''`+direction+`, sort_key`+direction+`, id`+direction+` LIMIT ? OFFSET ?`,
		append(args, page.Limit, page.Skip)...)
}

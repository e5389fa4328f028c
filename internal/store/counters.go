package store

import (
	"github.com/rollcall/rollcall/internal/iam"
)

// Resource names what a counter counts.
type Resource string

// The counted resources: SCIM users (active or not) and groups. Mails are counted beside
// them (Mails).
const (
	CountUsers  Resource = "User"
	CountGroups Resource = "Group"
)

// counterShards is over how many rows a count is spread, so that transactions
// that insert at the same time seldom wait for one another's row.
const counterShards = 16

// Count returns how many resources an organization has.
func (r *Reader) Count(org iam.OrganizationID, what Resource) (int, error) {
	return one(r, scanOne[int], `SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM counters WHERE org_id = ? AND resource = ?`, org, what)
}

// AddCount changes a count by delta. spread, any text that differs between
// concurrent callers (an id), picks the row.
func (tx *Tx) AddCount(org iam.OrganizationID, what Resource, spread string, delta int) error {
	_, err := tx.exec(`INSERT INTO counters (org_id, resource, shard, n) VALUES (?, ?, ?, ?)
		ON CONFLICT (org_id, resource, shard) DO UPDATE SET n = counters.n + excluded.n`, org, what, shardOf(spread), delta)
	return err
}

func shardOf(s string) int {
	if s == "" {
		return 0
	}
	return int(s[len(s)-1]) % counterShards
}

package provision

import (
	"fmt"
	"slices"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/scim"
)

// membership changes who is in one group, within one transaction, and keeps what
// changed in the end: somebody added and removed again is no change.
type membership struct {
	w       *writing
	group   iam.GroupID
	net     map[iam.MemberID]int // +1 came, -1 went
	skipped []iam.MemberID       // ids of users deleted here (D11)
}

func newMembership(w *writing, group iam.GroupID) *membership {
	return &membership{w: w, group: group, net: map[iam.MemberID]int{}}
}

// add puts users into the group and returns how many came. The id of a user
// deleted here is skipped and noted; any other unknown id is 400 invalidValue and
// nothing is applied (D11).
func (m *membership) add(ids []string) (int, error) {
	return m.addSorted(sortedIDs(ids))
}

func (m *membership) addSorted(ids []iam.MemberID) (int, error) {
	known, err := m.known(ids)
	if err != nil || len(known) == 0 {
		return 0, err
	}
	added, err := m.w.tx.AddGroupMembers(m.w.org, m.group, known)
	m.count(added, +1)
	return len(added), err
}

// sortedIDs returns ids in order, each once.
func sortedIDs(ids []string) []iam.MemberID {
	sorted := typed[iam.MemberID](ids)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// without returns those of ids that are not among others; both are sorted.
func without(ids, others []iam.MemberID) []iam.MemberID {
	var left []iam.MemberID
	for _, id := range ids {
		if _, among := slices.BinarySearch(others, id); !among {
			left = append(left, id)
		}
	}
	return left
}

// remove takes users out and returns how many went; an id that is not there is no
// change.
func (m *membership) remove(ids []iam.MemberID) (int, error) {
	removed, err := m.w.tx.RemoveGroupMembers(m.w.org, m.group, ids)
	m.count(removed, -1)
	return len(removed), err
}

func (m *membership) clear() (int, error) {
	removed, err := m.w.tx.ClearGroup(m.w.org, m.group)
	m.count(removed, -1)
	return len(removed), err
}

// replace makes ids the group's only members and returns how many came or went. It
// touches only the rows that differ: who is there already is a user.
func (m *membership) replace(ids []string) (int, error) {
	have, err := m.w.tx.GroupMemberIDs(m.w.org, m.group)
	if err != nil {
		return 0, err
	}
	wanted := sortedIDs(ids)
	added, err := m.addSorted(without(wanted, have))
	if err != nil {
		return 0, err
	}
	removed, err := m.remove(without(have, wanted))
	return added + removed, err
}

// removeMatching takes out the members whom a filter on their value, display or
// type matches: the form "members[display eq …]", which no index serves.
func (m *membership) removeMatching(f *scim.Filter) (int, error) {
	var gone []iam.MemberID
	after := iam.MemberID("")
	for {
		page, err := m.w.tx.GroupMembersAfter(m.w.org, m.group, after, memberPage)
		if err != nil {
			return 0, err
		}
		for _, member := range page {
			ref := memberRef(member)
			if f.MatchValue(scim.Group, "members", scim.Object{"value": ref.Value, "display": ref.Display, "type": "User"}) {
				gone = append(gone, member.ID)
			}
		}
		if len(page) < memberPage {
			return m.remove(gone)
		}
		after = page[len(page)-1].ID
	}
}

// known sorts out ids, which are sorted: it returns those that are SCIM users of
// the organization, in order, and holds their rows.
func (m *membership) known(asked []iam.MemberID) ([]iam.MemberID, error) {
	found, err := m.w.tx.LockSCIMUsers(m.w.org, asked)
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	if len(found) == len(asked) {
		return found, nil
	}
	missing := without(asked, found)
	deleted, err := m.w.tx.DeletedUsers(m.w.org, missing)
	if err != nil {
		return nil, err
	}
	slices.Sort(deleted)
	if unknown := without(missing, deleted); len(unknown) > 0 {
		return nil, scim.Errorf(400, scim.InvalidValue, "member %q is not the id of a user of this organization; nothing was changed", iam.Clip(string(unknown[0])))
	}
	m.skipped = append(m.skipped, deleted...)
	return found, nil
}

func (m *membership) count(ids []iam.MemberID, by int) {
	for _, id := range ids {
		m.net[id] += by
		if m.net[id] == 0 {
			delete(m.net, id)
		}
	}
}

// changed tells whether the group has other members than before.
func (m *membership) changed() bool { return len(m.net) > 0 }

// skippedVerdicts notes the ids of users who were deleted here.
func skippedVerdicts(index int, op string, skipped []iam.MemberID) []scim.Verdict {
	var verdicts []scim.Verdict
	for _, id := range skipped {
		verdicts = append(verdicts, scim.Verdict{Index: index, Op: op, Path: "members", Verdict: scim.SkippedMember,
			Note: fmt.Sprintf("user %s was deleted here; the id was skipped", id)})
	}
	return verdicts
}

// maxListedIDs bounds the ids that stand in the text of one audit event; the
// members' own histories have all of them.
const maxListedIDs = 1000

// describe writes what changed into an audit event.
func (m *membership) describe(e *iam.AuditEvent) {
	var added, removed []iam.MemberID
	for id, by := range m.net {
		if by > 0 {
			added = append(added, id)
		} else {
			removed = append(removed, id)
		}
	}
	slices.Sort(added)
	slices.Sort(removed)
	listIDs(e, "membersAdded", added)
	listIDs(e, "membersRemoved", removed)
	e.Also = append(added, removed...)
}

func listIDs(e *iam.AuditEvent, name string, ids []iam.MemberID) {
	if len(ids) == 0 {
		return
	}
	e.Details[name+"Count"] = len(ids)
	e.Details[name] = ids[:min(len(ids), maxListedIDs)]
}

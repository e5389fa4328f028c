package cycle

import (
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// laterUser is the reference of a user without what nobody asks of him any more: an initial
// cycle keeps one for almost everybody in the directory until all users are there.
type laterUser struct {
	id            directory.ID
	seq           int64
	name, display string
	targetID      string
	held          *LogEntry
	refs          []referred
	created, full bool
}

// postpone keeps what is left to do for an object. The caller holds r.mu.
func (r *run) postpone(ref *reference) {
	if ref.o.kind == mapping.KindGroup {
		r.groups = append(r.groups, ref)
		return
	}
	r.users = append(r.users, laterUser{
		id: ref.o.id, seq: ref.o.seq, name: ref.o.name(), display: ref.o.displayName(),
		targetID: ref.targetID, held: ref.held, refs: ref.refs, created: ref.created, full: ref.full,
	})
}

// reference is the work that is left: of the user only id and names are known.
func (l laterUser) reference() *reference {
	o := userObject(directory.User{ID: l.id, Seq: l.seq, UserPrincipalName: l.name, DisplayName: l.display})
	return &reference{o: o, targetID: l.targetID, held: l.held, refs: l.refs, created: l.created, full: l.full}
}

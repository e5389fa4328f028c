package cycle

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// object is a user or a group of the directory on its way to the target.
type object struct {
	kind mapping.Kind
	id   directory.ID
	seq  int64
	gone bool // purged: only id and seq are known
	// membersOnly: a group that is as it should be, but for members that were missing.
	membersOnly bool
	user        directory.User
	group       directory.Group
}

func userObject(u directory.User) object {
	return object{kind: mapping.KindUser, id: u.ID, seq: u.Seq, user: u}
}

func groupObject(g directory.Group) object {
	return object{kind: mapping.KindGroup, id: g.ID, seq: g.Seq, group: g}
}

// name is what the logs call it: the user principal name, or the group's display name. The
// name of a purged object is not known any more (observed: "Failed to delete Group ”").
func (o object) name() string {
	if o.kind == mapping.KindGroup {
		return o.group.DisplayName
	}
	return o.user.UserPrincipalName
}

func (o object) displayName() string {
	if o.kind == mapping.KindGroup {
		return o.group.DisplayName
	}
	return o.user.DisplayName
}

// active tells whether it is there and, for a user, enabled.
func (o object) active() bool {
	switch {
	case o.gone:
		return false
	case o.kind == mapping.KindGroup:
		return o.group.DeletedAt.IsZero()
	}
	return o.user.DeletedAt.IsZero() && o.user.AccountEnabled
}

// env is what expressions see of it. IsSoftDeleted is True for what is not in scope, or not
// active (Microsoft Entra docs, "customize-application-attributes").
func (s *Service) env(o object, inScope bool) mapping.Env {
	softDeleted := !inScope || !o.active()
	return mapping.Env{
		Now:    s.now(),
		Random: randomReader{s},
		Attribute: func(name string) (mapping.Value, bool) {
			switch name {
			case "IsSoftDeleted":
				return mapping.Bool(softDeleted), true
			case "appRoleAssignments", "members":
				return mapping.Null(), true // roles are not assigned here; members are exported by themselves
			}
			var values []string
			var known bool
			if o.kind == mapping.KindGroup {
				values, known = o.group.Attribute(name)
			} else {
				values, known = o.user.Attribute(name)
			}
			switch {
			case len(values) == 0:
				return mapping.Null(), known
			case multiValued(name):
				return mapping.Multi(values...), known
			}
			return mapping.String(values[0]), known
		},
	}
}

func multiValued(name string) bool {
	return strings.EqualFold(name, "proxyAddresses") || strings.EqualFold(name, "otherMails")
}

// verdict is the answer to whether an object is in scope.
type verdict struct {
	active   bool
	assigned bool // true under Sync all
	syncAll  bool
	filter   bool     // true without a filter
	rows     []string // members of the JSON object ScopeEvaluationResult
	in       bool
	skip     string // a skip reason when not in
	keep     bool   // out of scope, but the target keeps what it has
}

// judge evaluates the scope of an object (Microsoft Entra docs,
// "define-conditional-rules-for-provisioning-user-accounts" and "how-provisioning-works").
func (r *run) judge(ctx context.Context, o object) (verdict, error) {
	v := verdict{active: o.active(), syncAll: r.job.Scope == ScopeAll, filter: true}
	v.assigned = v.syncAll
	if !v.syncAll {
		var err error
		if v.assigned, err = r.assigned(ctx, o); err != nil {
			return verdict{}, err
		}
	}
	if !o.gone {
		var err error
		if v.filter, v.rows, err = r.job.Mapping(o.kind).InScope(r.s.env(o, true)); err != nil {
			return verdict{}, &mappingError{err}
		}
	}
	switch {
	case o.kind == mapping.KindGroup && r.licence == directory.LicenceFree:
		v.skip, v.keep = SkipLicence, true
	case !v.active:
		v.skip = SkipInactive
	case !v.assigned:
		v.skip = SkipNotEntitled
	case o.kind == mapping.KindGroup && !o.group.SecurityEnabled:
		v.skip = SkipSecurityNotEnabled
	case !v.filter:
		v.skip = SkipNotInScope
	default:
		v.in = true
	}
	return v, nil
}

func (r *run) assigned(ctx context.Context, o object) (bool, error) {
	if o.kind == mapping.KindGroup {
		return r.s.Directory.GroupAssigned(ctx, r.job.ApplicationID, o.id)
	}
	direct, via, err := r.s.Directory.AssignedTo(ctx, r.job.ApplicationID, o.id)
	return direct || len(via) > 0, err
}

// mappingError is an expression or a filter that cannot be evaluated for an object.
type mappingError struct{ err error }

func (e *mappingError) Error() string { return e.err.Error() }
func (e *mappingError) Unwrap() error { return e.err }

// references splits what refers to other objects from what is sent with the object itself.
func references(values []mapping.AttributeValue) (own, refs []mapping.AttributeValue) {
	for _, v := range values {
		if v.Type == mapping.TypeReference {
			refs = append(refs, v)
		} else {
			own = append(own, v)
		}
	}
	return own, refs
}

// mapsMembers tells whether the group mapping carries members.
func mapsMembers(m mapping.ObjectMapping) bool {
	return m.Enabled && slices.ContainsFunc(m.Attributes, func(a mapping.AttributeMapping) bool { return a.Target == "members" })
}

package faulty

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/scim"
)

// patch applies a PATCH as a whole or not at all (RFC 7644 section 3.5.2).
func (t *endpoint) patch() (reply, error) {
	r, err := t.target()
	if err != nil {
		return reply{}, err
	}
	patch, err := scim.ParsePatch(t.spoiled(t.q.body))
	if err != nil {
		return reply{}, err
	}
	rest := patch
	var changes []scim.MemberChange
	if !t.isUser() {
		if rest, _, changes, err = patch.SplitMembers(); err != nil {
			return reply{}, err
		}
	}
	doc, err := t.apply(r, rest)
	if err != nil {
		return reply{}, err
	}
	before := r.members
	t.loseParallel()
	members, err := t.changeMembers(before, changes)
	if err != nil {
		return reply{}, err
	}
	if err := t.required(doc); err != nil {
		return reply{}, err
	}
	if err := t.unique(doc, r); err != nil {
		return reply{}, err
	}
	if !t.has(PatchDoesNothing) {
		t.save(r, doc, members)
	}
	if t.isUser() {
		return t.answer(http.StatusOK, r)
	}
	return reply{status: http.StatusNoContent, header: http.Header{"Etag": {t.tag(r)}}}, nil
}

func (t *endpoint) apply(r *record, patch *scim.Patch) (scim.Object, error) {
	doc := r.doc
	if t.has(PatchNotAtomic) {
		for _, operation := range patch.Operations {
			next, _, err := (&scim.Patch{Operations: []scim.Operation{operation}}).Apply(t.rt, doc)
			if err != nil {
				t.save(r, doc, r.members)
				return nil, err
			}
			doc = next
		}
		return doc, nil
	}
	if t.has(ValuePathNoTarget) {
		for _, operation := range patch.Operations {
			if err := t.selects(doc, operation); err != nil {
				return nil, err
			}
		}
	}
	doc, verdicts, err := patch.Apply(t.rt, doc)
	if err != nil {
		return nil, err
	}
	for _, v := range verdicts {
		if t.has(UnknownPathRefused) && v.Verdict == scim.IgnoredAttribute {
			return nil, scim.Errorf(400, scim.InvalidPath, "the path %.200q is not known", v.Path)
		}
	}
	if t.has(StringBooleansKept) {
		for _, operation := range patch.Operations {
			if s, ok := operation.Value.(string); ok && operation.RawPath == "active" {
				doc["active"] = s
			}
		}
	}
	return doc, nil
}

// selects fails when the value path of an operation matches nothing.
func (t *endpoint) selects(doc scim.Object, operation scim.Operation) error {
	if operation.Path == nil || operation.Path.Filter == nil {
		return nil
	}
	var values []any
	for name, v := range doc {
		if strings.EqualFold(name, operation.Path.Attr) {
			values, _ = v.([]any)
		}
	}
	if slices.ContainsFunc(values, func(v any) bool { return operation.Path.Filter.MatchValue(t.rt, operation.Path.Attr, v) }) {
		return nil
	}
	return scim.Errorf(400, scim.NoTarget, "the path %.200q matches nothing", operation.RawPath)
}

// spoiled is the body of a PATCH as a server with faults understands it.
func (t *endpoint) spoiled(body scim.Object) scim.Object {
	body = body.Clone()
	operations, ok := body["Operations"].([]any)
	if !ok {
		return body
	}
	body["Operations"] = slices.DeleteFunc(operations, func(v any) bool {
		operation, ok := v.(scim.Object)
		if !ok {
			return false
		}
		verb, _ := operation["op"].(string)
		path, _ := operation["path"].(string)
		value, hasValue := operation["value"]
		if t.has(RemoveValueSets) && hasValue && strings.EqualFold(verb, "remove") && path != "members" {
			operation["op"] = "replace"
		}
		if o, ok := value.(scim.Object); ok && path == "" && t.has(DottedNamesIgnored) {
			for key := range o {
				if strings.Contains(key, ".") {
					delete(o, key)
				}
			}
		}
		return t.has(CapitalOpsIgnored) && verb != strings.ToLower(verb) ||
			t.has(URNPathsIgnored) && strings.HasPrefix(strings.ToLower(path), "urn:")
	})
	return body
}

// changeMembers are the members after the changes.
func (t *endpoint) changeMembers(members []string, changes []scim.MemberChange) ([]string, error) {
	members = slices.Clone(members)
	for _, c := range changes {
		switch c.Op {
		case scim.OpRemove:
			left, err := t.removeMembers(members, c)
			if err != nil {
				return nil, err
			}
			members = left
			continue
		case scim.OpReplace:
			members = nil
		}
		ids, err := t.known(c.IDs)
		if err != nil {
			if t.has(UnknownMemberDropsAll) {
				continue
			}
			return nil, err
		}
		if t.has(FirstMemberOnly) && len(ids) > 1 {
			ids = ids[:1]
		}
		for _, id := range ids {
			if t.has(MembersDoubled) || !slices.Contains(members, id) {
				members = append(members, id)
			}
		}
	}
	return members, nil
}

func (t *endpoint) removeMembers(members []string, c scim.MemberChange) ([]string, error) {
	if c.All || (t.has(RemoveListEmpties) && c.Filter == nil && t.hasRemoveList()) {
		return nil, nil
	}
	if c.Filter != nil {
		return slices.DeleteFunc(members, func(id string) bool {
			return c.Filter.MatchValue(scim.Group, "members", scim.Object{"value": id, "type": "User"})
		}), nil
	}
	for _, id := range c.IDs {
		if t.has(RemoveAbsentRefused) && !slices.Contains(members, id) {
			return nil, scim.Errorf(400, scim.NoTarget, "%.200q is no member", id)
		}
	}
	return slices.DeleteFunc(members, func(id string) bool { return slices.Contains(c.IDs, id) }), nil
}

// hasRemoveList says whether the PATCH has a remove whose path is members and
// that carries a value.
func (t *endpoint) hasRemoveList() bool {
	operations, _ := t.q.body["Operations"].([]any)
	return slices.ContainsFunc(operations, func(v any) bool {
		operation, _ := v.(scim.Object)
		verb, _ := operation["op"].(string)
		return strings.EqualFold(verb, "remove") && operation["path"] == "members" && operation["value"] != nil
	})
}

// parallelWait is how long PatchLosesParallel waits for a second PATCH.
const parallelWait = 20 * time.Millisecond

// loseParallel lets another PATCH in between reading and writing: two that come
// at the same time start from the same members, and the later write wins.
func (t *endpoint) loseParallel() {
	if !t.has(PatchLosesParallel) || t.isUser() {
		return
	}
	if t.waiting != nil {
		close(t.waiting)
		t.waiting = nil
		return
	}
	met := make(chan struct{})
	t.waiting = met
	t.mu.Unlock()
	timer := time.NewTimer(parallelWait)
	select {
	case <-met:
	case <-timer.C:
	}
	timer.Stop()
	t.mu.Lock()
	if t.waiting == met {
		t.waiting = nil
	}
}

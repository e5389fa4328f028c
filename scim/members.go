package scim

import "fmt"

// TakeMembers reads the members of a group from the body of a POST or PUT: a
// list of {"value":id} objects, one such object, or bare ids, under any case of
// the name. Ids come in the order sent, without duplicates; what a client says
// about a member beside the id is ignored (D11).
//
// present is false when the body has no members or null: a PUT then leaves them
// as they are, while an empty list empties the group. A member without an id is
// 400 invalidValue, more than MaxGroupMembers 400 tooMany.
func TakeMembers(body Object) (ids []string, present bool, notes []Note, err error) {
	v, ok := get(body, "members")
	if !ok || v == nil {
		return nil, false, nil, nil
	}
	var repeated int
	ids, repeated, err = memberIDs("members", v, MaxGroupMembers)
	if err != nil {
		return nil, false, nil, err
	}
	if repeated > 0 {
		notes = []Note{{Path: "members", Text: fmt.Sprintf("%d repeated members left out", repeated)}}
	}
	return ids, true, notes, nil
}

// memberIDs reads ids in any form that clients send, without duplicates.
func memberIDs(path string, v any, limit int) (ids []string, repeated int, err error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) > limit {
		return nil, 0, Errorf(400, TooMany, "%s has %d values; at most %d are accepted in one request: send them in several PATCH requests", path, len(list), limit)
	}
	ids = make([]string, 0, len(list))
	seen := make(map[string]struct{}, len(list))
	for i, e := range list {
		if e == nil {
			continue
		}
		id, problem := memberID(e)
		if problem != "" {
			return nil, 0, Errorf(400, InvalidValue, "value %d of %s %s", i+1, clip(path), problem)
		}
		if _, ok := seen[id]; ok {
			repeated++
			continue
		}
		seen[id] = struct{}{}
		ids = append(ids, id)
	}
	return ids, repeated, nil
}

// memberID reads one member; problem completes the sentence "value 3 of
// members …".
func memberID(v any) (id, problem string) {
	if o, ok := v.(Object); ok {
		if v, ok = get(o, "value"); !ok || v == nil {
			return "", `has no "value" with the id of the member`
		}
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return "", fmt.Sprintf("must be the id of a member as a string; %s was sent", quoteAny(v))
	case s == "":
		return "", "is an empty id"
	}
	return s, ""
}

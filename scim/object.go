package scim

// Object is one JSON object. Its values are string, bool, json.Number, Object,
// []any of these, or nil for null; after [ResourceType.Normalize] there is no
// nil and no empty list or object left.
//
// Example: {"userName":"bjensen@example.com","name":{"givenName":"Barbara"}}
// is Object{"userName": "bjensen@example.com", "name": Object{"givenName": "Barbara"}}.
type Object map[string]any

// Clone returns a deep copy: changing the copy never changes o.
func (o Object) Clone() Object {
	if o == nil {
		return nil
	}
	return cloneValue(o).(Object)
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case Object:
		c := make(Object, len(v))
		for k, e := range v {
			c[k] = cloneValue(e)
		}
		return c
	case map[string]any:
		return cloneValue(Object(v))
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = cloneValue(e)
		}
		return c
	default:
		return v
	}
}

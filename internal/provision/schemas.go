package provision

import "strings"

// hasKey tells whether canonical JSON has a member of this name, anywhere. Inside
// a string value a quote is escaped, so `"key":` can only be a member.
func hasKey(doc, key string) bool {
	quoted := `"` + key + `":`
	for rest := doc; ; {
		at := strings.Index(rest, quoted)
		if at < 0 {
			return false
		}
		if at > 0 && (rest[at-1] == '{' || rest[at-1] == ',') {
			return true
		}
		rest = rest[at+len(quoted):]
	}
}

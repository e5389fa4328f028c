package mapping

import "encoding/json"

// appRole is an app role as [appRoleAssignments] holds it: a JSON text such as
// {"id":"06b0…","value":"25","displayName":"Role1234"}. The id is that of the app role.
type appRole struct {
	ID          string `json:"id"`
	Value       string `json:"value"`
	DisplayName string `json:"displayName"`
}

// readRole reads one value of [appRoleAssignments]; a plain text is the role's name.
func readRole(text string) appRole {
	var role appRole
	if err := json.Unmarshal([]byte(text), &role); err != nil || role == (appRole{}) {
		return appRole{Value: text, DisplayName: text}
	}
	if role.Value == "" {
		role.Value = role.DisplayName
	}
	return role
}

func checkRoles(c *callNode) error {
	if a, ok := c.args[0].(attributeNode); !ok || a.name != "appRoleAssignments" {
		return c.fail("the argument must be [appRoleAssignments]")
	}
	return nil
}

// evalRoles gives the assignments as they are; how they travel is for the body.
func evalRoles(a arguments) (Value, error) {
	value, err := a.value(0)
	return Multi(value.texts...), err
}

// evalSingleRole gives the value of one role. Of several the first: the page says there
// is no guarantee which.
func evalSingleRole(a arguments) (Value, error) {
	value, err := a.value(0)
	if err != nil || value.IsNull() {
		return Null(), err
	}
	return String(readRole(value.texts[0]).Value), nil
}

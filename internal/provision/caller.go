package provision

import "github.com/rollcall/rollcall/internal/iam"

// Caller is who provisions. A door that knows the words of SCIM and none of iam
// hands it from the check of the key to a use case by this name.
type Caller = iam.SCIMCaller

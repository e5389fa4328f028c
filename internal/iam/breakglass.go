package iam

// BreakGlass is an Admin who can get in without the identity provider: he holds
// the system role Admin directly and has local sign-in set up, or its one-time
// link still to be used (D8).
type BreakGlass struct {
	Member MemberID
}

// LastBreakGlass tells whether taking m away would leave nobody who can get in
// without the identity provider. all are the organization's break-glass Admins,
// read under its row lock.
func LastBreakGlass(all []BreakGlass, m MemberID) bool {
	is := false
	for _, b := range all {
		if b.Member != m {
			return false
		}
		is = true
	}
	return is
}

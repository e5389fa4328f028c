package cycle

// CheckCredentials tells whether credentials could be saved, without a job and without a
// request: an *Error of kind Invalid that says what is wrong with them.
func CheckCredentials(tenantURL, token string) error {
	for _, message := range []string{checkTenantURL(tenantURL), checkToken(token)} {
		if message != "" {
			return refuse(Invalid, "%s", message)
		}
	}
	return nil
}

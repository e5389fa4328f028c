package directory

import (
	"net/mail"
	"strings"
	"unicode"
)

// fold is how names and addresses are compared: without regard to case.
func fold(s string) string { return strings.ToLower(s) }

// checkUserPrincipalName holds the rules of the Microsoft Entra docs page
// "concept-sspr-policy", UserPrincipalName policies: letters, digits and ' . - _ ! # ^ ~,
// at most 64 characters before "@" and 48 behind it, no period before "@".
// Letters with accents are not allowed.
func checkUserPrincipalName(upn string) error {
	local, domain, ok := strings.Cut(upn, "@")
	if !ok || local == "" || domain == "" {
		return refuse(Invalid, "The user principal name %q must have the form name@domain.", upn)
	}
	for _, r := range local {
		if !(r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("'.-_!#^~", r))) {
			return refuse(Invalid, "The user principal name %q contains %q. Before the @ only letters A-Z, digits and ' . - _ ! # ^ ~ are allowed.", upn, string(r))
		}
	}
	switch {
	case strings.HasPrefix(local, "."), strings.HasSuffix(local, "."):
		return refuse(Invalid, "The user principal name %q must not have a period at the start or right before the @.", upn)
	case len(local) > 64:
		return refuse(Invalid, "The user principal name %q has %d characters before the @; at most 64 are allowed.", upn, len(local))
	case len(domain) > 48:
		return refuse(Invalid, "The user principal name %q has %d characters after the @; at most 48 are allowed.", upn, len(domain))
	}
	return checkDomain(domain)
}

func checkDomain(domain string) error {
	for label := range strings.SplitSeq(domain, ".") {
		bad := strings.ContainsFunc(label, func(r rune) bool {
			return !(r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-'))
		})
		if label == "" || bad || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return refuse(Invalid, "The domain %q is not valid: it must be a DNS name such as example.com.", domain)
		}
	}
	return nil
}

// checkMail wants a bare address in ASCII: Microsoft Graph docs, "user", mail: "This
// property can't contain accent characters".
func checkMail(attribute, value string) error {
	address, err := mail.ParseAddress(value)
	ascii := !strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII })
	if err != nil || address.Name != "" || address.Address != value || !ascii {
		return refuse(Invalid, "%s %q is not an e-mail address; give one such as jane@example.com, without accents and blanks.", attribute, value)
	}
	return nil
}

// checkText refuses what no attribute of the directory may hold.
func checkText(attribute, value string, most int) error {
	switch {
	case len([]rune(value)) > most:
		return refuse(Invalid, "%s has %d characters; at most %d are allowed.", attribute, len([]rune(value)), most)
	case strings.ContainsFunc(value, unicode.IsControl):
		return refuse(Invalid, "%s %q contains a control character, such as a line break.", attribute, value)
	}
	return nil
}

package directory

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// check holds the rules for an application.
func (a *Application) check() error {
	if strings.TrimSpace(a.DisplayName) == "" {
		return refuse(Invalid, "The application needs a name.")
	}
	if err := checkText("The application's name", a.DisplayName, 120); err != nil {
		return err
	}
	return a.SAML.check()
}

func (s *SAMLSettings) check() error {
	for _, text := range []struct{ name, value string }{
		{"Identifier (Entity ID)", s.Identifier}, {"Relay State", s.RelayState}, {"Notification Email", s.NotificationEmail},
	} {
		if err := checkText(text.name, text.value, 1024); err != nil {
			return err
		}
	}
	for _, field := range []struct{ name, value string }{{"Reply URL", s.ReplyURL}, {"Sign on URL", s.SignOnURL}, {"Logout URL", s.LogoutURL}} {
		if err := checkURL(field.name, field.value); err != nil {
			return err
		}
	}
	for _, value := range s.MoreReplyURLs {
		if value == "" {
			return refuse(Invalid, "An additional Reply URL is empty; remove it.")
		}
		if err := checkURL("Reply URL", value); err != nil {
			return err
		}
	}
	if s.ReplyURL == "" && len(s.MoreReplyURLs) > 0 {
		return refuse(Invalid, "There are additional reply URLs but no default one; fill in Reply URL.")
	}
	if !slices.Contains([]SigningOption{SignAssertion, SignResponse, SignResponseAndAssertion}, s.SigningOption) {
		return refuse(Invalid, "There is no signing option %q; choose %q, %q or %q.", string(s.SigningOption), string(SignAssertion), string(SignResponse), string(SignResponseAndAssertion))
	}
	if !slices.Contains([]NameIDFormat{NameIDEmailAddress, NameIDPersistent, NameIDUnspecified, NameIDTransient, NameIDWindows}, s.NameIDFormat) {
		return refuse(Invalid, "There is no name identifier format %q.", string(s.NameIDFormat))
	}
	if !knownSource(s.NameIDSource) || strings.EqualFold(s.NameIDSource, GroupsSource) {
		return refuse(Invalid, "The Unique User Identifier cannot be made from %q; choose an attribute such as user.userprincipalname or user.mail.", s.NameIDSource)
	}
	return s.checkClaims()
}

func (s *SAMLSettings) checkClaims() error {
	seen := map[string]bool{}
	for _, claim := range s.Claims {
		if claim.Name == "" || strings.ContainsAny(claim.Name, " \t\r\n") {
			return refuse(Invalid, "A claim's name must not be empty or contain blanks: %q.", claim.Name)
		}
		if err := checkText("A claim's namespace", claim.Namespace, 1024); err != nil {
			return err
		}
		if !knownSource(claim.Source) {
			return refuse(Invalid, "The claim %q cannot be made from %q; choose an attribute such as user.mail, or a constant in double quotes.", claim.URI(), claim.Source)
		}
		if seen[claim.URI()] {
			return refuse(Invalid, "There are two claims with the name %q; each name can be used once.", claim.URI())
		}
		seen[claim.URI()] = true
	}
	return nil
}

// checkURL wants https, or http on the machine itself: Microsoft Entra docs, "reply-url".
func checkURL(field, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Fragment != "" || u.User != nil || len(value) > 2048 {
		return refuse(Invalid, "%s %q is not an absolute URL such as https://app.example.com/saml/acs.", field, value)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return refuse(Invalid, "%s %q must begin with https://; http:// is for localhost only.", field, value)
	}
	return nil
}

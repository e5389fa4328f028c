package cycle

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/entra/mapping"
)

// ConnectionTest is the answer of Test Connection.
type ConnectionTest struct {
	OK      bool
	Message string // the notice: success, or what is wrong and what to do
	// Detail is the target's answer verbatim; "" when it was as it should be or none came.
	Detail   string
	Status   int    // HTTP status of the answer, 0 = none
	Code     string // an error code of the logs; "" when OK
	Warnings []string
}

// TestConnection makes the service's test call: a look-up of a user that nobody has
// (Microsoft Entra docs, "use-scim-to-provision-users-and-groups": the answer must be 200
// with an empty ListResponse). The token is sent as it was pasted. The error is only for a
// request that could not be judged at all.
func (s *Service) TestConnection(ctx context.Context, tenantURL, token string) (ConnectionTest, error) {
	return s.test(ctx, tenantURL, Secret(token), "userName")
}

// TestSavedConnection makes the test call with the credentials of a job.
func (s *Service) TestSavedConnection(ctx context.Context, id JobID) (ConnectionTest, error) {
	j, err := s.Job(ctx, id)
	if err != nil {
		return ConnectionTest{}, err
	}
	return s.test(ctx, j.TenantURL, j.SecretToken, testAttribute(j))
}

// testAttribute is the matching attribute of the user mapping, which the test call asks for.
func testAttribute(j Job) string {
	name, best := "userName", 0
	for _, a := range j.Users.Attributes {
		if p := a.MatchingPrecedence; p > 0 && (best == 0 || p < best) {
			name, best = a.Target, p
		}
	}
	return name
}

func (s *Service) test(ctx context.Context, tenantURL string, token Secret, attribute string) (ConnectionTest, error) {
	result := ConnectionTest{Warnings: credentialWarnings(tenantURL, string(token))}
	if message := checkTenantURL(tenantURL); message != "" {
		result.Message, result.Code = message, CodeWebException
		return result, nil
	}
	if message := checkToken(string(token)); message != "" {
		result.Message, result.Code = message, CodeUnauthorized
		return result, nil
	}
	err := s.probe(ctx, s.newTarget(tenantURL, token), &trace{}, attribute)
	if err == nil {
		result.OK, result.Status = true, http.StatusOK
		result.Message = "The supplied credentials are authorized to enable provisioning."
		return result, nil
	}
	var failed *TargetError
	if !errors.As(err, &failed) {
		return result, fmt.Errorf("test the connection: %w", err)
	}
	result.Message, result.Detail, result.Status, result.Code = connectionMessage(failed), failed.Answer, failed.Status, failed.Code
	return result, nil
}

// probe sends the test call: the matching attribute equal to a GUID of this moment.
func (s *Service) probe(ctx context.Context, t *target, tr *trace, attribute string) error {
	if t.manner.okta() {
		return t.oktaProbe(ctx, tr)
	}
	nobody, err := s.newID()
	if err != nil {
		return err
	}
	_, err = t.find(ctx, tr, mapping.KindUser, attribute, string(nobody))
	return err
}

// connectionMessage says what is wrong with the connection and what to do.
func connectionMessage(e *TargetError) string {
	const wrong = "You appear to have entered invalid credentials. Please confirm you are using the correct information for an administrative account. " // observed
	switch {
	case e.Status == http.StatusUnauthorized:
		return wrong + "The SCIM endpoint answered 401 (Unauthorized): it does not accept the secret token."
	case e.Status == http.StatusForbidden:
		return wrong + "The SCIM endpoint answered 403 (Forbidden): the secret token is known but may not be used here, or SCIM is switched off."
	case e.Status == http.StatusNotFound:
		return "The SCIM endpoint answered 404 (Not Found) to the look-up of a user. Check the tenant URL; a SCIM endpoint answers 200 with an empty list where nobody matches."
	case e.Status >= 300 && e.Status < 400:
		return e.Reason
	case e.Status >= 500:
		return fmt.Sprintf("The SCIM endpoint answered %d (%s): it has an error of its own. Try again later.", e.Status, http.StatusText(e.Status))
	case e.Status >= 400:
		return fmt.Sprintf("The SCIM endpoint answered %d (%s) to the look-up of a user.", e.Status, http.StatusText(e.Status))
	case e.Status != 0:
		return "The address answers, but not as a SCIM endpoint does: " + e.Reason
	}
	return e.Reason
}

// connectFailure names the causes of a failed connection that an admin can do something about.
func connectFailure(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &unknown):
		return "The TLS certificate of the SCIM endpoint is signed by an authority that is not trusted here."
	case errors.As(err, &host):
		return "The TLS certificate of the SCIM endpoint is for another host name."
	case errors.As(err, &invalid):
		return "The TLS certificate of the SCIM endpoint is not valid: " + clip(invalid.Error()) + "."
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "The tenant URL begins with https://, but the server there does not speak TLS."
	case errors.As(err, &lookup):
		return fmt.Sprintf("The host name %q of the tenant URL is not known.", clip(lookup.Name))
	}
	return ""
}

// checkTenantURL is "" for an address that requests can be sent to.
func checkTenantURL(text string) string {
	if text == "" {
		return "Enter the tenant URL: the address of the SCIM endpoint."
	}
	if text != strings.TrimSpace(text) {
		return "The tenant URL begins or ends with a blank. Remove it."
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return fmt.Sprintf("The tenant URL %q is not an address that begins with https:// (or, on this machine, http://).", clip(text))
	}
	return ""
}

// checkToken is "" for a token that a header can carry.
func checkToken(token string) string {
	switch {
	case token == "":
		return "Enter the secret token."
	case strings.ContainsAny(token, "\r\n\x00"):
		return "The secret token has a line break in it, which no request can carry. Paste it without."
	}
	return ""
}

// credentialWarnings name what is likely a slip. Nothing is changed: what was pasted is sent.
func credentialWarnings(tenantURL, token string) []string {
	var warnings []string
	if token != strings.TrimSpace(token) {
		warnings = append(warnings, "The secret token begins or ends with white space. It is sent as it was pasted; most servers refuse it.")
	}
	if fields := strings.Fields(token); len(fields) > 1 && strings.EqualFold(fields[0], "bearer") {
		warnings = append(warnings, `The secret token begins with the word "Bearer". It is sent after another "Bearer"; enter the token alone.`)
	}
	if u, err := url.Parse(tenantURL); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		warnings = append(warnings, "The tenant URL begins with http://: the secret token travels unencrypted. Microsoft Entra ID itself accepts https:// only.")
	}
	return warnings
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// newID makes a GUID from the service's randomness.
func (s *Service) newID() (directory.ID, error) { return s.Directory.NewID() }

package scimtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall/rollcall/scim/scimclient"
)

// Exchange is one request and its answer, fit to be shown: secrets are hidden
// and bodies shortened.
type Exchange struct {
	Method        string   `json:"method"`
	Target        string   `json:"target"` // path below the base address, with the query
	RequestHeader []string `json:"requestHeader,omitempty"`
	RequestBody   string   `json:"requestBody,omitempty"`

	Status       int      `json:"status"` // 0 when there was no answer
	AnswerHeader []string `json:"answerHeader,omitempty"`
	AnswerBody   string   `json:"answerBody,omitempty"`
	Err          string   `json:"error,omitempty"` // why there was no answer
}

const (
	shownBody      = 700 // bytes of a body that are shown
	shownTarget    = 300 // bytes of a target that are shown
	shownExchanges = 4   // the last exchanges of a failed check
	hidden         = "(hidden)"
	minSecret      = 6 // shorter parts of a token are not worth hiding: they occur by chance
)

// shownHeaders are the headers that tell something about SCIM, in the order
// they are shown.
var shownHeaders = []string{
	"Authorization", "Accept", "Content-Type", "Content-Encoding", "If-Match", "If-None-Match",
	"WWW-Authenticate", "Location", "Content-Location", "ETag", "Retry-After",
}

var passwordMember = regexp.MustCompile(`("(?i:password)"\s*:\s*)"(?:[^"\\]|\\.)*"`)

// secretsOf lists what must never be shown of a bearer token: all of it, and
// the secret of a key:secret pair.
func secretsOf(token string) []string {
	var secrets []string
	if token != "" {
		secrets = append(secrets, token)
	}
	// The checks of authentication also send the token less its last character,
	// so that much of the secret is hidden too.
	if _, secret, ok := strings.Cut(token, ":"); ok && len(secret) > minSecret {
		secrets = append(secrets, secret, secret[:len(secret)-1])
	} else if len(token) > minSecret {
		secrets = append(secrets, token[:len(token)-1])
	}
	return secrets
}

// hide takes the secrets out of a text.
func (r *run) hide(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, hidden)
	}
	return passwordMember.ReplaceAllString(s, `${1}"`+hidden+`"`)
}

func (r *run) exchange(method, path, query string, body any, header http.Header, resp *scimclient.Response, err error) Exchange {
	x := Exchange{Method: method, Target: shortenTo(r.hide(targetOf(path, query)), shownTarget)}
	sent := http.Header{}
	if r.client.Token != "" {
		sent.Set("Authorization", "Bearer "+r.client.Token)
	}
	if body != nil {
		x.RequestBody = r.shownText(bodyText(body))
	}
	for name, values := range header {
		if len(values) == 0 {
			sent.Del(name)
		} else {
			sent[http.CanonicalHeaderKey(name)] = values
		}
	}
	x.RequestHeader = r.shownHeader(sent)
	if err != nil {
		x.Err = r.hide(err.Error())
		return x
	}
	x.Status = resp.Status
	x.AnswerHeader = r.shownHeader(resp.Header)
	x.AnswerBody = r.shownText(string(resp.Body))
	return x
}

func targetOf(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

func bodyText(body any) string {
	switch b := body.(type) {
	case string:
		return b
	case []byte:
		return string(b)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Sprint(body)
	}
	return string(data)
}

func (r *run) shownText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return shortenTo(r.hide(s), shownBody)
}

func (r *run) shownHeader(h http.Header) []string {
	var lines []string
	for _, name := range shownHeaders {
		for _, value := range h.Values(name) {
			if name == "Authorization" {
				value = hiddenCredentials(value)
			}
			lines = append(lines, name+": "+shortenTo(r.hide(value), shownTarget))
		}
	}
	return lines
}

// hiddenCredentials keeps the scheme of an Authorization header only.
func hiddenCredentials(value string) string {
	scheme, _, ok := strings.Cut(value, " ")
	if !ok || !slices.Contains([]string{"bearer", "basic"}, strings.ToLower(scheme)) {
		return hidden
	}
	return scheme + " " + hidden
}

func shortenTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes more)", s[:cut], len(s)-cut)
}

// text shows an exchange as lines, each with an indent.
func (x Exchange) text(indent string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s-> %s %s\n", indent, x.Method, x.Target)
	write := func(lines []string, body string) {
		for _, line := range lines {
			fmt.Fprintf(&b, "%s   %s\n", indent, line)
		}
		if body != "" {
			fmt.Fprintf(&b, "%s   %s\n", indent, strings.ReplaceAll(body, "\n", "\n"+indent+"   "))
		}
	}
	write(x.RequestHeader, x.RequestBody)
	if x.Err != "" {
		fmt.Fprintf(&b, "%s<- no answer: %s\n", indent, x.Err)
		return b.String()
	}
	fmt.Fprintf(&b, "%s<- %d %s\n", indent, x.Status, http.StatusText(x.Status))
	write(x.AnswerHeader, x.AnswerBody)
	return b.String()
}

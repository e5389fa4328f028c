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

// passwordMember finds the passwords in a body: a server that is wrong may show
// those of its own users.
var passwordMember = regexp.MustCompile(`("(?i:password)"\s*:\s*)"(?:[^"\\]|\\.)*"`)

// The passwords of the users that a run makes.
const (
	firstPassword  = "1mz050nq-Correct-Horse"
	secondPassword = "n3w-Secret-1mz050nq"
	thirdPassword  = "n3w-Secret-1mz050nr"
)

// secretsOf lists what must never be shown: passwords, all of a bearer token,
// and the secret of a key:secret pair.
func secretsOf(token string) []string {
	secrets := []string{firstPassword, secondPassword, thirdPassword}
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

// sent is a request and its answer as they were; it becomes an Exchange only
// when a check fails, since most never do.
type sent struct {
	method, path, query string
	body                []byte
	header              http.Header
	resp                *scimclient.Response
	err                 error
}

func (r *run) exchange(s sent) Exchange {
	x := Exchange{
		Method:      s.method,
		Target:      shortenTo(r.hide(targetOf(s.path, s.query)), shownTarget),
		RequestBody: r.shownText(string(s.body)),
	}
	header := http.Header{}
	if r.client.Token != "" {
		header.Set("Authorization", "Bearer "+r.client.Token)
	}
	for name, values := range s.header {
		if len(values) == 0 {
			header.Del(name)
		} else {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	x.RequestHeader = r.shownHeader(header)
	if s.err != nil {
		x.Err = r.hide(s.err.Error())
		return x
	}
	x.Status = s.resp.Status
	x.AnswerHeader = r.shownHeader(s.resp.Header)
	x.AnswerBody = r.shownText(string(s.resp.Body))
	return x
}

func targetOf(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// encode makes the body of a request, so that a check may go on changing the
// object that it sent.
func encode(body any) []byte {
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return []byte(b)
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("a check sends what is no JSON: %v", err))
	}
	return data
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

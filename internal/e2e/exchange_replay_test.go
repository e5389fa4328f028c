package e2e

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	exchangeTimeout   = 30 * time.Second // of one request and its answer
	maxExchangeAnswer = 16 << 20         // bytes
)

// Replay sends the steps of s to the SCIM server at baseURL, with token as the Bearer value, and fails t at the first
// answer that the client could not work with. It makes its own names, so that scenarios may share an organization and run
// at the same time.
func Replay(t *testing.T, baseURL, token string, s Scenario) {
	t.Helper()
	if err := replay(baseURL, token, s); err != nil {
		t.Fatalf("%s %s\n%v", s.ID, s.Title, err)
	}
}

func replay(baseURL, token string, s Scenario) error {
	target, err := parseEndpoint(baseURL)
	if err != nil {
		return err
	}
	run := make([]byte, 4)
	rand.Read(run) // never fails
	r := &replayer{endpoint: target, token: token, headers: s.Headers, vars: map[string]string{
		"base": strings.TrimSuffix(baseURL, "/"),
		"run":  hex.EncodeToString(run),
		"RUN":  strings.ToUpper(hex.EncodeToString(run)),
	}}
	for i, step := range slices.Concat(s.Setup, s.Steps) {
		if err := r.step(step); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.Name, err)
		}
	}
	return nil
}

// endpoint is where the SCIM base address leads.
type endpoint struct {
	dial   string // host:port
	host   string // Host header
	prefix string // path of the base address, without a slash at the end
	tls    bool
}

func parseEndpoint(baseURL string) (endpoint, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return endpoint{}, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return endpoint{}, fmt.Errorf("base address %q is not http(s)://host/path", baseURL)
	}
	e := endpoint{host: u.Host, prefix: strings.TrimSuffix(u.EscapedPath(), "/"), tls: u.Scheme == "https"}
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[e.tls]
	}
	e.dial = net.JoinHostPort(u.Hostname(), port)
	return e, nil
}

// replayer is one run of one scenario.
type replayer struct {
	endpoint endpoint
	token    string
	headers  map[string]string // of the scenario
	vars     map[string]string
}

// answer is what came back. doc is nil without a body.
type answer struct {
	status int
	header http.Header
	body   []byte
	doc    any
}

func (r *replayer) step(st Step) error {
	request, err := r.request(st)
	if err != nil {
		return err
	}
	got, err := r.endpoint.exchange(st.Method, request)
	if err != nil {
		return fmt.Errorf("%w\nsent: %s", err, r.printable(request))
	}
	if err := r.compare(st, got); err != nil {
		return fmt.Errorf("%w\nsent: %s\nanswer: %d %s", err, r.printable(request), got.status, shorten(string(got.body), 2000))
	}
	return nil
}

// printable is a request as a failed test may show it: without the key.
func (r *replayer) printable(request []byte) string {
	return shorten(strings.ReplaceAll(string(request), r.token, "(hidden)"), 3000)
}

// request writes the bytes of one request. net/http would add a User-Agent, escape the quotes and clean the path; Entra ID
// does none of that.
func (r *replayer) request(st Step) ([]byte, error) {
	target, err := r.expand(st.Path)
	if err != nil {
		return nil, err
	}
	body, hasBody, err := r.body(st)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{"Authorization": "Bearer " + r.token}
	if hasBody {
		headers["Content-Type"] = "application/scim+json; charset=utf-8"
		headers["Content-Length"] = strconv.Itoa(len(body))
	}
	for _, given := range []map[string]string{r.headers, st.Headers} {
		for name, value := range given {
			name = http.CanonicalHeaderKey(name)
			if name == "Content-Type" && !hasBody {
				continue
			}
			if headers[name], err = r.expand(value); err != nil {
				return nil, err
			}
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", st.Method, r.endpoint.prefix, target, r.endpoint.host)
	for _, name := range sortedKeys(headers) {
		if headers[name] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, headers[name])
		}
	}
	b.WriteString("Connection: close\r\n\r\n")
	b.Write(body)
	return b.Bytes(), nil
}

func (r *replayer) body(st Step) (body []byte, hasBody bool, err error) {
	if st.RawBody != nil {
		text, err := r.expand(*st.RawBody)
		return []byte(text), true, err
	}
	if st.Body == nil {
		return nil, false, nil
	}
	// The text is kept as written, for the order of its members, and loses only the indentation of the file.
	var compact bytes.Buffer
	if err := json.Compact(&compact, st.Body); err != nil {
		return nil, false, err
	}
	text, err := r.expand(compact.String())
	return []byte(text), true, err
}

// expand puts the values of variables into text. All of them are safe inside a JSON string: ids, UUIDs, addresses of
// pages; a saved value that is not is refused when it is saved.
func (r *replayer) expand(text string) (string, error) {
	var unknown error
	out := variable.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-2]
		if _, ok := r.vars[name]; !ok && uuidName.MatchString(name) {
			r.vars[name] = uuid.NewString()
		}
		value, ok := r.vars[name]
		if !ok {
			unknown = fmt.Errorf("variable %s has no value", m)
		}
		return value
	})
	return out, unknown
}

// exchange sends one request on a connection of its own and reads the answer.
func (e endpoint) exchange(method string, request []byte) (*answer, error) {
	dialer := &net.Dialer{Timeout: exchangeTimeout}
	var conn net.Conn
	var err error
	if e.tls {
		conn, err = tls.DialWithDialer(dialer, "tcp", e.dial, nil)
	} else {
		conn, err = dialer.Dial("tcp", e.dial)
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxExchangeAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxExchangeAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxExchangeAnswer)
	}
	return &answer{status: res.StatusCode, header: res.Header, body: body}, nil
}

// compare checks one answer: the status first, then what every client relies on, then what this step expects.
func (r *replayer) compare(st Step, got *answer) error {
	if !slices.Contains(st.Expect.Status, got.status) {
		return fmt.Errorf("want status %v, got %d", st.Expect.Status, got.status)
	}
	if err := got.readable(st.Expect.Headers["Content-Type"] != ""); err != nil {
		return err
	}
	if err := r.save(st.Save, got); err != nil {
		return err
	}
	for _, name := range sortedKeys(st.Expect.Headers) {
		want, err := r.expand(st.Expect.Headers[name])
		if err != nil {
			return err
		}
		if value := got.header.Get(name); !matchHeader(want, value) {
			return fmt.Errorf("header %s: want %q, got %q", name, want, value)
		}
	}
	if st.Expect.Body == nil {
		return nil
	}
	text, err := r.expand(string(st.Expect.Body))
	if err != nil {
		return err
	}
	want, err := decode([]byte(text))
	if err != nil {
		return err
	}
	if len(got.body) == 0 {
		return match(want, absent{}, "body")
	}
	return match(want, got.doc, "body")
}

// save reads members and headers of an answer into variables.
func (r *replayer) save(names map[string]string, got *answer) error {
	for _, name := range sortedKeys(names) {
		from := names[name]
		var value string
		if header, isHeader := strings.CutPrefix(from, "@"); isHeader {
			value = got.header.Get(header)
		} else {
			value, _ = lookUp(got.doc, from).(string)
		}
		if value == "" {
			return fmt.Errorf("save %s: the answer has no text at %s", name, from)
		}
		quoted, _ := json.Marshal(value)
		// An entity tag holds quotes: it is used in headers only, where it must stand as it came.
		if string(quoted) != `"`+value+`"` && !strings.HasPrefix(from, "@") {
			return fmt.Errorf("save %s: %q cannot stand inside a JSON string as it is", name, value)
		}
		r.vars[name] = value
	}
	return nil
}

// lookUp follows a dotted path, whose numbers count the elements of arrays from 0. It returns nil where the path ends early.
func lookUp(doc any, path string) any {
	for part := range strings.SplitSeq(path, ".") {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(d) {
				return nil
			}
			doc = d[i]
		default:
			return nil
		}
	}
	return doc
}

// readable checks what every client relies on whatever it asked, and decodes the body. anyType leaves the media type to
// the step.
func (a *answer) readable(anyType bool) error {
	if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
		return errors.New("401 without WWW-Authenticate (RFC 7235 section 3.1)")
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		if len(a.body) > 0 {
			return fmt.Errorf("%d with a body", a.status)
		}
		return nil
	}
	if len(a.body) == 0 {
		return fmt.Errorf("%d without a body", a.status)
	}
	// Microsoft Entra docs, use-scim-to-provision-users-and-groups: application/scim+json is "the header for all the responses".
	if media := a.header.Get("Content-Type"); !anyType && !matchHeader("application/scim+json*", media) {
		return fmt.Errorf("Content-Type is %q, want application/scim+json", media)
	}
	doc, err := decode(a.body)
	if err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	a.doc = doc
	if err := refuseRepeatedMembers(a.body); err != nil {
		return err
	}
	if err := noSecretsNoNulls(doc, "body"); err != nil {
		return err
	}
	switch {
	case a.status >= 400:
		// RFC 7644 section 3.12: status is a string, detail is for people.
		return match(map[string]any{
			"schemas": []any{"urn:ietf:params:scim:api:messages:2.0:Error"},
			"status":  strconv.Itoa(a.status),
			"detail":  map[string]any{"$matches": "."},
		}, doc, "body")
	case a.status == http.StatusCreated:
		// RFC 7644 section 3.3: Location of the new resource; Entra ID needs the id.
		if id, _ := lookUp(doc, "id").(string); id == "" || !strings.HasSuffix(a.header.Get("Location"), "/"+id) {
			return fmt.Errorf("201 with id %q and Location %q", id, a.header.Get("Location"))
		}
	}
	return nil
}

// noSecretsNoNulls refuses null anywhere (clients read a missing member, not a null one) and any member called password
// (RFC 7643 section 4.1.1: returned "never").
func noSecretsNoNulls(v any, at string) error {
	switch x := v.(type) {
	case nil:
		return fmt.Errorf("%s is null", at)
	case map[string]any:
		for _, name := range sortedKeys(x) {
			if strings.EqualFold(name, "password") {
				return fmt.Errorf("%s.%s is in an answer", at, name)
			}
			if err := noSecretsNoNulls(x[name], at+"."+name); err != nil {
				return err
			}
		}
	case []any:
		for i, element := range x {
			if err := noSecretsNoNulls(element, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

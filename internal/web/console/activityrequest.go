package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// openedRequest is one request of the log with everything that is known of it.
type openedRequest struct {
	ID           string
	Method, Path string
	Status       string // "204 No Content"
	Kind         string
	Summary      string
	Hint         string // what to change at the identity provider; "" when nothing
	Verdicts     []verdictRow
	Request      bodyView
	Response     bodyView
	At           time.Time
	Exact        string
	Duration     string
	Key          iam.KeyID
	Address      string
	UserAgent    string
	Close        string // URL of the list alone
}

// verdictRow says what became of one operation.
type verdictRow struct {
	Number   int
	What     string // "replace displayName"
	Verdict  string
	Kind     string
	Icon     string
	Note     string
	Hint     string
	LogsOnly bool // the log speaks of itself
}

// bodyView is a body as the log keeps it.
type bodyView struct {
	Size  string // "" for no body
	Parts []bodyPart
}

// bodyPart is a piece of a body; what was hidden is a piece of its own.
type bodyPart struct {
	Text   string
	Hidden bool
}

func newOpenedRequest(r access.SCIMRequest, list url.Values) *openedRequest {
	o := &openedRequest{
		ID: r.ID, Method: r.Method, Path: readablePath(r.Path), Status: strings.TrimSpace(fmt.Sprint(r.Status, " ", http.StatusText(r.Status))), Kind: statusKind(r),
		Summary: requestSummary(r), Hint: requestHint(r), Request: newBodyView(r.RequestBody), Response: newBodyView(r.ResponseBody),
		At: r.At, Exact: r.At.UTC().Format("Mon, 2 Jan 2006 15:04:05.000 (UTC)"), Duration: durationOf(r.Duration),
		Key: r.Key, Address: r.Address, UserAgent: r.UserAgent, Close: pathWith("/settings/activity", list),
	}
	for i, v := range r.Verdicts {
		row := verdictRow{Number: i + 1, What: strings.TrimSpace(v.Op + " " + v.Path), Verdict: v.Verdict, Kind: verdictKind(v), Note: words.Sentence(v.Note), Hint: verdictHint(v), LogsOnly: v.Op == "log"}
		switch row.Kind {
		case "ok":
			row.Icon = "check"
		case "warn":
			row.Icon = "info"
		default:
			row.Icon = "skip"
		}
		o.Verdicts = append(o.Verdicts, row)
	}
	return o
}

// durationOf writes how long a request took.
func durationOf(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// hidden is what the request log puts in place of what it does not keep.
const hidden = `"(hidden)"`

// newBodyView lays a body out as JSON. What is no JSON, or not whole, is shown as it is.
func newBodyView(body string) bodyView {
	if body == "" {
		return bodyView{}
	}
	v := bodyView{Size: sizeText(len(body))}
	var laidOut bytes.Buffer
	if json.Indent(&laidOut, []byte(body), "", "  ") == nil {
		body = laidOut.String()
	}
	for i, text := range strings.Split(body, hidden) {
		if i > 0 {
			v.Parts = append(v.Parts, bodyPart{hidden, true})
		}
		if text != "" {
			v.Parts = append(v.Parts, bodyPart{text, false})
		}
	}
	return v
}

func sizeText(n int) string {
	if n < 1000 {
		return words.Plural(n, "byte", "bytes")
	}
	return fmt.Sprintf("%.1f KB", float64(n)/1000)
}

// hint says what an admin changes when a refusal says so.
type hint struct {
	says string // in the detail of the refusal, folded
	text string
}

// Hints on refusals, the first that fits. The labels are those of Entra ID's
// provisioning pages.
var refusalHints = []hint{
	{"displayname not recognised", "Give a custom role this name, or set the SCIM group field of a role to it, under Users and roles, Roles. Or let unmapped groups create a new role, in the rules of SCIM Configuration. Then choose Provision on demand for the group in Entra ID."},
	{"work e-mail", "In Entra ID open Provisioning, Mappings, Provision Microsoft Entra ID Users. Click the userName row and set Source attribute to mail, so that both values are the same."},
	{"is not an e-mail address", "In Entra ID open Provisioning, Mappings, Provision Microsoft Entra ID Users. Click the userName row and set Source attribute to mail. A user without mail needs one, or is left unassigned."},
	{"who is not managed by scim", "A member with this address was invited or signed in before, and its domain is not verified here. Verify the domain under SAML: the next cycle then takes the member over. Or remove the member."},
	{"is not verified", "Verify the domain under SAML, Domains, or give the user an address in a domain that is verified."},
	{"taken by the inactive user", "The user was deactivated here and is known by this id. In Entra ID choose Restart provisioning, so that it looks the user up again and restores him."},
	{"displayname", "Group names are unique here. Rename one of the two groups in Entra ID, or unassign it."},
	{"is taken", "Another user has this userName. In Entra ID make userName the attribute with Matching precedence 1, so that it finds him instead of making him again. If they are two people, correct the mail of one."},
	{"is not the id of a user", "Entra ID names a member that it made elsewhere, or under another endpoint. Choose Restart provisioning there, so that it learns the ids anew."},
	{"there is no user with the id", "The user was deleted here. In Entra ID choose Restart provisioning: it then looks him up, and makes him again if he is still assigned."},
	{"there is no group with the id", "The group was deleted here. In Entra ID choose Restart provisioning: it then looks it up, and makes it again if it is still assigned."},
	{"enterprise plan", "Change the plan on the Plans page. Entra ID sends everything again in its next cycles."},
	{"scim is not enabled", "Enable SCIM under SCIM Configuration. Entra ID sends everything again in its next cycles."},
	{"filter", "Look at Matching precedence in the mappings of Entra ID: match users by userName or externalId, groups by displayName."},
	{"is required", "In Entra ID add the mapping that fills this attribute, or correct it for the user."},
}

// requestHint says what to change at the identity provider; "" when nothing is wrong, or
// nothing can be said.
func requestHint(r access.SCIMRequest) string {
	switch {
	case r.Status < 400:
		return ""
	case r.Status >= 500:
		return "This was a trouble of the server and not of the request. Entra ID tries again by itself."
	}
	detail := strings.ToLower(refusal(r))
	for _, h := range refusalHints {
		if strings.Contains(detail, h.says) {
			return h.text
		}
	}
	switch r.Status {
	case http.StatusPreconditionFailed:
		return "The resource was changed meanwhile. The identity provider reads it again and repeats the change."
	case http.StatusRequestEntityTooLarge:
		return "The request is larger than what is accepted at once. Send fewer members or operations in one request."
	}
	return ""
}

// verdictHint says what to change for an operation that was not done as it was sent.
func verdictHint(v access.Verdict) string {
	switch {
	case v.Verdict == "ignored attribute":
		return "Nothing of it was stored. You can delete its row in the mappings of Entra ID."
	case v.Verdict == "skipped member":
		return "That user was deleted here. He comes back when Entra ID creates him again."
	case strings.HasPrefix(v.Note, "warning:"):
		return "He is provisioned and may not be able to sign in: the member's page says what to do."
	}
	return ""
}

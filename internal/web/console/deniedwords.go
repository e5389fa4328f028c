package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/housekeeping"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// denialWords explains a cause for which SCIM calls are refused. A key that is known
// stands behind the title.
type denialWords struct {
	how   string // behind "the last call came"
	title string // what is so
	what  string // what was sent, or how that comes about
	do    string // what to do in Entra ID, in the labels of its pages
}

const (
	secretTokenIs = "Entra ID has it under Provisioning → Edit provisioning → Admin Credentials → Secret Token: "
	thenTest      = " Then choose Test Connection, and Save."
	enterPair     = secretTokenIs + "enter the key, a colon and the secret, without blanks." + thenTest
	enterActive   = secretTokenIs + "enter that of a key that is active here. If nobody stored its secret, generate a new key." + thenTest
)

// deniedWords has every cause. The last ones are those of counts that an older version
// wrote.
var deniedWords = map[iam.DenialCause]denialWords{
	iam.DeniedNone:        {"without a key", "No credentials", "The calls carried no Authorization header. Somebody who opens the Tenant URL in a browser causes this, too.", enterPair},
	iam.DeniedHeaders:     {"with two Authorization headers", "More than one Authorization header", "Only one can count, and which one was meant cannot be told.", "Look for a proxy on the way, or for a header that is set beside the Secret Token, and leave it to the identity provider alone."},
	iam.DeniedScheme:      {"with an Authorization header of another kind", "Neither Bearer nor Basic", "The Authorization header does not begin with one of these words. Entra ID always sends Bearer.", "In a client with a field for the whole header, write Bearer, a blank, and the Secret Token: key, colon, secret."},
	iam.DeniedNoToken:     {"with an empty Secret Token", "An empty Secret Token", "The header says Bearer, and nothing stands behind it.", enterPair},
	iam.DeniedBasic:       {"with HTTP Basic that cannot be read", "HTTP Basic in the wrong form", "What stands behind the word Basic is no user and password in base64.", "For a client that uses HTTP Basic the user is the SCIM key and the password its secret. Entra ID uses Bearer: enter key:secret as the Secret Token."},
	iam.DeniedTwice:       {"with the word Bearer twice", "The word Bearer stands twice", "It was entered with the Secret Token, and the identity provider puts it there itself.", secretTokenIs + "enter it again without Bearer, so that it begins with scim_." + thenTest},
	iam.DeniedAround:      {"with white space around the Secret Token", "White space before or after the Secret Token", "A blank or a line break was pasted with it.", secretTokenIs + "enter it again without the blank or the line break." + thenTest},
	iam.DeniedInside:      {"with a blank inside the Secret Token", "A blank inside the Secret Token", "Mostly it stands beside the colon, or the value was wrapped when it was copied.", secretTokenIs + "enter it again in one piece, without blanks." + thenTest},
	iam.DeniedKeyOnly:     {"with the key alone", "The key alone, without its secret", "Only the part that begins with scim_ was entered.", enterPair},
	iam.DeniedSecretOnly:  {"with the secret alone", "The secret alone, without its key", "What came has the form of a secret, and no key and colon in front.", enterPair},
	iam.DeniedNoColon:     {"with a Secret Token without a colon", "The Secret Token is not key:secret", "There is no colon in it, and it is neither a key nor a secret of Rollcall.", enterPair},
	iam.DeniedSwapped:     {"with key and secret swapped", "Key and secret are swapped", "The secret stands in front of the colon, and the key behind it.", secretTokenIs + "enter first the key, which begins with scim_, then a colon, then the secret." + thenTest},
	iam.DeniedPrefix:      {"with a Secret Token that does not begin with scim_", "The Secret Token does not begin with scim_", "It is that of another application, or its beginning was lost when it was copied.", enterPair},
	iam.DeniedEmptySecret: {"with an empty secret", "Nothing behind the colon", "The secret is missing.", enterPair},
	iam.DeniedLong:        {"with a Secret Token that is too long", "The Secret Token is too long", "More than the key, a colon and the secret was entered.", enterPair},
	iam.DeniedKeyForm:     {"with a key that is not whole", "The key is not whole", "In front of the colon is no whole key: that is scim_ and 20 small letters and digits.", enterPair},
	iam.DeniedForeign:     {"with a key that is not of this organization", "A key that is not of this organization", "The Tenant URL is that of this organization, and the key is none that was ever made here.", "Compare the Tenant URL in Entra ID with the SCIM endpoint URL, letter for letter. " + enterActive},
	iam.DeniedSecret:      {"with a wrong secret", "A wrong secret for the key", "The key is known, and what stands behind the colon is not its secret: that of another key, or not all of its 43 characters.", secretTokenIs + "enter the secret that was shown with this key. If nobody stored it, generate a new key." + thenTest},
	iam.DeniedRevoked:     {"with a revoked key", "The revoked key", "Key and secret were right, and it was revoked here.", enterActive},
	iam.DeniedExpired:     {"with an expired key", "The expired key", "Key and secret were right, and its time is over.", enterActive},
	iam.DeniedOff:         {"while SCIM was off", "SCIM was off", "The key was right. The calls were answered 403.", "Enable SCIM under SCIM Configuration. Entra ID sends everything again in its next cycles."},
	iam.DeniedPlan:        {"while the plan had no SCIM", "The plan had no SCIM", "The key was right. The calls were answered 403.", "Change the plan to Enterprise on the Plans page. Entra ID sends everything again in its next cycles."},
	"too many requests":   {"faster than allowed", "Too many requests", "The key was right. The calls were answered 429.", "The identity provider slows down by itself, and sends them again."},
	"refused too often":   {"with what was refused too often", "Refused too often", "The same wrong Secret Token came again and again from this address, and is not looked at for a while.", "Mend what stands beside it in this list: it is what was wrong first."},

	iam.CauseForm:  {"with a Secret Token that is not key:secret", "Not key:secret", "The Secret Token is not of this form.", enterPair},
	iam.CauseWrong: {"with a wrong key or secret", "Wrong key or secret", "The key, or its secret, is not that of this organization.", enterActive},
}

// explained is why calls were refused, and what to do.
type explained struct{ Title, What, Do string }

// circumstances are what an explanation knows of the organization.
type circumstances struct {
	now  time.Time
	keys []access.KeyView
	on   bool // SCIM
	plan iam.Plan
}

func (c *Console) circumstances(x *exchange, keys []access.KeyView) circumstances {
	o := x.session.Organization
	return circumstances{now: x.now, keys: keys, on: o.SCIMEnabled, plan: o.Plan}
}

// explain writes a denial for the Admins. A cause that is not known stands for itself.
func (c circumstances) explain(d iam.Denial) explained {
	written, known := deniedWords[d.Cause]
	if !known {
		return explained{Title: words.Capital(d.String())}
	}
	e := explained{Title: written.title, What: written.what, Do: written.do}
	if d.Key != "" {
		e.Title += " " + string(d.Key)
		e.What += c.ended(d)
	}
	switch {
	case d.Cause == iam.DeniedOff && c.on:
		e.Do = "SCIM is on now. Entra ID sends everything again in its next cycles; Provision on demand does it at once."
	case d.Cause == iam.DeniedPlan && c.plan.HasSCIM():
		e.Do = "The plan has SCIM now. Entra ID sends everything again in its next cycles; Provision on demand does it at once."
	}
	return e
}

// ended says when the key of a denial was revoked or expired.
func (c circumstances) ended(d iam.Denial) string {
	for _, k := range c.keys {
		if k.ID != d.Key {
			continue
		}
		beside := ""
		if d.Cause == iam.DeniedSecret {
			beside = " Besides:"
		}
		switch k.Status {
		case iam.KeyRevoked:
			return beside + " This key was revoked on " + k.RevokedAt.UTC().Format("2 January 2006 at 15:04 (UTC)") + "."
		case iam.KeyExpired:
			return beside + " This key expired on " + k.ExpiresAt.UTC().Format("2 January 2006 at 15:04 (UTC)") + "."
		}
	}
	return ""
}

// howDenied says in words how the last call came, by the request log's text for its
// denial.
func howDenied(text string) string {
	if written, known := deniedWords[iam.ParseDenial(text).Cause]; known {
		return written.how
	}
	return "and was denied (" + text + ")"
}

// refusedCalls are a cause for which calls were refused, with how often, when and from where.
type refusedCalls struct {
	explained
	Count  string
	Last   time.Time
	From   []string
	More   int // addresses
	Mended bool
}

// addressesShown is how many addresses of a cause are listed.
const addressesShown = 3

func (c circumstances) refusedCalls(r access.Refusals, partly bool) refusedCalls {
	row := refusedCalls{explained: c.explain(r.Denial), Count: words.Count(int(r.Count)), Last: r.Newest, Mended: r.Mended}
	if partly {
		row.Count += " or more"
	}
	for _, address := range r.Addresses {
		switch {
		case len(row.From) == addressesShown:
			row.More++
		case address == housekeeping.OtherAddresses:
			row.From = append(row.From, "further addresses")
		default:
			row.From = append(row.From, address)
		}
	}
	return row
}

package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/web/words"
)

// activityKind is how a type of audit event is written for people.
type activityKind struct {
	what iam.ActivityType
	area string // under which the filter lists it
	text string // "Member added"
}

// activityKinds lists the types in the order in which the filter shows them. A type
// that is not here is shown by its own word.
var activityKinds = []activityKind{
	{iam.MemberAdd, "Members", "Member added"},
	{iam.MemberJoin, "Members", "Member joined"},
	{iam.MemberDelete, "Members", "Member removed"},
	{iam.MemberUpdateRoles, "Members", "Member roles changed"},
	{iam.MemberRemoveRoles, "Members", "Member roles removed"},
	{iam.InviteCreate, "Members", "Invitation created"},
	{iam.InviteDelete, "Members", "Invitation deleted"},
	{iam.RoleCreate, "Roles", "Role created"},
	{iam.RoleUpdate, "Roles", "Role changed"},
	{iam.RoleDelete, "Roles", "Role deleted"},
	{iam.OrganizationUpdateRoles, "Roles", "Default role changed"},
	{iam.SCIMUserProfileUpdate, "SCIM", "SCIM user changed"},
	{iam.SCIMUserAdopt, "SCIM", "Member taken over by SCIM"},
	{iam.SCIMUserReactivate, "SCIM", "Member restored"},
	{iam.SCIMGroupCreate, "SCIM", "SCIM group created"},
	{iam.SCIMGroupUpdate, "SCIM", "SCIM group changed"},
	{iam.SCIMGroupDelete, "SCIM", "SCIM group deleted"},
	{iam.SCIMEnable, "SCIM", "SCIM enabled"},
	{iam.SCIMDisable, "SCIM", "SCIM disabled"},
	{iam.SCIMSettingsUpdate, "SCIM", "SCIM settings changed"},
	{iam.KeyCreate, "SCIM", "SCIM key created"},
	{iam.KeyDelete, "SCIM", "SCIM key revoked"},
	{iam.SAMLConnectionCreate, "SAML", "SAML connection created"},
	{iam.SAMLConnectionUpdate, "SAML", "SAML connection changed"},
	{iam.SAMLConnectionDelete, "SAML", "SAML connection removed"},
	{iam.DomainAdd, "SAML", "Domain added"},
	{iam.DomainVerify, "SAML", "Domain verified"},
	{iam.DomainDelete, "SAML", "Domain removed"},
	{iam.UserLogin, "Sign-in", "Signed in"},
	{iam.UserLoginFailed, "Sign-in", "Sign-in refused"},
	{iam.UserLogout, "Sign-in", "Signed out"},
	{iam.UserLogoutFailed, "Sign-in", "Single logout refused"},
	{iam.AdminLinkCreate, "Sign-in", "Admin link created"},
	{iam.AdminLinkUse, "Sign-in", "Admin link used"},
	{iam.BreakGlassKept, "Sign-in", "Break-glass Admin kept"},
	{iam.SessionSettingsUpdate, "Sign-in", "Session settings changed"},
	{iam.CreateOrganization, "Organization", "Organization created"},
	{iam.OrganizationUpdateTier, "Organization", "Plan changed"},
}

var activityTexts = func() map[iam.ActivityType]string {
	texts := make(map[iam.ActivityType]string, len(activityKinds))
	for _, kind := range activityKinds {
		texts[kind.what] = kind.text
	}
	return texts
}()

// activityText says in words what an event records: "Member added: ann@example.com".
func activityText(e iam.AuditEvent) string {
	text, known := activityTexts[e.Type]
	if !known {
		text = string(e.Type)
	}
	if reason, _ := e.Details["reason"].(string); e.Type == iam.MemberDelete && reason == "deactivated" {
		text = "Member deactivated"
	}
	if e.TargetName == "" || e.TargetType == "organization" && e.Type != iam.CreateOrganization {
		return text
	}
	return text + ": " + e.TargetName
}

// actorText names who acted, as lists show it.
func actorText(a iam.Actor) string {
	switch {
	case a.Type == iam.ActorAPI:
		return "SCIM key " + a.Details
	case a.Details != "":
		return a.Details
	case a.Type == iam.ActorSystem:
		return "Rollcall"
	}
	return string(a.Type)
}

// fact is a name and what is to say of it.
type fact struct{ Name, Value string }

// detailNames are the words for what events keep beside their target.
var detailNames = map[string]string{
	"active": "Active", "address": "Address", "attempts": "Further attempts", "attributes": "Attributes",
	"before": "Before", "after": "After", "cause": "Cause", "certificates": "Certificates (SHA-256)",
	"deactivated": "Deactivated", "detail": "Detail", "directHolders": "Direct holders", "directRolesDropped": "Direct roles removed",
	"displayName": "Display name", "encryptionCertificate": "Encryption certificate (SHA-256)", "entityIDBefore": "Identity provider before", "expiresAt": "Expires", "groups": "Groups",
	"identity": "Identity policy", "idpInitiated": "Sign-in from the identity provider", "invitation": "Invitation", "invitedBy": "Invited by",
	"joined": "First sign-in", "keptAs": "Kept as", "linkExpiresAt": "Link expires", "linked": "Groups linked", "localSignIn": "Local sign-in",
	"managedByBefore": "Managed before by", "members": "Members", "membersAdded": "Members added", "membersAddedCount": "Number added",
	"membersRemoved": "Members removed", "membersRemovedCount": "Number removed", "metadataURL": "Metadata URL", "method": "Method",
	"movedTo": "Moved to", "name": "Name", "nameID": "NameID", "permissions": "Permissions", "plan": "Plan", "reason": "Reason",
	"requestId": "Request ID", "role": "Role", "roles": "Roles", "scimGroup": "SCIM group", "session": "Session", "sessionsEnded": "Sessions ended",
	"since": "Since", "source": "Source", "status": "State", "unlinked": "Groups unlinked", "unmappedGroups": "Unmapped groups",
	"userName": "userName", "vouched": "Vouched for by the operator",
}

// activityFacts lists what an event keeps beside its target, in the order of its keys.
func activityFacts(e iam.AuditEvent) []fact {
	var list []fact
	for _, key := range slices.Sorted(maps.Keys(e.Details)) {
		name := detailNames[key]
		if name == "" {
			name = key
		}
		list = append(list, fact{name, detailText(e.Details[key])})
	}
	return list
}

// detailText writes a value of an event's details: a change as "old → new", a list with
// commas, what is not there as "none".
func detailText(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		switch at, err := time.Parse(time.RFC3339, v); {
		case v == "":
			return "none"
		case err == nil:
			return words.Exact(at)
		}
		return v
	case float64:
		if v == float64(int(v)) {
			return words.Count(int(v))
		}
	case []any:
		if len(v) == 0 {
			return "none"
		}
		texts := make([]string, len(v))
		for i, element := range v {
			texts[i] = detailText(element)
		}
		return strings.Join(texts, ", ")
	case map[string]any:
		return objectText(v)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

func objectText(v map[string]any) string {
	for _, pair := range [][2]string{{"before", "after"}, {"old", "new"}} {
		before, had := v[pair[0]]
		after, has := v[pair[1]]
		if had && has {
			return detailText(before) + " → " + detailText(after)
		}
	}
	for _, name := range []string{"displayName", "name"} {
		if text, ok := v[name].(string); ok {
			return text
		}
	}
	texts := make([]string, 0, len(v))
	for _, key := range slices.Sorted(maps.Keys(v)) {
		texts = append(texts, key+" "+detailText(v[key]))
	}
	return strings.Join(texts, ", ")
}

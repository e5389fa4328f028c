package console

import (
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/web/words"
)

// keyNote is a sentence about a key, below its row.
type keyNote struct {
	Kind, Icon string // "", "warn", "bad"
	Bold, Text string
}

// callEvery is how often Entra ID calls, in words.
var callEvery = durationText(access.CallInterval)

const enterKey = "In Entra ID open Provisioning → Edit provisioning → Admin Credentials, enter key and secret, joined by a colon, as the Secret Token, then choose Test Connection and Save."

// keyState is a key's state in a word, with its colour and icon.
func keyState(a access.KeyAdvice) (word, kind, icon string) {
	switch {
	case a.Verdict == access.KeySafe:
		return "Safe to revoke", "accent", "check"
	case a.Verdict == access.KeyWait && !a.LastUsedAt.IsZero(), a.Verdict == access.KeyWaitCall:
		return "Keep for now", "warn", "clock"
	case a.InUse:
		return "In use now", "ok", "check-circle"
	case a.LastUsedAt.IsZero():
		return "Not used yet", "", "clock"
	}
	return "Silent", "", "clock"
}

// keyAdvice says what to do about a key; nil for nothing.
func keyAdvice(a access.KeyAdvice, now time.Time) *keyNote {
	silence := func(k access.KeyView) string { return plainAgo(now, k.LastUsedAt) }
	switch a.Verdict {
	case access.KeyUnused:
		if a.Other == nil {
			return &keyNote{"", "info", "No call has shown this key yet.", enterKey}
		}
		return &keyNote{"", "info", "Neither key has been used.", "One of them is enough to begin. " + enterKey}
	case access.KeyEnter:
		return &keyNote{"", "info", "Entra ID has not switched to this key.", enterKey}
	case access.KeyKeep:
		return &keyNote{"", "info", "Keep it until the new key is in use.", "It is the one that Entra ID has, last used " + silence(a.KeyView) + ": with this key revoked every call would be answered 401."}
	case access.KeySilent:
		return &keyNote{"", "clock", "Not used for a while: the last call with it was " + silence(a.KeyView) + ".", silentText(a)}
	case access.KeyLeft:
		return &keyNote{"warn", "alert", "Entra ID is back at the older key.", "This one was used last " + silence(a.KeyView) + ", the older one " + silence(*a.Other) + ". Test Connection tries a Secret Token and does not keep it. " + enterKey}
	case access.KeyReturned:
		return &keyNote{"warn", "alert", "Do not revoke it: Entra ID uses this key again.", "Last used " + silence(a.KeyView) + "; the newer key was used last " + silence(*a.Other) + ". Enter the newer one in Entra ID first, and choose Save there."}
	case access.KeyBoth:
		if a.CreatedAt.After(a.Other.CreatedAt) {
			return nil // said of the older one
		}
		return &keyNote{"warn", "alert", "Do not revoke it: both keys are in use at once.", "This one was used " + silence(a.KeyView) + ", the newer one " + silence(*a.Other) +
			". A second provisioning job or application still has the old Secret Token, or the new one was tested in Entra ID and not saved. Enter the new one there, too. This key is safe to revoke once it has been silent for " + durationText(access.SilentIntervals*access.CallInterval) + "."}
	case access.KeyWait:
		return &keyNote{"", "clock", "Keep it until " + a.Until.UTC().Format("15:04 (UTC)") + ", " + words.At(now, a.Until).Text + ": then it is safe to revoke, if it stays silent.", waitText(a, now)}
	case access.KeyWaitCall:
		return &keyNote{"", "clock", "Keep it: one more call with the newer key is missing.", "The newer one was used last " + silence(*a.Other) + ", and this one " + silence(a.KeyView) +
			": a call or two may have been Test Connection alone. Entra ID calls about every " + callEvery + " while Provisioning Status is On; Provision on demand calls at once. After that call this key is safe to revoke."}
	case access.KeySafe:
		return &keyNote{"", "check", "It can be revoked: the newer key has taken over.", safeText(a, now)}
	}
	return nil
}

func silentText(a access.KeyAdvice) string {
	text := "While Provisioning Status is On, Entra ID calls about every " + callEvery + ". Look there, and at the refused calls under SCIM Configuration."
	if a.Other != nil && a.Other.CreatedAt.After(a.CreatedAt) {
		return "Keep it all the same: it was used after the newer one. " + text
	}
	return text
}

func waitText(a access.KeyAdvice, now time.Time) string {
	if a.LastUsedAt.IsZero() {
		return "It was never used, but may have been entered only now. The newer key is in use."
	}
	return "The newer key was used " + plainAgo(now, a.Other.LastUsedAt) + ", this one " + plainAgo(now, a.LastUsedAt) +
		". Whoever else still has this one shows it within two intervals of " + callEvery + "."
}

func safeText(a access.KeyAdvice, now time.Time) string {
	if a.LastUsedAt.IsZero() {
		return "No call ever showed this one."
	}
	return "This one was used last " + plainAgo(now, a.LastUsedAt) + ": more than two intervals of " + callEvery + " without a call."
}

// plainAgo is a time past as words in a sentence: "3 minutes ago", "on 14 Nov 2026".
func plainAgo(now, t time.Time) string {
	if now.Sub(t) < 32*24*time.Hour {
		return due(now, t).Text
	}
	return "on " + words.At(now, t).Text
}

// expiryAdvice warns of a key that expires soon, the more the worse that would be; nil for
// a key that lasts.
func expiryAdvice(a access.KeyAdvice, now time.Time) *keyNote {
	if !expiresSoon(a.KeyView, now) {
		return nil
	}
	ends := "expires " + due(now, a.ExpiresAt).Text + ", on " + a.ExpiresAt.UTC().Format("2 January 2006")
	relied := !a.LastUsedAt.IsZero() && (a.Other == nil || !a.LastUsedAt.Before(a.Other.LastUsedAt))
	const rotate = "Generate a new key, swap Entra ID over, confirm that provisioning works, then revoke this one."
	switch {
	case relied && a.Other == nil:
		return &keyNote{"bad", "alert", "The only key in use " + ends + ", and there is no second one.", "From then on every call is answered 401, and nobody is created, updated or removed. " + rotate}
	case relied && expiresSoon(*a.Other, now):
		return &keyNote{"bad", "alert", "The key in use " + ends + ", and the other one expires soon, too.", "Revoke the one that is not in use. " + rotate}
	case relied:
		return &keyNote{"warn", "clock", "The key in use " + ends + ".", "Swap Entra ID over to " + string(a.Other.ID) + " before. " + enterKey}
	case a.Other != nil && !a.Other.LastUsedAt.IsZero():
		return &keyNote{"", "clock", "This key " + ends + ".", "It is not the one in use."}
	}
	return &keyNote{"warn", "clock", "This key expires in less than 30 days.", "It " + ends + ". " + rotate}
}

func expiresSoon(k access.KeyView, now time.Time) bool {
	return !k.ExpiresAt.IsZero() && k.ExpiresAt.Sub(now) < warnBefore
}

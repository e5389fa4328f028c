package graph

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/web/words"
)

// secretHidden stands for a token in answers (observed).
const secretHidden = "*"

// notifications is the value of SyncNotificationSettings, a JSON text (observed).
type notifications struct {
	Enabled                bool   `json:"Enabled"`
	Recipients             string `json:"Recipients"`
	DeleteThresholdEnabled bool   `json:"DeleteThresholdEnabled"`
	DeleteThresholdValue   int    `json:"DeleteThresholdValue"`
}

// onlyJob is the job of the application of the path; the secrets of an application are kept by it.
func (x *exchange) onlyJob() (cycle.Job, error) {
	a, err := x.application()
	if err != nil {
		return cycle.Job{}, err
	}
	jobs, err := x.api.cycle.Jobs(x.r.Context(), a.ID)
	if err != nil {
		return cycle.Job{}, err
	}
	if len(jobs) == 0 {
		return cycle.Job{}, refuse(http.StatusNotFound, codeNotFound, "The service principal %s has no synchronization job yet; create one first.", a.ID)
	}
	return jobs[0], nil
}

// getSecrets: Microsoft Entra docs, "skip-out-of-scope-deletions". The token is never shown.
func (x *exchange) getSecrets() error {
	j, err := x.onlyJob()
	if err != nil {
		return err
	}
	pair := func(key, value string) object { return object{"key": key, "value": value} }
	values := []any{}
	if j.HasCredentials() {
		values = append(values, pair("BaseAddress", j.TenantURL), pair("SecretToken", secretHidden))
	}
	told, err := json.Marshal(notifications{j.NotificationEmail != "", j.NotificationEmail, j.PreventAccidentalDeletions, j.DeletionThreshold})
	if err != nil {
		return err
	}
	values = append(values, pair("SyncAll", graphBool(j.Scope == cycle.ScopeAll)), pair("SyncNotificationSettings", string(told)),
		pair("SkipOutOfScopeDeletions", graphBool(j.SkipOutOfScopeDeletions)))
	return x.many("servicePrincipals('"+string(j.ApplicationID)+"')/synchronization/secrets", values, "")
}

func graphBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// secrets are what a list of key-value pairs says; nil pointers are what it does not name.
type secrets struct {
	baseAddress, secretToken *string
	syncAll, skipDeletions   *bool
	notify                   *notifications
}

// pairs reads a list of synchronizationSecretKeyStringValuePair (Microsoft Graph docs, under
// that name: the five supported keys).
func pairs(list []*fields) (secrets, error) {
	var s secrets
	for _, pair := range list {
		key, err := pair.needText("key")
		if err != nil {
			return s, err
		}
		value, _, err := pair.text("value")
		if err != nil {
			return s, err
		}
		if err := pair.done(); err != nil {
			return s, err
		}
		if err := s.take(key, value); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *secrets) take(key, value string) error {
	switch key {
	case "BaseAddress":
		s.baseAddress = &value
	case "SecretToken":
		s.secretToken = &value
	case "SyncAll", "SkipOutOfScopeDeletions":
		on := strings.EqualFold(value, "true")
		if !on && !strings.EqualFold(value, "false") {
			return bad("The value of %s must be \"True\" or \"False\", not %q.", key, words.Clip(value))
		}
		if key == "SyncAll" {
			s.syncAll = &on
		} else {
			s.skipDeletions = &on
		}
	case "SyncNotificationSettings":
		s.notify = &notifications{}
		if err := json.Unmarshal([]byte(value), s.notify); err != nil {
			return bad("The value of SyncNotificationSettings must be a JSON object in a string, with Enabled, Recipients, DeleteThresholdEnabled and DeleteThresholdValue.")
		}
	default:
		return bad("The stand-in has no secret %q; it has BaseAddress, SecretToken, SyncAll, SyncNotificationSettings and SkipOutOfScopeDeletions.", words.Clip(key))
	}
	return nil
}

// putSecrets: Microsoft Graph docs, "synchronization-serviceprincipal-put-synchronization". A
// SecretToken that is left out, or is the sign that stands for it, stays.
func (x *exchange) putSecrets() error {
	f, err := x.body("secrets", maxBody)
	if err != nil {
		return err
	}
	j, err := x.onlyJob()
	if err != nil {
		return err
	}
	list, given, err := f.objects("value", "synchronizationSecretKeyStringValuePair")
	if err != nil {
		return err
	}
	if !given {
		return f.required("value")
	}
	if err := f.done(); err != nil {
		return err
	}
	s, err := pairs(list)
	if err != nil {
		return err
	}
	ctx := x.r.Context()
	settings := s.settings(j.Settings)
	if s.baseAddress != nil || s.secretToken != nil {
		tenantURL, token := j.TenantURL, ""
		if s.baseAddress != nil {
			tenantURL = *s.baseAddress
		}
		if s.secretToken != nil && *s.secretToken != secretHidden {
			token = *s.secretToken
		}
		if _, err := x.api.cycle.SaveCredentials(ctx, j.ID, tenantURL, token, x.by()); err != nil {
			return err
		}
	}
	if settings != j.Settings {
		if _, err := x.api.cycle.SaveSettings(ctx, j.ID, settings, x.by()); err != nil {
			return err
		}
	}
	return x.noContent()
}

func (s secrets) settings(settings cycle.Settings) cycle.Settings {
	if s.syncAll != nil {
		settings.Scope = cycle.ScopeAssigned
		if *s.syncAll {
			settings.Scope = cycle.ScopeAll
		}
	}
	if s.skipDeletions != nil {
		settings.SkipOutOfScopeDeletions = *s.skipDeletions
	}
	if s.notify != nil {
		settings.NotificationEmail = ""
		if s.notify.Enabled {
			settings.NotificationEmail = s.notify.Recipients
		}
		settings.PreventAccidentalDeletions = s.notify.DeleteThresholdEnabled
		if s.notify.DeleteThresholdValue != 0 {
			settings.DeletionThreshold = s.notify.DeleteThresholdValue
		}
	}
	return settings
}

// validateCredentials is Test Connection: 204, or 400 with what is wrong (Microsoft Graph docs,
// "synchronization-synchronizationjob-validatecredentials").
func (x *exchange) validateCredentials() error {
	f, err := x.body("validateCredentials", maxBody)
	if err != nil {
		return err
	}
	var saved cycle.Job
	if x.r.PathValue("job") != "" {
		saved, err = x.job()
	} else {
		_, err = x.application()
	}
	if err != nil {
		return err
	}
	useSaved, _, err := f.boolean("useSavedCredentials")
	if err != nil {
		return err
	}
	for _, name := range []string{"applicationIdentifier", "templateId"} { // say nothing that the path does not
		if _, _, err := f.text(name); err != nil {
			return err
		}
	}
	list, _, err := f.objects("credentials", "synchronizationSecretKeyStringValuePair")
	if err != nil {
		return err
	}
	if err := f.done(); err != nil {
		return err
	}
	s, err := pairs(list)
	if err != nil {
		return err
	}
	x.patient()
	test, err := x.test(saved, useSaved, s)
	if err != nil {
		return err
	}
	if !test.OK {
		message := test.Message
		if test.Detail != "" {
			message += " " + test.Detail
		}
		return refuse(http.StatusBadRequest, codeCredentials, "%s", message)
	}
	return x.noContent()
}

func (x *exchange) test(saved cycle.Job, useSaved bool, s secrets) (cycle.ConnectionTest, error) {
	ctx := x.r.Context()
	switch {
	case useSaved && saved.ID == "":
		return cycle.ConnectionTest{}, bad("useSavedCredentials needs the job in the address: …/jobs/{id}/validateCredentials.")
	case useSaved:
		return x.api.cycle.TestSavedConnection(ctx, saved.ID)
	case s.baseAddress == nil || s.secretToken == nil:
		return cycle.ConnectionTest{}, bad("The credentials must hold BaseAddress and SecretToken, unless useSavedCredentials is true.")
	}
	return x.api.cycle.TestConnection(ctx, *s.baseAddress, *s.secretToken)
}

package graph

import (
	"encoding/json"
	"net/http"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/internal/web/words"
)

// provisionOnDemand: Microsoft Graph docs, "synchronization-synchronizationjob-provisionondemand".
// One subject a request, as in its examples. The members of a group are its links.members
// (observed; at most five, Microsoft Entra docs, "provision-on-demand"). Graph's limit of 5
// requests in 10 seconds is not kept.
func (x *exchange) provisionOnDemand() error {
	f, err := x.body("provisionOnDemand", maxBody)
	if err != nil {
		return err
	}
	j, err := x.job()
	if err != nil {
		return err
	}
	subject, err := x.subject(j, f)
	if err != nil {
		return err
	}
	ctx, end := x.untilStopped()
	defer end()
	answer, err := x.api.cycle.ProvisionOnDemand(ctx, j.ID, subject, x.by())
	if err != nil && ctx.Err() != nil {
		return stopped("provisioning on demand")
	}
	if err != nil {
		return err
	}
	key, err := json.Marshal(demandResult(answer))
	if err != nil {
		return err
	}
	value, err := json.Marshal(demandValue(answer))
	if err != nil {
		return err
	}
	return x.one(http.StatusOK, "microsoft.graph.stringKeyStringValuePair", object{"key": string(key), "value": string(value)})
}

func (x *exchange) subject(j cycle.Job, f *fields) (cycle.Subject, error) {
	var none cycle.Subject
	parameters, _, err := f.objects("parameters", "synchronizationJobApplicationParameters")
	if err != nil {
		return none, err
	}
	if err := f.done(); err != nil {
		return none, err
	}
	if len(parameters) != 1 {
		return none, bad("The parameters must be a list of one, not of %d.", len(parameters))
	}
	p := parameters[0]
	rule, _, err := p.text("ruleId")
	if err != nil {
		return none, err
	}
	if rule != "" && rule != ruleID(j) {
		return none, bad("The job has no synchronization rule '%s'; its schema has '%s'.", words.Clip(rule), ruleID(j))
	}
	subjects, _, err := p.objects("subjects", "synchronizationJobSubject")
	if err != nil {
		return none, err
	}
	if err := p.done(); err != nil {
		return none, err
	}
	if len(subjects) != 1 {
		return none, bad("The subjects must be a list of one, not of %d.", len(subjects))
	}
	return readSubject(subjects[0])
}

func readSubject(f *fields) (cycle.Subject, error) {
	var s cycle.Subject
	var err error
	if s.ID, err = subjectID(f); err != nil {
		return s, err
	}
	name, err := f.needText("objectTypeName")
	if err != nil {
		return s, err
	}
	var ok bool
	if s.Kind, ok = kindOf(name); !ok {
		return s, f.invalid("objectTypeName", `"User" or "Group"`)
	}
	links, err := f.object("links", "synchronizationLinkedObjects")
	if err != nil || links == nil {
		return s, firstOf(err, f.done())
	}
	members, _, err := links.objects("members", "synchronizationJobSubject")
	if err != nil {
		return s, err
	}
	for _, member := range members {
		id, err := subjectID(member)
		if err != nil {
			return s, err
		}
		of, err := member.needText("objectTypeName")
		if err != nil {
			return s, err
		}
		if kind, ok := kindOf(of); !ok || kind != mapping.KindUser {
			return s, member.invalid("objectTypeName", `"User": groups among the members are not provisioned`)
		}
		if err := member.done(); err != nil {
			return s, err
		}
		s.Members = append(s.Members, id)
	}
	return s, firstOf(links.done(), f.done())
}

// demandResult is what the key of the answer holds.
func demandResult(a cycle.OnDemand) object {
	details := object{}
	switch {
	case a.SkipReason != "":
		details["errorCode"] = a.SkipReason
	case a.Error != nil:
		details["errorCode"] = a.Error.Code
	}
	if a.Error != nil {
		details["errorMessage"] = a.Error.Reason
	}
	return object{"result": string(a.Status), "details": details}
}

// targetTypes are the names of the objects in the target, as the schema of a job has them.
var targetTypes = map[mapping.Kind]string{
	mapping.KindUser:  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
	mapping.KindGroup: "urn:ietf:params:scim:schemas:core:2.0:Group",
}

// demandValue is what its value holds. Its steps are written in another way than those of the
// logs: capital types, and details as an object.
func demandValue(a cycle.OnDemand) object {
	steps := []any{}
	for _, s := range a.Steps {
		details := object{}
		for _, d := range s.Details {
			details[d.Key] = d.Value
		}
		steps = append(steps, object{
			"name": s.Name, "type": capital(string(s.Type)), "status": string(s.Status), "description": s.Description, "details": details, "timestamp": moment(a.At),
		})
	}
	document := object{
		"action": string(a.Action), "changeId": a.ChangeID, "startTime": moment(a.At.Add(-a.Duration)), "endTime": moment(a.At), "provisioningSteps": steps,
		"modifiedProperties": modifiedProperties(a.Modified), "reportableIdentifier": a.Source.DisplayName, "statusInfo": statusInfo(a.LogEntry, string(a.Status)),
		"sourceIdentity": object{"id": nullable(a.Source.ID), "type": string(a.Source.Type), "displayName": nullable(a.Source.DisplayName), "details": nil},
		"targetIdentity": object{"id": nullable(a.Target.ID), "type": targetTypes[a.Target.Type], "displayName": nullable(a.Target.DisplayName), "details": nil},
		"sourceSystem":   object{"id": nil, "name": cycle.SourceSystem, "details": nil}, "targetSystem": object{"id": nil, "name": cycle.TargetSystem, "details": nil},
	}
	if a.Source.Type == mapping.KindGroup { // what became of each member: the stand-in's own
		members := []any{}
		for _, m := range a.Members {
			members = append(members, object{"objectId": string(m.ID), "displayName": nullable(m.DisplayName), "action": string(m.Action), "status": string(m.Status), "reason": nullable(m.Reason)})
		}
		document["standinMembers"] = members
	}
	return document
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// statusInfo is why an entry has its status.
func statusInfo(e cycle.LogEntry, status string) object {
	document := object{"status": status, "errorCode": nil, "reason": nil, "additionalDetails": nil, "errorCategory": nil, "recommendedAction": nil}
	if e.Error != nil {
		document["errorCode"], document["reason"] = e.Error.Code, nullable(e.Error.Reason)
		document["additionalDetails"], document["errorCategory"] = nullable(e.Error.AdditionalDetails), nullable(e.Error.Category)
		document["recommendedAction"] = nullable(e.Error.RecommendedAction)
	}
	return document
}

func modifiedProperties(list []cycle.ModifiedProperty) []any {
	values := []any{}
	for _, m := range list {
		values = append(values, object{"displayName": m.DisplayName, "oldValue": nullable(m.OldValue), "newValue": nullable(m.NewValue)})
	}
	return values
}

package cycle

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall/rollcall/internal/entra/mapping"
	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// endpoint is the path of a kind of object.
func endpoint(kind mapping.Kind) string {
	if kind == mapping.KindGroup {
		return "/Groups"
	}
	return "/Users"
}

// queryValue writes text into a query as the service does: a blank as "+", "@" as %40.
func queryValue(s string) string { return url.QueryEscape(s) }

// filterTerm is one comparison of a filter as it stands on the wire: blanks as "+", quotes
// and brackets raw, the value escaped (observed: filter=userName+eq+"a.b%40example.com").
func filterTerm(attribute, value string) string {
	quoted := scimclient.Quote(value)
	return strings.ReplaceAll(attribute, " ", "+") + "+eq+\"" + queryValue(quoted[1:len(quoted)-1]) + "\""
}

// find sends a match query (Microsoft Entra docs, "use-scim-to-provision-users-and-groups":
// users by the filter alone, groups without their members) and returns the hits.
func (t *target) find(ctx context.Context, tr *trace, kind mapping.Kind, attribute, value string) ([]scim.Object, error) {
	query := "filter=" + filterTerm(attribute, value)
	if t.manner.okta() {
		query = oktaQuery(attribute, value)
	} else if kind == mapping.KindGroup {
		query = "excludedAttributes=members&" + query
	}
	list, answer, err := t.list(ctx, tr, kind, query)
	if t.manner.okta() && answer != nil && answer.Status == http.StatusNotFound {
		return nil, nil // Okta takes it for nobody
	}
	if err != nil {
		return nil, err
	}
	if len(list.Resources) == 1 { // it will be linked
		if _, wrong := idOf(list.Resources[0]); wrong != "" {
			return nil, t.unusable(tr, answer, wrong)
		}
	}
	return list.Resources, nil
}

// refers asks whether an object refers to another one: a user to a manager, a group to a
// member (Microsoft Entra docs, same page: filter with "id eq … and manager eq …",
// attributes=id).
func (t *target) refers(ctx context.Context, tr *trace, kind mapping.Kind, id, attribute, to string) (bool, error) {
	if t.manner.okta() {
		return false, nil // Okta does not ask: it sends what it has
	}
	list, _, err := t.list(ctx, tr, kind, "filter="+filterTerm("id", id)+"+and+"+filterTerm(attribute, to)+"&attributes=id")
	if err != nil {
		return false, err
	}
	if len(list.Resources) > 1 { // an id is one object's
		return false, &TargetError{
			Code: CodeMultipleInResponse, Status: tr.exchanges[len(tr.exchanges)-1].Status,
			Reason: fmt.Sprintf("The SCIM endpoint answered a filter for one id with %d objects.", len(list.Resources)),
		}
	}
	return len(list.Resources) > 0, nil
}

func (t *target) list(ctx context.Context, tr *trace, kind mapping.Kind, query string) (*scimclient.List, *scimclient.Response, error) {
	answer, err := t.do(ctx, tr, http.MethodGet, endpoint(kind), query, nil)
	if err != nil {
		return nil, answer, err
	}
	if answer.Object == nil {
		return nil, nil, t.unusable(tr, answer, noObject(answer))
	}
	list, err := scimclient.ParseList(answer.Object)
	if err != nil {
		return nil, nil, t.unusable(tr, answer, clip(err.Error()))
	}
	if list.TotalResults > 0 && len(list.Resources) == 0 { // RFC 7644 section 3.4.2: it must show them
		return nil, nil, t.unusable(tr, answer, fmt.Sprintf("totalResults is %d, but there are no Resources", list.TotalResults))
	}
	return list, answer, nil
}

// get reads a known object; gone is true when the target answers 404.
func (t *target) get(ctx context.Context, tr *trace, kind mapping.Kind, id string) (object scim.Object, gone bool, err error) {
	query := ""
	if kind == mapping.KindGroup && !t.manner.okta() {
		query = "excludedAttributes=members"
	}
	answer, err := t.do(ctx, tr, http.MethodGet, endpoint(kind)+"/"+url.PathEscape(id), query, nil)
	if answer != nil && answer.Status == http.StatusNotFound {
		return nil, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if _, err := t.resourceID(tr, answer); err != nil {
		return nil, false, err
	}
	return answer.Object, false, nil
}

// create posts an object and returns its id in the target.
func (t *target) create(ctx context.Context, tr *trace, kind mapping.Kind, body scim.Object) (string, error) {
	answer, err := t.do(ctx, tr, http.MethodPost, endpoint(kind), "", body)
	if err != nil {
		return "", err
	}
	return t.resourceID(tr, answer)
}

// resourceID is the id of the resource that an answer is.
func (t *target) resourceID(tr *trace, answer *scimclient.Response) (string, error) {
	if answer.Object == nil {
		return "", t.unusable(tr, answer, noObject(answer))
	}
	id, wrong := idOf(answer.Object)
	if wrong != "" {
		return "", t.unusable(tr, answer, wrong)
	}
	return id, nil
}

// idOf is the id of a resource, or what is wrong with it (RFC 7643 section 3.1).
func idOf(o scim.Object) (id, wrong string) {
	value := o["id"]
	if value == nil {
		return "", "it has no id"
	}
	id, isText := value.(string)
	switch {
	case !isText:
		encoded, err := json.Marshal(value)
		if err != nil { // it was decoded from JSON
			encoded = []byte("no text")
		}
		return "", "its id is " + clip(string(encoded)) + "; an id is a text"
	case id == "":
		return "", "its id is empty"
	case len(id) > maxID:
		return "", fmt.Sprintf("its id has %d characters; at most %d are used", len(id), maxID)
	case id == "." || id == "..":
		return "", fmt.Sprintf("its id is %q, which is a path in an address", id)
	}
	return id, ""
}

// noObject says why an answer is no JSON object.
func noObject(answer *scimclient.Response) string {
	if len(strings.TrimSpace(string(answer.Body))) == 0 {
		return "it is empty"
	}
	return "it is not a JSON object"
}

func (t *target) patch(ctx context.Context, tr *trace, kind mapping.Kind, id string, body scim.Object) error {
	_, err := t.do(ctx, tr, http.MethodPatch, endpoint(kind)+"/"+url.PathEscape(id), "", body)
	return err
}

// remove deletes an object. One that is gone already is no error.
func (t *target) remove(ctx context.Context, tr *trace, kind mapping.Kind, id string) error {
	answer, err := t.do(ctx, tr, http.MethodDelete, endpoint(kind)+"/"+url.PathEscape(id), "", nil)
	if answer != nil && answer.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// unusable is the error for an answer of 2xx that says nothing that can be used, for the
// reason that is given. The answer joins the last exchange, so that the log shows it.
func (t *target) unusable(tr *trace, answer *scimclient.Response, because string) error {
	last := &tr.exchanges[len(tr.exchanges)-1]
	last.Answer = t.kept(answer)
	return &TargetError{Code: CodeIncompatible, Status: answer.Status, Answer: last.Answer, Reason: deserialize(because)}
}

// deserialize is the sentence before the reason why an answer cannot be used (observed).
func deserialize(because string) string {
	return "We are not able to deserialize the resource received from your SCIM endpoint because " + because + "."
}

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall/rollcall/internal/entra/cycle"
	"github.com/rollcall/rollcall/internal/entra/directory"
	"github.com/rollcall/rollcall/internal/web"
)

// object is a JSON object of an answer.
type object map[string]any

// exchange is one request on its way through the API.
type exchange struct {
	api     *API
	w       http.ResponseWriter
	r       *http.Request
	version string // v1 or beta; "" below /standin
	route   route
}

// by is who the audit entries of provisioning name.
func (x *exchange) by() cycle.Actor { return cycle.Actor{Name: "automation API"} }

// id is an object id of the path.
func (x *exchange) id(name string) directory.ID {
	return directory.ID(strings.ToLower(x.r.PathValue(name)))
}

// write sends a JSON document.
func (x *exchange) write(status int, document any) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		web.SetCause(x.r, err)
		web.InternalError(x.w, x.r)
		return
	}
	x.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(b.Bytes()) // a client that went away
}

// one answers with an object of the entity set or type that context names.
func (x *exchange) one(status int, context string, document object) error {
	if x.version != "" {
		document["@odata.context"] = x.context(context)
	}
	x.write(status, document)
	return nil
}

// many answers with a list; next is the place where the following page begins, "" for none.
func (x *exchange) many(context string, values []any, next string) error {
	return x.counted(context, values, next, -1)
}

// counted is many with @odata.count, unless total is negative.
func (x *exchange) counted(context string, values []any, next string, total int) error {
	if values == nil {
		values = []any{}
	}
	document := object{"value": values}
	if x.version != "" {
		document["@odata.context"] = x.context(context)
	}
	if total >= 0 {
		document["@odata.count"] = total
	}
	if next != "" {
		query := x.r.URL.Query()
		query.Set("$skiptoken", pageToken(next))
		document["@odata.nextLink"] = x.api.publicURL + x.r.URL.EscapedPath() + "?" + query.Encode()
	}
	x.write(http.StatusOK, document)
	return nil
}

func (x *exchange) context(of string) string {
	return x.api.publicURL + "/" + x.version + "/$metadata#" + of
}

func (x *exchange) noContent() error {
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

// text answers with a number in plain text, as $count does.
func (x *exchange) text(text string) error {
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = x.w.Write([]byte(text)) // a client that went away
	return nil
}

// patient lets the answer take as long as it needs: the server's deadlines are for requests of
// ordinary size.
func (x *exchange) patient() {
	control := http.NewResponseController(x.w)
	_ = control.SetReadDeadline(time.Time{}) // unsupported only in tests
	_ = control.SetWriteDeadline(time.Time{})
}

// untilStopped is patient with work on a target, which may be slow; it ends with the request
// or when the stand-in is stopped.
func (x *exchange) untilStopped() (context.Context, func()) {
	x.patient()
	ctx, cancel := context.WithCancel(x.r.Context())
	stop := context.AfterFunc(x.api.running, cancel)
	return ctx, func() { stop(); cancel() }
}

// stopped is the answer for work that untilStopped ended.
func stopped(what string) error {
	return refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "The stand-in is being stopped; %s has ended early.", what)
}

// moment is a time as Graph writes it, null for none.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// nullable is a string that is null when it is empty.
func nullable[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

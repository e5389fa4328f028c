package scimapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
	"github.com/rollcall/rollcall/internal/store/storetest"
)

// A key's secret is in no log, no record, no error and not in the database, whether
// it is used as it should be or sent in every wrong place (S16).
func TestDoor_canarySecret(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o, other := w.org("a"), w.org("b")
		basic := base64.StdEncoding.EncodeToString([]byte(o.bearer))
		escaped := strings.NewReplacer(":", "%3A", "_", "%5F", "-", "%2D").Replace(o.bearer)
		unicode := strings.NewReplacer(":", `\u003a`, "_", `\u005f`).Replace(o.bearer)
		forms := []string{o.bearer, o.secret, "Bearer " + o.bearer, "x" + o.bearer + "y", basic, escaped, unicode, strings.Repeat("é", 85) + o.secret, strings.Repeat("x", 170) + o.bearer, "bulkId:" + o.secret}

		user := o.user("ada@example.com")
		group := o.group("Admins", user)
		var bodies []string
		keep := func(r request, got answer) {
			t.Helper()
			if got.status >= 300 {
				bodies = append(bodies, got.body)
				for name, values := range got.header {
					bodies = append(bodies, name+": "+strings.Join(values, " "))
				}
			}
			if got.status >= 500 && got.status != 501 && r.method != "" {
				t.Errorf("%s %.80s answers %d", r.method, r.path, got.status)
			}
		}
		for _, form := range forms {
			text := form
			if form == unicode { // means something in JSON only
				form = o.bearer
			}
			query, segment := url.QueryEscape(form), url.PathEscape(form)
			requests := []request{
				{method: "GET", path: "/Users/" + segment}, {method: "GET", path: "/Groups/" + segment}, {method: "GET", path: "/" + segment}, {method: "GET", path: "/Schemas/" + segment}, {method: "GET", path: "/Me/" + segment},
				{method: "GET", path: "/Users?filter=userName+eq+%22" + query + "%22"}, {method: "GET", path: "/Users?filter=" + query}, {method: "GET", path: "/Users?token=" + query}, {method: "GET", path: "/Users?" + query + "=1"},
				{method: "GET", path: "/Users?count=" + query}, {method: "GET", path: "/Users?cursor=" + query}, {method: "GET", path: "/Users?sortBy=" + query + "&sortOrder=" + query}, {method: "GET", path: "/Users?attributes=" + query},
				{method: "GET", path: "/Users?attributes=emails[" + query}, {method: "DELETE", path: "/Users/" + segment}, {method: "DELETE", path: "/Users?x=" + query},
			}
			for _, name := range []string{"User-Agent", "If-None-Match", "Accept", "X-Forwarded-For", "Referer", "Cookie", "X-Request-Id", "X-Api-Key"} {
				requests = append(requests, request{method: "GET", path: "/Users/" + user, header: map[string]string{name: form}})
			}
			for _, body := range []string{
				`{"userName":"%s"}`, `{"userName":"%s@example.com"}`, `{"userName":"n@example.com","title":"%s"}`, `{"userName":"n@example.com","externalId":"%s","displayName":"x"}`, `{"userName":"n@example.com","password":"%s"}`,
				`{"userName":"n@example.com","emails":[{"value":"%s"}]}`, `{"displayName":"%s","userName":"n@example.com"}`, `{"displayName":"n","members":[{"value":"%s"}]}`, `{"displayName":"n","members":[{"value":"nobody","display":"%s"}]}`,
				`{"%s":1,"userName":"n@example.com","displayName":"n"}`, `{"userName":"n@example.com","unknown":{"deep":["%s"]},"displayName":"n"}`, `"%s"`, `{"userName":"n@example.com" "%s"}`, `%s`,
				`{"Operations":[{"op":"replace","path":"displayName","value":"%s"}]}`, `{"Operations":[{"op":"%s","path":"title","value":"x"}]}`, `{"Operations":[{"op":"add","path":"%s","value":"x"}]}`,
				`{"Operations":[{"op":"add","path":"members","value":[{"value":"%s"}]}]}`, `{"Operations":[{"op":"add","value":{"displayName":"%s"}}]}`, `{"Operations":[{"op":"remove","path":"members[value eq \"%s\"]"}]}`,
				`{"Operations":[{"op":"replace","path":"active","value":"%s"}]}`, `{"filter":"userName eq \"%s\""}`, `{"filter":"%s"}`, `{"sortBy":"%s"}`, `{"cursor":"%s"}`, `{"attributes":["%s"]}`, `{"count":"%s"}`,
				`{"Operations":[{"method":"POST","path":"/Users","bulkId":"%s","data":{"userName":"n2@example.com"}}]}`, `{"Operations":[{"method":"DELETE","path":"/Users/%s"}]}`, `{"Operations":[{"method":"%s","path":"/Users/x"}]}`,
			} {
				for _, r := range []request{
					{method: "POST", path: "/Users"}, {method: "PUT", path: "/Users/" + user}, {method: "PATCH", path: "/Users/" + user}, {method: "POST", path: "/Groups"}, {method: "PUT", path: "/Groups/" + group},
					{method: "PATCH", path: "/Groups/" + group}, {method: "POST", path: "/Users/.search"}, {method: "POST", path: "/.search"}, {method: "POST", path: "/Bulk"},
				} {
					r.body = strings.ReplaceAll(body, "%s", text)
					requests = append(requests, r)
				}
			}
			for _, name := range []string{"Content-Type", "Content-Encoding", "If-Match"} {
				requests = append(requests, request{method: "PATCH", path: "/Users/" + user, body: `{"Operations":[{"op":"replace","path":"active","value":true}]}`, header: map[string]string{name: form}})
			}
			for _, r := range requests {
				keep(r, o.send(r))
			}
			// Wrong places for the credentials themselves.
			for _, authorization := range []string{form, "Bearer  " + form, "Bearer Bearer " + form, "Basic " + form, "Token " + form, "Bearer " + form + ":x", "Bearer x:" + form} {
				keep(request{}, w.send("GET", o.base()+"/Users", "", "", map[string]string{"Authorization": authorization}))
				keep(request{}, w.send("GET", other.base()+"/Users", "", "", map[string]string{"Authorization": authorization, "User-Agent": form}))
			}
			keep(request{}, w.send("GET", "/v1/organizations/"+segment+"/scim/Users", "", o.bearer, nil))
			keep(request{}, w.send("GET", o.base()+"/Users?access_token="+query, "", "", nil))
		}
		// Used as it should be, in both ways, on a good and on a bad day.
		w.send("GET", o.base()+"/Users", "", "", map[string]string{"Authorization": "Basic " + basic}).is(t, 200)
		w.calls.Inject(storetest.Fault{Match: storetest.SQL("scim_keys"), Err: storetest.SQLiteIOErr})
		keep(request{}, o.get("/Users"))
		if err := w.access.RevokeKey(t.Context(), iam.Operator, o.id, o.key); err != nil {
			t.Fatal(err)
		}
		keep(request{}, o.get("/Users").is(t, 401))
		w.flush()

		counted := httptest.NewRecorder()
		w.metrics.Handler().ServeHTTP(counted, httptest.NewRequest("GET", "/metrics", nil))
		if !strings.Contains(counted.Body.String(), `method="PATCH",route="/v1/organizations/`) {
			t.Fatalf("the metrics count no PATCH:\n%s", counted.Body)
		}
		places := map[string]string{"a metric": counted.Body.String(), "the log": w.logged.String(), "an error": strings.Join(bodies, "\n"), "the database": storetest.Dump(t, w.url)}
		var export bytes.Buffer
		for e, err := range w.access.AuditEvents(t.Context(), o.id, time.Time{}, time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			export.Write(line)
		}
		places["the audit export"] = export.String()
		if path, ok := strings.CutPrefix(w.url, "sqlite:"); ok {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if raw, err := os.ReadFile(path + suffix); err == nil {
					places["the file "+suffix] = string(raw)
				}
			}
		}
		if export.Len() == 0 || len(bodies) < 1000 || w.logged.String() == "" {
			t.Fatalf("there is nothing to look through: %d bytes of audit, %d errors, %d bytes of log", export.Len(), len(bodies), len(w.logged.String()))
		}
		folded := strings.ToLower(o.secret)
		for place, text := range places {
			for _, form := range []string{o.secret, o.secret[:12], basic[40:60], folded, url.QueryEscape(o.secret)} {
				if i := strings.Index(text, form); i >= 0 {
					t.Errorf("the secret is in %s: %q", place, text[max(0, i-200):min(len(text), i+80)])
					break
				}
			}
		}
		entries, err := w.db.Read(t.Context()).Requests(o.id, store.RequestQuery{Limit: 100_000})
		if err != nil || len(entries) < 1000 {
			t.Errorf("%d entries in the request log, %v", len(entries), err)
		}
		hidden := 0
		for _, e := range entries {
			if strings.Contains(fmt.Sprint(e), "(hidden)") {
				hidden++
			}
		}
		if hidden < len(entries)/2 {
			t.Errorf("only %d of %d entries had something to hide", hidden, len(entries))
		}
	})
}

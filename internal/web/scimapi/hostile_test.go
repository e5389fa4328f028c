package scimapi_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// hostileBodies are bodies that no well-meaning client sends. Whether one is refused
// or put right, it is never answered 5xx, and a refused one leaves no trace.
func hostileBodies() map[string]string {
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	long := strings.Repeat("x", scim.MaxStringBytes+1)
	bodies := map[string]string{
		"blank":                   " ",
		"not JSON":                "userName=x",
		"a list":                  "[]",
		"a list of users":         `[{"userName":"x"}]`,
		"null":                    "null",
		"number":                  "1e999",
		"cut off":                 `{"userName":"x"`,
		"two objects":             `{"userName":"x"}{"userName":"y"}`,
		"trailing comma":          `{"userName":"x",}`,
		"BOM":                     "\ufeff{}",
		"UTF-16":                  "\xff\xfe{\x00}\x00",
		"invalid UTF-8":           "{\"userName\":\"\xff\"}",
		"overlong UTF-8":          "{\"userName\":\"\xc0\xaf\"}",
		"surrogate as UTF-8":      "{\"userName\":\"\xed\xa0\x80\"}",
		"lone surrogate":          `{"userName":"\ud800"}`,
		"swapped surrogates":      `{"displayName":"\udc00\ud800"}`,
		"NUL":                     `{"userName":"a\u0000b@example.com","displayName":"a\u0000b"}`,
		"raw NUL":                 "{\"userName\":\"a\x00b\"}",
		"duplicate key":           `{"userName":"a@example.com","userName":"b@example.com"}`,
		"duplicate key by case":   `{"userName":"a@example.com","USERNAME":"b@example.com"}`,
		"duplicate inside":        `{"userName":"a@example.com","name":{"givenName":"a","GivenName":"b"}}`,
		"Kelvin sign":             `{"userName":"mi` + "\u212a" + `e@example.com"}`,
		"zero width":              `{"userName":"ad` + "\u200b" + `a@example.com"}`,
		"no-break space":          `{"userName":"ada@example.com` + "\u00a0" + `"}`,
		"white space":             `{"userName":" ada@example.com","displayName":" x "}`,
		"line break":              `{"userName":"ada\r\nSet-Cookie: x@example.com","displayName":"a\nb"}`,
		"right to left":           `{"userName":"` + "\u202e" + `moc.elpmaxe@ada"}`,
		"number as name":          `{"userName":1,"displayName":2}`,
		"list as name":            `{"userName":["a"],"displayName":["a"]}`,
		"object as name":          `{"userName":{"value":"a"},"displayName":{"value":"a"}}`,
		"empty names":             `{"userName":"","displayName":""}`,
		"null names":              `{"userName":null,"displayName":null}`,
		"long name":               `{"userName":"` + strings.Repeat("a", 3000) + `@example.com","displayName":"` + strings.Repeat("a", 3000) + `"}`,
		"very long value":         `{"userName":"v@example.com","displayName":"` + long + `","title":"` + long + `"}`,
		"deep lists":              `{"userName":"d@example.com","displayName":"d","x":` + deep("[", "]", 500) + `}`,
		"deep objects":            `{"userName":"d@example.com","displayName":"d","x":` + strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500) + `}`,
		"very deep":               deep("[", "]", 200_000),
		"very deep objects":       strings.Repeat(`{"a":`, 100_000),
		"huge number":             `{"userName":"n@example.com","displayName":"n","x":` + strings.Repeat("9", 5000) + `}`,
		"many keys":               `{"userName":"k@example.com","displayName":"k"` + manyKeys(5000) + `}`,
		"foreign id":              `{"id":"../../etc/passwd","userName":"i@example.com","displayName":"i"}`,
		"id as object":            `{"id":{"$ne":null},"userName":"i2@example.com","displayName":"i2"}`,
		"meta of another kind":    `{"meta":"x","schemas":"y","userName":"m@example.com","displayName":"m"}`,
		"internal attributes":     `{"userName":"r@example.com","displayName":"r","role_id":"x","org_id":"y","isAdmin":true,"status":"active","managed_by":"admin","is_scim":false,"login_key":"x","version":99}`,
		"roles that grant":        `{"userName":"g@example.com","displayName":"g","roles":[{"value":"Admin","primary":true}],"entitlements":[{"value":"Admin"}],"groups":[{"value":"Admin"}]}`,
		"two primaries":           `{"userName":"p@example.com","displayName":"p","emails":[{"value":"a@example.com","primary":true},{"value":"b@example.com","primary":true}]}`,
		"emails as text":          `{"userName":"e@example.com","displayName":"e","emails":"x"}`,
		"active as text":          `{"userName":"t@example.com","displayName":"t","active":"maybe"}`,
		"members as text":         `{"displayName":"t","userName":"t2@example.com","members":"x"}`,
		"members of members":      `{"displayName":"t2","userName":"t3@example.com","members":[[{"value":"x"}]]}`,
		"member without value":    `{"displayName":"t3","userName":"t4@example.com","members":[{}]}`,
		"member that is a number": `{"displayName":"t4","userName":"t5@example.com","members":[{"value":17}]}`,
		"unknown member":          `{"displayName":"t5","userName":"t6@example.com","members":[{"value":"00000000-0000-7000-8000-000000000000"}]}`,
		"member with NUL":         `{"displayName":"t6","userName":"t7@example.com","members":[{"value":"\u0000"}]}`,
		"SQL":                     `{"userName":"x'; DROP TABLE users; --@example.com","displayName":"x'); DELETE FROM groups; --"}`,
		"template":                `{"userName":"{{7*7}}${7*7}@example.com","displayName":"<script>alert(1)</script>"}`,
	}
	for name, ops := range map[string]string{
		"no operations":             `[]`,
		"operations as text":        `"x"`,
		"operation as text":         `["x"]`,
		"no op":                     `[{"path":"title","value":"x"}]`,
		"strange op":                `[{"op":"move","path":"title","value":"x"}]`,
		"op as number":              `[{"op":1,"path":"title","value":"x"}]`,
		"path as list":              `[{"op":"add","path":["title"],"value":"x"}]`,
		"path of another kind":      `[{"op":"add","path":"","value":"x"}]`,
		"deep path":                 `[{"op":"add","path":"` + strings.Repeat("(", 2000) + `","value":"x"}]`,
		"long path":                 `[{"op":"add","path":"` + strings.Repeat("a", 100_000) + `","value":"x"}]`,
		"path with open filter":     `[{"op":"add","path":"emails[type eq \"work","value":"x"}]`,
		"path into a filter":        `[{"op":"add","path":"emails[emails[type eq \"x\"]].value","value":"x"}]`,
		"prototype":                 `[{"op":"add","path":"__proto__.admin","value":true}]`,
		"id":                        `[{"op":"replace","path":"id","value":"x"}]`,
		"meta":                      `[{"op":"replace","path":"meta.version","value":"x"}]`,
		"groups":                    `[{"op":"add","path":"groups","value":[{"value":"Admin"}]}]`,
		"schemas":                   `[{"op":"remove","path":"schemas"}]`,
		"userName away":             `[{"op":"remove","path":"userName"},{"op":"remove","path":"displayName"}]`,
		"remove without a path":     `[{"op":"remove"}]`,
		"first good, then bad":      `[{"op":"replace","path":"title","value":"x"},{"op":"add","path":"members","value":[{"value":"nobody"}]},{"op":"replace","path":"userName","value":7},{"op":"remove"}]`,
		"value of the wrong kind":   `[{"op":"replace","path":"active","value":{"a":1}},{"op":"replace","path":"displayName","value":[1]}]`,
		"members by a wrong filter": `[{"op":"remove","path":"members[value gt \"a\" and not (value pr)]"}]`,
		"too many members":          `[{"op":"add","path":"members","value":[` + strings.TrimSuffix(strings.Repeat(`"x",`, scim.MaxPatchMembers+1), ",") + `]}]`,
		"many operations":           `[` + strings.TrimSuffix(strings.Repeat(`{"op":"replace","path":"title","value":"x"},`, scim.MaxPatchOperations+1), ",") + `]`,
	} {
		bodies["PATCH "+name] = `{"Operations":` + ops + `}`
	}
	for name, search := range map[string]string{
		"filter as object":  `{"filter":{"a":1}}`,
		"open filter":       `{"filter":"userName eq \""}`,
		"deep filter":       `{"filter":"` + strings.Repeat("(", 5000) + `"}`,
		"not filter":        `{"filter":"` + strings.Repeat("not (", 5000) + `"}`,
		"long filter":       `{"filter":"userName eq \"` + strings.Repeat("x", 20_000) + `\""}`,
		"wide filter":       `{"filter":"userName eq \"x\"` + strings.Repeat(` or userName eq \"x\"`, 300) + `"}`,
		"filter with NUL":   `{"filter":"userName eq \"\\u0000\""}`,
		"password filter":   `{"filter":"password sw \"a\""}`,
		"count as text":     `{"count":"x"}`,
		"count too large":   `{"count":99999999999999999999,"startIndex":99999999999999999999}`,
		"count with a dot":  `{"count":1.5}`,
		"negative":          `{"count":-1,"startIndex":-9223372036854775808}`,
		"cursor":            `{"cursor":"' OR 1=1 --"}`,
		"cursor with bytes": `{"cursor":"\u0001\uffff"}`,
		"sort":              `{"sortBy":"(SELECT 1)","sortOrder":"sideways"}`,
		"attributes":        `{"attributes":["a[","]b"],"excludedAttributes":[1]}`,
	} {
		bodies["search "+name] = search
	}
	for name, ops := range map[string]string{
		"GET":          `{"method":"GET","path":"/Users"}`,
		"outside":      `{"method":"POST","bulkId":"a","path":"/../../Users","data":{"userName":"x"}}`,
		"other host":   `{"method":"POST","bulkId":"a","path":"https://other.example/Users","data":{"userName":"x"}}`,
		"nested":       `{"method":"POST","bulkId":"a","path":"/Bulk","data":{}}`,
		"own bulkId":   `{"method":"POST","bulkId":"a","path":"/Groups","data":{"displayName":"x","members":[{"value":"bulkId:a"}]}}`,
		"no data":      `{"method":"PUT","path":"/Users/x"}`,
		"NUL":          `{"method":"DELETE","path":"/Users/\u0000"}`,
		"same bulkId":  `{"method":"POST","bulkId":"a","path":"/Users","data":{}},{"method":"POST","bulkId":"a","path":"/Users","data":{}}`,
		"unknown id":   `{"method":"PATCH","path":"/Users/bulkId:nobody","data":{"Operations":[]}}`,
		"bad version":  `{"method":"DELETE","path":"/Users/x","version":"\u0001"}`,
		"long bulkId":  `{"method":"POST","bulkId":"` + strings.Repeat("b", 50_000) + `","path":"/Users","data":{"userName":""}}`,
		"data as text": `{"method":"POST","bulkId":"a","path":"/Users","data":"x"}`,
	} {
		bodies["bulk "+name] = `{"Operations":[` + ops + `]}`
	}
	return bodies
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return b.String()
}

// checkRefusal fails the test when an answer is a fault of ours, an error without
// its form, or echoes too much.
func checkRefusal(t *testing.T, what string, got answer) {
	t.Helper()
	if got.status >= 500 {
		t.Errorf("%s: answers %d: %.300s", what, got.status, got.body)
	}
	if got.status < 400 {
		return
	}
	e := got.json(t)
	detail, _ := e["detail"].(string)
	if e["status"] != fmt.Sprint(got.status) || detail == "" {
		t.Errorf("%s: the error is %.300s", what, got.body)
	}
	const text = 800 // of our own words, and two values of 200 characters
	if len(detail) > text {
		t.Errorf("%s: the detail has %d bytes: %.300s…", what, len(detail), detail)
	}
	for _, inner := range []string{"SQLSTATE", "constraint", "goroutine", ".go:", "sqlite", "pgx"} {
		if strings.Contains(detail, inner) {
			t.Errorf("%s: the detail shows our insides: %.300s", what, detail)
		}
	}
}

func TestDoor_hostileBodies(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		user := o.user("ada@example.com")
		group := o.group("Admins", user)
		targets := []request{
			{method: "POST", path: "/Users"}, {method: "PUT", path: "/Users/" + user}, {method: "PATCH", path: "/Users/" + user},
			{method: "POST", path: "/Groups"}, {method: "PUT", path: "/Groups/" + group}, {method: "PATCH", path: "/Groups/" + group},
			{method: "POST", path: "/Users/.search"}, {method: "POST", path: "/Groups/.search"}, {method: "POST", path: "/.search"}, {method: "POST", path: "/Bulk"},
		}
		before := w.dump()
		written := writes(w)
		compare := func(what string) {
			t.Helper()
			if !written() {
				return
			}
			if after := w.dump(); after != before {
				t.Errorf("%s left a trace:\n%s", what, difference(before, after))
				before = after
			}
		}
		for name, body := range hostileBodies() {
			accepted := false
			for i, r := range targets {
				if r.body = body; len(body) > 100_000 && i > 5 {
					continue // it is large for the sake of those that store it
				}
				got := o.send(r)
				what := r.method + " " + strings.NewReplacer(user, "{id}", group, "{id}").Replace(r.path) + " with " + name
				checkRefusal(t, what, got)
				switch {
				case got.status < 300 && !strings.HasSuffix(r.path, ".search"):
					accepted = true // put right and done; of /Bulk, perhaps
					if written() {
						before = w.dump()
					}
				case got.status >= 300 && w.db.Engine() == "sqlite": // PostgreSQL is asked once for each body
					compare(what)
				}
			}
			if !accepted {
				compare("a request with " + name)
			}
		}
	})
}

// writes returns a function that tells whether anybody wrote to the database since
// its last call. SQLite knows; of PostgreSQL it is always assumed.
func writes(w *world) func() bool {
	path, ok := strings.CutPrefix(w.url, "sqlite:")
	if !ok {
		return func() bool { return true }
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1) // the number is that of one connection
	last := int64(-1)
	return func() bool {
		var version int64
		if err := db.QueryRowContext(w.t.Context(), `PRAGMA data_version`).Scan(&version); err != nil {
			w.t.Fatal(err)
		}
		changed := version != last
		last = version
		return changed
	}
}

// difference shows the lines that only one of two dumps has.
func difference(before, after string) string {
	had := map[string]bool{}
	for line := range strings.SplitSeq(before, "\n") {
		had[line] = true
	}
	var b strings.Builder
	for line := range strings.SplitSeq(after, "\n") {
		if !had[line] {
			fmt.Fprintf(&b, "+ %.300s\n", line)
		}
	}
	return b.String()
}

func TestDoor_hostileQueries(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		user := o.user("ada@example.com")
		group := o.group("Admins", user)
		before := w.dump()
		queries := []struct {
			raw  string
			want int // 0: anything but 5xx
		}{
			{`filter=userName+eq+"x";`, 400}, {`filter=userName+eq+"x;y"`, 200}, {`;filter=userName+eq+"x"`, 400}, {`a=1;FILTER=userName+eq+"x"`, 400}, {`filter=userName%20eq%20%22x%22&filter=id+pr`, 400}, {`FILTER=userName+eq+"x"&filter=id+pr`, 400},
			{`filter=%`, 400}, {`filter=%zz`, 400}, {`filter=%00`, 400}, {`filter=%ff`, 400}, {`filter=userName+eq+"%00"`, 0}, {`filter=userName+eq+"%ff"`, 0}, {`filter=userName+eq+"%ed%a0%80"`, 0},
			{`filter=userName eq`, 400}, {`filter=eq`, 400}, {`filter=password+eq+"x"`, 400}, {`filter=nobody+eq+"x"`, 400}, {`filter=userName+xx+"x"`, 400}, {`filter=active+gt+true`, 400}, {`filter=login_key+eq+"x"`, 400},
			{"filter=" + strings.Repeat("(", 5000), 400}, {"filter=" + strings.Repeat("not(", 2000), 400}, {"filter=" + strings.Repeat("emails[", 2000), 400}, {"filter=" + strings.Repeat("a", 16<<10) + "+pr", 400},
			{`filter=userName+eq+"x"` + strings.Repeat(`+or+userName+eq+"x"`, 200), 400}, {`filter=userName+co+"%25"`, 200}, {`filter=userName+sw+"_"`, 200}, {`filter=userName+eq+"x'+OR+'1'='1"`, 200},
			{"count=x", 400}, {"count=-1", 200}, {"count=99999999999999999999", 200}, {"count=1e3", 400}, {"count=", 200}, {"startIndex=-5", 200}, {"startIndex=99999999999", 200}, {"startIndex=0x10", 400},
			{"cursor=x", 400}, {"cursor=%00", 400}, {"cursor=" + strings.Repeat("A", 8000), 400}, {"cursor=" + strings.Repeat("A", 44), 400}, {"cursor=&startIndex=2", 0},
			{"sortBy=password", 200}, {"sortBy=(SELECT+1)", 200}, {"sortBy=userName&sortOrder=sideways", 0}, {"sortBy=" + strings.Repeat("a", 9000), 0},
			{"attributes=" + strings.Repeat("a,", 4000), 200}, {"attributes=emails[", 400}, {"attributes=]", 0}, {"attributes=%00", 0}, {"attributes=password", 200}, {"excludedAttributes=id,schemas", 200}, {`attributes=emails[type+eq+"`, 400},
			{"?", 200}, {"&&&", 200}, {"=", 200}, {"a=b=c&d", 200}, {strings.Repeat("a&", 6000), 200},
		}
		for _, q := range queries {
			for _, path := range []string{"/Users", "/Groups", "/Users/" + user, "/Groups/" + group} {
				got := o.get(path + "?" + q.raw)
				what := fmt.Sprintf("GET %s?%.60s", path, q.raw)
				checkRefusal(t, what, got)
				if q.want != 0 && path == "/Users" && got.status != q.want {
					t.Errorf("%s: answers %d, want %d: %.300s", what, got.status, q.want, got.body)
				}
				// A filter never vanishes: whoever is not looked for is not found.
				if got.status == 200 && path == "/Users" && strings.Contains(q.raw, `userName+eq`) && strings.Contains(got.body, user) {
					t.Errorf("%s: finds everybody: %.300s", what, got.body)
				}
			}
		}
		if after := w.dump(); after != before {
			t.Errorf("reading changed something:\n%s", difference(before, after))
		}
	})
}

func TestDoor_hostileIdsAndHeaders(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		user := o.user("ada@example.com")
		group := o.group("Admins", user)
		before := w.dump()
		ids := []string{"%00", "%ff", "%ed%a0%80", "..", "%2e%2e", "..%2F..%2Fhealthz", "x%2Fy", "%20", "'%20OR%20'1'='1", "%22", "*", ".search", ".searchx", strings.Repeat("9", 9000), strings.Repeat("%F0%9F%92%A9", 500),
			strings.ToUpper(user), user + "%00", user + "%20", "{id}", "null", "0", "-1", "me", user + ";x=1", "%252e", "bulkId:a"}
		for _, id := range ids {
			for _, kind := range []string{"/Users/", "/Groups/", "/Schemas/", "/ResourceTypes/", "/"} {
				for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "POST", "HEAD", "TRACE", "get", "G E T"} {
					if method == "G E T" {
						method = "G-E-T"
					}
					body := ""
					if method == "PUT" || method == "PATCH" {
						body = `{"userName":"z@example.com","displayName":"z","Operations":[{"op":"replace","path":"displayName","value":"z"}]}`
					}
					got := o.send(request{method: method, path: kind + id, body: body})
					if got.status < 400 {
						t.Errorf("%s %s%.40s answers %d", method, kind, id, got.status)
					}
					if got.status >= 500 {
						t.Errorf("%s %s%.40s answers %d %s", method, kind, id, got.status, got.body)
					}
				}
			}
		}
		values := []string{"\x00", "\xff", strings.Repeat("x", 12_000), `"`, `W/"`, `W/"99999999999999999999"`, `W/"-1"`, "*, *", ",,,", `W/"77", ` + strings.Repeat(`"x",`, 2000), "’", "é"}
		for _, name := range []string{"If-Match", "Content-Type", "Content-Encoding"} {
			for _, value := range values {
				got := o.send(request{method: "PATCH", path: "/Users/" + user, body: `{"Operations":[{"op":"replace","path":"title","value":"x"}]}`, header: map[string]string{name: value}})
				if got.status < 400 || got.status >= 500 {
					t.Errorf("%s: %.40q answers %d", name, value, got.status)
				}
			}
		}
		for _, name := range []string{"If-None-Match", "Accept", "User-Agent", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-URL", "X-HTTP-Method-Override", "X-Request-Id", "Range", "Expect", "Origin"} {
			for _, value := range append(values, "DELETE", "https://evil.example", "bytes=0-1") {
				got := o.send(request{method: "GET", path: "/Users/" + user, header: map[string]string{name: value}})
				if got.status != 200 {
					t.Errorf("%s: %.40q answers %d", name, value, got.status)
				}
				for header, sent := range got.header {
					if strings.Contains(strings.Join(sent, " "), "evil.example") {
						t.Errorf("%s is reflected in %s", name, header)
					}
				}
				if strings.Contains(got.body, "evil.example") {
					t.Errorf("%s is reflected in the body", name)
				}
			}
		}
		if after := w.dump(); after != before {
			t.Errorf("something changed:\n%s", difference(before, after))
		}
		o.get("/Groups/"+group).is(t, 200)
	})
}

func TestDoor_bodyLimits(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		o := w.org("a")
		user := o.user("ada@example.com")
		group := o.group("Admins")
		before := w.dump()
		pad := func(n int) string {
			return `{"userName":"b@example.com","displayName":"b"` + strings.Repeat(" ", n-46) + `}`
		}
		for _, r := range []request{
			{method: "POST", path: "/Users"}, {method: "PUT", path: "/Users/" + user}, {method: "PATCH", path: "/Users/" + user}, {method: "POST", path: "/Bulk"},
			{method: "POST", path: "/.search"}, {method: "POST", path: "/Users/.search"}, {method: "POST", path: "/Groups/.search"},
		} {
			r.body = pad(scim.MaxBodyBytes + 1)
			o.send(r).is(t, http.StatusRequestEntityTooLarge)
		}
		for _, r := range []request{{method: "POST", path: "/Groups"}, {method: "PUT", path: "/Groups/" + group}, {method: "PATCH", path: "/Groups/" + group}} {
			r.body = pad(scim.MaxGroupBodyBytes + 1)
			o.send(r).is(t, http.StatusRequestEntityTooLarge)
		}
		if after := w.dump(); after != before {
			t.Errorf("a body over the limit changed something:\n%s", difference(before, after))
		}
		o.post("/Users", pad(scim.MaxBodyBytes)).is(t, 201)
		o.post("/Groups", pad(scim.MaxGroupBodyBytes)).is(t, 201)
	})
}

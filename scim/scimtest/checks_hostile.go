package scimtest

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/scim"
)

func errorChecks() []check {
	const src = "RFC 7644 section 3.12"
	return []check{
		{id: "errors.shape", in: inAll, src: src,
			says: "Errors of 400, 404 and 409 have the schema URI, the status and a detail.",
			run: func(t *T) {
				for _, a := range t.failures() {
					a.scimError().str("detail")
				}
			}},
		{id: "errors.status_text", in: inRFC, src: src + "; RFC 7643 section 2.3.1",
			says: "The status of an error is text, not a number.",
			run: func(t *T) {
				for _, a := range t.failures() {
					if _, ok := value(a.object(), "status").(string); !ok {
						t.fail("%s: status is %s, want a string", a.what, show(value(a.object(), "status")))
					}
				}
			}},
		{id: "errors.media_type", in: inRFCEntra, src: "RFC 7644 sections 3.12 and 8.1; " + entraSCIM,
			says: "Errors are application/scim+json.",
			run: func(t *T) {
				for _, a := range t.failures() {
					a.mediaType()
				}
			}},
		{id: "errors.invalid_json", in: inRFCEntra, src: src + ", invalidSyntax; " + entraPostman,
			says: "A body that is not JSON, or not an object, is 400.",
			run: func(t *T) {
				for _, body := range []string{`{`, `not json`, `{"userName":}`, `[]`, `"x"`, `null`, ``, `{} {}`} {
					t.send(http.MethodPost, "/Users", "", body, nil).want(http.StatusBadRequest).scimError()
				}
			}},
		{id: "errors.invalid_syntax", in: inRFC, src: src,
			says: "The 400 for broken JSON has scimType invalidSyntax.",
			run: func(t *T) {
				t.send(http.MethodPost, "/Users", "", `{"userName":`, nil).want(http.StatusBadRequest).scimType(scim.InvalidSyntax)
			}},
		{id: "errors.wrong_type", in: inRFC, src: src + ", invalidValue or invalidSyntax",
			says: "A value of the wrong type in a POST is 400, and nothing is created.",
			run: func(t *T) {
				for _, change := range []obj{{"userName": 42}, {"userName": list{"a"}}, {"name": "text"}, {"active": obj{}}, {"emails": 42}, {"displayName": true}} {
					body := t.newBody(change)
					t.post("/Users", body).want(http.StatusBadRequest).scimError()
					if name, ok := body["userName"].(string); ok {
						t.findsNone("/Users", eq("userName", name))
					}
				}
			}},
		{id: "errors.unknown_path", in: inRFC, src: src,
			says: "A path that there is not is 404.",
			run: func(t *T) {
				for _, path := range []string{"/Nothing", "/Users/" + absentID + "/more", "/users.json"} {
					t.get(path).want(http.StatusNotFound)
				}
			}},
		{id: "errors.method", in: inRFC, src: "RFC 9110 section 15.5.6; RFC 7644 section 3.2",
			says: "A method that an endpoint does not have is refused.",
			run: func(t *T) {
				// Never DELETE /Users: a careless server might do what it says.
				for _, a := range []*answer{t.put("/Users", t.newBody(nil)), t.post("/Users/"+absentID, t.newBody(nil)), t.send("FOO", "/Users", "", nil, nil)} {
					a.want(http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest)
				}
			}},
	}
}

// failures are one answer each of 400, 404 and 409.
func (t *T) failures() []*answer {
	u := t.user(nil)
	return []*answer{
		t.send(http.MethodPost, "/Users", "", `{`, nil).want(http.StatusBadRequest),
		t.get("/Users/" + absentID).want(http.StatusNotFound),
		t.post("/Users", t.newBody(obj{"userName": u.sent["userName"]})).want(http.StatusConflict),
	}
}

// hostileChecks send what no client would. A server may accept it or refuse
// it; it must not fail, hang or stop working.
func hostileChecks() []check {
	const src = "RFC 7644 section 7.5; OWASP ASVS 5.0 chapters 1 and 2"
	return []check{
		{id: "hostile.deep_json", in: inRFC, src: src,
			says: "JSON that is nested a hundred thousand times does not make the server fail.",
			run: func(t *T) {
				const depth = 100_000
				t.sendAll("/Users",
					`{"userName":"x","name":`+strings.Repeat(`{"a":`, depth)+`1`+strings.Repeat(`}`, depth)+`}`,
					`{"userName":"x","emails":`+strings.Repeat(`[`, depth)+strings.Repeat(`]`, depth)+`}`,
					strings.Repeat(`[`, depth))
			}},
		{id: "hostile.strings", in: inRFC, src: src + "; RFC 8259 section 8",
			says: "NUL, lone surrogates, broken UTF-8 and control characters do not make the server fail.",
			run: func(t *T) {
				name := t.name()
				for _, text := range []string{`\u0000`, `a\u0000b`, `\ud800`, `\udc00\ud800`, "\xff\xfe", "\xc0\x80", `\u202e`, `\u200b`, `\r\n`, "\x01"} {
					body := func(userName, displayName string) string {
						return `{"schemas":["` + scim.UserURN + `"],"userName":"` + userName + `","displayName":"` + displayName + `"}`
					}
					t.sendAll("/Users", body(name+text, "x"), body(t.address(t.name()), text))
				}
			}},
		{id: "hostile.duplicate_names", in: inRFC, src: src + "; RFC 8259 section 4",
			says: "Doubled member names do not make the server fail, nor let two readers see two users.",
			run: func(t *T) {
				first, second := t.address(t.name()), t.address(t.name())
				for _, names := range [][2]string{{"userName", "userName"}, {"userName", "USERNAME"}} {
					a := t.post("/Users", `{"schemas":["`+scim.UserURN+`"],"`+names[0]+`":"`+first+`","`+names[1]+`":"`+second+`"}`).survived()
					if a.Status < 300 {
						got := a.str("userName")
						t.equal("userName when it is read", t.get("/Users/"+escapeID(a.str("id"))).want(http.StatusOK).str("userName"), got)
						t.del("/Users/" + escapeID(a.str("id")))
					}
				}
			}},
		{id: "hostile.large", in: inRFC, src: src,
			says: "A megabyte of text in one attribute, or fifty thousand values, are answered or refused.",
			run: func(t *T) {
				t.post("/Users", t.newBody(obj{"displayName": strings.Repeat("x", 1<<20)})).survived()
				many := make(list, 50_000)
				for i := range many {
					many[i] = obj{"value": "x"}
				}
				t.post("/Users", t.newBody(obj{"phoneNumbers": many})).survived()
			}},
		{id: "hostile.numbers", in: inRFC, src: src,
			says: "Numbers beyond any range do not make the server fail.",
			run: func(t *T) {
				for _, number := range []string{`1e999999999`, `-0`, strings.Repeat("9", 5000), `1.0000000000000000000000001`} {
					t.sendAll("/Users", `{"userName":`+number+`}`, `{"userName":"`+t.address(t.name())+`","x":`+number+`,"active":`+number+`}`)
				}
			}},
		{id: "hostile.ids", in: inRFC, src: src,
			// Reading only: a careless server might take an id for a pattern.
			says: "Ids with path steps, NUL, quotes, wildcards or of great length are 404 or refused.",
			run: func(t *T) {
				for _, id := range []string{"%00", "..%2f..%2fGroups", "'%20OR%201=1--", "%25", "*", "%22", "a%0d%0ab", strings.Repeat("x", 4000), "%ff%fe", "-1", "null", "%F0%9D%84%9E"} {
					for _, kind := range []string{"/Users/", "/Groups/"} {
						a := t.get(kind + id).survived()
						if a.Status == http.StatusOK {
							t.fail("%s: want it refused, got 200", a.what)
						}
					}
				}
			}},
		{id: "hostile.queries", in: inRFC, src: src,
			says: "Queries that are badly escaped, doubled or huge do not make the server fail.",
			run: func(t *T) {
				for _, q := range []string{"filter=%", "filter=%zz", "filter=%00", "filter=%ff", "filter=a&filter=b", "&&&", "=", "attributes=" + strings.Repeat("a,", 3000), "excludedAttributes=,,,", "sortBy=%00", "cursor=%00", "count=-1&startIndex=-1", "attributes=emails[", "filter=" + strings.Repeat("%28", 2000)} {
					t.send(http.MethodGet, "/Users", q, nil, nil).survived()
				}
			}},
		{id: "hostile.patch", in: inRFC, src: src, needs: patchFeature,
			says: "PATCH with strange paths and values does not make the server fail, and the user stays readable.",
			run: func(t *T) {
				u := t.user(nil)
				for _, change := range []obj{
					op("replace", strings.Repeat("a.", 2000), "x"), op("replace", strings.Repeat("emails[", 500), "x"),
					op("replace", "\x00", "x"), op("replace", ".", "x"), op("replace", "[]", "x"), op("replace", "urn:", "x"),
					op("replace", `emails[value eq "`+strings.Repeat("x", 20_000)+`"].value`, "x"),
					op("add", "emails", list{nil}), op("add", "emails", list{list{}}), op("add", "name", list{1}),
					op("replace", "", list{}), op("replace", "", obj{"": "x"}), op("replace", "", obj{"a.b.c.d": obj{}}),
					{"op": list{}, "path": obj{}, "value": nil}, op("add", "members", list{obj{"value": obj{}}}),
				} {
					t.patch(u.path(), change).survived()
				}
				t.equal("userName", u.read()["userName"], u.sent["userName"])
			}},
		{id: "hostile.members", in: inRFC, src: src, needs: patchFeature,
			says: "Members that are no ids are refused or ignored, and the group stays as it is.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				for _, members := range []any{list{obj{"value": ""}}, list{obj{}}, list{1}, list{nil}, 1, true, obj{"value": list{}}, list{obj{"value": g.id + "'--"}}, strings.Repeat("x", 10_000)} {
					t.patch(g.path(), op("add", "members", members)).survived()
				}
				g.hasKnown(u.id)
			}},
		{id: "hostile.encoding", in: inRFC, src: src,
			says: "A body in an encoding or of a type that is not what it says is refused.",
			run: func(t *T) {
				body := t.newBody(nil)
				for _, header := range []http.Header{
					{"Content-Encoding": {"gzip"}}, {"Content-Encoding": {"nothing"}}, {"Content-Type": {"text/html"}}, {"Content-Type": {"application/x-www-form-urlencoded"}}, {"Content-Type": {"multipart/form-data"}},
				} {
					a := t.send(http.MethodPost, "/Users", "", "\x1f\x8b not really", header).survived()
					a.refused()
				}
				t.findsNone("/Users", eq("userName", body["userName"].(string)))
			}},
		{id: "hostile.alive", in: inRFC, src: src,
			says: "After all this the server still answers.",
			run: func(t *T) {
				u := t.user(nil)
				u.findsOnly(eq("userName", u.str("userName")))
			}},
	}
}

// sendAll posts bodies byte for byte and wants none of them to make the server
// fail.
func (t *T) sendAll(path string, bodies ...string) {
	for _, body := range bodies {
		t.post(path, body).survived()
	}
}

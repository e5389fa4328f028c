// Package e2e holds the tests that look at Rollcall from outside: what a real SCIM client sends and relies on, what the
// guide promises, what its command line answers. It owns the exchanges under testdata/exchanges and the code that replays
// them over HTTP; it owns no code of the product and no code of the product imports it.
//
// TestExchanges replays the exchanges against the server, TestGuideScript runs scripts/guide.sh with the real binary, and
// TestR001 to TestR147 hold the sentences of the guide one by one (requirements_table_test.go lists them all), TestBind_… what
// binds groups to roles: all on SQLite and on PostgreSQL.
//
// # Exchanges
//
// One file is one scenario: the requests of one client for one event, byte for byte where the bytes matter, and what that
// client needs to see. The directories are entra (M1-M18 and the sequences Entra ID makes of them), okta (K1-K11), others
// (OneLogin, JumpCloud, PingOne, authentik, and the SDKs of RingCentral, Genesys Cloud and GitHub) and quirks (Q1-Q36). "mark"
// says whether the client's maker documents it (D), it was observed (O: others report it in public, or scripts/interop.sh
// recorded it from the client itself), or it is inferred (I), and "source" says where. Nothing was recorded from a live tenant.
//
//	{
//	  "id": "M14", "title": "…", "mark": "D", "source": "Microsoft Entra docs: …",
//	  "headers": {"User-Agent": "…"},
//	  "setup": [steps], "steps": [
//	    {"name": "…", "method": "PATCH", "path": "/Groups/{{group}}", "headers": {…},
//	     "body": {…} | "rawBody": "…",
//	     "expect": {"status": 204 | [200, 204], "headers": {"ETag": "*"}, "body": pattern},
//	     "save": {"user": "id", "etag": "@ETag"}}]
//	}
//
// "path" follows the SCIM base address and goes out as it is written: raw quotes, brackets, semicolons and plus signs stay.
// "headers" of the scenario go with every step, those of the step win, an empty value takes a header away; Authorization is
// set from the key, Content-Type (for a body) is Entra's unless named, User-Agent is sent only when named.
//
// "save" reads a member of the answer by its dotted path (Resources.0.id) or a header (@ETag) into a variable for later
// {{name}}. {{run}} is eight hexadecimal digits, new for each replay, {{RUN}} the same in capitals; {{uuid}}, {{uuid2}} … are
// random UUIDs; {{base}} is the SCIM base address.
//
// # Patterns
//
// A JSON value stands for itself. In an object the given members must match and others may be there. An array matches as a
// set: same length, any order. Members that begin with $ are conditions, all of which must hold:
//
//	{"$absent": true}     the member is missing            {"$any": true}       it is there and not null
//	{"$empty": true}      missing, "", [] or {}            {"$not": pattern}    it is there and does not match
//	{"$exact": […]}       array in this order              {"$contains": […]}   array with at least these elements
//	{"$contains": "…"}    text with this part              {"$lacks": pattern}  no element matches; a missing array has none
//	{"$length": n}        array of n elements              {"$integer": true}   number written as an integer
//	{"$min": n}           integer, n or more               {"$matches": "re"}   text that matches the regular expression
//	{"$oneOf": […]}       one of these patterns
//
// In "expect.headers" * stands for any text, a value of "*" for any non-empty one, "" for a header that is not sent. An
// "expect.body" of {"$absent": true} is an answer without a body.
//
// Beyond what a step expects, every answer must be one the clients can read: application/scim+json, no null, no password,
// an error in the form of RFC 7644 section 3.12, a 201 with Location and id, a 204 without body, a 401 with WWW-Authenticate.
package e2e

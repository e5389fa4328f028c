package scimtest

import (
	"net/http"
	"strings"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// wrongToken is a bearer value that no server has given out.
const wrongToken = "scim_aaaaaaaaaaaaaaaaaaaa:bm90LXRoZS1yaWdodC1zZWNyZXQtb2YtYW55LXNlcnZlcg"

func authorization(value string) http.Header {
	if value == "" {
		return http.Header{"Authorization": nil}
	}
	return http.Header{"Authorization": {value}}
}

func authChecks() []check {
	const src = "RFC 7644 section 2; RFC 6750 section 3"
	return []check{
		{id: "auth.none", in: inAll, src: src,
			says: "A request without credentials is 401.",
			run: func(t *T) {
				for _, path := range []string{"/Users", "/Groups"} {
					t.send(http.MethodGet, path, "count=1", nil, authorization("")).want(http.StatusUnauthorized)
				}
			}},
		{id: "auth.challenge", in: inRFC, src: "RFC 9110 section 15.5.2; RFC 6750 section 3",
			says: "A 401 has a WWW-Authenticate header.",
			run: func(t *T) {
				for _, credentials := range []string{"", "Bearer " + wrongToken} {
					a := t.send(http.MethodGet, "/Users", "count=1", nil, authorization(credentials)).want(http.StatusUnauthorized)
					if a.Header.Get("WWW-Authenticate") == "" {
						t.fail("%s: the 401 has no WWW-Authenticate header", a.what)
					}
				}
			}},
		{id: "auth.wrong", in: inAll, src: src,
			says: "A wrong bearer token is 401.",
			run: func(t *T) {
				t.send(http.MethodGet, "/Users", "count=1", nil, authorization("Bearer "+wrongToken)).want(http.StatusUnauthorized)
			}},
		{id: "auth.altered", in: inAll, src: src,
			says: "The right token with one character more, or one less, is 401.",
			run: func(t *T) {
				token := t.token()
				for _, altered := range []string{token + "A", token[:len(token)-1]} {
					t.send(http.MethodGet, "/Users", "count=1", nil, authorization("Bearer "+altered)).want(http.StatusUnauthorized)
				}
			}},
		{id: "auth.error", in: inRFCOkta, src: "RFC 7644 section 3.12",
			says: "The body of a 401 is a SCIM error with a detail.",
			run: func(t *T) {
				a := t.send(http.MethodGet, "/Users", "count=1", nil, authorization("Bearer "+wrongToken)).want(http.StatusUnauthorized).scimError()
				a.str("detail")
			}},
		{id: "auth.no_echo", in: inRFC, src: "RFC 6750 section 5.2",
			says: "A 401 does not repeat the credentials that were sent.",
			run: func(t *T) {
				a := t.send(http.MethodGet, "/Users", "count=1", nil, authorization("Bearer "+wrongToken)).want(http.StatusUnauthorized)
				_, secret, _ := strings.Cut(wrongToken, ":")
				if strings.Contains(string(a.Body), secret) {
					t.fail("%s: the answer repeats the secret", a.what)
				}
			}},
		{id: "auth.scheme_case", in: inRFC, src: "RFC 9110 section 11.1",
			says: "The word Bearer may be in any case.",
			run: func(t *T) {
				for _, scheme := range []string{"bearer", "BEARER"} {
					t.send(http.MethodGet, "/Users", "count=1", nil, authorization(scheme+" "+t.token())).want(http.StatusOK)
				}
			}},
		{id: "auth.write", in: inAll, src: src,
			says: "A write without credentials is 401 and changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				body := scimclient.PatchOp(op("replace", "displayName", "Taken over"))
				t.send(http.MethodPatch, u.path(), "", body, authorization("")).want(http.StatusUnauthorized)
				t.send(http.MethodDelete, u.path(), "", nil, authorization("Bearer "+wrongToken)).want(http.StatusUnauthorized)
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
			}},
		{id: "auth.unknown_path", in: inRFC, src: src,
			says: "Without credentials an existing and an absent user look the same: 401.",
			run: func(t *T) {
				u := t.user(nil)
				for _, path := range []string{u.path(), "/Users/" + absentID} {
					t.send(http.MethodGet, path, "", nil, authorization("")).want(http.StatusUnauthorized)
				}
			}},
		{id: "auth.non_token", in: inOkta, src: oktaSpec + ", invalid authentication",
			says: `The header "Authorization: non-token" is 401 with a SCIM error whose status is the string "401".`,
			run: func(t *T) {
				a := t.send(http.MethodGet, "/Users", "startIndex=1&count=1", nil, authorization("non-token")).want(http.StatusUnauthorized)
				a.holds(obj{"schemas": list{scim.ErrorURN}, "status": "401"}).str("detail")
			}},
	}
}

// absentID is an id that no server has given out.
const absentID = "00000000-0000-7000-8000-00000000dead"

// token is the configured token; the checks of authentication need one.
func (t *T) token() string {
	if t.run.client.Token == "" {
		t.fail("the run has no token, so authentication cannot be checked")
	}
	return t.run.client.Token
}

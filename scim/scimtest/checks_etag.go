package scimtest

import (
	"net/http"

	"github.com/rollcall/rollcall/scim/scimclient"
)

// staleTag is a well-formed version that no server has given out.
const staleTag = `W/"no-such-version"`

func etagChecks() []check {
	const src = "RFC 7644 section 3.14"
	return []check{
		{id: "etag.header", in: inRFC, src: src, needs: etagFeature,
			says: "A read user has an ETag header, equal to meta.version.",
			run: func(t *T) {
				a := t.get(t.user(nil).path()).want(http.StatusOK)
				t.equal("meta.version", value(a.object(), "meta", "version"), a.tag())
			}},
		{id: "etag.created", in: inRFC, src: src, needs: etagFeature,
			says: "The answer to POST has the ETag that the user is read with.",
			run: func(t *T) {
				a := t.post("/Users", t.newBody(nil)).want(http.StatusCreated)
				t.equal("ETag of GET", t.get("/Users/"+escapeID(a.str("id"))).tag(), a.tag())
			}},
		{id: "etag.changes", in: inRFC, src: src, needs: etagFeature,
			says: "A change changes the ETag.",
			run: func(t *T) {
				u := t.user(nil)
				before := t.get(u.path()).tag()
				u.put(obj{"displayName": "Changed"}).want(http.StatusOK)
				if after := t.get(u.path()).tag(); after == before {
					t.fail("the ETag is %s before and after a change", before)
				}
			}},
		{id: "etag.none_match", in: inRFC, src: src, needs: etagFeature,
			says: "If-None-Match with the current ETag is 304 without a body, with another 200.",
			run: func(t *T) {
				u := t.user(nil)
				tag := t.get(u.path()).tag()
				a := t.conditional(http.MethodGet, u.path(), nil, "If-None-Match", tag).want(http.StatusNotModified)
				if len(a.Body) != 0 {
					t.fail("%s: a 304 has a body", a.what)
				}
				t.conditional(http.MethodGet, u.path(), nil, "If-None-Match", staleTag).want(http.StatusOK)
				u.put(obj{"displayName": "Changed"}).want(http.StatusOK)
				t.conditional(http.MethodGet, u.path(), nil, "If-None-Match", tag).want(http.StatusOK)
			}},
		{id: "etag.match", in: inRFC, src: src, needs: etagFeature,
			says: "A write with If-Match and the current ETag is carried out.",
			run: func(t *T) {
				u := t.user(nil)
				body := scimclient.PatchOp(op("replace", "displayName", "Changed"))
				if !t.run.off[patchFeature] {
					t.conditional(http.MethodPatch, u.path(), body, "If-Match", t.get(u.path()).tag()).want(http.StatusOK, http.StatusNoContent)
					t.equal("displayName", u.read()["displayName"], "Changed")
				}
				t.conditional(http.MethodPut, u.path(), u.sent, "If-Match", t.get(u.path()).tag()).want(http.StatusOK)
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
				t.conditional(http.MethodDelete, u.path(), nil, "If-Match", t.get(u.path()).tag()).want(http.StatusNoContent)
			}},
		{id: "etag.stale_put", in: inRFC, src: src, needs: etagFeature,
			says: "PUT with an If-Match that does not match is 412 and changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				body := without(u.sent)
				body["displayName"] = "Changed"
				t.conditional(http.MethodPut, u.path(), body, "If-Match", staleTag).want(http.StatusPreconditionFailed).scimError()
				t.equal("displayName", u.read()["displayName"], u.sent["displayName"])
			}},
		{id: "etag.stale_patch", in: inRFC, src: src, needs: etagFeature,
			says: "PATCH with the ETag of an older version is 412 and changes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				old := t.get(u.path()).tag()
				u.put(obj{"displayName": "Second"}).want(http.StatusOK)
				want := []int{http.StatusPreconditionFailed}
				if t.run.off[patchFeature] {
					want = append(want, http.StatusMethodNotAllowed, http.StatusNotImplemented)
				}
				body := scimclient.PatchOp(op("replace", "displayName", "Third"))
				t.conditional(http.MethodPatch, u.path(), body, "If-Match", old).want(want...)
				t.equal("displayName", u.read()["displayName"], "Second")
			}},
		{id: "etag.stale_delete", in: inRFC, src: src, needs: etagFeature,
			says: "DELETE with an If-Match that does not match is 412 and deletes nothing.",
			run: func(t *T) {
				u := t.user(nil)
				t.conditional(http.MethodDelete, u.path(), nil, "If-Match", staleTag).want(http.StatusPreconditionFailed)
				t.get(u.path()).want(http.StatusOK)
			}},
		{id: "etag.group", in: inRFC, src: src, needs: etagFeature,
			says: "A new member changes the ETag of a group, and a stale one keeps members out.",
			run: func(t *T) {
				first, second := t.user(nil), t.user(nil)
				g := t.group()
				before := t.get(g.path()).tag()
				g.put(obj{"members": memberList(first.id)}).want(http.StatusOK)
				if after := t.get(g.path()).tag(); after == before {
					t.fail("the ETag of the group is %s before and after its members changed", before)
				}
				body := without(g.sent)
				body["members"] = memberList(first.id, second.id)
				t.conditional(http.MethodPut, g.path(), body, "If-Match", before).want(http.StatusPreconditionFailed)
				g.hasMembers(first.id)
			}},
		{id: "etag.list", in: inRFC, src: src, needs: etagFeature,
			says: "meta.version in a list is the ETag of the single user.",
			run: func(t *T) {
				u := t.user(nil)
				o := t.one(t.find("/Users", eq("userName", u.str("userName"))))
				t.equal("meta.version of the listed user", value(o, "meta", "version"), t.get(u.path()).tag())
			}},
	}
}

// tag is the ETag of an answer.
func (a *answer) tag() string {
	tag := a.Header.Get("ETag")
	if tag == "" {
		a.t.fail("%s: the answer has no ETag header", a.what)
	}
	return tag
}

func (t *T) conditional(method, path string, body any, header, tag string) *answer {
	return t.send(method, path, "", body, http.Header{header: {tag}})
}

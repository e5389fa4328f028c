package scim_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

// FuzzDecode: no input panics, and what is read and written again reads the
// same: Encode of Decode is a fixpoint.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, ` {"a":[1,-0.5e+3,true,null,"\u00e9\ud83d\ude00\\"],"b":{"c":{}}}`, `{"a":1,"A":2}`, `{"a":"\ud800"}`, `{"a":[[[[[[[[1]]]]]]]]}`, "{\"a\":\"\u2028<>&\"}",
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","active":"False","roles":[],"title":null}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := scim.Decode(data)
		if err != nil {
			checkError(t, err)
			return
		}
		first := scim.Encode(o)
		again, err := scim.Decode(first)
		if err != nil {
			t.Fatalf("%s does not read: %v", first, err)
		}
		if second := scim.Encode(again); !bytes.Equal(first, second) || !reflect.DeepEqual(o, again) {
			t.Fatalf("%s became %s", first, second)
		}
		for _, rt := range []*scim.ResourceType{scim.User, scim.Group} {
			doc, _, err := rt.Normalize(o)
			if err != nil {
				checkError(t, err)
				continue
			}
			checkNormal(t, rt, doc)
		}
		if !bytes.Equal(scim.Encode(o), first) {
			t.Fatalf("Normalize changed %s", first)
		}
		for _, parse := range []func() error{
			func() error { _, _, _, err := scim.TakeMembers(o); return err },
			func() error { _, err := scim.ParseSearch(o); return err },
			func() error { _, err := scim.ParseBulk(o); return err },
		} {
			if err := parse(); err != nil {
				checkError(t, err)
			}
		}
	})
}

// FuzzFilter: no filter panics, in reading, checking or matching, and its string
// form reads as an equal filter.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`userName eq "bjensen"`, `externalId eq jyoung`, `emails[type eq "work"].value eq "x"`, `emails[type eq "work" and not (value co "@")]`,
		`not (a pr) and (b gt 1.5e3 or c le "x") or d eq null`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager eq "1"`,
		`active eq "True" and meta.created gt "2026-01-31T08:30:00Z"`, `id eq "1" and members eq "2"`, `members[value eq "a" or value eq "b"]`, `a eq "\u00e9\"\\"`, `((((a pr))))`,
		`name[givenName sw "a"].familyName ew b`, `not pr`, `x509Certificates ne "x"`, `schemas[value eq urn:x]`,
	} {
		f.Add(s)
	}
	user, group := mustDecode(f, matchUser), mustDecode(f, `{"id":"g","displayName":"Ops","members":[{"value":"u1","type":"User"}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := scim.ParseFilter(s)
		if err != nil {
			checkError(t, err)
			return
		}
		for rt, doc := range map[*scim.ResourceType]scim.Object{scim.User: user, scim.Group: group} {
			if err := filter.Check(rt); err != nil {
				checkError(t, err)
			}
			if filter.Match(rt, doc) == (&scim.Filter{Op: scim.Not, Left: filter}).Match(rt, doc) {
				t.Fatalf("%s and its negation agree", s)
			}
		}
		for _, c := range filter.Conjuncts() {
			c.Equality("username")
		}
		text := filter.String()
		if len(text) > scim.MaxFilterBytes {
			return // quotes may take it over the limit
		}
		again, err := scim.ParseFilter(text)
		if err != nil || !reflect.DeepEqual(filter, again) {
			t.Fatalf("%s is written as %s, which reads as %s (%v)", s, text, again, err)
		}
	})
}

// FuzzPath: no path panics, and its string form reads as an equal path.
func FuzzPath(f *testing.F) {
	for _, s := range []string{
		`userName`, `name.givenName`, `emails[type eq "work"].value`, `emails[primary eq True]`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager.value`, `urn:ietf:params:scim:schemas:core:2.0:User`, `members[value eq abc]`, `members.$ref`, `urn:x:y`, `a..b`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := scim.ParseProjection(scim.User, s, s); err != nil {
			checkError(t, err)
		}
		scim.ParseSort(scim.User, s, s)
		if _, err := scim.ParseQuery(s); err != nil {
			checkError(t, err)
		}
		path, err := scim.ParsePath(s)
		if err != nil {
			checkError(t, err)
			return
		}
		text := path.String()
		if len(text) > scim.MaxFilterBytes {
			return
		}
		again, err := scim.ParsePath(text)
		if err != nil || !reflect.DeepEqual(path, again) {
			t.Fatalf("%s is written as %s, which reads as %s (%v)", s, text, again, err)
		}
	})
}

// FuzzPatch: no patch panics or touches the document or itself; an error leaves
// nothing; the result is in normal form; what has no verdict "applied" changed
// nothing.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		ops(`{"op":"Replace","path":"active","value":"False"}`),
		ops(`{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}`, `{"op":"Replace","path":"emails[type eq \"home\"].primary","value":"True"}`),
		ops(`{"op":"replace","value":{"displayName":"Bjfe","name.givenName":"Kkom","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"Aklq"}}`),
		ops(`{"op":"Remove","path":"emails","value":[{"value":"babs@example.org"}]}`, `{"op":"remove","path":"emails[type eq \"work\"]"}`),
		ops(`{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":[{"$ref":"x","value":"m"}]}`, `{"op":"replace","path":"manager","value":""}`),
		ops(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"id"}]}`, `{"op":"replace","value":{"id":"x","displayName":"X","members":["a"]}}`),
		ops(`{"op":"add","path":"roles","value":["a",{"value":"b","primary":true}]}`, `{"op":"add","path":"roles[primary eq \"True\"].display","value":"d"}`, `{"op":"replace","path":"roles.value","value":null}`),
		ops(`{"op":"replace","path":"emails","value":[]}`, `{"op":"replace","path":"userName","value":"u"}`, `{"op":"remove","path":"title"}`),
		`{"operations":{"op":"add","value":[{"title":"x"},{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager.value":"x"}}]}}`,
	} {
		f.Add([]byte(s))
	}
	userDoc := mustNormalize(f, scim.User, patchUser)
	groupDoc := mustNormalize(f, scim.Group, `{"displayName":"Ops","externalId":"e"}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		body, err := scim.Decode(data)
		if err != nil {
			return
		}
		before := scim.Encode(body)
		p, err := scim.ParsePatch(body)
		if err != nil {
			checkError(t, err)
			return
		}
		checkPatch(t, p, scim.User, userDoc)
		rest, index, changes, err := p.SplitMembers()
		if err != nil {
			checkError(t, err)
		} else {
			if len(index) != len(rest.Operations) {
				t.Fatalf("%d indexes for %d operations", len(index), len(rest.Operations))
			}
			for _, c := range changes {
				if c.Index >= len(p.Operations) || c.All && (c.Op != scim.OpRemove || len(c.IDs) > 0) {
					t.Fatalf("change %+v", c)
				}
			}
			checkPatch(t, rest, scim.Group, groupDoc)
		}
		if after := scim.Encode(body); !bytes.Equal(before, after) {
			t.Fatalf("the patch changed: %s, was %s", after, before)
		}
	})
}

func checkPatch(t *testing.T, p *scim.Patch, rt *scim.ResourceType, doc scim.Object) {
	t.Helper()
	before := scim.Encode(doc)
	out, verdicts, err := p.Apply(rt, doc)
	if after := scim.Encode(doc); !bytes.Equal(before, after) {
		t.Fatalf("the document changed: %s, was %s", after, before)
	}
	if err != nil {
		checkError(t, err)
		if out != nil || verdicts != nil {
			t.Fatalf("%v came with the error %v", out, err)
		}
		return
	}
	checkNormal(t, rt, out)
	applied := false
	for _, v := range verdicts {
		applied = applied || v.Verdict == scim.Applied
	}
	if !applied && !bytes.Equal(scim.Encode(out), before) {
		t.Fatalf("%s became %s, but the verdicts are %+v", before, scim.Encode(out), verdicts)
	}
	if err := rt.RequireAttributes(out); err != nil {
		t.Fatalf("%s: %v", scim.Encode(out), err)
	}
}

// checkNormal: a document in normal form is one that Normalize leaves as it is.
func checkNormal(t *testing.T, rt *scim.ResourceType, doc scim.Object) {
	t.Helper()
	again, notes, err := rt.Normalize(doc)
	if err != nil || len(notes) > 0 || !reflect.DeepEqual(doc, again) {
		t.Fatalf("%s is not in normal form: %s, %v, %v", scim.Encode(doc), scim.Encode(again), notes, err)
	}
}

// checkError: every error of the package is a client's mistake, short enough to
// be read.
func checkError(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(*scim.Error)
	if !ok || e.Detail == "" || e.Status != 400 && e.Status != 413 {
		t.Fatalf("error %#v", err)
	}
	if len(e.Detail) > 2000 {
		t.Fatalf("an error of %d bytes: %s", len(e.Detail), e.Detail)
	}
	if _, err := scim.Decode(e.Body()); err != nil {
		t.Fatalf("the error body %s does not read: %v", e.Body(), err)
	}
}

package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/scim"
)

const entraUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
 "externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Test_User_ab6490ee@testuser.com","active":true,"displayName":"givenName familyName",
 "emails":[{"primary":true,"type":"work","value":"Test_User_fd0ea19b@testuser.com"}],"meta":{"resourceType":"User"},
 "name":{"formatted":"givenName familyName","familyName":"familyName","givenName":"givenName"},"roles":[],
 "phoneNumbers":[{"type":"work","value":"+1 555 0100"},{"type":"mobile","value":"+1 555 0101"}],
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"1234","department":"Retail"}}`

func BenchmarkParseFilter(b *testing.B) {
	for _, s := range []string{
		`userName eq "x"`,
		`emails[type eq "work"].value eq "user@contoso.com"`,
		`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`,
	} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scim.ParseFilter(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFilter_Match(b *testing.B) {
	doc := mustNormalize(b, scim.User, entraUser)
	for _, s := range []string{`userName eq "x"`, `emails[type eq "work"].value eq "user@contoso.com"`, `displayName co "FAMILY" and active eq true`} {
		f := mustFilter(b, s)
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.Match(scim.User, doc)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	members := make([]string, 10_000)
	for i := range members {
		members[i] = fmt.Sprintf(`{"value":"0191f0f2-8d2a-7f8e-bf98-%012d"}`, i)
	}
	for name, s := range map[string]string{"user": entraUser, "group of 10,000": `{"displayName":"g","members":[` + strings.Join(members, ",") + `]}`} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := scim.Decode([]byte(s)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	doc := mustNormalize(b, scim.User, entraUser)
	b.ReportAllocs()
	for b.Loop() {
		scim.Encode(doc)
	}
}

func BenchmarkNormalize(b *testing.B) {
	in := mustDecode(b, entraUser)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := scim.User.Normalize(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPatch_Apply(b *testing.B) {
	doc := mustNormalize(b, scim.User, entraUser)
	body := mustDecode(b, ops(`{"op":"Replace","path":"active","value":"False"}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"}`, `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"D"}`))
	b.ReportAllocs()
	for b.Loop() {
		p, err := scim.ParsePatch(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := p.Apply(scim.User, doc); err != nil {
			b.Fatal(err)
		}
	}
}

// Hostile patches are bounded: a list of the largest size, every operation
// looking at all of it.
func BenchmarkPatch_Apply_worst(b *testing.B) {
	list := make([]any, scim.MaxListValues)
	for i := range list {
		list[i] = scim.Object{"value": fmt.Sprintf("role %d", i), "type": "x"}
	}
	doc := scim.Object{"userName": "a", "roles": list}
	operations := make([]any, 1000)
	for i := range operations {
		operations[i] = scim.Object{"op": "add", "path": "roles", "value": list[len(list)-1:]}
	}
	p, err := scim.ParsePatch(scim.Object{"Operations": operations})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := p.Apply(scim.User, doc); err != nil {
			b.Fatal(err)
		}
	}
}

package scimtest

import (
	"net/http"
	"slices"
	"sync"

	"github.com/rollcall/rollcall/scim"
	"github.com/rollcall/rollcall/scim/scimclient"
)

// memberChecks are about who is in a group after each way to say so. Losing a
// member costs a person his access; keeping one is worse.
func memberChecks() []check {
	const src = patchSrc
	return []check{
		{id: "members.shape", in: inAll, src: "RFC 7643 sections 2.4 and 4.2",
			says: "A group that is read lists its members as objects whose value is the user's id.",
			run: func(t *T) {
				u := t.user(nil)
				g := t.group(u.id)
				o := g.read()
				if pick(o["members"], "value", u.id) == nil {
					t.fail("members is %s, want an object with value %s", show(o["members"]), u.id)
				}
			}},
		{id: "members.add", in: inAll, src: src + ".1; " + entraSCIM + "; " + oktaSCIM, needs: patchFeature,
			says: "add of a list with one member adds him and keeps the others.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("add", "members", memberList(b.id)))
				g.hasMembers(a.id, b.id)
			}},
		{id: "members.add_many", in: inAll, src: src + ".1; " + entraSCIM + ", multiple group memberships with a single PATCH", needs: patchFeature,
			says: "One add with several members adds all of them.",
			run: func(t *T) {
				p := t.people()
				g := t.group(p.ids[0])
				g.patch(op("add", "members", memberList(p.ids[1:]...)))
				g.hasMembers(p.ids...)
			}},
		{id: "members.add_operations", in: inRFCEntra, src: src + "; goauthentik/authentik, one operation for each member", needs: patchFeature,
			says: "Several adds in one PATCH add all their members.",
			run: func(t *T) {
				p := t.people()
				g := t.group()
				var ops []obj
				for _, id := range p.ids {
					ops = append(ops, op("add", "members", memberList(id)))
				}
				g.patch(ops...)
				g.hasMembers(p.ids...)
			}},
		{id: "members.add_twice", in: inAll, src: src + ".1: no changes when the value is there already", needs: patchFeature,
			says: "Adding a member again succeeds and does not list him twice.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("add", "members", memberList(a.id)))
				g.hasMembers(a.id)
				g.patch(op("add", "members", memberList(b.id, a.id, b.id)))
				g.hasMembers(a.id, b.id)
			}},
		{id: "members.add_no_path", in: inRFCEntra, src: src + ".1", needs: patchFeature,
			says: "add without a path and members in its value adds them.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("add", "", obj{"members": memberList(b.id)}))
				g.hasMembers(a.id, b.id)
			}},
		{id: "members.remove", in: inAll, src: src + ".2; " + entraCompat + "; " + oktaSCIM, needs: patchFeature,
			says: `remove of members[value eq "…"] removes that member alone.`,
			run: func(t *T) {
				a, b, c := t.user(nil), t.user(nil), t.user(nil)
				g := t.group(a.id, b.id, c.id)
				g.patch(op("remove", "members["+eq("value", b.id)+"]"))
				g.hasMembers(a.id, c.id)
			}},
		{id: "members.remove_all", in: inRFCEntra, src: src + ".2; " + entraPostman + ", remove all users", needs: patchFeature,
			says: "remove of members without a value removes all.",
			run: func(t *T) {
				g := t.group(t.user(nil).id, t.user(nil).id)
				g.patch(op("remove", "members"))
				g.hasMembers()
			}},
		{id: "members.replace", in: inAll, src: src + ".3; " + oktaSCIM + ", full group push; " + entraValidator + ", Add Member", needs: patchFeature,
			says: "replace of members puts the new list in place of the old.",
			run: func(t *T) {
				a, b, c := t.user(nil), t.user(nil), t.user(nil)
				g := t.group(a.id, b.id)
				g.patch(op("replace", "members", memberList(b.id, c.id)))
				g.hasMembers(b.id, c.id)
				g.patch(op("replace", "members", list{}))
				g.hasMembers()
			}},
		{id: "members.replace_no_path", in: inRFC, src: src + ".3", needs: patchFeature,
			says: "replace without a path and members in its value replaces the list.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("replace", "", obj{"members": memberList(b.id)}))
				g.hasMembers(b.id)
			}},
		{id: "members.remove_and_add", in: inAll, src: src + "; " + oktaSCIM + ", Update specific Group membership", needs: patchFeature,
			says: "A remove and an add in one PATCH are both applied.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("remove", "members["+eq("value", a.id)+"]"),
					op("add", "members", list{obj{"value": b.id, "display": b.sent["userName"]}}))
				g.hasMembers(b.id)
			}},
		{id: "members.add_then_remove", in: inRFCEntra, src: src + "; " + entraValidator + ", Patch Group - Multiple Ops on same attribute (preview)", needs: patchFeature,
			says: "A member added and removed in one PATCH is no member.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("add", "members", memberList(b.id)), op("remove", "members["+eq("value", b.id)+"]"))
				g.hasMembers(a.id)
			}},
		{id: "members.atomic", in: inRFC, src: src + ": a failed operation restores the original", needs: patchFeature,
			says: "When a PATCH of a group fails, no member is added or removed.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				t.patch(g.path(), op("add", "members", memberList(b.id)), op("remove", "members["+eq("value", a.id)+"]"), op("remove", "")).want(http.StatusBadRequest)
				g.hasMembers(a.id)
			}},
		{id: "members.parallel", in: inAll, src: "RFC 7644 section 3.5.2; public reports of lost members, FusionAuth/fusionauth-issues#2784", needs: patchFeature,
			says: "PATCHes that add different members at the same time keep every member.",
			run: func(t *T) {
				p := t.people()
				g := t.group()
				t.inParallel(p.ids, func(id string) obj { return op("add", "members", memberList(id)) }, g)
				g.hasMembers(p.ids...)
				t.inParallel(p.ids[1:], func(id string) obj { return op("remove", "members["+eq("value", id)+"]") }, g)
				g.hasMembers(p.ids[0])
			}},
		{id: "members.unknown", in: inAll, src: src + "; RFC 7644 section 3.12; public report, fleetdm/fleet#52600", needs: patchFeature,
			says: "An add with an unknown id is refused as a whole, or adds the known ones; it never loses them.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				answer := t.patch(g.path(), op("add", "members", memberList(b.id, absentID))).survived()
				if answer.Status < 300 {
					g.hasKnown(a.id, b.id)
					return
				}
				answer.refused().scimError()
				g.hasMembers(a.id)
			}},
		{id: "members.keep_own_fields", in: inRFC, src: src, needs: patchFeature,
			says: "Changing members leaves displayName and externalId.",
			run: func(t *T) {
				name := t.name()
				g := t.create("/Groups", obj{"schemas": list{scim.GroupURN}, "displayName": name, "externalId": "ext-" + name})
				g.patch(op("add", "members", memberList(t.user(nil).id)))
				t.holds("GET after PATCH", g.read(), obj{"displayName": name, "externalId": "ext-" + name})
			}},
	}
}

// memberFormChecks are the forms in which Entra sends members.
func memberFormChecks() []check {
	add := func(id, says, src string, form func(id string) any) check {
		return check{id: "members.add." + id, in: inEntra, src: src, needs: patchFeature, says: says,
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("Add", "members", form(b.id)))
				g.hasMembers(a.id, b.id)
			}}
	}
	return []check{
		add("entra", "Add with a list of objects that have $ref null adds.", entraCompat, func(id string) any { return list{obj{"$ref": nil, "value": id}} }),
		add("display", "Members with display and displayName are added by their value.", entraSCIM, func(id string) any {
			return list{obj{"value": id, "display": "x", "displayName": "y", "type": "User"}}
		}),
		add("object", "A single object instead of a list is added.", entraSCIM, func(id string) any { return obj{"value": id} }),
		add("text", "A plain id instead of a list is added.", entraPostman+", add member", func(id string) any { return id }),
		{id: "members.add.several", in: inEntra, src: entraSCIM + ", Support updating multiple group memberships with a single PATCH", needs: patchFeature,
			says: "Add with a list of several members with $ref null adds every one of them.",
			run: func(t *T) {
				p := t.people()
				g := t.group()
				var members list
				for _, id := range p.ids {
					members = append(members, obj{"$ref": nil, "value": id})
				}
				g.patch(op("Add", "members", members))
				g.hasMembers(p.ids...)
			}},
		{id: "members.remove.list", in: inEntra, src: entraCompat, needs: patchFeature,
			says: "Remove with a list of members removes these, and never the whole list.",
			run: func(t *T) {
				a, b, c, d := t.user(nil), t.user(nil), t.user(nil), t.user(nil)
				g := t.group(a.id, b.id, c.id, d.id)
				g.patch(op("Remove", "members", list{obj{"$ref": nil, "value": a.id}}))
				g.hasMembers(b.id, c.id, d.id)
				g.patch(op("Remove", "members", list{obj{"value": b.id}, obj{"value": c.id}}))
				g.hasMembers(d.id)
			}},
		{id: "members.remove.flag", in: inEntra, src: entraCompat + ", aadOptscim062020", needs: patchFeature,
			says: `remove of members[value eq "…"] with the flag in the address removes that member alone.`,
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id, b.id)
				body := scimclient.PatchOp(op("remove", "members["+eq("value", a.id)+"]"))
				t.send(http.MethodPatch, g.path(), "aadOptscim062020", body, nil).want(http.StatusOK, http.StatusNoContent)
				g.hasMembers(b.id)
			}},
		{id: "members.remove.absent", in: inEntraOkta, src: entraCompat + ": requests are repeated", needs: patchFeature,
			says: "Removing somebody who is no member succeeds and changes nothing.",
			run: func(t *T) {
				a, b := t.user(nil), t.user(nil)
				g := t.group(a.id)
				g.patch(op("remove", "members["+eq("value", b.id)+"]"))
				g.hasMembers(a.id)
				g.patch(op("Remove", "members", list{obj{"$ref": nil, "value": b.id}}))
				g.hasMembers(a.id)
			}},
		{id: "members.remove.two", in: inEntra, src: patchSrc + ".2", needs: patchFeature,
			says: "A filter with or removes several members.",
			run: func(t *T) {
				a, b, c := t.user(nil), t.user(nil), t.user(nil)
				g := t.group(a.id, b.id, c.id)
				g.patch(op("Remove", "members["+eq("value", a.id)+" or "+eq("value", c.id)+"]"))
				g.hasMembers(b.id)
			}},
		{id: "members.inactive", in: inEntra, src: "Microsoft Entra docs, how-provisioning-works",
			says: "An inactive user can be made a member and is listed.", needs: patchFeature,
			run: func(t *T) {
				u := t.user(obj{"active": false})
				g := t.group()
				g.patch(op("Add", "members", list{obj{"$ref": nil, "value": u.id}}))
				g.hasMembers(u.id)
			}},
		{id: "members.deleted", in: inEntraOkta, src: "Public report, fleetdm/fleet#52600: one unknown id lost a whole group push", needs: patchFeature,
			says: "An add with the id of a deleted user never loses the other members.",
			run: func(t *T) {
				a, b, gone := t.user(nil), t.user(nil), t.user(nil)
				g := t.group(a.id)
				t.del(gone.path()).want(http.StatusNoContent, http.StatusOK)
				answer := t.patch(g.path(), op("add", "members", memberList(gone.id, b.id))).survived()
				if answer.Status < 300 {
					g.hasKnown(a.id, b.id)
					return
				}
				answer.refused().scimError()
				g.hasMembers(a.id)
			}},
	}
}

// hasKnown fails unless the group has these members; it may have others.
func (r *resource) hasKnown(ids ...string) {
	got := r.memberIDs()
	for _, id := range ids {
		if !slices.Contains(got, id) {
			r.t.fail("members of the group are %v, want %s among them", got, id)
		}
	}
}

// inParallel sends one PATCH for each id at the same time. A server may refuse
// some of them for being busy; those are sent again one by one.
func (t *T) inParallel(ids []string, operation func(id string) obj, g *resource) {
	answers := make([]*answer, len(ids))
	errs := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			answers[i], errs[i] = t.try(http.MethodPatch, g.path(), "", scimclient.PatchOp(operation(id)), nil)
		})
	}
	wg.Wait()
	for i, id := range ids {
		if errs[i] != nil {
			t.fail("%v", errs[i])
		}
		switch answers[i].Status {
		case http.StatusConflict, http.StatusPreconditionFailed, http.StatusTooManyRequests, http.StatusServiceUnavailable:
			g.patch(operation(id))
		default:
			answers[i].want(http.StatusOK, http.StatusNoContent)
		}
	}
}

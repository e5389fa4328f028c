package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// session makes a session whose secret is its id.
func session(t *testing.T, db *store.DB, org iam.OrganizationID, member iam.MemberID, id, method string) store.Session {
	t.Helper()
	s := store.Session{
		ID: id, Member: member, Method: method, Address: "192.0.2.7", UserAgent: "Browser/1",
		CreatedAt: epoch, LastSeenAt: epoch, ExpiresAt: epoch.Add(12 * time.Hour),
	}
	write(t, db, func(tx *store.Tx) error { return tx.InsertSession(org, s, iam.HashSecret(id)) })
	return s
}

func live(t *testing.T, db *store.DB, org iam.OrganizationID, member iam.MemberID) []string {
	t.Helper()
	list, err := db.Read(t.Context()).MemberSessions(org, member, epoch)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSessions_roundTrip(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		ann := newUser(t, db, here, "ann@x.example")
		want := session(t, db, here, ann, "s1", "saml")
		write(t, db, func(tx *store.Tx) error {
			if err := tx.SetSessionLimits(here, store.SessionLimits{Idle: 5 * time.Minute, Life: time.Hour}); err != nil {
				return err
			}
			return tx.SetDirectRoles(here, ann, []iam.RoleID{iam.RoleBilling})
		})
		got, err := db.Read(t.Context()).CheckSession(here, iam.HashSecret("s1"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Session); diff != "" {
			t.Errorf("session (-want +got): %s", diff)
		}
		if got.Organization.ID != here || got.Organization.Name != "Same name" || got.Member.ID != ann || len(got.Member.Direct) != 1 || got.Limits != (store.SessionLimits{Idle: 5 * time.Minute, Life: time.Hour}) {
			t.Errorf("found %+v", got)
		}
		for name, find := range map[string]func() error{
			"another organization": func() error {
				_, err := db.Read(t.Context()).CheckSession(there, iam.HashSecret("s1"))
				return err
			},
			"another secret": func() error {
				_, err := db.Read(t.Context()).CheckSession(here, iam.HashSecret("s2"))
				return err
			},
		} {
			if err := find(); iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		if limits, err := db.Read(t.Context()).SessionLimits(there); err != nil || limits != (store.SessionLimits{Idle: time.Hour, Life: 12 * time.Hour}) {
			t.Errorf("the other organization's limits: %+v, %v", limits, err)
		}
	})
}

// What ends sessions ends those it says, once, and none of another organization.
func TestSessions_end(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		ann, bob := newUser(t, db, here, "ann@x.example"), newUser(t, db, here, "bob@sub.x.example")
		eve := newUser(t, db, there, "eve@x.example")
		fill := func() {
			t.Helper()
			write(t, db, func(tx *store.Tx) error {
				for _, org := range []iam.OrganizationID{here, there} {
					if _, err := tx.DeleteOldSessions(org, epoch.Add(100*time.Hour), 100); err != nil {
						return err
					}
				}
				return nil
			})
			for id, method := range map[string]string{"a1": "saml", "a2": "local"} {
				session(t, db, here, ann, id, method)
			}
			session(t, db, here, bob, "b1", "saml")
			session(t, db, there, eve, "a1", "saml") // ids are the organization's own
		}
		for _, test := range []struct {
			name      string
			end       func(tx *store.Tx) (int, error)
			ended     int
			ann, bobs int
		}{
			{"one of his", func(tx *store.Tx) (int, error) { return count(tx.EndSession(here, ann, "a1", "why", epoch)) }, 1, 1, 1},
			{"one that is not his", func(tx *store.Tx) (int, error) { return count(tx.EndSession(here, bob, "a1", "why", epoch)) }, 0, 2, 1},
			{"all of a member", func(tx *store.Tx) (int, error) { return tx.EndMemberSessions(here, ann, "", "why", epoch) }, 2, 0, 1},
			{"local ones of a member", func(tx *store.Tx) (int, error) { return tx.EndMemberSessions(here, ann, "local", "why", epoch) }, 1, 1, 1},
			{"all by SAML", func(tx *store.Tx) (int, error) { return tx.EndSAMLSessions(here, "", "why", epoch) }, 2, 1, 0},
			{"of a domain", func(tx *store.Tx) (int, error) { return tx.EndSAMLSessions(here, "x.example", "why", epoch) }, 1, 1, 1},
			{"of a cookie", func(tx *store.Tx) (int, error) {
				s, err := tx.EndCookie(here, iam.HashSecret("a2"), "why", epoch)
				if err != nil || s.Member != ann || s.EndedWhy != "why" || !s.EndedAt.Equal(epoch) {
					t.Errorf("EndCookie = %+v, %v", s, err)
				}
				return 1, err
			}, 1, 1, 1},
			{"expired ones", func(tx *store.Tx) (int, error) {
				return tx.EndMemberSessions(here, ann, "", "why", epoch.Add(12*time.Hour))
			}, 0, 2, 1},
		} {
			fill()
			ended := 0
			write(t, db, func(tx *store.Tx) (err error) {
				ended, err = test.end(tx)
				return err
			})
			if a, b, e := live(t, db, here, ann), live(t, db, here, bob), live(t, db, there, eve); ended != test.ended || len(a) != test.ann || len(b) != test.bobs || len(e) != 1 {
				t.Errorf("%s: %d ended; left are %v, %v and %v", test.name, ended, a, b, e)
			}
		}
		write(t, db, func(tx *store.Tx) error {
			if _, err := tx.EndMemberSessions(here, ann, "", "why", epoch); err != nil {
				return err
			}
			if n, err := tx.EndMemberSessions(here, ann, "", "again", epoch); n != 0 || err != nil {
				t.Errorf("ended again: %d, %v", n, err)
			}
			return nil
		})
	})
}

func count(done bool, err error) (int, error) {
	if done {
		return 1, err
	}
	return 0, err
}

func TestSessions_touchInAnyOrder(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, _ iam.OrganizationID) {
		ann := newUser(t, db, here, "ann@x.example")
		session(t, db, here, ann, "s1", "saml")
		for _, at := range []time.Duration{2, 1, 0} {
			write(t, db, func(tx *store.Tx) error { return tx.TouchSession(here, "s1", epoch.Add(at*time.Minute)) })
		}
		list, err := db.Read(t.Context()).MemberSessions(here, ann, epoch)
		if err != nil || len(list) != 1 || !list[0].LastSeenAt.Equal(epoch.Add(2*time.Minute)) {
			t.Errorf("sessions %+v, %v", list, err)
		}
	})
}

func TestUseOnce(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		use := func(org iam.OrganizationID, what string) func(tx *store.Tx) (bool, error) {
			return func(tx *store.Tx) (bool, error) {
				return tx.UseOnce(org, iam.HashSecret(what), epoch.Add(time.Minute))
			}
		}
		expectAdded(t, db, "first", true, use(here, "a"))
		expectAdded(t, db, "again", false, use(here, "a"))
		expectAdded(t, db, "another", true, use(here, "b"))
		expectAdded(t, db, "another organization", true, use(there, "a"))
		write(t, db, func(tx *store.Tx) error {
			for _, step := range []struct {
				before time.Time
				want   int64
			}{{epoch.Add(time.Minute), 0}, {epoch.Add(2 * time.Minute), 1}, {epoch.Add(2 * time.Minute), 1}, {epoch.Add(2 * time.Minute), 0}} {
				if n, err := tx.DeleteUsed(here, step.before, 1); n != step.want || err != nil {
					t.Errorf("DeleteUsed before %s = %d, %v; want %d", step.before, n, err, step.want)
				}
			}
			return nil
		})
		expectAdded(t, db, "kept elsewhere", false, use(there, "a"))
	})
}

// Replacing the metadata leaves the key and the permission as they are; removing the
// connection takes both.
func TestConnection_signingKey(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		connect := func(org iam.OrganizationID) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				return tx.PutConnection(iam.Connection{Organization: org, IdPEntityID: "https://idp.example", SSOBinding: "redirect", ConnectedAt: epoch, UpdatedAt: epoch})
			}
		}
		key := func(org iam.OrganizationID) string {
			t.Helper()
			k, err := db.Read(t.Context()).SigningKey(org)
			if err != nil {
				t.Fatal(err)
			}
			return string(k)
		}
		write(t, db, connect(here))
		write(t, db, connect(there))
		if key(here) != "" {
			t.Error("a connection has a key from the first")
		}
		write(t, db, func(tx *store.Tx) error {
			for _, k := range []string{"first", "second"} {
				if err := tx.AddSigningKey(here, []byte(k)); err != nil {
					return err
				}
			}
			return tx.SetIDPInitiated(here, true)
		})
		write(t, db, connect(here))
		if c, err := db.Read(t.Context()).Connection(here); err != nil || !c.IDPInitiated || c.SSOBinding != "redirect" || key(here) != "first" || key(there) != "" {
			t.Errorf("connection %+v, %v; keys %q and %q", c, err, key(here), key(there))
		}
		write(t, db, func(tx *store.Tx) error { return tx.DeleteConnection(here) })
		write(t, db, connect(here))
		if c, err := db.Read(t.Context()).Connection(here); err != nil || c.IDPInitiated || key(here) != "" {
			t.Errorf("connected anew: %+v, %v, key %q", c, err, key(here))
		}
	})
}

package store_test

import (
	"slices"
	"strings"
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
	if method == "saml" {
		s.NameID, s.NameIDFormat, s.SessionIndex = string(member)+" ß", "format", "index "+id
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

// Replacing the metadata leaves the keys and the permission as they are; removing the
// connection takes all.
func TestConnection_keys(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		connect := func(org iam.OrganizationID) func(tx *store.Tx) error {
			return func(tx *store.Tx) error {
				return tx.PutConnection(iam.Connection{Organization: org, IdPEntityID: "https://idp.example", SSOBinding: "redirect", ConnectedAt: epoch, UpdatedAt: epoch})
			}
		}
		// keys are that of signing and that of encryption.
		keys := func(org iam.OrganizationID) string {
			t.Helper()
			r := db.Read(t.Context())
			signing, err := r.SigningKey(org)
			if err != nil {
				t.Fatal(err)
			}
			encryption, err := r.EncryptionKey(org)
			if err != nil {
				t.Fatal(err)
			}
			return string(signing) + "," + string(encryption)
		}
		write(t, db, func(tx *store.Tx) error { return tx.AddEncryptionKey(here, []byte("unconnected")) })
		write(t, db, connect(here))
		write(t, db, connect(there))
		if got := keys(here); got != "," {
			t.Errorf("a connection has keys from the first: %q", got)
		}
		write(t, db, func(tx *store.Tx) error {
			for _, k := range []string{"first", "second"} {
				if err := tx.AddSigningKey(here, []byte(k)); err != nil {
					return err
				}
				if err := tx.AddEncryptionKey(here, []byte(k+" too")); err != nil {
					return err
				}
			}
			return tx.SetIDPInitiated(here, true)
		})
		write(t, db, connect(here))
		if c, err := db.Read(t.Context()).Connection(here); err != nil || !c.IDPInitiated || c.SSOBinding != "redirect" || keys(here) != "first,first too" || keys(there) != "," {
			t.Errorf("connection %+v, %v; keys %q and %q", c, err, keys(here), keys(there))
		}
		write(t, db, func(tx *store.Tx) error { return tx.AddEncryptionKey(there, []byte("theirs")) })
		write(t, db, func(tx *store.Tx) error { return tx.DeleteEncryptionKey(here) })
		if keys(here) != "first," || keys(there) != ",theirs" {
			t.Errorf("one key taken away: %q and %q", keys(here), keys(there))
		}
		write(t, db, func(tx *store.Tx) error { return tx.DeleteConnection(here) })
		write(t, db, connect(here))
		if c, err := db.Read(t.Context()).Connection(here); err != nil || c.IDPInitiated || keys(here) != "," {
			t.Errorf("connected anew: %+v, %v, keys %q", c, err, keys(here))
		}
	})
}

// The identity provider names whom it means: his sessions that began by SAML end, those of
// the indexes that it gives and those of none, in this organization alone.
func TestSessions_endNamed(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		ann, bob, eve := newUser(t, db, here, "ann@x.example"), newUser(t, db, here, "bob@x.example"), newUser(t, db, there, "ann@x.example")
		add := func(org iam.OrganizationID, member iam.MemberID, id, method, nameID, index string) {
			t.Helper()
			write(t, db, func(tx *store.Tx) error {
				return tx.InsertSession(org, store.Session{
					ID: id, Member: member, Method: method, CreatedAt: epoch, LastSeenAt: epoch, ExpiresAt: epoch.Add(time.Hour),
					NameID: nameID, SessionIndex: index,
				}, iam.HashSecret(id))
			})
		}
		fill := func(round string) {
			t.Helper()
			add(here, ann, "1"+round, "saml", "ann", "i1")
			add(here, ann, "2"+round, "saml", "ann", "i2")
			add(here, ann, "3"+round, "saml", "ann", "")
			add(here, ann, "4"+round, "local", "", "")
			add(here, bob, "5"+round, "saml", "bob", "i1")
			add(there, eve, "6"+round, "saml", "ann", "i1")
		}
		for i, test := range []struct {
			nameID  string
			indexes []string
			want    string
		}{
			{"ann", nil, "123"},
			{"ann", []string{"i1"}, "13"},
			{"ann", []string{"i2", "i1", "other"}, "123"},
			{"ann", []string{"other"}, "3"},
			{"Ann", nil, ""},
			{"", nil, ""},
			{"bob", []string{"i1", "i1"}, "5"},
		} {
			round := string(rune('a' + i))
			fill(round)
			write(t, db, func(tx *store.Tx) error {
				ended, err := tx.EndNamedSessions(here, test.nameID, test.indexes, store.EndedAtIDP, epoch)
				var ids []string
				for _, s := range ended {
					if s.ID[1:] == round {
						ids = append(ids, s.ID[:1])
					}
					if s.EndedWhy != store.EndedAtIDP || s.NameID != test.nameID {
						t.Errorf("ended %+v", s)
					}
				}
				slices.Sort(ids)
				if got := strings.Join(ids, ""); got != test.want {
					t.Errorf("%q %q ended %q, want %q", test.nameID, test.indexes, got, test.want)
				}
				return err
			})
		}
		if got := live(t, db, there, eve); len(got) != 7 {
			t.Errorf("of the other organization's sessions %q are left", got)
		}
		write(t, db, func(tx *store.Tx) error { // expired
			ended, err := tx.EndNamedSessions(here, "bob", nil, store.EndedAtIDP, epoch.Add(time.Hour))
			if len(ended) != 0 {
				t.Errorf("expired sessions ended: %+v", ended)
			}
			return err
		})
	})
}

func TestSessions_ended(t *testing.T) {
	eachTwo(t, func(t *testing.T, db *store.DB, here, there iam.OrganizationID) {
		ann := newUser(t, db, here, "ann@x.example")
		want := session(t, db, here, ann, "s1", "saml")
		session(t, db, here, ann, "s2", "saml")
		session(t, db, here, ann, "s3", "saml")
		write(t, db, func(tx *store.Tx) error {
			for secret, why := range map[string]string{"s1": store.EndedSignOut, "s2": store.EndedRemoved} {
				if _, err := tx.EndCookie(here, iam.HashSecret(secret), why, epoch); err != nil {
					return err
				}
			}
			return nil
		})
		want.EndedAt, want.EndedWhy = epoch, store.EndedSignOut
		r := db.Read(t.Context())
		got, err := r.EndedSession(here, iam.HashSecret("s1"), epoch)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("session (-want +got): %s, %v", diff, err)
		}
		for name, find := range map[string]func() (store.Session, error){
			"ended too early": func() (store.Session, error) {
				return r.EndedSession(here, iam.HashSecret("s1"), epoch.Add(time.Second))
			},
			"ended otherwise":      func() (store.Session, error) { return r.EndedSession(here, iam.HashSecret("s2"), epoch) },
			"live":                 func() (store.Session, error) { return r.EndedSession(here, iam.HashSecret("s3"), epoch) },
			"another organization": func() (store.Session, error) { return r.EndedSession(there, iam.HashSecret("s1"), epoch) },
		} {
			if _, err := find(); iam.KindOf(err) != iam.KindNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

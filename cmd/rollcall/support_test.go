package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall/rollcall/internal/access"
	"github.com/rollcall/rollcall/internal/iam"
	"github.com/rollcall/rollcall/internal/store"
)

// contact puts a request there as the console does.
func (sh *shell) contact(org string, at time.Time, subject, description string, picture []byte) string {
	sh.t.Helper()
	db, err := store.Open(sh.t.Context(), "sqlite:"+filepath.Join(sh.dir, "rollcall.db"), store.Options{Now: func() time.Time { return at }})
	if err != nil {
		sh.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			sh.t.Error(err)
		}
	}()
	service := &access.Service{DB: db}
	made, err := service.ContactSupport(sh.t.Context(), iam.Actor{Type: iam.ActorUser, ID: "m1", Details: "ann@example.com"}, iam.OrganizationID(org), iam.SupportText{
		Priority: iam.PriorityHigh, Subject: subject, Description: description, Application: "Rollcall (prod)", ApplicationID: "3f2504e0",
	}, picture)
	if err != nil {
		sh.t.Fatal(err)
	}
	return string(made.ID)
}

func TestSupport(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	org, other := sh.org("Acme"), sh.org("Beta")
	if out := sh.ok("support", "list"); out != "Nobody has written to support yet.\n" {
		t.Errorf("an empty list: %q", out)
	}
	if out := sh.ok("support", "list", "--json"); out != "[]\n" {
		t.Errorf("an empty list: %q", out)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 10, 9, 30, 0, 0, time.UTC)
	first := sh.contact(org, at, "Sync \u202estopped", "Since noon.\n\u202eLook:\n\tx", picture.Bytes())
	second := sh.contact(other, at.Add(time.Minute), "Other", "x", nil)

	type shot struct {
		Type                 string
		Width, Height, Bytes int
	}
	type ticket struct {
		ID, OrganizationID, OrganizationName, CreatedAt, MemberID, Email, Priority, Subject string
		Description, ApplicationName, ApplicationObjectID                                   string
		Screenshot                                                                          *shot
	}
	var all, one []ticket
	sh.json(&all, "support", "list")
	sh.json(&one, "support", "list", "--org", org)
	if len(all) != 2 || all[0].ID != second || all[0].Screenshot != nil || all[1].ID != first || len(one) != 1 || one[0].ID != first {
		t.Fatalf("support list: %+v; of one organization: %+v", all, one)
	}
	if s := one[0]; s.OrganizationID != org || s.CreatedAt != "2026-03-10T09:30:00Z" || s.MemberID != "m1" || s.Email != "ann@example.com" || s.Priority != "high" ||
		s.Subject != "Sync \u202estopped" || s.Screenshot == nil || *s.Screenshot != (shot{"image/png", 30, 20, picture.Len()}) {
		t.Errorf("support list: %+v", s)
	}
	if out := sh.ok("support", "list"); !strings.Contains(out, first+"  2026-03-10 09:30  high") || !strings.Contains(out, `Sync \u202estopped`) || strings.Contains(out, "\u202e") {
		t.Errorf("support list:\n%s", out)
	}

	var shown ticket
	sh.json(&shown, "support", "show", first, "--screenshot", "shot.png")
	if shown.OrganizationName != "Acme" || shown.Description != "Since noon.\n\u202eLook:\n\tx" || shown.ApplicationName != "Rollcall (prod)" || shown.ApplicationObjectID != "3f2504e0" {
		t.Errorf("support show: %+v", shown)
	}
	file := filepath.Join(sh.dir, "shot.png")
	if saved, err := os.ReadFile(file); err != nil || !bytes.Equal(saved, picture.Bytes()) {
		t.Errorf("the file has %d bytes, %v; want %d", len(saved), err, picture.Len())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	out := sh.ok("support", "show", first)
	for _, want := range []string{`Sync \u202estopped`, "Acme", org, "Rollcall (prod)", "image/png, 30 x 20 pixels", "--screenshot FILE", "\n\nSince noon.\n\\u202eLook:\n    x\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("support show does not say %q:\n%s", want, out)
		}
	}

	sh.fails(exitRefused, "there is a file shot.png already", "support", "show", first, "--screenshot", "shot.png")
	sh.fails(exitRefused, "has no screenshot", "support", "show", second, "--screenshot", "other.png")
	sh.fails(exitRefused, "write the screenshot", "support", "show", first, "--screenshot", "nowhere/shot.png")
	sh.fails(exitRefused, `there is no support request "x"`, "support", "show", "x")
	sh.fails(exitRefused, "there is no organization", "support", "list", "--org", "x")
	sh.fails(exitUsage, "<id>", "support", "show")
	if _, err := os.Stat(filepath.Join(sh.dir, "other.png")); !os.IsNotExist(err) {
		t.Errorf("a refused command left a file (%v)", err)
	}
}

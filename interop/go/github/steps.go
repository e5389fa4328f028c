package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
)

// runner does one step after another and looks at the server past the client, as interop/steps.mjs does for the clients in
// JavaScript; that file says what the environment holds.
type runner struct {
	endpoint, token   string
	ok, failed, known int
}

func (r *runner) step(name string, act func() error) {
	if err := act(); err != nil {
		r.failed++
		fmt.Printf("FAILED  %s: %s\n", name, r.said(err))
		return
	}
	r.ok++
	fmt.Printf("ok      %s\n", name)
}

// knownDefect is a step that fails for a reason outside the server. When it works one day, it is reported as a failure.
func (r *runner) knownDefect(name, reason string, act func() error) {
	if act() != nil {
		r.known++
		fmt.Printf("known   %s: %s\n", name, reason)
		return
	}
	r.failed++
	fmt.Printf("FAILED  %s: works now, so it is no longer true that %s\n", name, reason)
}

// done prints the counts and gives the exit status.
func (r *runner) done() int {
	fmt.Printf("total   %d ok, %d failed, %d known\n", r.ok, r.failed, r.known)
	return min(r.failed, 1)
}

func (r *runner) said(err error) string {
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), r.token, "(hidden)")), " ")
	return text[:min(len(text), 600)]
}

// direct asks the server itself and decodes its answer into answer, unless that is nil.
func (r *runner) direct(method, path string, body, answer any) (int, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	req, err := http.NewRequest(method, r.endpoint+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "application/scim+json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil && answer != nil {
		err = json.Unmarshal(data, answer)
	}
	return res.StatusCode, err
}

// held is a user as the server holds him.
type held struct {
	UserName, DisplayName, Title, ExternalID string

	Active bool
	Name   struct{ GivenName, FamilyName string }
	Emails []struct{ Value string }
}

func (r *runner) held(id string) (held, error) {
	var user held
	status, err := r.direct(http.MethodGet, "/Users/"+id, nil, &user)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("GET /Users/%s without the client: %d", id, status)
	}
	return user, err
}

// member is what the organization's admin sees of a person: "active default:Member", or "inactive", or "" for nobody.
func (r *runner) member(email string) (string, error) {
	out, err := exec.Command(os.Getenv("INTEROP_ROLLCALL"), "member", "list", "--all", "--json",
		"--org", os.Getenv("INTEROP_ORG"), "--database", os.Getenv("INTEROP_DATABASE")).Output()
	if err != nil {
		return "", fmt.Errorf("rollcall member list: %w", err)
	}
	var members []struct {
		Email, Status string
		Roles         []struct{ Name, Source string }
	}
	if err := json.Unmarshal(out, &members); err != nil {
		return "", err
	}
	for _, m := range members {
		if m.Email == email {
			words := []string{m.Status}
			for _, role := range m.Roles {
				words = append(words, role.Source+":"+role.Name)
			}
			slices.Sort(words[1:])
			return strings.Join(words, " "), nil
		}
	}
	return "", nil
}

func (r *runner) sameMember(email, want string) error {
	got, err := r.member(email)
	if err != nil {
		return err
	}
	return same("member", got, want)
}

func same(what string, got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}

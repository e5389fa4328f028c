package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

func newPages(t *testing.T) *Server {
	t.Helper()
	pages, err := NewPages()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := newTestServer(Config{}, pages.Mount)
	return s
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := newPages(t)
	for target, want := range map[string]string{
		"/":                   "keeps an organization&#39;s people in step",
		"/setup/abc/def?x=1":  "used nothing up",
		"/invitation/abc/def": "used nothing up",
	} {
		w := do(s, "GET", target, nil, "")
		h := w.Header()
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("GET %s: %d %q, want it to say %q", target, w.Code, w.Body, want)
		}
		if h.Get("Content-Security-Policy") != pagePolicy || h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("GET %s: headers %v", target, h)
		}
		if regexp.MustCompile(`<script|style=|<style| on[a-z]+=`).MatchString(w.Body.String()) {
			t.Errorf("GET %s has something inline: %s", target, w.Body)
		}
		if strings.Contains(w.Body.String(), "abc") {
			t.Errorf("GET %s repeats the link's secret: %s", target, w.Body)
		}
	}
	if w := do(s, "POST", "/setup/abc", nil, ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /setup: %d, want 405", w.Code)
	}
}

func TestPages_style(t *testing.T) {
	t.Parallel()
	s := newPages(t)
	link := regexp.MustCompile(`href="(/static/[^"]+)"`).FindStringSubmatch(do(s, "GET", "/", nil, "").Body.String())
	if link == nil {
		t.Fatal("the page has no style sheet")
	}
	w := do(s, "GET", link[1], nil, "")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.Contains(w.Body.String(), "light-dark") {
		t.Errorf("%s: %d %v", link[1], w.Code, w.Header())
	}
}

func TestParsePublicURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw      string
		insecure bool
		want     string // "" = refused
	}{
		{"https://rollcall.example.com", false, "https://rollcall.example.com"},
		{"https://rollcall.example.com/", false, "https://rollcall.example.com"},
		{"https://rollcall.example.com:8443", false, "https://rollcall.example.com:8443"},
		{"http://127.0.0.1:8080", false, "http://127.0.0.1:8080"},
		{"http://localhost:8080", false, "http://localhost:8080"},
		{"http://[::1]:8080", false, "http://[::1]:8080"},
		{"http://rollcall.example.com", false, ""},
		{"http://rollcall.example.com", true, "http://rollcall.example.com"},
		{"https://rollcall.example.com/app", false, ""},
		{"https://rollcall.example.com/?a", false, ""},
		{"https://rollcall.example.com/?", false, ""},
		{"https://u:p@rollcall.example.com", false, ""},
		{"rollcall.example.com", false, ""},
		{"ftp://rollcall.example.com", true, ""},
		{"https://", false, ""},
		{"", false, ""},
	}
	for _, test := range tests {
		got, err := ParsePublicURL(test.raw, test.insecure)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("ParsePublicURL(%q, %v) = %q, %v; want %q", test.raw, test.insecure, got, err, test.want)
		}
		if err != nil && iam.KindOf(err) != iam.KindInvalid {
			t.Errorf("%q: kind %v", test.raw, iam.KindOf(err))
		}
	}
}

package web

import (
	"testing"

	"github.com/rollcall/rollcall/internal/iam"
)

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

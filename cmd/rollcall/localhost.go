package main

import (
	"net/http"
	"net/netip"
	"net/url"
)

// oneName leads a browser that comes to the start page by the name localhost on to
// publicURL, if that has the address in its place: cookies belong to one of the two, and the
// identity provider answers to the one of publicURL.
func oneName(publicURL string) func(*http.ServeMux) {
	return func(mux *http.ServeMux) {
		u, err := url.Parse(publicURL)
		if err != nil {
			return
		}
		if address, err := netip.ParseAddr(u.Hostname()); err != nil || !address.IsLoopback() {
			return
		}
		mux.Handle("GET localhost/{$}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, u.Scheme+"://"+u.Host+r.URL.RequestURI(), http.StatusFound)
		}))
	}
}

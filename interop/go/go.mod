// What scripts/interop.sh runs of the Go module proxy. A module of its own, so that the product does not depend on it.
module github.com/rollcall/rollcall/interop/go

go 1.26.0

require github.com/google/go-github/v79 v79.0.0

require github.com/google/go-querystring v1.1.0 // indirect

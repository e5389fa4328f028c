# Every target with a ## comment is listed by `make help`.

FUZZTIME ?= 30s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help demo test check fuzz bench torture interop a11y build

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Start Rollcall and a stand-in for Entra ID on this machine, connected, and show what to try
	go run ./cmd/rollcall demo

test: ## Run go vet and every test, with the race detector, on SQLite and PostgreSQL
	scripts/test.sh

check: ## Check the form of the code: gofmt, go vet, staticcheck
	@unformatted="$$(gofmt -l $$(git ls-files '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

fuzz: ## Fuzz each parser of outside bytes for FUZZTIME (default 30s)
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

bench: ## Measure the speed
	go test -run '^$$' -bench . ./...

torture: ## Check long histories for linearizability and kill the server under load
	ROLLCALL_TORTURE=full go test -v -count=1 -timeout 60m ./internal/e2e/torture/...

interop: ## Test against clients, servers and an identity provider of others
	scripts/interop.sh

a11y: ## Judge every page of console and portal with axe-core
	scripts/a11y.sh

build: ## Build the static binary bin/rollcall
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/rollcall ./cmd/rollcall

#!/usr/bin/env bash
# Runs every test of Rollcall on SQLite and on PostgreSQL: go vet, then go test -race.
#
#   scripts/test.sh [PACKAGE…]      without arguments: ./...
#
# One private PostgreSQL server serves all packages; it ends with this script, however the
# script ends. ROLLCALL_TEST_POSTGRES=postgres://… uses a server of yours instead, and
# ROLLCALL_TEST_CHROMIUM=PROGRAM a Chromium that is not in PATH. As root on Debian or Ubuntu
# the script installs what is missing; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

# server_programs prints the folder of initdb and pg_ctl: the one in PATH, else the newest.
server_programs() {
	local path
	if path=$(command -v initdb) && command -v pg_ctl >/dev/null; then
		dirname "$path"
		return
	fi
	for path in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin | sort -rV); do
		if [ -x "$path/initdb" ] && [ -x "$path/pg_ctl" ]; then
			printf '%s\n' "$path"
			return
		fi
	done
	return 1
}

# The browser tests drive Chromium; internal/e2e/browser looks for it under the same names.
has_chromium() {
	local name
	if [ -n "${ROLLCALL_TEST_CHROMIUM:-}" ]; then
		command -v "$ROLLCALL_TEST_CHROMIUM" >/dev/null
		return
	fi
	for name in chromium chromium-browser google-chrome google-chrome-stable \
		/Applications/Chromium.app/Contents/MacOS/Chromium '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'; do
		! command -v "$name" >/dev/null || return 0
	done
	return 1
}

# The race detector is C code: without a compiler there is no -race.
has_compiler() { command -v "$(go env CC)" >/dev/null; }

if ! command -v go >/dev/null; then
	say "The Go toolchain is missing: install Go $(sed -n 's/^go //p' go.mod) or newer from https://go.dev/dl/."
	exit 1
fi
missing=()
if ! has_compiler; then missing+=(gcc libc6-dev); fi
if [ -z "${ROLLCALL_TEST_POSTGRES:-}" ] && ! server_programs >/dev/null; then missing+=(postgresql); fi
if ! has_chromium; then missing+=(chromium); fi
if [ ${#missing[@]} -gt 0 ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "These packages are missing: ${missing[*]} (the names are Debian's)."
		say "  Debian, Ubuntu: sudo apt-get install ${missing[*]}"
		say "  Fedora:         sudo dnf install gcc postgresql-server chromium"
		say "  macOS:          xcode-select --install; brew install postgresql; brew install --cask chromium"
		say "A PostgreSQL server elsewhere does too: set ROLLCALL_TEST_POSTGRES to its URL (the user must be allowed to create databases)."
		say "So does a Chromium or Chrome elsewhere: set ROLLCALL_TEST_CHROMIUM to its program."
		exit 1
	fi
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

work=$(mktemp -d)
tests=0 server=0

# Job control puts the server and the tests in process groups of their own: Ctrl-C reaches
# this script alone, which ends the tests first and the server after them.
set -m
cleanup() {
	trap '' INT TERM HUP
	if [ "$tests" != 0 ]; then kill -TERM -- "-$tests" 2>/dev/null || true; fi
	exec 3>&-
	if [ "$server" != 0 ]; then wait "$server" || true; fi
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ -z "${ROLLCALL_TEST_POSTGRES:-}" ]; then
	bin=$(server_programs)
	dir=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-pg-XXXXXX")
	as=()
	if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
		account=nobody
		if id postgres >/dev/null 2>&1; then account=postgres; fi
		chown "$account" "$dir"
		as=(setpriv "--reuid=$account" "--regid=$(id -g "$account")" --clear-groups)
	fi
	mkfifo "$work/alive" "$work/state"
	# The text goes as an argument: the server's user may not be able to read this folder.
	${as[@]+"${as[@]}"} sh -c "$(cat internal/store/storetest/cluster.sh)" sh "$bin" "$dir" <"$work/alive" >"$work/state" &
	server=$!
	exec 3>"$work/alive"
	state=failed
	read -r state <"$work/state" || true
	if [ "$state" != ready ]; then
		say "PostgreSQL ($bin) did not start:"
		cat "$dir/log" >&2 || true
		exit 1
	fi
	export ROLLCALL_TEST_POSTGRES="postgres://postgres@/postgres?host=$dir&sslmode=disable"
fi

packages=("$@")
if [ ${#packages[@]} -eq 0 ]; then packages=(./...); fi

# in_group runs a command in a group of its own, without a hold on the server.
in_group() {
	"$@" 3>&- &
	tests=$!
	local code=0
	wait "$tests" || code=$?
	tests=0
	return "$code"
}

# The race detector watches everything but SQLite's own code, which is C put into Go by a
# machine, guards itself, and would take half of the time. The same flags for go vet, so
# that the dependencies are compiled once, not twice.
flags=(-race "-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0")
in_group go vet "${flags[@]}" "${packages[@]}"
in_group go test "${flags[@]}" -timeout 15m "${packages[@]}"

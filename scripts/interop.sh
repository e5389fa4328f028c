#!/usr/bin/env bash
# Interoperability with SCIM and SAML software that others wrote; docs/interop.md says what is run, what came out and what it means.
#
# 1. SCIM clients of others, from npm and from the Go module proxy, provision people and groups into the real binary. After
#    each change the server is asked directly what it holds.
# 2. A SAML identity provider of others signs people in to the real binary.
# 3. `rollcall check` judges SCIM servers of others. What it finds there is compared with interop/servers/*.known.
# 4. The stand-in for Entra ID provisions the same servers. Where it fails is compared with interop/servers/*.standin.
#
# usage: scripts/interop.sh [DATABASE…]     default: a new SQLite file, and a private PostgreSQL server that ends with the script
# INTEROP_RECORD=DIR also writes the requests of each client and their answers to DIR, without the key.
# needs: bash 4.4 or newer, go, node 20 or newer with npm, openssl, PostgreSQL's server programs
set -Eeuo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
running=() cluster='' failures=0 started=$SECONDS

finish() {
	local code=$?
	trap - EXIT ERR
	stop_all
	exec 3>&-
	[ -z "$cluster" ] || wait "$cluster" || true
	rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'say "line $LINENO stopped with status $?"' ERR

say() { printf 'interop: %s\n' "$*" >&2; }
fail() {
	trap - ERR
	say "$*"
	exit 1
}
stop_all() {
	local process
	for process in ${running[@]+"${running[@]}"}; do
		kill "$process" 2>/dev/null || true
		wait "$process" 2>/dev/null || true
	done
	running=()
}

# eventually WHAT COMMAND…: waits up to twenty seconds for the command to succeed.
eventually() {
	local what=$1
	shift
	for _ in {1..200}; do
		! "$@" || return 0
		sleep 0.1
	done
	fail "$what: not so after 20 seconds"
}

# --- what is needed --------------------------------------------------------------------------------------------------

for program in go node npm openssl; do
	command -v "$program" >/dev/null || fail "$program is missing"
done
[ "$(node --version | sed 's/v\([0-9]*\).*/\1/')" -ge 20 ] || fail "node $(node --version) is too old: the clients need 20 or newer"

# The packages are installed into a copy: the tree stays as it is, and install scripts of others do not run.
cp -R interop "$work/interop"
(cd "$work/interop" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >"$work/npm.log" 2>&1) ||
	fail "npm install: $(tail -n 5 "$work/npm.log")"
go build -o "$work/rollcall" ./cmd/rollcall
go build -o "$work/jsonget" ./scripts/jsonget
go build -o "$work/standin" ./internal/e2e/standin
(cd interop/go && go build -o "$work" ./...)
get() { "$work/jsonget" "$@"; }
version_of() { get version <"$work/interop/node_modules/$1/package.json"; }

# private_postgres: starts a PostgreSQL server of this script's own and sets $postgres to its URL.
private_postgres() {
	local bin path dir state=failed as=()
	for path in "$(dirname "$(command -v initdb || echo /none/initdb)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
		[ ! -x "$path/initdb" ] || [ ! -x "$path/pg_ctl" ] || bin=$path
	done
	[ -n "${bin:-}" ] || fail "PostgreSQL's server programs are missing (Debian: apt-get install postgresql); with a DATABASE argument they are not needed"
	dir=$(mktemp -d "${TMPDIR:-/tmp}/rollcall-pg-XXXXXX")
	if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
		local account=nobody
		! id postgres >/dev/null 2>&1 || account=postgres
		chown "$account" "$dir"
		as=(setpriv "--reuid=$account" "--regid=$(id -g "$account")" --clear-groups)
	fi
	mkfifo "$work/alive" "$work/state"
	${as[@]+"${as[@]}"} sh -c "$(cat internal/store/storetest/cluster.sh)" sh "$bin" "$dir" <"$work/alive" >"$work/state" &
	cluster=$!
	exec 3>"$work/alive"
	read -r state <"$work/state" || true
	[ "$state" = ready ] || fail "PostgreSQL ($bin) did not start: $(tail -n 5 "$dir/log")"
	postgres="postgres://postgres@/postgres?host=$dir&sslmode=disable"
}

databases=("$@")
if [ ${#databases[@]} = 0 ]; then
	private_postgres
	databases=("sqlite:$work/rollcall.db" "$postgres")
fi

# --- our server ------------------------------------------------------------------------------------------------------

rollcall() { "$work/rollcall" "$@" --database "$database" --json; }
free_port() {
	local port
	for _ in {1..100}; do
		port=$((10000 + RANDOM % 20000))
		(exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
	done
	return 1
}
answers_or_stopped() { ! kill -0 "$server" 2>/dev/null || curl -fs -o "$work/ready" --max-time 5 "$address/readyz"; }

serve() {
	local port
	for _ in {1..5}; do # somebody else may take the port before the server does
		port=$(free_port)
		address=http://127.0.0.1:$port
		"$work/rollcall" serve --listen "127.0.0.1:$port" --public-url "$address" --database "$database" >"$work/serve.log" 2>&1 3>&- &
		server=$!
		running+=("$server")
		eventually "an answer at $address" answers_or_stopped
		! kill -0 "$server" 2>/dev/null || return 0
	done
	fail "the server did not start: $(tail -n 3 "$work/serve.log")"
}

# organization NAME: an organization with SCIM on. Sets $org, $endpoint and $bearer.
organization() {
	org=$(rollcall org create --name "$1" --admin-email admin@example.org --plan enterprise | get id)
	rollcall saml connect --org "$org" --metadata-file internal/e2e/testdata/idp-metadata.xml --domain example.com --trust-domain >"$work/out"
	rollcall scim enable --org "$org" >"$work/out"
	endpoint=$(rollcall scim show --org "$org" | get endpoint)
	bearer=$(rollcall scim key create --org "$org" --expires 1w | get bearer)
}

# listening FILE: the port that the program writing to FILE has said it listens on
listening() { grep -q '^listening ' "$1"; }
port_of() { sed -n 's/^listening //p' "$1"; }

# provider NAME PACKAGE VERSION: starts interop/providers/NAME.mjs, connects it to an organization of its own, where SCIM is off,
# and signs people in.
provider() {
	local name=$1 package=$2 version=$3 code=0 counts idp
	printf '\n--- %s %s on %s\n' "$package" "$version" "$engine"
	org=$(rollcall org create --name "$name" --admin-email admin@example.org --plan enterprise | get id)
	: >"$work/provider.out"
	node "$work/interop/providers/$name.mjs" "$(rollcall saml show --org "$org" | get metadataURL)" >"$work/provider.out" 2>"$work/provider.log" 3>&- &
	running+=($!)
	eventually "$package listens" listening "$work/provider.out"
	idp=http://127.0.0.1:$(port_of "$work/provider.out")
	rollcall role create --org "$org" --name Viewers --permission control-plane:organization:view >"$work/out"
	rollcall org default-role --org "$org" --role Viewers >"$work/out"
	rollcall saml connect --org "$org" --metadata-url "$idp/metadata" --allow-private-address --domain example.com --trust-domain >"$work/out"
	rollcall saml encryption enable --org "$org" >"$work/out"
	INTEROP_CLIENT=$address INTEROP_TOKEN=none INTEROP_ROLLCALL=$work/rollcall INTEROP_DATABASE=$database INTEROP_ORG=$org \
		node "$work/interop/signin.mjs" 2>&1 3>&- | tee "$work/client.out" || code=$?
	counts=$(sed -n 's/^total *\([0-9]*\) ok, \([0-9]*\) failed, \([0-9]*\) known$/\1 \2 \3/p' "$work/client.out")
	[ -n "$counts" ] || { counts='0 0 0' && code=1 && say "$name ended before its last line"; }
	[ "$code" = 0 ] || failures=$((failures + 1))
	printf '%s\t%s\t%s\t%s\n' "$package" "$version" "$engine" "${counts// /$'\t'}" >>"$work/providers.tsv"
}

# --- 1. and 2. clients and identity providers of others --------------------------------------------------------------

# client NAME PACKAGE VERSION COMMAND…: runs one client against an organization of its own and adds a line to the table.
client() {
	local name=$1 package=$2 version=$3 code=0 record='' counts
	shift 3
	printf '\n--- %s %s on %s\n' "$package" "$version" "$engine"
	organization "$name"
	[ -z "${INTEROP_RECORD:-}" ] || { record=$INTEROP_RECORD/$name-$engine.jsonl && : >"$record"; }
	: >"$work/forward.out"
	node "$work/interop/forward.mjs" "$endpoint" "$record" >"$work/forward.out" 3>&- &
	running+=($!)
	eventually 'the forwarder listens' listening "$work/forward.out"
	INTEROP_CLIENT="http://127.0.0.1:$(port_of "$work/forward.out")" INTEROP_ENDPOINT=$endpoint INTEROP_TOKEN=$bearer \
		INTEROP_ROLLCALL=$work/rollcall INTEROP_DATABASE=$database INTEROP_ORG=$org "$@" 2>&1 3>&- | tee "$work/client.out" || code=$?
	counts=$(sed -n 's/^total *\([0-9]*\) ok, \([0-9]*\) failed, \([0-9]*\) known$/\1 \2 \3/p' "$work/client.out")
	[ -n "$counts" ] || { counts='0 0 0' && code=1 && say "$name ended before its last line"; }
	[ "$code" = 0 ] || failures=$((failures + 1))
	printf '%s\t%s\t%s\t%s\n' "$package" "$version" "$engine" "${counts// /$'\t'}" >>"$work/clients.tsv"
}

[ -z "${INTEROP_RECORD:-}" ] || mkdir -p "$INTEROP_RECORD"
for database in "${databases[@]}"; do
	engine=${database%%:*}
	serve
	client ringcentral @rc-ex/core "$(version_of @rc-ex/core)" node "$work/interop/clients/ringcentral.mjs"
	client genesys purecloud-platform-client-v2 "$(version_of purecloud-platform-client-v2)" node "$work/interop/clients/genesys.mjs"
	client octokit @octokit/plugin-enterprise-cloud "$(version_of @octokit/plugin-enterprise-cloud)" node "$work/interop/clients/octokit.mjs"
	client go-github github.com/google/go-github "$(cd interop/go && go list -m -f '{{.Version}}' github.com/google/go-github/v79)" "$work/github"
	provider samlp samlp "$(version_of samlp)"
	errors=$(grep -c '"level":"ERROR"' "$work/serve.log" || true)
	[ "$errors" = 0 ] || { failures=$((failures + 1)) && say "the server logged $errors errors: $(grep -m1 '"level":"ERROR"' "$work/serve.log")"; }
	stop_all
done

# --- 3. servers of others --------------------------------------------------------------------------------------------

# judged NAME PACKAGE VERSION URL: runs every profile of `rollcall check` and compares the failed checks with NAME.known.
judged() {
	local name=$1 package=$2 version=$3 url=$4 profile found
	for profile in rfc entra okta; do
		"$work/rollcall" check "$url" --token-file "$work/token" --profile "$profile" --json >"$work/check.json" 2>"$work/check.err" || true
		[ -s "$work/check.json" ] || fail "rollcall check $url: $(cat "$work/check.err")"
		[ -z "${INTEROP_RECORD:-}" ] || cp "$work/check.json" "$INTEROP_RECORD/check-$name-$profile.json"
		paste -d' ' <(get 'results.*.status' <"$work/check.json" | tr ',' '\n') <(get 'results.*.id' <"$work/check.json" | tr ',' '\n') |
			sed -n "s/^failed /$profile /p" | LC_ALL=C sort >"$work/found"
		sed -n "s/^\($profile [^ ]*\).*/\1/p" "interop/servers/$name.known" | LC_ALL=C sort >"$work/known"
		printf '\n--- rollcall check --profile %s on %s %s: ' "$profile" "$package" "$version"
		if diff "$work/known" "$work/found" >"$work/diff"; then
			echo "as in interop/servers/$name.known"
		else
			failures=$((failures + 1))
			echo "not as in interop/servers/$name.known (< expected, > found)"
			cat "$work/diff"
		fi
		found=$(get passed failed skipped <"$work/check.json" | paste -s)
		printf '%s\t%s\t%s\t%s\n' "$package" "$version" "$profile" "$found" >>"$work/servers.tsv"
	done
}

od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$work/token"
# other_server NAME PACKAGE PATH: starts interop/servers/NAME.mjs, empty, whose SCIM is below PATH. Sets $url.
other_server() {
	: >"$work/server.out"
	node "$work/interop/servers/$1.mjs" "$(cat "$work/token")" >"$work/server.out" 2>"$work/server.log" 3>&- &
	running+=($!)
	eventually "$2 listens" listening "$work/server.out"
	url=http://127.0.0.1:$(port_of "$work/server.out")$3
}
# judge NAME PACKAGE PATH: starts the server and judges it.
judge() {
	other_server "$@"
	judged "$1" "$2" "$(version_of "$2")" "$url"
	stop_all
}
judge scimmy scimmy-routers /scim/v2
judge better-auth @better-auth/scim /api/auth/scim/v2

# --- 4. the stand-in for Entra ID ------------------------------------------------------------------------------------

# provision NAME PACKAGE PATH: starts the server anew for each dialect of PATCH and lets the stand-in provision it.
provision() {
	local dialect code counts flags
	for dialect in legacy optscim; do
		other_server "$@"
		code=0 flags=(-known "interop/servers/$1.standin")
		[ "$dialect" = legacy ] || flags+=(-optscim)
		[ -z "${INTEROP_RECORD:-}" ] || flags+=(-record "$INTEROP_RECORD/standin-$1-$dialect.jsonl")
		printf '\n--- the stand-in for Entra ID (%s) provisions %s %s\n' "$dialect" "$2" "$(version_of "$2")"
		INTEROP_TOKEN=$(cat "$work/token") "$work/standin" "${flags[@]}" "$url" 2>&1 3>&- | tee "$work/standin.out" || code=$?
		counts=$(sed -n 's/^total *\([0-9]*\) ok, \([0-9]*\) failed, \([0-9]*\) known$/\1\t\2\t\3/p' "$work/standin.out")
		[ -n "$counts" ] || { counts=$'0\t0\t0' && code=1 && say "the stand-in ended before its last line"; }
		[ "$code" = 0 ] || failures=$((failures + 1))
		printf '%s\t%s\t%s\t%s\n' "$2" "$(version_of "$2")" "$dialect" "$counts" >>"$work/standin.tsv"
		stop_all
	done
}
provision scimmy scimmy-routers /scim/v2
provision better-auth @better-auth/scim /api/auth/scim/v2

# --- the result ------------------------------------------------------------------------------------------------------

table() { awk -F '\t' -v widths="$1" 'BEGIN { split(widths, w, " ") } { for (i = 1; i <= NF; i++) printf "%-" w[i] "s", $i; print "" }'; }
printf '\n'
{ printf 'client\tversion\tdatabase\tok\tfailed\tknown\n' && cat "$work/clients.tsv"; } | table '34 10 10 5 8 5'
printf '\n'
{ printf 'identity provider\tversion\tdatabase\tok\tfailed\tknown\n' && cat "$work/providers.tsv"; } | table '34 10 10 5 8 5'
printf '\n'
{ printf 'server judged by rollcall check\tversion\tprofile\tpassed\tfailed\tskipped\n' && cat "$work/servers.tsv"; } | table '34 10 10 8 8 7'
printf '\n'
{ printf 'server provisioned by stand-in\tversion\tdialect\tok\tfailed\tknown\n' && cat "$work/standin.tsv"; } | table '34 10 10 5 8 5'
printf '\n'
[ "$failures" = 0 ] || fail "$failures runs were not as expected, after $((SECONDS - started)) seconds"
printf 'interop: everything as expected, in %d seconds\n' "$((SECONDS - started))"

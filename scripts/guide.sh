#!/usr/bin/env bash
# The guide "SCIM provisioning with Microsoft Entra ID" without a browser: an organization from its first line to the
# rotation of its key, by nothing but the rollcall command line and the requests of Entra ID's provisioning service, sent
# with curl. Every step is read back. The sign-in of the guide (row 2 of its test plan) needs a browser and is not here.
#
# usage: scripts/guide.sh [sqlite:PATH | postgres://…]      default: a new SQLite file, removed afterwards
# needs: bash 4.4 or newer, curl, go
set -Eeuo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
database=${1:-sqlite:$work/rollcall.db}
server='' traffic=''
step='preparation' passed=0 started=$SECONDS

finish() {
	local code=$?
	trap - EXIT ERR
	for process in $traffic $server; do
		kill "$process" 2>/dev/null || true
		wait "$process" 2>/dev/null || true
	done
	rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'fail "line $LINENO stopped with status $?"' ERR

# fail SAW: names the step that failed and what was seen, shows what the server complained of, and ends the script.
fail() {
	trap - ERR
	[ ! -e "$work/failed" ] || exit 1 # said already, inside $(…)
	: >"$work/failed"
	{
		printf 'FAILED  %s\n        %s\n' "$step" "$*"
		grep -v '"level":"INFO"' "$work/serve.log" 2>/dev/null | tail -n 15 || true
		printf 'guide: failed after %d steps on %s\n' "$passed" "${database%%:*}"
	} >&2
	exit 1
}

begin() { step=$1; }
ok() { passed=$((passed + 1)) && printf 'ok  %s\n' "$step"; }

# same WHAT GOT WANT
same() { [ "$2" = "$3" ] || fail "$1: got '$2', want '$3'"; }
# like WHAT GOT PATTERN: a pattern of the shell
# shellcheck disable=SC2053
like() { [[ $2 == $3 ]] || fail "$1: got '$2', want something like '$3'"; }

# eventually WHAT COMMAND…: for what is written behind. Waits up to ten seconds for the command to succeed.
eventually() {
	local what=$1 try
	shift
	for try in {1..100}; do
		! "$@" || return 0
		sleep 0.1
	done
	fail "$what: not so after $((try / 10)) seconds"
}

# --- the command line ------------------------------------------------------------------------------------------------

rollcall() { "$work/rollcall" "$@" --database "$database" --json; }
get() { "$work/jsonget" "$@"; }

# refused TEXT COMMAND…: the command exits 1, prints nothing, and says TEXT in one line on standard error.
refused() {
	local text=$1 code=0
	shift
	rollcall "$@" >"$work/out" 2>"$work/err" || code=$?
	same "exit status of rollcall $1 $2" "$code" 1
	same "standard output of the refusal" "$(cat "$work/out")" ''
	same "lines on standard error" "$(wc -l <"$work/err" | tr -d ' ')" 1
	like "standard error" "$(cat "$work/err")" "*$text*"
}

# roles_of EMAIL: each role with its source, "Admin group ClickHouse-Admins"
roles_of() {
	local member
	member=$(rollcall member list --org "$org" | get "[email=$1]")
	printf '%s %s %s\n' "$(get 'roles.*.name' <<<"$member")" "$(get 'roles.*.source' <<<"$member")" "$(get 'roles.*.group' <<<"$member")"
}

# --- Entra ID --------------------------------------------------------------------------------------------------------

# entra STATUS METHOD PATH [BODY]: one request as the provisioning service sends it: no User-Agent, raw quotes and plus
# signs. The key is in a file, never on a command line. The answer is then in $work/answer.
entra() {
	local want=$1 method=$2 path=$3 status
	local -a with=()
	[ $# -lt 4 ] || with=(-H 'Content-Type: application/scim+json; charset=utf-8' --data-binary "$4")
	status=$(curl -sS --globoff --path-as-is --max-time 30 -X "$method" -H 'User-Agent:' -H "@$work/authorization" \
		"${with[@]}" -o "$work/answer" -w '%{http_code}' "$endpoint$path")
	[ "$status" = "$want" ] || fail "$method $path: got $status, want $want: $(head -c 1000 "$work/answer")"
}
answer() { get "$@" <"$work/answer"; }

# use_key BEARER: puts a key into the field Secret Token, in one move.
use_key() {
	printf 'Authorization: Bearer %s\n' "$1" >"$work/authorization.new"
	mv "$work/authorization.new" "$work/authorization"
}

uuid() { cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen | tr A-Z a-z; }
patch() { printf '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}' "$1"; }

test_connection() {
	entra 200 GET "/Users?filter=userName+eq+\"$(uuid)\""
	same 'Test Connection' "$(answer totalResults)" 0
}

# user_on_demand GIVEN FAMILY EMAIL: match, then create. Sets $user.
user_on_demand() {
	entra 200 GET "/Users?filter=userName+eq+\"${3/@/%40}\""
	same "match of $3" "$(answer totalResults)" 0
	entra 201 POST /Users '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId":"'"$(uuid)"'","userName":"'"$3"'","active":true,"displayName":"'"$1 $2"'","emails":[{"primary":true,"type":"work","value":"'"$3"'"}],
		"meta":{"resourceType":"User"},"name":{"formatted":"'"$1 $2"'","familyName":"'"$2"'","givenName":"'"$1"'"},"roles":[]}'
	user=$(answer id)
}

# group_on_demand NAME MEMBER…: match, create unless it is there, add the members. Sets $group.
group_on_demand() {
	local name=$1 list='' member
	shift
	entra 200 GET "/Groups?excludedAttributes=members&filter=displayName+eq+\"${name// /+}\""
	if [ "$(answer totalResults)" = 0 ]; then
		entra 201 POST /Groups '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
			"externalId":"'"$(uuid)"'","displayName":"'"$name"'","meta":{"resourceType":"Group"}}'
		group=$(answer id)
	else
		group=$(answer 'Resources[0].id')
	fi
	for member in "$@"; do
		list+=${list:+,}'{"$ref":null,"value":"'"$member"'"}'
	done
	[ -z "$list" ] || entra 204 PATCH "/Groups/$group" "$(patch '{"op":"Add","path":"members","value":['"$list"']}')"
}

# --- the server ------------------------------------------------------------------------------------------------------

begin 'rollcall builds'
go build -o "$work/rollcall" ./cmd/rollcall
go build -o "$work/jsonget" ./scripts/jsonget
like 'rollcall version' "$("$work/rollcall" version)" '?*'
ok

# free_port: a loopback port that nobody answers on, below those that the system hands out to clients
free_port() {
	local port
	for _ in {1..100}; do
		port=$((10000 + RANDOM % 20000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
	done
	return 1
}
running() { kill -0 "$server" 2>/dev/null; }
answers() { curl -fs -o "$work/answer" --max-time 5 "$url/readyz"; }
answers_or_stopped() { ! running || answers; }

begin 'rollcall serves'
# Somebody else may take the port before the server does: then it says so, and another one is tried.
for _ in {1..5}; do
	port=$(free_port)
	url=http://127.0.0.1:$port
	"$work/rollcall" serve --listen "127.0.0.1:$port" --public-url "$url" --database "$database" >"$work/serve.log" 2>&1 &
	server=$!
	eventually "an answer at $url" answers_or_stopped
	! running || break
	grep -q "127.0.0.1:$port is in use" "$work/serve.log" || fail 'the server stopped'
done
running || fail 'the server found no port'
ok

# --- an organization with SAML ---------------------------------------------------------------------------------------

begin 'an organization is created on the plan enterprise'
rollcall org create --name 'Guide' --admin-email admin@example.com --plan enterprise >"$work/organization"
org=$(get id <"$work/organization")
like 'adminSetupURL' "$(get adminSetupURL <"$work/organization")" "$url/*"
same 'org show' "$(rollcall org show --org "$org" | get name plan | paste -sd' ')" 'Guide enterprise'
same 'org list' "$(rollcall org list | get "[id=$org].name")" 'Guide'
same 'the first admin' "$(roles_of admin@example.com)" 'Admin direct null'
ok

begin 'SCIM is locked until SAML is connected'
same 'connected' "$(rollcall saml show --org "$org" | get connected)" false
refused 'SAML' scim enable --org "$org"
same 'enabled' "$(rollcall scim show --org "$org" | get enabled)" false
ok

begin 'SAML is connected by the metadata of the identity provider'
# A made-up identity provider. The private key of its certificate was never kept: nobody can sign in by it.
cat >"$work/metadata.xml" <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sts.example.com/7f5c0b1e-guide/">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing">
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
MIIC5TCCAc2gAwIBAgIBATANBgkqhkiG9w0BAQsFADArMSkwJwYDVQQDEyBSb2xsY2FsbCBndWlkZSBpZGVudGl0eSBwcm92aWRl
cjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowKzEpMCcGA1UEAxMgUm9sbGNhbGwgZ3VpZGUgaWRlbnRpdHkgcHJv
dmlkZXIwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDJAeJNwibkuG5b25mF5L1L6o4MnnALAqumEqOGVZpVEpSNWDJe
xd4JowxOfnpThxaaOmfQ/D1pDT+eTpd2m3x6kgS/hmWg++10eONB2RWxGwATexjR8KJesLme19fqROkI5BcOqpG6aVk93UE7Ra24
MqBhb2hGKJPcRbxDhJjbUXlMLu4PfBI6lu5lgQmjvwb/qVjOSDKbTuJRqpcD1XJyx+HwSUwVGlABL8ZMiJM56ZJU4MxLYQtj5XS7
03j+iMGtWtfliiZOSHzhgrSC0Ec4H2hN7EtlT+yldZy8BJGBwKGawqhSOIJD/F0wZ6gNG5Aj9SAXQNrtc7YN66/bsebNAgMBAAGj
EjAQMA4GA1UdDwEB/wQEAwIHgDANBgkqhkiG9w0BAQsFAAOCAQEAY93JCeGrZRTjC3z/EKQV2wrxJb/ZG2ZBa0+i6qzSUeQRW4Rn
C1pPD/+s3RapihbEUEEkjElKv72eLPlstpCmJHgA7RMLdZdZKZQv1wtJ33ACwry6vDRBk3Cb/vnU/DYLDhCKU2GkKfsQojLj28Ws
Q7pzeMNZBjCizP4kZQe2mBlmZL+DFzRoTW1ctpP21e9RE5F8BFj1WwKhTSVB2iAElyrlad6JY3zD+rRxfBR4tLWsxpUYvb/+DyPc
WYPrn0MwLejDI6b3+S6IcOjPF4/2nxKtoodyqEesNEbyAamTj3gJmfI8PavdEacSK9zDAUuQsOvSCj/T9RfP48ov8B+gqg==
      </X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.example.com/7f5c0b1e-guide/saml2"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://login.example.com/7f5c0b1e-guide/saml2"/>
  </IDPSSODescriptor>
</EntityDescriptor>
XML
acs=$(rollcall saml show --org "$org" | get acsURL)
rollcall saml connect --org "$org" --metadata-file "$work/metadata.xml" --domain example.com --trust-domain >"$work/out"
rollcall saml show --org "$org" >"$work/saml"
same 'connection' "$(get connected idpEntityID acsURL <"$work/saml" | paste -sd' ')" "true https://sts.example.com/7f5c0b1e-guide/ $acs"
same 'domain' "$(get '[domain=example.com].status' <<<"$(get domains <"$work/saml")")" verified
like 'certificate' "$(get 'certificates[0].notAfter' <"$work/saml")" '2120-01-01T*'
ok

# --- SCIM configuration ----------------------------------------------------------------------------------------------

begin 'SCIM is enabled and has its endpoint'
rollcall scim enable --org "$org" >"$work/out"
endpoint=$(rollcall scim show --org "$org" | get endpoint)
same 'endpoint' "$endpoint" "$url/v1/organizations/$org/scim"
same 'state' "$(rollcall scim show --org "$org" | get enabled identity unmappedGroups | paste -sd' ')" 'true standard create'
ok

begin 'a key is made of key and secret, for 12 months'
rollcall scim key create --org "$org" >"$work/key"
key=$(get key <"$work/key") bearer=$(get bearer <"$work/key")
like 'key' "$key" 'scim_????????????????????'
same 'bearer' "$bearer" "$key:$(get secret <"$work/key")"
like 'expiresAt' "$(get expiresAt <"$work/key")" "$(($(date -u +%Y) + 1))-*T*Z"
same 'key list' "$(rollcall scim key list --org "$org" | get '#' "[key=$key].status" "[key=$key].expiresAt" | paste -sd' ')" "1 active $(get expiresAt <"$work/key")"
ok

begin 'Test Connection succeeds with key:secret and fails with anything else'
use_key "$bearer"
test_connection
for wrong in "Bearer $bearer" "$key" " $bearer" "${key/scim_/skim_}:${bearer#*:}" "$key:wrong" "${bearer/:/ : }"; do
	use_key "$wrong"
	entra 401 GET '/Users?filter=userName+eq+"x"'
	same 'schema of the refusal' "$(answer 'schemas[0]')" 'urn:ietf:params:scim:api:messages:2.0:Error'
	same 'status of the refusal' "$(answer status)" 401
done
use_key "Bearer $bearer"
entra 401 GET '/Users'
like 'what it says of Bearer twice' "$(answer detail)" '*Bearer*'
use_key "$bearer"
test_connection
ok

# --- role mapping ----------------------------------------------------------------------------------------------------

begin 'custom roles are mapped to SCIM groups, system roles are not'
rollcall role create --org "$org" --name Admin --scim-group ClickHouse-Admins --permission control-plane:organization:manage --permission acme:cluster:restart >"$work/out"
rollcall role create --org "$org" --name Read-only --scim-group ClickHouse-Read-only --permission control-plane:organization:view >"$work/out"
rollcall role create --org "$org" --name Newcomers --permission control-plane:organization:view >"$work/out"
rollcall role list --org "$org" >"$work/roles"
custom=$(get '[scimGroup=ClickHouse-Admins]' <"$work/roles")
same 'Admin' "$(get name type source <<<"$custom" | paste -sd' ')" 'Admin custom admin'
like 'permissions of Admin' "$(get 'permissions.*' <<<"$custom")" '*control-plane:organization:manage*'
like 'permissions of Admin' "$(get 'permissions.*' <<<"$custom")" '*acme:cluster:restart*'
same 'Read-only' "$(get '[name=Read-only].scimGroup' <"$work/roles")" ClickHouse-Read-only
refused '' role update --org "$org" --role system:Admin --scim-group ClickHouse-Owners
refused 'ClickHouse-Admins' role create --org "$org" --name Twice --scim-group ClickHouse-Admins
same 'roles after the refusals' "$(rollcall role list --org "$org")" "$(cat "$work/roles")"
ok

begin 'the Default role is set'
same 'at first' "$(rollcall org default-role --org "$org" | get 'defaultRoles.*.name')" Member
rollcall org default-role --org "$org" --role Newcomers >"$work/out"
same 'afterwards' "$(rollcall org default-role --org "$org" | get 'defaultRoles.*.name' 'defaultRoles.*.type' | paste -sd' ')" 'Newcomers custom'
ok

begin 'with unmapped groups rejected, an unknown group is refused by name'
rollcall scim policy --org "$org" --unmapped-groups reject >"$work/out"
same 'setting' "$(rollcall scim show --org "$org" | get unmappedGroups)" reject
unknown='{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"'$(uuid)'","displayName":"ClickHouse-Developers","meta":{"resourceType":"Group"}}'
entra 400 POST /Groups "$unknown"
same 'scimType' "$(answer scimType)" invalidValue
like 'detail' "$(answer detail)" '*displayName not recognised*'
like 'detail' "$(answer detail)" '*ClickHouse-Developers*'
same 'groups' "$(rollcall group list --org "$org" | get '#')" 0
same 'roles' "$(rollcall role list --org "$org")" "$(cat "$work/roles")"
refused_request_is_logged() { [ "$(rollcall scim log --org "$org" --status 4xx | get -or '' '[status=400].path')" != '' ]; }
eventually 'the refusal in the request log' refused_request_is_logged
ok

begin 'adding a mapping is enough for the next attempt'
rollcall role create --org "$org" --name Developers --scim-group ClickHouse-Developers >"$work/out"
entra 201 POST /Groups "$unknown"
same 'role of the group' "$(rollcall group list --org "$org" | get '[displayName=ClickHouse-Developers].role.name')" Developers
ok

begin 'with unmapped groups created, an unknown group makes a custom role without permissions'
rollcall scim policy --org "$org" --unmapped-groups create >"$work/out"
same 'setting' "$(rollcall scim show --org "$org" | get unmappedGroups)" create
group_on_demand ClickHouse-Analysts
rollcall role list --org "$org" >"$work/roles"
same 'the role' "$(get '[name=ClickHouse-Analysts].type' '[name=ClickHouse-Analysts].source' '[name=ClickHouse-Analysts].permissions' <"$work/roles" | paste -sd' ')" 'custom scim []'
same 'its group' "$(get "[name=ClickHouse-Analysts].groups[0].id" <"$work/roles")" "$group"
ok

begin 'a group called like a system role makes a custom role of that name'
group_on_demand Billing
rollcall role list --org "$org" >"$work/roles"
bound=$(rollcall group list --org "$org" | get '[displayName=Billing].role.id')
same 'its role' "$(get "[id=$bound].name" "[id=$bound].type" "[id=$bound].permissions" <"$work/roles" | paste -sd' ')" 'Billing custom []'
ok

# --- the test plan ---------------------------------------------------------------------------------------------------

begin 'before row 1: a user who is in no group has the Default role'
user_on_demand Ada Byron ada@example.com
ada=$user
rollcall member list --org "$org" | get '[email=ada@example.com]' >"$work/ada"
same 'the member' "$(get id status managedBy displayName <"$work/ada" | paste -sd' ')" "$ada active scim Ada Byron"
same 'her roles' "$(roles_of ada@example.com)" 'Newcomers default null'
ok

begin 'row 1: added to ClickHouse-Admins and the group provisioned on demand: role Admin'
group_on_demand ClickHouse-Admins "$ada"
admins=$group
same 'her roles' "$(roles_of ada@example.com)" 'Admin group ClickHouse-Admins'
same 'type of the role' "$(rollcall member list --org "$org" | get '[email=ada@example.com].roles.*.type')" custom
same 'the group' "$(rollcall group list --org "$org" | get "[id=$admins].role.name" "[id=$admins].members" | paste -sd' ')" 'Admin 1'
entra 200 GET "/Groups/$admins"
same 'members' "$(answer 'members.*.value')" "$ada"
ok

begin 'row 3: a new first name appears in Members'
entra 200 GET "/Users/$ada"
entra 200 PATCH "/Users/$ada" "$(patch '{"op":"Replace","path":"name.givenName","value":"Augusta"},{"op":"Replace","path":"name.formatted","value":"Augusta Byron"},{"op":"Replace","path":"displayName","value":"Augusta Byron"}')"
same 'displayName' "$(rollcall member list --org "$org" | get '[email=ada@example.com].displayName')" 'Augusta Byron'
entra 200 GET "/Users/$ada"
same 'the resource' "$(answer name.givenName name.familyName displayName | paste -sd' ')" 'Augusta Byron Augusta Byron'
same 'her roles' "$(roles_of ada@example.com)" 'Admin group ClickHouse-Admins'
ok

begin 'row 4: moved from ClickHouse-Admins to ClickHouse-Read-only: role Read-only'
entra 204 PATCH "/Groups/$admins" "$(patch '{"op":"Remove","path":"members","value":[{"$ref":null,"value":"'"$ada"'"}]}')"
same 'in between' "$(roles_of ada@example.com)" 'Newcomers default null'
group_on_demand ClickHouse-Read-only "$ada"
readers=$group
same 'her roles' "$(roles_of ada@example.com)" 'Read-only group ClickHouse-Read-only'
same 'members of the groups' "$(rollcall group list --org "$org" | get "[id=$admins].members" "[id=$readers].members" | paste -sd' ')" '0 1'
ok

# gone EMAIL ID: no member any more, but still a user of SCIM
gone() {
	same 'among the members' "$(rollcall member list --org "$org" | get -or none "[email=$1].id")" none
	same 'among all' "$(rollcall member list --org "$org" --all | get "[email=$1].id" "[email=$1].status" | paste -sd' ')" "$2 inactive"
	entra 200 GET "/Users/$2"
	same 'active' "$(answer active)" false
	entra 200 GET "/Users?filter=userName+eq+\"${1/@/%40}\""
	same 'found with active' "$(answer totalResults 'Resources[0].active' | paste -sd' ')" '1 false'
}

begin 'row 5: unassigned from the application: removed from the organization'
entra 200 PATCH "/Users/$ada" "$(patch '{"op":"Replace","path":"active","value":"False"}')"
gone ada@example.com "$ada"
ok

begin 'assigned again: the same member with the role of her group'
entra 200 PATCH "/Users/$ada" "$(patch '{"op":"Replace","path":"active","value":"True"}')"
same 'the member' "$(rollcall member list --org "$org" | get '[email=ada@example.com].id' '[email=ada@example.com].status' | paste -sd' ')" "$ada active"
same 'her roles' "$(roles_of ada@example.com)" 'Read-only group ClickHouse-Read-only'
ok

begin 'row 5: the account disabled, in the cycle: removed from the organization'
user_on_demand Charles Babbage charles@example.com
charles=$user
group_on_demand ClickHouse-Admins "$charles"
same 'his roles' "$(roles_of charles@example.com)" 'Admin group ClickHouse-Admins'
entra 200 GET "/Users/$charles"
entra 200 PATCH "/Users/$charles" "$(patch '{"op":"replace","path":"active","value":false}')"
gone charles@example.com "$charles"
ok

# --- rotation --------------------------------------------------------------------------------------------------------

# provisioning: calls without a pause until $work/stop is there; a line with the status of each in $work/calls
provisioning() {
	local n=0
	trap - ERR EXIT
	set +e
	until [ -e "$work/stop" ]; do
		n=$((n + 1))
		curl -s --globoff --max-time 30 -H 'User-Agent:' -H "@$work/authorization" -o /dev/null -w '%{http_code} GET\n' \
			"$endpoint/Users?filter=userName+eq+\"ada%40example.com\"" >>"$work/calls"
		curl -s --globoff --max-time 30 -X PATCH -H 'User-Agent:' -H "@$work/authorization" -H 'Content-Type: application/scim+json; charset=utf-8' \
			--data-binary "$(patch '{"op":"Replace","path":"title","value":"Title '"$n"'"}')" -o /dev/null -w '%{http_code} PATCH\n' "$endpoint/Users/$ada" >>"$work/calls"
	done
}
calls() { wc -l <"$work/calls" | tr -d ' '; }
more_calls() { [ "$(calls)" -ge "$1" ]; }
# several_calls: waits until calls that began after now have been answered
several_calls() { eventually 'more calls of the running cycle' more_calls $(($(calls) + 6)); }

begin 'a second key is made while the first is in use'
: >"$work/calls"
provisioning &
traffic=$!
several_calls
rollcall scim key create --org "$org" --expires 3mo >"$work/key"
second=$(get key <"$work/key") second_bearer=$(get bearer <"$work/key")
rollcall scim key list --org "$org" >"$work/keys"
same 'keys' "$(get '#' "[key=$key].status" "[key=$second].status" <"$work/keys" | paste -sd' ')" '2 active active'
several_calls
ok

begin 'a third key is refused'
refused "$second" scim key create --org "$org"
same 'keys' "$(rollcall scim key list --org "$org" | get '*.key')" "$(get '*.key' <"$work/keys")"
ok

begin 'the new key is put into the Secret Token and Test Connection succeeds'
use_key "$second_bearer"
test_connection
several_calls
ok

begin 'the old key is revoked'
rollcall scim key revoke --org "$org" --key "$key" >"$work/out"
same 'keys' "$(rollcall scim key list --org "$org" | get "[key=$key].status" "[key=$second].status" | paste -sd' ')" 'revoked active'
several_calls
touch "$work/stop"
wait "$traffic"
traffic=''
same 'calls that were not answered by 200' "$(grep -vc '^200 ' "$work/calls" || true)" 0
entra 200 GET "/Users/$ada"
same 'the last change of the running cycle' "$(answer title)" "Title $(grep -c PATCH "$work/calls")"
use_key "$bearer"
entra 401 GET '/Users'
like 'what the old key is told' "$(answer detail)" '*revoked*'
use_key "$second_bearer"
test_connection
step+=": 0 of $(calls) calls were refused"
ok

# --- off and on again ------------------------------------------------------------------------------------------------

begin 'SCIM is disabled: calls get 403 and change nothing'
rollcall scim key list --org "$org" | get '*.key' '*.status' >"$work/keys"
rollcall group list --org "$org" >"$work/groups"
rollcall member list --org "$org" --all >"$work/members"
rollcall scim disable --org "$org" >"$work/out"
same 'enabled' "$(rollcall scim show --org "$org" | get enabled)" false
entra 403 GET '/Users?filter=userName+eq+"x"'
like 'detail' "$(answer detail)" '*SCIM*'
entra 403 PATCH "/Users/$ada" "$(patch '{"op":"Replace","path":"active","value":"False"}')"
same 'members' "$(rollcall member list --org "$org" --all)" "$(cat "$work/members")"
ok

begin 'SCIM is enabled again: the same endpoint, keys and ids'
rollcall scim enable --org "$org" >"$work/out"
same 'state' "$(rollcall scim show --org "$org" | get enabled endpoint | paste -sd' ')" "true $endpoint"
same 'keys' "$(rollcall scim key list --org "$org" | get '*.key' '*.status')" "$(cat "$work/keys")"
same 'groups' "$(rollcall group list --org "$org")" "$(cat "$work/groups")"
same 'members' "$(rollcall member list --org "$org" --all)" "$(cat "$work/members")"
test_connection
entra 200 GET "/Users/$ada"
same 'the user' "$(answer id active | paste -sd' ')" "$ada true"
ok

# --- the audit log ---------------------------------------------------------------------------------------------------

begin 'every change is in the audit log'
"$work/rollcall" audit export --org "$org" --format jsonl --database "$database" >"$work/audit"
for type in organization_saml_connection_create scim_enable scim_disable key_create key_delete role_create scim_settings_update \
	organization_member_add organization_member_delete scim_user_reactivate scim_user_profile_update scim_group_create scim_group_update; do
	grep -q "\"$type\"" "$work/audit" || fail "no event $type among $(wc -l <"$work/audit") events"
done
printf '%s\n' "${bearer#*:}" "${second_bearer#*:}" >"$work/secrets"
same 'lines with a secret in audit log and server log' "$(cat "$work/audit" "$work/serve.log" | grep -cFf "$work/secrets" || true)" 0
ok

printf 'guide: %d steps passed on %s in %d seconds\n' "$passed" "${database%%:*}" "$((SECONDS - started))"

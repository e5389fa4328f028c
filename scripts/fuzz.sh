#!/usr/bin/env bash
# Runs each fuzz target of the tree for FUZZTIME (default 30s), one after the other, and
# fails if one of them found something. The finding is then in the package's
# testdata/fuzz/<target>: commit it with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs one target. The Go tool at times reports the end of its time as the failure
# "context deadline exceeded" although no input failed; that is no finding.
fuzz() {
	if go test -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 2s "./$1" 2>&1 | tee "$log"; then
		return 0
	fi
	grep -qx ' *context deadline exceeded' "$log" && ! grep -qE 'Failing input written|panic:|fatal error|build failed' "$log"
}

targets=$(git grep -oE '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/:func /:/' | sort -u)
found=0
while IFS=: read -r file target; do
	printf '%s %s\n' "$(dirname "$file")" "$target"
	fuzz "$(dirname "$file")" "$target" || found=1
done <<<"$targets"
exit "$found"

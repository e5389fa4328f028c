#!/usr/bin/env bash
# Runs each fuzz target of the tree for FUZZTIME (default 30s), one after the other, and
# fails if one of them found something. The finding is then in the package's
# testdata/fuzz/<target>: commit it with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."

found=0
while IFS=: read -r file target; do
	printf '%s %s\n' "$(dirname "$file")" "$target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "./$(dirname "$file")" || found=1
done < <(git grep -oE '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/:func /:/' | sort -u)
exit "$found"

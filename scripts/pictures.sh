#!/usr/bin/env bash
# Takes the pictures of docs/guide.md again: the test that walks the demo in Chromium keeps them on its way. It fails when
# the walk does, or when a picture has grown too large for the repository.
#
# usage: scripts/pictures.sh
# needs: go, Chromium
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$PWD/docs/guide
mkdir -p "$folder"
rm -f "$folder"/*.png
ROLLCALL_PICTURES=$folder go test -count=1 -timeout 5m -run '^TestDemo_guide$' ./internal/e2e/browser
large=$(find "$folder" -name '*.png' -size +150k)
[ -z "$large" ] || {
	printf 'pictures: more than 150 KB: %s\n' "$large" >&2
	exit 1
}
printf 'pictures: %s written to docs/guide\n' "$(find "$folder" -name '*.png' | wc -l | tr -d ' ')"

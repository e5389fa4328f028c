#!/usr/bin/env bash
# Judges every page of the console and of the stand-in for Entra ID (portal and sign-in) with axe-core: in several states
# (empty, usual, longest names and right-to-left text, for the console 10,000 members too), at phone and desktop width, light
# and dark. Any violation fails. The pages' own checks, which `make test` runs without npm, run with it.
#
# usage: scripts/a11y.sh
# needs: go, npm, Chromium. axe-core comes from npm into a folder that is removed afterwards: nothing of it is in the tree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

axe=4.14.1

for program in go npm; do
	command -v "$program" >/dev/null || {
		printf 'a11y: %s is missing\n' "$program" >&2
		exit 1
	}
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error "axe-core@$axe" >"$work/npm.log" 2>&1 || {
	printf 'a11y: npm install axe-core: %s\n' "$(tail -n 5 "$work/npm.log")" >&2
	exit 1
}
printf 'a11y: axe-core %s on every page, in several states, at two widths, light and dark\n' "$axe"
ROLLCALL_AXE=$work/node_modules/axe-core/axe.min.js go test -count=1 -timeout 20m -run '^Test(Entra)?Pages$' ./internal/e2e/browser

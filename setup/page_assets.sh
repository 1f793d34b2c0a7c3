#!/usr/bin/env bash
# Installs what the page draws its charts with, as package-lock.json pins it. Without npm, or without a way to what
# it asks, the panel works as well, and its page shows figures in the place of charts: nothing fails here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"
cd "$here/.."

stamp=node_modules/.installed # of which lock file it was made

if cmp -s package-lock.json "$stamp"; then exit 0; fi
if ! command -v npm >/dev/null; then
    say "npm is not here, so the page will show figures in the place of charts"
    exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if timeout 120 npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1 </dev/null; then
    cp package-lock.json "$stamp"
else
    tail -n 5 "$log" >&2
    say "npm could not install the charts, so the page will show figures in their place"
fi

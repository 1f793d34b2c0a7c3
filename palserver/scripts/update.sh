#!/bin/bash
# update.sh VERSION INSTANCE: makes the container anew from the VERSION of its image,
# and keeps the old one aside, stopped, as NAME-old-TIME
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.update "$@"

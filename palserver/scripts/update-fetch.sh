#!/bin/bash
# update-fetch.sh VERSION INSTANCE: gets the VERSION of the container's image
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.update_fetch "$@"

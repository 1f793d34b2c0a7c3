#!/bin/bash
# verify.sh ID INSTANCE: reads a backup to its end and checks it against its manifest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.verify "$@"

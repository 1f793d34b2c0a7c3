#!/bin/bash
# restore-check.sh ID INSTANCE: checks a backup's archive from its first byte to its last
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.restore_check "$@"

#!/bin/bash
# restore-compare.sh ID INSTANCE: the same as restore-preview.sh, with time for the largest of worlds
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.restore_preview "$@"

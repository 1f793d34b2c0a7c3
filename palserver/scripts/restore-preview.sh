#!/bin/bash
# restore-preview.sh ID INSTANCE: compares a backup's files with those of the save folder
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.restore_preview "$@"

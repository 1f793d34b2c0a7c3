#!/bin/bash
# restore-stage.sh ID INSTANCE JOB OWNER ARCHIVE_OWNER: unpacks a backup beside the live world
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.restore_stage "$@"

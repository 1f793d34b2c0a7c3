#!/bin/bash
# backup.sh INSTANCE: writes the save folder to $PALSERVER_BACKUP_DIR/INSTANCE/<time>.tar.gz
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.backup "$@"

#!/bin/bash
# image-load.sh VERSION INSTANCE REPOSITORY: an image that lies in server/repo, loaded into the engine
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -m palserver.scripts.image_load "$@"

#!/usr/bin/env bash
# Makes sure that the tests of compose.yaml have a compose to run it with: the plugin or the older program.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"

if docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null; then exit 0; fi
can_install_packages || fail "the tests need 'docker compose' or docker-compose: install one of them."
install_packages docker-compose

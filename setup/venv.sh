#!/usr/bin/env bash
# venv.sh REQUIREMENTS: makes .venv when there is none that works, and installs what the file names into it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"
cd "$here/.."

python=${PYTHON:-python3}

command -v "$python" >/dev/null || fail "Python 3.11 or newer is needed, as $python (or say 'make PYTHON=…')."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed; $python is $("$python" --version). Say 'make PYTHON=…' for another."

# An environment dies with the Python that it was made from.
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        can_install_packages || fail "$python lacks venv: install it ('sudo apt-get install python3-venv' on Debian)."
        install_packages python3-venv
    fi
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$1"

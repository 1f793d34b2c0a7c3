#!/usr/bin/env bash
# Makes sure that the browser which the tests drive is there, and a font for Korean text.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"

font=/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

if [ -x /usr/bin/chromium ] && [ -e "$font" ]; then exit 0; fi
if can_install_packages; then install_packages chromium fonts-noto-cjk; fi
if [ ! -x /usr/bin/chromium ]; then
    fail "the tests need Chromium as /usr/bin/chromium, and Noto Sans CJK: install both (on Debian
'sudo apt-get install chromium fonts-noto-cjk')."
fi

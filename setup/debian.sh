# shellcheck shell=bash
# For the other scripts here to source: what they share about Debian and its relatives.

say() {
    echo "setup: $*" >&2
}

fail() {
    say "$*"
    exit 1
}

# Only root on a machine with apt can be helped; everybody else is told what to install.
can_install_packages() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

install_packages() {
    say "installing $*"
    local log
    log=$(mktemp)
    if ! { apt-get update && apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install: $*"
    fi
    rm -f "$log"
}

export DEBIAN_FRONTEND=noninteractive

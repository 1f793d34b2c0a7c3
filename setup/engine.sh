#!/usr/bin/env bash
# Makes sure that a Docker Engine answers. One that is there is used as it is; otherwise, as root on Debian
# or Ubuntu, it is installed and started. Elsewhere this says what to install.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"

wait_seconds=60
log=/var/log/palserver-dockerd.log

answers() {
    python3 "$here/ping_engine.py" 2>/dev/null
}

why_not() {
    python3 "$here/ping_engine.py" 2>&1 || true
}

# A pid file outlives a crash, and its number may belong to somebody else by now, or to a zombie: that one has no
# command line.
remove_stale_pid_file() {
    local file=$1 program=$2 pid
    pid=$(cat "$file" 2>/dev/null) || return 0
    grep -qsa "$program" "/proc/$pid/cmdline" || rm -f "$file"
}

# dockerd takes an existing containerd socket for a running containerd and waits for it in vain.
remove_stale_socket() {
    [ -S "$1" ] || return 0
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$1" 2>/dev/null || rm -f "$1"
}

start_by_hand() {
    remove_stale_pid_file /var/run/docker.pid dockerd
    remove_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
    remove_stale_socket /run/containerd/containerd.sock
    [ -e /var/run/docker.pid ] && return # it runs and has yet to answer; a second one would be in its way
    say "starting dockerd (its log: $log)"
    (
        # A descriptor that dockerd inherits would keep whoever waits for our output waiting for ever.
        for descriptor in /proc/"$BASHPID"/fd/*; do
            descriptor=${descriptor##*/}
            if [ "$descriptor" -gt 2 ]; then eval "exec $descriptor>&-"; fi
        done
        cd /
        exec setsid nohup dockerd --exec-opt native.cgroupdriver=cgroupfs >>"$log" 2>&1 </dev/null
    ) &
}

start() {
    if [ -d /run/systemd/system ]; then
        say "starting the docker service"
        systemctl start docker || say "systemctl could not start docker"
    else
        start_by_hand
    fi
}

wait_until_it_answers() {
    local deadline=$((SECONDS + wait_seconds))
    until answers; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            tail -n 20 "$log" >&2 2>/dev/null || true
            fail "$(why_not) (waited ${wait_seconds} s)"
        fi
        sleep 0.2
    done
}

if answers; then exit 0; fi

if [ -n "${DOCKER_HOST:-}" ]; then
    fail "$(why_not). Start it, or unset DOCKER_HOST to use this machine's own."
fi
if [ "$(id -u)" != 0 ] || ! { command -v dockerd || command -v apt-get; } >/dev/null; then
    fail "$(why_not)
Install Docker Engine (https://docs.docker.com/engine/install/) and start it. If it runs already, your user
needs the right to use it (for instance 'sudo usermod -aG docker $(id -un)', then sign in again), or DOCKER_HOST
must say where it listens."
fi
if ! command -v dockerd >/dev/null; then
    install_packages docker.io iptables
    # From Debian 13 on the docker command is a package of its own.
    if ! command -v docker >/dev/null; then install_packages docker-cli; fi
fi
if ! answers; then start; fi
wait_until_it_answers
say "Docker Engine is ready"

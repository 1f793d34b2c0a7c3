#!/usr/bin/env bash
# Makes sure that the image which the Dockerfile builds on exists. One that is there is used as it is, then a
# registry is asked; where none can be reached, as behind many firewalls, root on Debian makes a stand-in of
# Debian's own packages.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"

image=${1:-python:3.11-slim}
pull_seconds=120
release=bookworm # the Debian whose python3 is 3.11
certificates=/etc/ssl/certs/ca-certificates.crt

exists() {
    docker image inspect "$image" >/dev/null 2>&1
}

pull() {
    say "pulling $image"
    timeout "$pull_seconds" docker pull --quiet "$image" >/dev/null
}

# The mirror that this machine installs from can be reached from here; the one that debootstrap knows perhaps not.
find_mirror() {
    # shellcheck disable=SC2016 # apt fills it in
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -m 1 '/debian/*$'
}

make_stand_in() {
    local folder mirror
    mirror=$(find_mirror) || mirror=
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder's name as it is now
    trap "rm -rf --one-file-system '$folder'" EXIT
    say "making a stand-in for $image (about a minute)"
    if ! debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
        "$release" "$folder/root" ${mirror:+"$mirror"} >"$folder/log" 2>&1 </dev/null; then
        tail -n 20 "$folder/log" >&2
        fail "debootstrap failed"
    fi
    # Where this machine trusts more than the public authorities, pip in a build has to as well.
    if [ -e "$certificates" ]; then cp "$certificates" "$folder/root$certificates"; fi
    rm -rf "$folder/root/var/cache/apt/archives" "$folder/root/var/lib/apt/lists"
    tar -C "$folder/root" -c . | docker import \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change "ENV PIP_CERT=$certificates" \
        - "$image" >/dev/null
}

command -v docker >/dev/null || fail "the docker command is missing: install Docker's command line client"
if exists || pull; then exit 0; fi
if [ "$image" != python:3.11-slim ]; then fail "$image could not be pulled and does not exist here"; fi
if ! can_install_packages; then
    fail "$image could not be pulled and does not exist here. Get it from where it can be had: on another machine
'docker pull $image && docker save $image >python.tar', here 'docker load <python.tar'."
fi
command -v debootstrap >/dev/null || install_packages debootstrap debian-archive-keyring
make_stand_in
say "$image is ready"

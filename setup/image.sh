#!/usr/bin/env bash
# Builds the product's image, palserver:local. The engine's build cache makes this a matter of a second when
# nothing has changed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=debian.sh
. "$here/debian.sh"
cd "$here/.."

tag=palserver:local

# What pip was told on this machine about the package index (by a file or a variable, which wins and is listed
# first), so that the build asks the same one. An index in a folder of this machine can't be reached from inside
# a build and is left out.
list_pip_arguments() {
    local settings option value
    settings=$(.venv/bin/pip config list)
    for option in index-url extra-index-url trusted-host; do
        value=$(sed -nE "s/^(:env:|global|install)\.$option='(.*)'$/\2/p" <<<"$settings" | head -n 1)
        value=$(tr ' ' '\n' <<<"${value//\\n/ }" | sed '/^file:/d' | xargs) # a list in a file has \n between
        option=${option^^}
        if [ -n "$value" ]; then printf '%s\n' --build-arg "PIP_${option//-/_}=$value"; fi
    done
}

arguments=(--network host --build-arg "PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.11-slim}")
mapfile -t -O "${#arguments[@]}" arguments < <(list_pip_arguments)
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    if [ -n "${!name:-}" ]; then arguments+=(--build-arg "$name"); fi
done

previous=$(docker image inspect --format '{{.Id}}' "$tag" 2>/dev/null || true)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! docker build --force-rm "${arguments[@]}" --tag "$tag" . >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    fail "$tag could not be built"
fi

current=$(docker image inspect --format '{{.Id}}' "$tag")
if [ "$current" != "$previous" ]; then
    say "$tag is built"
    # Else every change to the code would leave an image without a name behind. One in use stays.
    if [ -n "$previous" ]; then docker image rm "$previous" >/dev/null 2>&1 || true; fi
fi

"""The images that people run Palworld servers from, imitated: their paths, variables, users and entries.

Each is the pretend game behind an entry that does what the real image's does: it makes the game's settings of
its own variables at every start, or leaves them to the file, and knows no other way.
"""

from __future__ import annotations

import contextlib
import io
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import docker
import requests

from tests.game import IMAGE, LABELS, remove_container
from tests.waiting import wait_until

# Variables become the file, anew at every start unless one says no; some are arguments as well.
THIJSVANLOEF = """#!/bin/sh
set -e
[ "${REST_API_ENABLED:-true}" = true ] || { echo "REST is off"; exit 78; }
case "$DISABLE_GENERATE_SETTINGS" in
    true|TRUE|1) ;;
    *) echo "****GENERATING CONFIG****"; export DEMO_GENERATE_SETTINGS=true ;;
esac
export DEMO_SAVED_PATH=/palworld/Pal/Saved
mkdir -p /palworld/Pal/Saved
cd /app
exec python3 -m demo "-port=${PORT:-8211}" "-queryport=${QUERY_PORT:-27015}" ${PLAYERS:+-players=$PLAYERS}
"""
# The same under other names, and with a shell that stays and ends as if by a signal, whatever the game did.
JAMMSEN = """#!/bin/sh
set -e
[ "${RESTAPI_ENABLED:-true}" = true ] || { echo "REST is off"; exit 78; }
[ "${SERVER_SETTINGS_MODE:-auto}" = manual ] || export DEMO_GENERATE_SETTINGS=true
export REST_API_PORT="${RESTAPI_PORT:-8212}" PLAYERS="$MAX_PLAYERS" DEMO_SAVED_PATH=/palworld/Pal/Saved
mkdir -p /palworld/Pal/Saved
cd /app
python3 -m demo & game=$!
trap 'kill -TERM $game' TERM INT
wait $game || wait $game || true
exit 143
"""
# The file is made anew, and there is nothing that would keep it from that.
SUPERSUNHO = """#!/bin/sh
set -e
export DEMO_GENERATE_SETTINGS=true DEMO_SAVED_PATH=/home/steam/palworld_server/Pal/Saved
cd /app && exec python3 -m demo
"""
# The file is all that the game is told by, besides its arguments; no variable of another image has an effect.
BY_FILE = """#!/bin/sh
set -e
unset SERVER_NAME SERVER_PASSWORD ADMIN_PASSWORD PLAYERS MAX_PLAYERS REST_API_PORT
cd {saved}/Config/LinuxServer
grep -q RESTAPIEnabled=True PalWorldSettings.ini || {{ echo "REST is off"; exit 78; }}
export DEMO_SAVED_PATH={saved}
cd /app && exec python3 -m demo "$@"
"""
RECIPE = """
FROM {image}
USER root
COPY entry.sh {entry}
RUN {prepare}
ENV DEMO_LIVELY=0 DEMO_BOOT_SECONDS=0 {variables}
VOLUME {volume}
LABEL {label}={owner} {labels}
EXPOSE {ports}
HEALTHCHECK NONE
STOPSIGNAL SIGTERM
WORKDIR {folder}
USER {user}
ENTRYPOINT ["{entry}"]
CMD {command}
"""


@dataclass(frozen=True)
class Imitation:
    """`data` is what a server of it keeps, `more_data` what else it has volumes for.

    `ports` and `command` are the image's own.
    """

    repository: str
    tag: str
    data: str
    saved: str
    entry: str
    script: str
    user: str = "root"
    ports: str = "8211/udp 8212/tcp"
    command: str = "[]"
    variables: str = ""
    more_data: str = ""
    body: dict[str, object] = field(default_factory=dict)


IMITATIONS = {
    "thijsvanloef": Imitation(
        "thijsvanloef/palworld-server-docker",
        "latest",
        "/palworld",
        "/palworld/Pal/Saved",
        "/home/steam/server/init.sh",
        THIJSVANLOEF,
        ports="8211/udp 27015/udp 8212/tcp 25575/tcp",
        variables="PORT=8211 PUID=1000 PGID=1000 BACKUP_ENABLED=true",
    ),
    "jammsen": Imitation(
        "jammsen/palworld-dedicated-server",
        "latest",
        "/palworld",
        "/palworld/Pal/Saved",
        "/entrypoint.sh",
        JAMMSEN,
        variables="SERVER_SETTINGS_MODE=auto COMMUNITY_SERVER=true",
    ),
    "official": Imitation(
        "ghcr.io/pocketpairjp/palserver",
        "1.0.3",
        "/pal/Package/Pal/Saved",
        "/pal/Package/Pal/Saved",
        "/pal/helper.sh",
        BY_FILE.format(saved="/pal/Package/Pal/Saved"),
        ports="8211/udp",
        command='["-port=8211"]',
    ),
    "steam": Imitation(
        "palworld_server_steam",
        "1.0.3",
        "/home/steam/palworld/Pal/Saved",
        "/home/steam/palworld/Pal/Saved",
        "/home/steam/entry.sh",
        BY_FILE.format(saved="/home/steam/palworld/Pal/Saved"),
        user="palserver",
    ),
    "supersunho": Imitation(
        "supersunho/palworld-server",
        "latest",
        "/home/steam/palworld_server",
        "/home/steam/palworld_server/Pal/Saved",
        "/home/steam/entry.sh",
        SUPERSUNHO,
        user="palserver",
        ports="8211/udp 27018/udp 8212/tcp 25575/tcp",
        more_data="/home/steam/backups /home/steam/logs",
    ),
    "other": Imitation(
        "somebody/pal",
        "v1",
        "/srv/pal",
        "/srv/pal/Saved",
        "/entry.sh",
        BY_FILE.format(saved="/srv/pal/Saved"),
        user="palserver",
        body={"saved_path": "/srv/pal/Saved", "data_path": "/srv/pal"},
    ),
}

# Those that servers are made of here; the others are only adopted.
MADE_FROM = [kind for kind in IMITATIONS if kind != "supersunho"]


class Images:
    """The imitations as images under a prefix of the test's own, built when they are first asked for."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client
        self.prefix = f"test-{uuid.uuid4().hex[:8]}"
        self._built: set[str] = set()

    def get(self, kind: str) -> str:
        """Its name, which ends as that of the image that it imitates."""
        imitation = IMITATIONS[kind]
        name = f"{self.prefix}/{imitation.repository.removeprefix('ghcr.io/')}:{imitation.tag}"
        if name not in self._built:
            self.client.images.build(fileobj=_context(imitation), custom_context=True, tag=name, rm=True)
            self._built.add(name)
        return name

    def remove(self) -> None:
        for name in self._built:
            wait_until(partial(self._is_gone, name), f"{name} is gone")

    def _is_gone(self, name: str) -> bool:
        """Removed now, or before. The engine may refuse while another run removes the same layers."""
        try:
            self.client.images.remove(name, force=True)
        except docker.errors.ImageNotFound:
            return True
        except docker.errors.APIError:
            return False
        return True


def _context(imitation: Imitation) -> io.BytesIO:
    (label, owner), folders = next(iter(LABELS.items())), f"{imitation.data} {imitation.more_data}"
    recipe = RECIPE.format(
        image=IMAGE,
        entry=imitation.entry,
        prepare=f"chmod 755 {imitation.entry} && "
        f"install -d -o palserver -g palserver {folders} {imitation.saved}",
        variables=imitation.variables,
        volume=folders,
        label=label,
        owner=owner,
        labels=f"maintainer={imitation.repository.split('/')[0]}",
        ports=imitation.ports,
        folder="/home/palserver",
        user=imitation.user,
        command=imitation.command,
    )
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in (("Dockerfile", recipe), ("entry.sh", imitation.script)):
            header = tarfile.TarInfo(name)
            header.size = len(text.encode())
            archive.addfile(header, io.BytesIO(text.encode()))
    buffer.seek(0)
    return buffer


class Made:
    """Servers that a panel makes in a test; `name` gives each its own, and all are gone at the end."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client
        self.prefix = f"new-{uuid.uuid4().hex[:8]}"

    def name(self, what: str = "alpha") -> str:
        return f"{self.prefix}-{what}"

    def list_containers(self) -> list[str]:
        found = self.client.containers.list(all=True, filters={"name": self.prefix}, ignore_removed=True)
        return sorted(str(container.name) for container in found)

    def list_volumes(self) -> list[str]:
        return sorted(str(volume.name) for volume in self.client.volumes.list(filters={"name": self.prefix}))

    def remove(self) -> None:
        for name in self.list_containers():
            remove_container(self.client, name)
        for name in self.list_volumes():
            self.client.volumes.get(name).remove(force=True)


@contextmanager
def made_servers(client: docker.DockerClient) -> Iterator[Made]:
    made = Made(client)
    try:
        yield made
    finally:
        made.remove()


def ask_game(port: int, password: str, what: str = "info") -> requests.Response:
    """Ask the game itself, as its owner can on the host."""
    url = f"http://127.0.0.1:{port}/v1/api/{what}"

    def answer() -> list[requests.Response]:
        with contextlib.suppress(requests.RequestException):
            return [requests.get(url, auth=("admin", password), timeout=2)]
        return []

    return wait_until(answer, f"the game answers on {port}")[0]

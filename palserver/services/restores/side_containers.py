"""Work on a server's volumes from a short-lived container beside its own.

The archive API reads and writes a stopped container's volumes, but it cannot rename or remove. A container of
the same image, with the same volumes and no network, can: wherever the engine is, however they are mounted.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from palserver import errors
from palserver.clients.engine import Engine
from palserver.services.restores import side_scripts
from palserver.services.restores.side_scripts import DONE_PREFIX, WORK_PREFIX
from palserver.store.instances import Instance

log = logging.getLogger(__name__)

# The id of the work that it is for: what a crash has left of that is found by it.
HELPER_LABEL = "palserver.helper"
# One that is never started, in the place of a server's own that is missing.
STAND_IN_LABEL = "palserver.stand-in"
LIMIT_SECONDS = 600


@dataclass(frozen=True)
class Place:
    """Where a world lies: its owner as `uid:gid`, and what is free there; None where that is not known."""

    owner: str
    free_bytes: int | None


@dataclass(frozen=True)
class SideContainers:
    """`work` is the id of the job that it is done for. All raise EngineUnreachable and ContainerMissing."""

    engine: Engine

    def look(self, instance: Instance, work: str) -> Place:
        """See whether worlds can be exchanged there. Raises NoSideContainer, WorldNotOnVolume."""
        lines = self.run(instance, work, side_scripts.LOOK)
        if not lines or lines[0] in ("link", "read-only"):
            raise errors.WorldNotOnVolume()
        check_mounts(lines[0], self.engine.inspect(instance.container).get("Mounts") or [])
        return read_place(lines)

    def swap(self, instance: Instance, work: str, owner: str) -> None:
        """Put the old world aside and the new one in its place. Raises NoSideContainer."""
        self.run(instance, work, side_scripts.SWAP, f"{WORK_PREFIX}{work}", owner)

    def commit(self, instance: Instance, work: str) -> None:
        """From here on the new world is the truth; done twice it does no harm. Raises NoSideContainer."""
        self.remove_leftovers(work)
        self.run(instance, work, side_scripts.COMMIT, f"{WORK_PREFIX}{work}", f"{DONE_PREFIX}{work}")

    def tidy(self, instance: Instance, work: str) -> str | None:
        """End what was begun, and leave nothing of it; done twice it does no harm.

        Returns which world it found to be the truth, `old` or `new`; None where nothing had been begun.
        Raises NoSideContainer.
        """
        self.remove_leftovers(work)
        lines = self.run(instance, work, side_scripts.TIDY)
        return lines[-1] if lines else None

    def empty(self, instance: Instance, work: str, folder: str) -> None:
        """Delete all that is in a folder which is mounted there. Raises NoSideContainer."""
        self.remove_leftovers(work)
        self.run(instance, work, side_scripts.EMPTY, folder)

    def remove_leftovers(self, work: str) -> None:
        """The containers that a crash has left of this work, whatever they are doing."""
        for left in self.engine.list_labelled(f"{HELPER_LABEL}={work}"):
            with suppress(errors.ContainerMissing):
                self.engine.remove(left)

    def run(self, instance: Instance, work: str, script: str, *words: str) -> list[str]:
        """What the script said. Raises NoSideContainer if it could not be run, or failed."""
        image = self.engine.inspect(instance.container)["Image"]
        body = write_body(instance, work, image, (script, "sh", instance.saved_path, *words))
        made = self.engine.create(f"palserver-{uuid.uuid4().hex[:12]}", body)
        try:
            self._start(made)
            exit_code = self.engine.wait(made, LIMIT_SECONDS)
            lines = self.engine.read_output(made)
        finally:
            with suppress(errors.PalError):  # what is left is found by its label
                self.engine.remove(made)
        if exit_code != 0:
            log.warning("A container beside %s ended with %d: %s", instance.container, exit_code, lines[-5:])
            raise errors.NoSideContainer()
        return lines

    def _start(self, made: str) -> None:
        try:
            self.engine.start(made)
        except errors.EngineUnreachable:
            raise
        except errors.PalError as error:
            raise errors.NoSideContainer() from error


def write_body(instance: Instance, work: str, image: str, words: tuple[str, ...]) -> Mapping[str, Any]:
    """The body that makes it: root, since the files are the game's user's; nothing else of the server's."""
    return {
        "Image": image,
        "Entrypoint": ["/bin/sh", "-ec"],
        "Cmd": list(words),
        "User": "0:0",
        "WorkingDir": "/",
        "Labels": {HELPER_LABEL: work},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "VolumesFrom": [instance.container],
            "NetworkMode": "none",
            "LogConfig": {"Type": "json-file", "Config": {}},  # whatever the engine's own is, it can be read
        },
    }


def check_mounts(path: str, mounts: list[dict[str, Any]]) -> None:
    """The save folder lies on one volume, or folder of the host, as a whole. Raises WorldNotOnVolume."""
    above = [mount for mount in mounts if f"{path}/".startswith(f"{mount['Destination'].rstrip('/')}/")]
    below = [mount for mount in mounts if mount["Destination"].startswith(f"{path}/")]
    nearest = max(above, key=lambda mount: len(mount["Destination"]), default=None)
    if below or nearest is None or nearest["Type"] not in ("bind", "volume") or not nearest["RW"]:
        raise errors.WorldNotOnVolume()


def check_lasting(inspection: Mapping[str, Any]) -> None:
    """What is stopped can be started again. Raises WorldNotOnVolume."""
    if inspection["HostConfig"].get("AutoRemove"):
        message = "The container was made with --rm: it would be gone as soon as it is stopped."
        raise errors.WorldNotOnVolume(message)


def check_any_mount(path: str, mounts: list[dict[str, Any]]) -> None:
    """Some of the save folder at least survives its container. Raises WorldNotOnVolume."""
    places = [mount["Destination"].rstrip("/") for mount in mounts if mount["Type"] in ("bind", "volume")]
    if not any(f"{path}/".startswith(f"{place}/") or place.startswith(f"{path}/") for place in places):
        raise errors.WorldNotOnVolume()


def read_place(lines: list[str]) -> Place:
    """From what LOOK says. Raises NoSideContainer where that is not to be understood."""
    try:
        _, _, uid, gid, *_ = lines[1].split()
        owner = f"{int(uid)}:{int(gid)}"
    except (IndexError, ValueError) as error:
        raise errors.NoSideContainer() from error
    words = lines[2].split() if len(lines) > 2 else []
    # A line of `df -P`: device, size, used, available, percent, place.
    is_told = len(words) >= 6 and words[3].isdigit()
    return Place(owner, int(words[3]) * 1024 if is_told else None)

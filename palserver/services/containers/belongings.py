"""What a server leaves behind, and what of it is its own: pure reading of `inspect` and of paths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from palserver.services.containers.specs import Spec

NAMELESS = re.compile(r"[0-9a-f]{64}")


class Belongings(msgspec.Struct, frozen=True):
    """`world` is where it lies: a volume's name or a folder of the host; None if in the container itself.

    `volumes` and `folder` are what may be deleted with the server; what else it uses is somebody else's too.
    `target` is where the folder is inside the container.
    """

    world: str | None = None
    volumes: tuple[str, ...] = ()
    folder: str | None = None
    target: str | None = None


def read_belongings(
    mounts: list[dict[str, Any]], saved_path: str, own_folder: Path, used_by_others: set[str]
) -> Belongings:
    """Of what `inspect` says of a container's mounts.

    `used_by_others` are the volumes and the folders of the host that others have, too.
    """
    world = _find_world(mounts, saved_path)
    nameless = [mount["Name"] for mount in mounts if NAMELESS.fullmatch(mount.get("Name") or "")]
    volumes = [world["Name"]] if world is not None and world["Type"] == "volume" else []
    own = [name for name in dict.fromkeys([*volumes, *nameless]) if name not in used_by_others]
    source = str(world["Source"]) if world is not None and world["Type"] == "bind" else None
    is_own_folder = (
        source is not None and is_within(source, own_folder) and not _is_shared(source, used_by_others)
    )
    return Belongings(
        world=None if world is None else world.get("Name") or world["Source"],
        volumes=tuple(own),
        folder=world["Source"] if world is not None and is_own_folder else None,
        target=world["Destination"] if world is not None and is_own_folder else None,
    )


def goes_with_container(mounts: list[dict[str, Any]], saved_path: str) -> bool:
    """Whether the world would be gone with a container that the engine removes: also on a nameless volume."""
    world = _find_world(mounts, saved_path)
    return world is None or NAMELESS.fullmatch(world.get("Name") or "") is not None


def list_mounts(spec: Spec) -> list[dict[str, Any]]:
    """As `inspect` would say it of a container that is missing."""
    return [
        {
            "Type": mount.kind,
            "Destination": mount.target,
            "Name": mount.source if mount.kind == "volume" else None,
            "Source": mount.source,
        }
        for mount in spec.mounts
    ]


def is_within(source: str, folder: Path) -> bool:
    """Whether it is that folder or lies in it, and no link on the way leads elsewhere."""
    try:
        path = Path(source)
        return path.resolve(strict=True) == path and path.is_relative_to(folder.resolve()) and path.is_dir()
    except OSError:  # not on this host, or not ours to see
        return False


def _is_shared(source: str, used_by_others: set[str]) -> bool:
    """Whether somebody else has it, or some of it; all the panel's folders may be mounted as a whole."""
    return any(Path(other).is_relative_to(Path(source)) for other in used_by_others if other.startswith("/"))


def _find_world(mounts: list[dict[str, Any]], saved_path: str) -> dict[str, Any] | None:
    """The mount that the save folder lies on: the nearest of those above it, else the first in it."""
    saved = f"{saved_path.rstrip('/')}/"
    lasting = [mount for mount in mounts if mount["Type"] in ("bind", "volume")]
    above = [mount for mount in lasting if saved.startswith(f"{mount['Destination'].rstrip('/')}/")]
    within = sorted(mount["Destination"] for mount in lasting if mount["Destination"].startswith(saved))
    nearest = max((mount["Destination"] for mount in above), key=len, default=next(iter(within), None))
    return next((mount for mount in lasting if mount["Destination"] == nearest), None)

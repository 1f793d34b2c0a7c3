"""Backups that are folders, as an operator's own script makes them, and what was found in them first.

Nothing is ever written into such a folder. What is known of one is kept in `.panel/folders/<instance>` of the
backup folder, in the form of a manifest: nobody has written down what it should hold, so that only what has
changed since it was first read can be noticed.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from palserver.store.backups import Manifest, read_manifest, set_manifest

STAMP = re.compile(r".*[-_.](\d{8})(?:-?(\d{4})(\d{2})?)?(?!\d).*")


@dataclass(frozen=True)
class FolderBackup:
    """`path` is the folder itself, `root` the save folder in it."""

    path: Path
    root: Path

    @property
    def id(self) -> str:
        return self.path.name


def find_folder(backups: Path, instance: str, name: str) -> FolderBackup | None:
    """Beside the instances' own folders, or in this one's; None where there is no save folder in it.

    `name` has no slash and is not hidden. Raises OSError, PermissionError where it cannot be looked into.
    """
    is_named_for_it = re.fullmatch(rf"{re.escape(instance)}[-_.]\d{{8}}.*", name)
    for path in (backups / name if is_named_for_it else None, backups / instance / name):
        if path is not None and path.is_dir() and not path.is_symlink():
            root = _find_root(path, instance)
            return None if root is None else FolderBackup(path, root)
    return None


def _find_root(path: Path, instance: str) -> Path | None:
    """`<instance>`, as most are; `Saved`, as older ones were; or the folder itself."""
    with os.scandir(path):  # raises PermissionError
        candidates = (path / instance, path / "Saved", path / instance / "Saved", path)
    return next(
        (each for each in candidates if (each / "SaveGames").is_dir() and not each.is_symlink()), None
    )


def read_stamp(name: str) -> datetime | None:
    """The time in a name like `alpha-20251209-1530`, which is the host's own; None where there is none."""
    match = STAMP.fullmatch(name)
    if match is None:
        return None
    day, time, seconds = match.groups()
    try:
        return datetime.strptime(f"{day}{time or '0000'}{seconds or '00'}", "%Y%m%d%H%M%S").astimezone(UTC)
    except ValueError:
        return None


def find_record(backups: Path, instance: str, name: str) -> Manifest | None:
    """What was found in it at first sight. Raises OSError."""
    return read_manifest(_records(backups, instance) / f"{name}.json")


def set_record(backups: Path, record: Manifest) -> None:
    """Write it whole or not at all. Raises OSError."""
    folder = _records(backups, record.instance)
    for each in (folder.parent.parent, folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_manifest(folder, record)


def remove_record(backups: Path, instance: str, name: str) -> None:
    (_records(backups, instance) / f"{name}.json").unlink(missing_ok=True)


def _records(backups: Path, instance: str) -> Path:
    return backups / ".panel" / "folders" / instance

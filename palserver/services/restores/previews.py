"""What a restore would do to the files that are there. Pure functions; paths are as in the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from palserver.services.backups import worlds
from palserver.services.backups.archives import ROOT
from palserver.services.backups.worlds import find_unit, is_below, list_units
from palserver.store.backups import BackupFile

NESTED_COPY = re.compile(r"SaveGames/[^/]+/[^/]+/backup/.+")


@dataclass(frozen=True)
class Targets:
    """The files that would be restored, and the folders and files that they would take the place of."""

    files: tuple[BackupFile, ...]
    units: frozenset[str]


@dataclass(frozen=True)
class Compared:
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged_count: int


def list_targets(files: Iterable[BackupFile], live_guid: str | None) -> Targets:
    chosen = tuple(file for file in files if find_unit(file.path.removeprefix(f"{ROOT}/")) is not None)
    units = list_units((file.path.removeprefix(f"{ROOT}/") for file in chosen), live_guid)
    return Targets(chosen, frozenset(units))


def compare(targets: Targets, present: Iterable[BackupFile]) -> Compared:
    """`present` are all files of the save folder; what no restore touches is passed over."""
    there = {file.path: file for file in present if _is_target(file.path.removeprefix(f"{ROOT}/"), targets)}
    restored = {file.path: file for file in targets.files}
    same = sum(there.get(path) == file for path, file in restored.items())
    both = restored.keys() & there.keys()
    return Compared(
        added=tuple(sorted(restored.keys() - there.keys())),
        changed=tuple(sorted(path for path in both if restored[path] != there[path])),
        removed=tuple(sorted(there.keys() - restored.keys())),
        unchanged_count=same,
    )


def _is_target(path: str, targets: Targets) -> bool:
    """The game's own copies of a world stay where they are."""
    return is_below(path, targets.units) and not NESTED_COPY.fullmatch(path)


def find_only_world(files: Iterable[BackupFile]) -> str | None:
    """The GUID of the world in a backup that names none; None where there are several, or none."""
    return worlds.find_only_world(file.path.removeprefix(f"{ROOT}/") for file in files)

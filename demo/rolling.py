"""The game's own rolling copies of the world, which grow inside the world's folder."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

_KEPT_COPIES = 3
_SPACING_SECONDS = 30


def keep_rolling_copy(world_folder: Path) -> None:
    """Copy the world's files to backup/world/<time>, unless there is a fresh copy, and drop the oldest.

    Raises OSError.
    """
    copies = world_folder / "backup" / "world"
    copies.mkdir(parents=True, exist_ok=True)
    kept = sorted(path for path in copies.iterdir() if path.is_dir())
    if kept and time.time() - kept[-1].stat().st_mtime < _SPACING_SECONDS:
        return
    target = copies / time.strftime("%Y.%m.%d-%H.%M.%S")
    # Real copies, no hard links: in a tar the live file would become a link to one of these.
    unwanted = shutil.ignore_patterns("backup", "*.tmp")
    shutil.copytree(world_folder, target, ignore=unwanted, dirs_exist_ok=True)
    target.touch()
    for old in kept[: 1 - _KEPT_COPIES]:
        shutil.rmtree(old)

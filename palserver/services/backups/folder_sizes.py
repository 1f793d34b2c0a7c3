"""How large folders are: walked once, and again only where something may have changed."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

# What has just been written may still be growing.
SETTLED_SECONDS = 60.0


class FolderSizes:
    """May be asked from several threads; at worst a folder is walked twice."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], int] = {}

    def find(self, path: Path) -> int | None:
        """All files in it, in bytes; None where it cannot be read."""
        try:
            status = path.lstat()
            key = (str(path), status.st_ino, status.st_ctime_ns)
            if key not in self._known:
                size_bytes, changed_at = _measure(path)
                if time.time() - max(changed_at, status.st_ctime) < SETTLED_SECONDS:
                    return size_bytes
                self._known[key] = size_bytes
            return self._known[key]
        except OSError:
            return None


def _measure(folder: Path | str) -> tuple[int, float]:
    """Its size, and the last time at which anything in it has changed."""
    size_bytes, changed_at = 0, 0.0
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            inner_bytes, inner_at = status.st_size, status.st_ctime
            if stat.S_ISDIR(status.st_mode):
                inner_bytes, inner_at = _measure(entry.path)
            size_bytes, changed_at = size_bytes + inner_bytes, max(changed_at, inner_at, status.st_ctime)
    return size_bytes, changed_at

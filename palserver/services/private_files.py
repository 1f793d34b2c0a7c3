"""Files with secrets in them: written whole or not at all, and readable by their owner only."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


def write_private(path: Path, text: str) -> None:
    """Under the final name there is never a part of it, whenever the process or the machine stops."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)  # of a start that was interrupted
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    move_file(temporary, path)


def move_file(path: Path, target: Path) -> None:
    """Rename for good: without the second half a power cut can bring the old name back. Raises OSError."""
    path.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_private(path: Path) -> None:
    """Some mounted folders know no owners, and that must not stop the start."""
    if path.stat().st_mode & 0o077 == 0:
        return
    try:
        path.chmod(0o600)
    except OSError:
        log.warning("%s can be read by others, and that could not be changed.", path)

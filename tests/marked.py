"""Processes that carry a mark in their environment, wherever they have got to."""

from __future__ import annotations

import os
import signal
import uuid
from contextlib import suppress
from pathlib import Path


class Mark:
    """Give `environment` to a program; whatever it starts can then be found, in any session and group."""

    def __init__(self) -> None:
        self.value = uuid.uuid4().hex

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "TEST_MARK": self.value}

    def list_processes(self) -> list[int]:
        """Those that run; one that has ended and waits to be reaped has no environment any more."""
        return [int(folder.name) for folder in Path("/proc").iterdir() if self._is_marked(folder)]

    def _is_marked(self, folder: Path) -> bool:
        if not folder.name.isdigit():
            return False
        try:
            return f"TEST_MARK={self.value}".encode() in (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def kill_all(self) -> None:
        for process in self.list_processes():
            with suppress(ProcessLookupError):  # it has ended since it was listed
                os.kill(process, signal.SIGKILL)

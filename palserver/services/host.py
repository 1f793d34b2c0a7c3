"""The host as far as its owner needs to know it: engine, memory, disks, and the panel itself."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from palserver.clock import utc_now
from palserver.services.engine_watch import EngineStatus, EngineWatch
from palserver.version import VERSION


class Disk(msgspec.Struct, frozen=True):
    """`purpose` is what PalServer keeps there; figures are null when the folder cannot be asked."""

    purpose: str
    free_bytes: int | None
    total_bytes: int | None


class Panel(msgspec.Struct, frozen=True):
    version: str
    started_at: str
    memory_bytes: int | None


class HostView(msgspec.Struct, frozen=True):
    engine: EngineStatus
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    disks: list[Disk]
    panel: Panel


class Host:
    """`folders` maps a purpose to its folder."""

    def __init__(self, watch: EngineWatch, folders: dict[str, Path]) -> None:
        self._watch = watch
        self._folders = folders
        self._started_at = utc_now()

    def view(self) -> HostView:
        memory = read_memory(Path("/proc/meminfo"))
        return HostView(
            engine=self._watch.engine_status,
            memory_total_bytes=memory.get("MemTotal"),
            memory_available_bytes=memory.get("MemAvailable"),
            disks=[_measure_disk(purpose, folder) for purpose, folder in self._folders.items()],
            panel=Panel(VERSION, self._started_at, read_memory(Path("/proc/self/status")).get("VmRSS")),
        )


def read_memory(path: Path) -> dict[str, int]:
    """The lines `Name: N kB` of a file under /proc, in bytes; empty where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    words = (line.split() for line in lines)
    return {word[0].rstrip(":"): int(word[1]) * 1024 for word in words if len(word) == 3 and word[2] == "kB"}


def _measure_disk(purpose: str, folder: Path) -> Disk:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # made only when it is needed; until then its disk is its parent's
    try:
        disk = os.statvfs(folder)
    except OSError:
        return Disk(purpose, None, None)
    return Disk(purpose, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)

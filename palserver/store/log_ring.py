"""A server's log on disk: messages as viewers are sent them, one a line, in files of which the oldest go.

A line is `<first_seq> <lines> <payload>`. A file's name has the number that the ring began with and the first
number that the file may hold. Everything here waits for the disk, so it runs in threads: one that writes, any
number that read.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

RING_BYTES = 64 * 1024 * 1024
SEGMENTS = 16


class Message(NamedTuple):
    """`payload` is JSON in one line that carries so many log `lines`, none where it tells of something else.

    `first_seq` is the number of its first log line, or that of the next to come.
    """

    first_seq: int
    lines: int
    payload: bytes

    @property
    def end_seq(self) -> int:
        """The number behind its last line."""
        return self.first_seq + self.lines

    def is_before(self, seq: int) -> bool:
        """Whether all of it belongs before the line `seq`; what has no lines belongs to the one behind it."""
        return self.first_seq + max(1, self.lines) <= seq


class LogRing:
    """`folder` is the ring's own; it is made by the first write.

    All its files together stay within `max_bytes`; only a single message that is larger is kept all the same.
    """

    def __init__(self, folder: Path, max_bytes: int = RING_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = max_bytes // SEGMENTS
        self._newest: Path | None = None
        self._is_removed = False

    def append(self, messages: Sequence[Message]) -> None:
        """Write all of them or, raising OSError, none. First the oldest files go, until there is room."""
        if self._is_removed:
            return
        contents = self._divide(messages)
        before = {path: path.stat().st_size if path.exists() else 0 for path in contents}
        try:
            for path, content in contents.items():
                self._make_room(path, len(content))
                _write(path, content)
                self._newest = path
        except OSError:
            for path, size_bytes in before.items():
                _shorten(path, size_bytes)
            raise

    def remove(self) -> None:
        """Take all of it from the disk; what is written to it later goes nowhere."""
        self._is_removed = True
        shutil.rmtree(self._folder, ignore_errors=True)

    def find_first_seq(self) -> int | None:
        """The number that the ring began with; None when there is none yet."""
        segments = self._list_segments()
        return _ring_seq(segments[-1]) if segments else None

    def read(self, seq: int) -> Iterator[Message]:
        """The oldest first, from the one that holds the line `seq`; from the oldest kept if that is gone."""
        segments = self._list_segments()
        # What has no lines belongs to the line behind it, and may end the file before.
        earlier = [path for path in segments if _start_of(path) < seq]
        for path in segments[max(0, len(earlier) - 1) :]:
            yield from (message for message in _read_messages(path) if not message.is_before(seq))

    def read_backwards(self) -> Iterator[Message]:
        """The newest first."""
        for path in reversed(self._list_segments()):
            yield from reversed(list(_read_messages(path)))

    def _divide(self, messages: Sequence[Message]) -> dict[Path, bytearray]:
        """What goes into which file: the newest until it is full, then new ones."""
        path = self._find_newest()
        ring_seq = messages[0].first_seq if path is None else _ring_seq(path)
        size_bytes = self._segment_bytes if path is None else path.stat().st_size
        contents: dict[Path, bytearray] = {}
        for message in messages:
            if path is None or size_bytes >= self._segment_bytes:
                path, size_bytes = self._folder / f"{ring_seq}-{message.first_seq}.log", 0
            line = b"%d %d %b\n" % message
            contents.setdefault(path, bytearray()).extend(line)
            size_bytes += len(line)
        return contents

    def _find_newest(self) -> Path | None:
        segments = self._list_segments()
        if self._newest not in segments:  # at the first write, or somebody has removed it
            self._newest = segments[-1] if segments else None
            if self._newest is not None:
                _cut_torn_line(self._newest)
        return self._newest

    def _make_room(self, path: Path, size_bytes: int) -> None:
        """For so many bytes in `path`, which itself stays."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        older = {segment: segment.stat().st_size for segment in self._list_segments()}
        left_bytes = self._max_bytes - size_bytes - sum(older.values())
        for segment in older:
            if left_bytes >= 0 or segment == path:
                break
            segment.unlink()
            left_bytes += older[segment]

    def _list_segments(self) -> list[Path]:
        return sorted(self._folder.glob("*-*.log"), key=_start_of)


def _start_of(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _ring_seq(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _write(path: Path, content: bytearray) -> None:
    with path.open("ab", buffering=0) as file:
        if file.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # only the next write would say so


def _shorten(path: Path, size_bytes: int) -> None:
    """Take back what was written of a batch; without it the file may be of no use."""
    with suppress(FileNotFoundError):
        if size_bytes:
            os.truncate(path, size_bytes)
        else:
            path.unlink()


def _cut_torn_line(path: Path) -> None:
    """The process may have been killed in the middle of a write."""
    os.truncate(path, path.read_bytes().rfind(b"\n") + 1)


def _read_messages(path: Path) -> Iterator[Message]:
    """A file that has just been removed holds nothing, and a line without its end is none yet."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines[:-1]:
        first_seq, count, payload = line.split(b" ", 2)
        yield Message(int(first_seq), int(count), payload)

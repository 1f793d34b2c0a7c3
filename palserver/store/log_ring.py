"""A server's log on disk: messages as viewers are sent them, one a line, in files of which the oldest go.

A line is `<first_seq> <lines> <payload>`. A file's name has the number that the ring began with and the first
number that the file may hold. Everything here waits for the disk, so it runs in threads: one that writes, any
number that read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
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
    """`folder` is the ring's own; it is made by the first write."""

    def __init__(self, folder: Path, max_bytes: int = RING_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = max_bytes // SEGMENTS
        self._newest: Path | None = None

    def append(self, messages: Sequence[Message]) -> None:
        """Write all of them or, raising OSError, none."""
        content = b"".join(b"%d %d %b\n" % message for message in messages)
        with self._find_room(messages[0].first_seq).open("ab", buffering=0) as file:
            start = file.tell()
            try:
                if file.write(content) != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # only the next write would say so
            except OSError:
                file.truncate(start)
                raise

    def find_first_seq(self) -> int | None:
        """The number that the ring began with; None when there is none yet."""
        segments = self._list_segments()
        return _ring_seq(segments[-1]) if segments else None

    def read(self, seq: int) -> Iterator[Message]:
        """The oldest first, from the one that holds the line `seq`; from the oldest kept if that is gone."""
        segments = self._list_segments()
        earlier = [path for path in segments if _start_of(path) <= seq]
        for path in segments[max(0, len(earlier) - 1) :]:
            yield from (message for message in _read_messages(path) if not message.is_before(seq))

    def read_backwards(self) -> Iterator[Message]:
        """The newest first."""
        for path in reversed(self._list_segments()):
            yield from reversed(list(_read_messages(path)))

    def _find_room(self, first_seq: int) -> Path:
        """The file to write to: the newest, or a new one where that is full."""
        segments = self._list_segments()
        if self._newest not in segments:  # at the first write, or somebody has removed it
            self._newest = segments[-1] if segments else None
            if self._newest is not None:
                _cut_torn_line(self._newest)
        if self._newest is None or self._newest.stat().st_size >= self._segment_bytes:
            for path in segments[: len(segments) - SEGMENTS + 1]:
                path.unlink()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ring_seq = _ring_seq(segments[-1]) if segments else first_seq
            self._newest = self._folder / f"{ring_seq}-{first_seq}.log"
        return self._newest

    def _list_segments(self) -> list[Path]:
        return sorted(self._folder.glob("*-*.log"), key=_start_of)


def _start_of(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _ring_seq(path: Path) -> int:
    return int(path.stem.partition("-")[0])


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

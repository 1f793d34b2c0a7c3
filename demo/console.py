"""What the server prints: to standard output only, in the words of the real one."""

from __future__ import annotations

import time
from threading import Lock
from typing import BinaryIO, Literal

Stream = Literal["stdout", "stderr"]
_FLOOD_LINES = 1_000


class Console:
    """The two output streams, shared by all threads a whole piece at a time."""

    def __init__(self, stdout: BinaryIO, stderr: BinaryIO) -> None:
        self._streams: dict[Stream, BinaryIO] = {"stdout": stdout, "stderr": stderr}
        self._lock = Lock()

    def say(self, line: str, stream: Stream = "stdout") -> None:
        """Print one line as it is."""
        self._write(f"{line}\n", stream)

    def log(self, text: str) -> None:
        """Print a line with the time, which is local time in the real server as well."""
        self.say(f"{_stamp()} [LOG] {text}")

    def chat(self, name: str, text: str) -> None:
        """Print what a player said."""
        self.say(f"{_stamp()} [CHAT] <{name}> {text}")

    def access(self, endpoint: str, outcome: str) -> None:
        """Print the two lines that every REST call leaves, the second one empty."""
        self._write(f"{_stamp()} [LOG] REST accessed endpoint {endpoint} {outcome}\n\n", "stdout")

    def flood(self, line: str, stream: Stream, count: int) -> None:
        """Print a line so many times, numbered from 1, as fast as it goes."""
        for first in range(1, count + 1, _FLOOD_LINES):
            last = min(first + _FLOOD_LINES, count + 1)
            self._write("".join(f"{line} {number}\n" for number in range(first, last)), stream)

    def _write(self, text: str, stream: Stream) -> None:
        # Flushed each time, because the process ends without a goodbye and must not lose its last words.
        with self._lock:
            self._streams[stream].write(text.encode("utf-8", "replace"))
            self._streams[stream].flush()


def _stamp() -> str:
    return time.strftime("[%Y-%m-%d %H:%M:%S]")

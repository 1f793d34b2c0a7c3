"""A program of its own: many viewers of one log in one cheap process. `Sink` starts it and asks it.

It opens what it is told to on its command line, says `open`, and answers every `mark` on its standard input
with its counts, until that input ends.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from typing import NamedTuple

from bench.frames import FloodViewer
from bench.wire import open_websocket


class Count(NamedTuple):
    """What one viewer has seen until then."""

    lines: int
    told: int
    unexplained: int
    unknown_gaps: int


class Mark(NamedTuple):
    at: float
    counts: list[Count]


class Sink:
    """So many viewers of `path`; `close` ends the process and with it the viewers."""

    def __init__(self, port: int, path: str, token: str, viewers: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.sink", str(port), path, str(viewers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"BENCH_TOKEN": token},
            text=True,
        )
        self.viewers = viewers

    def wait_until_open(self) -> None:
        self._read("open")

    def mark(self) -> Mark:
        assert self._process.stdin is not None
        self._process.stdin.write("mark\n")
        self._process.stdin.flush()
        at, counts = json.loads(self._read())
        return Mark(at, [Count(*count) for count in counts])

    def _read(self, expected: str = "") -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line or expected not in line:
            raise RuntimeError(f"the viewers ended early, saying {line!r}")
        return line

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def main(port: int, path: str, token: str, count: int) -> None:
    selector = selectors.EpollSelector()
    viewers = [FloodViewer(open_websocket(port, path, token)) for _ in range(count)]
    for viewer in viewers:
        selector.register(viewer.connection, selectors.EVENT_READ, viewer)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                key.data.read()
            elif sys.stdin.readline():
                _tell(viewers)
            else:
                return


def _tell(viewers: list[FloodViewer]) -> None:
    counts = [Count(v.lines, v.told, v.unexplained, v.unknown_gaps) for v in viewers]
    sys.stdout.write(json.dumps([time.monotonic(), counts]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    import os

    main(int(sys.argv[1]), sys.argv[2], os.environ["BENCH_TOKEN"], int(sys.argv[3]))

"""A program of its own: asks one path again and again on kept connections. `run_load` starts it.

The same for every server that is measured. Each connection has one request under way at a time.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import quantiles
from typing import NamedTuple

from bench.wire import connect, find_end, make_request

WARM_SECONDS = 0.5


class Load(NamedTuple):
    """Times in milliseconds, from sending to the answer's last byte."""

    per_second: float
    p50: float
    p95: float
    p99: float
    slowest: float
    times: list[float]


class Target(NamedTuple):
    """What is asked for, and in whose name."""

    port: int
    path: str
    token: str


def run_load(target: Target, connections: int = 1, seconds: float = 3.0, pause: float = 0.0) -> Load:
    """Ask for `seconds`; with `pause`, wait so long after each answer. Any answer but 200 is an error."""
    words = [str(word) for word in (target.port, target.path, connections, seconds, pause)]
    asked = subprocess.run(
        [sys.executable, "-m", "bench.load", *words],
        stdout=subprocess.PIPE,
        env={"BENCH_TOKEN": target.token},
        check=True,
    )
    return Load(*json.loads(asked.stdout))


def find_p95(loads: Sequence[Load]) -> float:
    """Over all answers of all of them."""
    return quantiles([took for load in loads for took in load.times], n=100)[94]


class _Connection:
    def __init__(self, port: int, request: bytes) -> None:
        self.socket: socket.socket = connect(port)
        self._request = request
        self._answer = b""
        self._asked_at = 0.0

    def ask(self) -> None:
        self._asked_at = time.perf_counter()
        self.socket.send(self._request)

    def read(self) -> float | None:
        """The milliseconds that the answer took, once it is whole."""
        self._answer += self.socket.recv(256 * 1024)
        end = find_end(self._answer)
        if end is None or len(self._answer) < end:
            if not self._answer:
                raise ConnectionError("closed by the server")
            return None
        took = (time.perf_counter() - self._asked_at) * 1000
        if not self._answer.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(self._answer)
        self._answer = b""
        return took


def main(request: bytes, port: int, count: int, seconds: float, pause: float) -> None:
    selector = selectors.EpollSelector()
    connections = [_Connection(port, request) for _ in range(count)]
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.ask()
    _ask_on(selector, WARM_SECONDS, pause)
    begin = time.perf_counter()
    times = _ask_on(selector, seconds, pause)
    per_second = len(times) / (time.perf_counter() - begin)
    cuts = quantiles(times, n=100)
    sys.stdout.write(json.dumps([per_second, cuts[49], cuts[94], cuts[98], max(times), times]))


def _ask_on(selector: selectors.BaseSelector, seconds: float, pause: float) -> list[float]:
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in selector.select():
            took = key.data.read()
            if took is not None:
                times.append(took)
                if pause:
                    time.sleep(pause)
                key.data.ask()
    return times


if __name__ == "__main__":
    wanted = make_request(sys.argv[2], os.environ["BENCH_TOKEN"])
    main(wanted, int(sys.argv[1]), int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5]))

"""How long a lone line is under way from the program in the container to a viewer."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from statistics import quantiles

from bench.lab import Lab, adopt
from bench.table import Row, at_most
from bench.wire import open_websocket, receive_text
from tests.panel import Panel

LINES = 400
# About 20 lines a second, each with the time at which it was printed.
PROGRAM = """
import os, time
for _ in range(12000):
    time.sleep(0.05)
    os.write(1, b"%d\\n" % time.time_ns())
"""


def measure(lab: Lab) -> Iterator[Row]:
    name = lab.run_container("python3", "-c", PROGRAM)
    panel = lab.start_panel()
    adopt(panel, name)
    from_print, from_engine = _measure_viewer(panel, name)
    raw = _measure_cli(name)
    yield _make_row("p50", 49, from_print, raw)
    yield _make_row("p99", 98, from_print, raw)
    figures = " / ".join(f"{_cut(from_engine, cut):.2f}" for cut in (49, 98))
    yield Row("  of that after the engine's time stamp, p50 / p99", f"{figures} ms")


def _make_row(name: str, cut: int, ours: list[float], raw: list[float]) -> Row:
    what = f"a lone line, printed to seen, {name}, beside docker logs -f"
    return at_most(what, _cut(ours, cut), 10, "ms", f"{_cut(raw, cut):.2f} ms")


def _cut(times: list[float], cut: int) -> float:
    return quantiles(times, n=100)[cut]


def _measure_viewer(panel: Panel, name: str) -> tuple[list[float], list[float]]:
    """Milliseconds since the line was printed, and since the engine took it."""
    from_print: list[float] = []
    from_engine: list[float] = []
    with open_websocket(panel.port, f"/api/instances/{name}/logs?tail=0", panel.token) as viewer:
        while len(from_print) < LINES:
            message = json.loads(receive_text(viewer))
            now = time.time_ns()
            for _, engine_time, _, text in message.get("lines", ()):
                from_print.append((now - int(text)) / 1e6)
                from_engine.append((now - _read_nanoseconds(engine_time)) / 1e6)
    return from_print, from_engine


def _read_nanoseconds(text: str) -> int:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(whole + "+00:00").timestamp()) * 1_000_000_000 + int(fraction)


def _measure_cli(name: str) -> list[float]:
    """The same of `docker logs -f` through a pipe."""
    times: list[float] = []
    follow = ["docker", "logs", "-f", "--tail", "0", name]
    with subprocess.Popen(follow, stdout=subprocess.PIPE) as cli:
        assert cli.stdout is not None
        while len(times) < LINES:
            lines = os.read(cli.stdout.fileno(), 65536).split()
            now = time.time_ns()
            times += [(now - int(line)) / 1e6 for line in lines]
        cli.kill()
    return times

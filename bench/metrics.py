"""A metrics answer against `docker stats --no-stream`, and the list of twenty instances."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from statistics import median

from bench.lab import Lab, adopt, settle
from bench.load import Target, run_load
from bench.table import Row, at_most, at_most_part
from tests.panel import Panel

INSTANCES = 20
CLI_CALLS = 5
PAUSE_SECONDS = 0.002


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    names = [lab.run_container() for _ in range(INSTANCES)]
    adopt(panel, *names)
    settle()
    one = _ask(panel, f"/api/metrics/{names[0]}")
    raw_ms = median(_time_cli(names[0]) for _ in range(CLI_CALLS))
    yield at_most_part("GET /api/metrics/NAME against docker stats --no-stream", one, raw_ms, 400)
    every = _ask(panel, "/api/instances")
    yield at_most(f"GET /api/instances with {INSTANCES} instances, p50", every, 5, "ms")


def _ask(panel: Panel, path: str) -> float:
    """Milliseconds, at the median."""
    return run_load(Target(panel.port, path, panel.token), pause=PAUSE_SECONDS).p50


def _time_cli(name: str) -> float:
    """Milliseconds."""
    begin = time.perf_counter()
    subprocess.run(["docker", "stats", "--no-stream", name], check=True, capture_output=True)
    return (time.perf_counter() - begin) * 1000

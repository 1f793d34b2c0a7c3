"""What the panel takes while nothing happens: memory, processor time, and how soon it is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from bench.lab import Lab, adopt, pid_of, settle
from bench.process_figures import MIB, measure_cpu_percent, read_rss_bytes
from bench.table import Row, at_most
from bench.wire import connect
from tests.panel import Panel

STARTS = 3
REST_SECONDS = 20.0
VIEWERS = 500
FIRST_INSTANCES, MORE_INSTANCES = 3, 2


def measure(lab: Lab) -> Iterator[Row]:
    yield from _measure_start(lab)
    panel = lab.start_panel()
    settle()
    pid, instances = pid_of(panel), FIRST_INSTANCES + MORE_INSTANCES
    empty_bytes, empty_cpu = read_rss_bytes(pid), measure_cpu_percent(pid, REST_SECONDS)
    names = [lab.run_game() for _ in range(instances)]
    adopt(panel, *names[:FIRST_INSTANCES])
    settle()
    yield at_most(f"memory with {FIRST_INSTANCES} idle instances", read_rss_bytes(pid) / MIB, 70, "MiB")
    adopt(panel, *names[FIRST_INSTANCES:])
    settle()
    each = (read_rss_bytes(pid) - empty_bytes) / instances / 1024
    yield Row("memory for each idle instance", f"{each:.0f} KiB")
    cpu = (measure_cpu_percent(pid, REST_SECONDS) - empty_cpu) / instances
    yield at_most("CPU for each instance at rest", cpu, 1, "% of a core")
    yield _measure_viewers(lab, panel)


def _measure_viewers(lab: Lab, panel: Panel) -> Row:
    """Of a log in which nothing is said."""
    instance = lab.run_container()
    adopt(panel, instance)
    lab.open_viewers(panel, instance, 1)
    settle()
    before = read_rss_bytes(pid_of(panel))
    lab.open_viewers(panel, instance, VIEWERS)
    settle()
    each = (read_rss_bytes(pid_of(panel)) - before) / VIEWERS / 1024
    return at_most(f"memory for each idle viewer (of {VIEWERS})", each, 100, "KiB")


def _measure_start(lab: Lab) -> Iterator[Row]:
    panels = [lab.make_panel() for _ in range(STARTS)]
    first = median(_time_start(panel) for panel in panels)
    yield at_most("start to the first answer, in an empty folder", first, 1.5, "s")
    again = median(_time_start(panel) for panel in panels)
    yield at_most("start to the first answer, the next time", again, 1.5, "s")


def _time_start(panel: Panel) -> float:
    """Seconds from running the program to the first 200 of /health."""
    begin = time.perf_counter()
    panel.launch()
    while not _is_healthy(panel.port):
        time.sleep(0.005)
        assert time.perf_counter() - begin < 60, panel.read_log()
    took = time.perf_counter() - begin
    panel.stop()
    return took


def _is_healthy(port: int) -> bool:
    try:
        with connect(port) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False

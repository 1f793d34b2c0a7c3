"""How memory, processor time, engine connections and answers grow with containers and with viewers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bench.lab import Lab, adopt, pid_of, settle
from bench.load import Target, run_load
from bench.process_figures import (
    MIB,
    count_engine_connections,
    measure_cpu_percent,
    read_rss_bytes,
)
from bench.table import Row
from tests.panel import Panel

CONTAINERS = (1, 10, 50)
VIEWERS = (1, 100, 500)
REST_SECONDS = 10.0


class _Figures(NamedTuple):
    memory_bytes: int
    cpu_percent: float
    engine_connections: int
    list_ms: float


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    names: list[str] = []
    for count in CONTAINERS:
        more = [lab.run_container() for _ in range(count - len(names))]
        adopt(panel, *more)
        names += more
        yield _make_row(f"containers: {count}", _look(panel))
    connections = set()
    open_now = 0
    for count in VIEWERS:
        lab.open_viewers(panel, names[0], count - open_now)
        open_now = count
        figures = _look(panel)
        connections.add(figures.engine_connections)
        yield _make_row(f"containers: {CONTAINERS[-1]}, viewers: {count}", figures)
    assert len(connections) == 1, f"engine connections depend on the number of viewers: {connections}"


def _look(panel: Panel) -> _Figures:
    settle()
    pid = pid_of(panel)
    listing = Target(panel.port, "/api/instances", panel.token)
    return _Figures(
        memory_bytes=read_rss_bytes(pid),
        cpu_percent=measure_cpu_percent(pid, REST_SECONDS),
        engine_connections=count_engine_connections(pid),
        list_ms=run_load(listing, seconds=1.0, pause=0.005).p50,
    )


def _make_row(what: str, figures: _Figures) -> Row:
    told = (
        f"{figures.memory_bytes / MIB:.1f} MiB, {figures.cpu_percent:.1f} % of a core, "
        f"{figures.engine_connections} engine connections, list in {figures.list_ms:.2f} ms"
    )
    return Row(what, told)

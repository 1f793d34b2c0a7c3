"""How long a signed-in route takes: idle, and while a container floods to viewers and people sign in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bench.flood import run_flood
from bench.lab import Lab, adopt
from bench.load import Load, Target, run_load
from bench.signing_in import add_people, sign_in_all
from bench.sleeper import start_sleeper
from bench.table import Row, at_most
from palserver.services.loop_lag import WINDOW_SECONDS
from tests.panel import Panel
from tests.waiting import wait_until

PATH = "/api/auth/me"
VIEWERS = 10
SECONDS = 15.0
PAUSE_SECONDS = 0.005
LAG = re.compile(r"^palserver_loop_lag_p99_seconds (\S+)$", re.MULTILINE)


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    add_people(panel)
    idle = _ask(panel)
    name = run_flood(lab)
    adopt(panel, name)
    sink = lab.open_viewers(panel, name, VIEWERS)
    wait_until(lambda: all(count.lines for count in sink.mark().counts), "every viewer gets lines", 120)
    flooded = _ask(panel)
    with sign_in_all(panel):
        sleeper = start_sleeper()
        busy = _ask(panel, WINDOW_SECONDS)  # so that all of the minute that the panel tells of is like that
        lag = _make_lag_row(panel, sleeper.read_p99_ms())
    assert panel.get(f"/api/instances/{name}")["state"] == "running", "the flood ended too early"
    sink.close()
    lab.remove_container(name)
    yield Row(f"GET {PATH} idle, p50 / p95 / p99", _format(idle))
    yield Row(f"  while a container floods to {VIEWERS} viewers", _format(flooded))
    yield Row("  while it floods and ten people sign in", _format(busy))
    yield at_most("  while it floods and ten people sign in, p95", busy.p95, 50, "ms")
    yield Row("  the slowest answer of those", f"{busy.slowest:.1f} ms")
    yield lag


def _ask(panel: Panel, seconds: float = SECONDS) -> Load:
    return run_load(Target(panel.port, PATH, panel.token), seconds=seconds, pause=PAUSE_SECONDS)


def _format(load: Load) -> str:
    return f"{load.p50:.2f} / {load.p95:.2f} / {load.p99:.2f} ms"


def _make_lag_row(panel: Panel, sleeper_ms: float) -> Row:
    """As the panel itself measures it, over its last minute, beside a process that only sleeps."""
    found = LAG.search(panel.call("GET", "/metrics").text)
    assert found, "the panel does not tell of its event loop"
    what = "  event loop lag of the last minute, p99, beside a mere sleeper's"
    return at_most(what, float(found[1]) * 1000, 20, "ms", f"{sleeper_ms:.1f} ms")

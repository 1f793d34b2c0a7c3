"""What a backup costs everybody else: a large world is copied while a signed-in route is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from bench.lab import Lab, adopt, settle
from bench.load import Load, Target, find_p95, run_load
from bench.table import Row
from palserver.clock import parse_time
from tests.panel import Panel

PATH = "/api/instances"
WORLD_BYTES = 2**30
IDLE_SECONDS = 5.0
ASKED_SECONDS = 2.0  # at a time, until the backup is done
PAUSE_SECONDS = 0.005
MOST = 2.0


def measure(lab: Lab) -> Iterator[Row]:
    panel = lab.start_panel()
    name = lab.run_game(DEMO_WORLD_BYTES=str(WORLD_BYTES))
    adopt(panel, name)
    settle()
    before = _ask(panel, IDLE_SECONDS)
    job, stretches = _ask_during_backup(panel, name)
    settle()
    idle = find_p95([before, _ask(panel, IDLE_SECONDS)])  # the machine itself may change its pace meanwhile
    busy = find_p95(stretches)
    ratio = busy / idle
    verdict = "ok" if ratio <= MOST else "below"
    yield Row(
        f"GET {PATH} p95 while {WORLD_BYTES >> 20} MiB are backed up, against idle",
        f"{busy:.2f} ms",
        f"{idle:.2f} ms",
        f"{ratio:.2f}",
        f"<= {MOST:g}",
        verdict,
    )
    yield Row(
        f"  in the slowest {ASKED_SECONDS:g} s of it, p95",
        f"{max(stretch.p95 for stretch in stretches):.2f} ms",
    )
    yield Row("  that backup, the game's save included", f"{_seconds(job):.1f} s")


def _ask_during_backup(panel: Panel, name: str) -> tuple[Any, list[Load]]:
    """The job, and what was asked in each stretch in which it ran."""
    jobs: list[Any] = []
    worker = threading.Thread(target=lambda: jobs.append(panel.run_job(f"/api/instances/{name}/backup")))
    worker.start()
    stretches = []
    while worker.is_alive():
        stretches.append(_ask(panel, ASKED_SECONDS))
    worker.join()
    assert jobs and jobs[0]["state"] == "succeeded", jobs
    return jobs[0], stretches


def _ask(panel: Panel, seconds: float) -> Load:
    return run_load(Target(panel.port, PATH, panel.token), seconds=seconds, pause=PAUSE_SECONDS)


def _seconds(job: Any) -> float:
    """How long it ran, of times like 2026-09-01T20:15:00.123Z."""
    begin, end = (parse_time(job[name]) for name in ("started_at", "finished_at"))
    return (end - begin).total_seconds()

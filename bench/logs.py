"""Lines a second that reach each viewer of a flooding container, against one `docker logs -f`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import mean, median
from typing import NamedTuple

from bench.flood import measure_cli, run_flood
from bench.lab import Lab, adopt
from bench.sink import Count, Mark
from bench.table import Row, at_least
from tests.panel import Panel
from tests.waiting import wait_until

ROUNDS = 3
WARM_SECONDS = 2.0
SECONDS = 5.0
FLOORS = {1: 0.9, 10: 0.7, 100: 0.5}


class _Measured(NamedTuple):
    """Of one round and one number of viewers. `told` lines a second and viewer were told lost."""

    slowest: float
    told: float
    cli: float


def measure(lab: Lab) -> Iterator[Row]:
    measured: dict[int, list[_Measured]] = {viewers: [] for viewers in FLOORS}
    for _ in range(ROUNDS):
        for viewers, figures in _measure_round(lab).items():
            measured[viewers].append(figures)
    for viewers, floor in FLOORS.items():
        yield _make_row(viewers, measured[viewers], floor)


def _make_row(viewers: int, rounds: list[_Measured], floor: float) -> Row:
    middle = sorted(rounds, key=lambda one: one.slowest / one.cli)[len(rounds) // 2]
    told = median(one.told for one in rounds)
    ours = f"{middle.slowest:,.0f}/s" + (f" (+{told:,.0f}/s told lost)" if told >= 1 else "")
    what = f"log lines to {viewers} viewer{'s' * (viewers > 1)}, slowest, against docker logs -f"
    return at_least(what, ours, f"{middle.cli:,.0f}/s", middle.slowest / middle.cli, floor)


def _measure_round(lab: Lab) -> dict[int, _Measured]:
    """On one container: the CLI alone, then the panel with ever more viewers, then the CLI alone again."""
    name = run_flood(lab)
    cli = [measure_cli(name, WARM_SECONDS, SECONDS)]
    panel = lab.start_panel()
    adopt(panel, name)
    rates = {viewers: _measure_viewers(lab, panel, name, viewers) for viewers in FLOORS}
    panel.close()
    cli.append(measure_cli(name, WARM_SECONDS, SECONDS))
    lab.remove_container(name)
    return {viewers: _Measured(*rate, mean(cli)) for viewers, rate in rates.items()}


def _measure_viewers(lab: Lab, panel: Panel, name: str, viewers: int) -> tuple[float, float]:
    """Lines a second of the slowest viewer, and how many a second it was told to have lost."""
    sink = lab.open_viewers(panel, name, viewers)
    wait_until(lambda: all(count.lines for count in sink.mark().counts), "every viewer gets lines", 120)
    time.sleep(WARM_SECONDS)
    begin = sink.mark()
    time.sleep(SECONDS)
    end = sink.mark()
    sink.close()
    _check(end)
    seconds = end.at - begin.at
    pairs = zip(begin.counts, end.counts, strict=True)
    return min(_rate(before, after, seconds) for before, after in pairs)


def _rate(before: Count, after: Count, seconds: float) -> tuple[float, float]:
    return (after.lines - before.lines) / seconds, (after.told - before.told) / seconds


def _check(mark: Mark) -> None:
    """Sent and told lost must make up all numbers there were."""
    for count in mark.counts:
        assert count.unexplained == 0, f"{count.unexplained} lines neither came nor were told lost"

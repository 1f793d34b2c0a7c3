"""Figures on the time axis: stretches of time, what many come to in one, and the grid of an answer.

Pure functions; times are whole seconds of Unix time. A stretch begins at a multiple of its length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, repeat
from math import ceil
from operator import add
from typing import Any, NamedTuple

import msgspec

from palserver.errors import Invalid
from palserver.services.metrics.samples import Sample
from palserver.store.metrics import COLUMNS, FIGURES, RANGED, Row

Rows = Mapping[int, Row]  # by the beginnings of their stretches

HOUR, DAY = 3600, 86400
MAX_SPAN_SECONDS = 100 * DAY
# Where in a row the highest and the lowest begin.
HIGHEST_FROM, LOWEST_FROM = 1 + len(FIGURES), 1 + len(FIGURES) + len(RANGED)
# A question takes a moment to get here, and what is kept is purged a little late.
LATE_SECONDS = 300
# A span of hardly more than `points` stretches is not halved in detail for it.
MORE_POINTS = 0.05


class Tier(NamedTuple):
    """Stretches of one length, and for how long they are kept."""

    step_seconds: int
    kept_seconds: int


TIERS = (Tier(15, DAY), Tier(60, 7 * DAY), Tier(900, 90 * DAY))


class History(msgspec.Struct, frozen=True):
    """Columns of one length; None where nothing was measured. `time` is when each stretch begins.

    CPU, memory and frames are averages, players those last known; limit and counters are as at the end.
    The highest and the lowest are those of the single samples, whatever the step.
    `started_at` is no column: it is when the container was started in this time, however often that was.
    """

    step_seconds: int
    time: Sequence[datetime]
    cpu_percent: Sequence[float | None]
    memory_bytes: Sequence[int | None]
    memory_limit_bytes: Sequence[int | None]
    network_rx_bytes: Sequence[int | None]
    network_tx_bytes: Sequence[int | None]
    block_read_bytes: Sequence[int | None]
    block_write_bytes: Sequence[int | None]
    players: Sequence[int | None]
    fps: Sequence[float | None]
    highest_cpu_percent: Sequence[float | None]
    highest_memory_bytes: Sequence[int | None]
    highest_players: Sequence[int | None]
    highest_fps: Sequence[float | None]
    lowest_cpu_percent: Sequence[float | None]
    lowest_memory_bytes: Sequence[int | None]
    lowest_players: Sequence[int | None]
    lowest_fps: Sequence[float | None]
    started_at: Sequence[datetime]


def begin_of(second: float, step_seconds: int) -> int:
    return int(second // step_seconds) * step_seconds


def row_of(sample: Sample, second: float) -> Row:
    ends = [getattr(sample, name) for name in RANGED]
    return (int(second), *(getattr(sample, name) for name in FIGURES), *ends, *ends)


def fold(begin: int, rows: Sequence[Row]) -> Row:
    """What `rows`, oldest first, come to in the one stretch that holds them; each counts the same."""
    columns = list(zip(*rows, strict=True))
    _, cpu, memory, *last, fps = columns[:HIGHEST_FROM]
    average_memory = _average(memory)
    return (
        begin,
        _average(cpu),
        None if average_memory is None else int(average_memory),
        *map(_last, last),
        _average(fps),
        *(_pick(max, values) for values in columns[HIGHEST_FROM:LOWEST_FROM]),
        *(_pick(min, values) for values in columns[LOWEST_FROM:]),
    )


def group(rows: Rows, step_seconds: int) -> dict[int, list[Row]]:
    """`rows` by the beginning of the stretch of `step_seconds` that each belongs to, oldest first."""
    stretches: dict[int, list[Row]] = {}
    for begin in sorted(rows):
        stretches.setdefault(begin - begin % step_seconds, []).append(rows[begin])
    return stretches


def fold_each(stretches: Mapping[int, Sequence[Row]]) -> dict[int, Row]:
    return {begin: fold(begin, rows) for begin, rows in stretches.items()}


def choose_window(start: datetime | None, end: datetime | None, now: float) -> tuple[int, int]:
    """First and last second: without `end` up to now, without `start` an hour. Raises Invalid."""
    last = int((now if end is None else end.timestamp()) // 1)
    first = last - HOUR if start is None else int(start.timestamp() // 1)
    problems = {}
    if first < 0:
        problems["from"] = "is before 1970"
    elif first > last:
        problems["from"] = "is after the end"
    elif last - first > MAX_SPAN_SECONDS:
        problems["from"] = f"is more than {MAX_SPAN_SECONDS // DAY} days before the end"
    if last > now + MAX_SPAN_SECONDS:
        problems["to"] = f"is more than {MAX_SPAN_SECONDS // DAY} days from now"
    if problems:
        raise Invalid(fields=problems)
    return first, last


def choose_steps(start: int, end: int, points: int, now: float) -> tuple[int, int]:
    """The step of the tier to read, and that of an answer of about `points`: a multiple of the tier's."""
    reaching = [tier for tier in TIERS if now - start <= tier.kept_seconds + LATE_SECONDS] or TIERS[-1:]
    wanted_seconds = (end - start) / points
    tier = [reaching[0], *(tier for tier in reaching if tier.step_seconds <= wanted_seconds)][-1]
    times = max(1, ceil(wanted_seconds / tier.step_seconds - MORE_POINTS))
    return tier.step_seconds, tier.step_seconds * times


def lay_out(rows: Rows, start: int, end: int, step_seconds: int, starts: Sequence[int] = ()) -> History:
    """The whole grid from the stretch that holds `start` to the one that holds `end`."""
    times = range(begin_of(start, step_seconds), begin_of(end, step_seconds) + step_seconds, step_seconds)
    nothing = (None,) * len(COLUMNS)
    columns = zip(*[rows.get(time, nothing) for time in times], strict=True)
    next(columns)
    steps = repeat(timedelta(seconds=step_seconds), len(times) - 1)
    moments = accumulate(steps, add, initial=datetime.fromtimestamp(times[0], UTC))
    started_at = [datetime.fromtimestamp(second, UTC) for second in starts]
    return History(step_seconds, list(moments), *[*columns, started_at])


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 2) if known else None


def _pick(pick: Callable[..., Any], values: Sequence[Any]) -> Any:
    known = [value for value in values if value is not None]
    return pick(known) if known else None


def _last(values: Sequence[int | None]) -> int | None:
    if values[-1] is not None:
        return values[-1]
    return next((value for value in reversed(values) if value is not None), None)

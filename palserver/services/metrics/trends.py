"""CPU and memory of the last hour, a figure a minute: what the small line beside a server is drawn of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import gevent
import msgspec

from palserver.services.metrics.history import MetricsHistory

POINTS = 60
GOOD_SECONDS = 30.0


class Trend(msgspec.Struct, frozen=True):
    """As in the history of one instance: None where nothing was measured. `begins_at` is of the first."""

    instance: str
    begins_at: datetime
    step_seconds: int
    cpu_percent: Sequence[float | None]
    memory_bytes: Sequence[int | None]


class Trends:
    """Reading an hour takes a millisecond or so: it is done once for all who come within half a minute."""

    def __init__(self, history: MetricsHistory) -> None:
        self._history = history
        self._read: dict[str, tuple[float, Trend]] = {}

    def list_trends(self, names: list[str]) -> list[Trend]:
        self._read = {name: read for name, read in self._read.items() if name in names}
        return [self._get(name) for name in names]

    def _get(self, name: str) -> Trend:
        now = time.monotonic()
        read_at, trend = self._read.get(name, (-GOOD_SECONDS, None))
        if trend is None or now - read_at > GOOD_SECONDS:
            trend = self._read_trend(name)
            self._read[name] = (now, trend)
            gevent.sleep(0)  # with many instances others get their turn in between
        return trend

    def _read_trend(self, name: str) -> Trend:
        past = self._history.read(name, None, None, POINTS)
        return Trend(name, past.time[0], past.step_seconds, past.cpu_percent, past.memory_bytes)

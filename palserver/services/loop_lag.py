"""How long the event loop keeps people waiting: a short sleep, and by how much it is overslept."""

from __future__ import annotations

import time
from collections import deque
from math import ceil
from typing import NamedTuple

import gevent

from palserver.background import Background

SLEEP_SECONDS = 0.1
WINDOW_SECONDS = 60.0


class Lag(NamedTuple):
    """Over the last minute."""

    p99_seconds: float
    max_seconds: float


class LoopLag:
    """Keeps one measurement for each sleep of the last minute."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=round(WINDOW_SECONDS / SLEEP_SECONDS))

    def start(self, background: Background) -> None:
        background.supervise("loop lag", self._measure)

    def read(self) -> Lag | None:
        """None before the first measurement."""
        return summarise(sorted(self._lags))

    def _measure(self) -> None:
        while True:
            began = time.monotonic()
            gevent.sleep(SLEEP_SECONDS)
            self._lags.append(max(0.0, time.monotonic() - began - SLEEP_SECONDS))


def summarise(lags: list[float]) -> Lag | None:
    """`lags` from the smallest to the largest."""
    return Lag(lags[ceil(len(lags) * 0.99) - 1], lags[-1]) if lags else None

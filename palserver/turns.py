"""Giving way: a loop whose socket or pipe always has data would else never let anybody else run."""

from __future__ import annotations

import time

import gevent

TURN_SECONDS = 0.005
# Not 0: gevent looks at sockets and clocks only after fifty such sleeps, which is a quarter of a second.
REST_SECONDS = 0.0001


class Turn:
    """`rest` lets others run every few milliseconds, and costs nearly nothing in between."""

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + TURN_SECONDS

    def rest(self) -> None:
        if time.monotonic() > self._ends_at:
            gevent.sleep(REST_SECONDS)
            self._ends_at = time.monotonic() + TURN_SECONDS

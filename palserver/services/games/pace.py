"""How often a game is asked: once, whoever watches, and less often while nobody does."""

from __future__ import annotations

import time
from typing import NamedTuple

import gevent

from palserver.services.audience import Audience

REST_SECONDS = 0.5  # between two polls, also when the first took all its time


class Intervals(NamedTuple):
    """Between two polls of a game's figures, and between two of its players."""

    metrics_seconds: float
    players_seconds: float


WATCHED = Intervals(5.0, 15.0)
UNWATCHED = Intervals(15.0, 60.0)


class Pace:
    """Shared by all pollers; times are on the monotonic clock."""

    def __init__(
        self, audience: Audience, watched: Intervals = WATCHED, unwatched: Intervals = UNWATCHED
    ) -> None:
        self._audience = audience
        self._watched = watched
        self._unwatched = unwatched

    def rest(self, began: float) -> None:
        """Wait from a poll that `began` then to the next; who comes after a quiet time does not have to."""
        if self._audience.is_there or self._audience.wait(_left(began, self._unwatched)):
            gevent.sleep(_left(began, self._watched))

    def are_players_due(self, asked_at: float | None) -> bool:
        """A poll's own time may vary by as much as it rests, and must not put the players off to the next."""
        intervals = self._watched if self._audience.is_there else self._unwatched
        passed = None if asked_at is None else time.monotonic() - asked_at
        return passed is None or passed > intervals.players_seconds - REST_SECONDS


def _left(began: float, intervals: Intervals) -> float:
    return max(REST_SECONDS, began + intervals.metrics_seconds - time.monotonic())

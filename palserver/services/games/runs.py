"""What the polls of one run of a container say about its game. Nothing here asks anybody."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from palserver.clients.containers import Container
from palserver.clients.palworld import Metrics, Player
from palserver.clock import parse_time, utc_now
from palserver.services.games.rosters import PlayerEvent, Roster

STARTING_SECONDS = 15 * 60.0
MISSES_IN_A_ROW = 2

STATUSES = ("ready", "starting", "unresponsive", "unauthorized", "paused", "off", "unknown")


class GameView(msgspec.Struct, frozen=True):
    """`checked_at` is when the game last answered; the numbers are null unless it is ready and told.

    `days` are those of the world.
    """

    status: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATUSES)})]
    version: str | None = None
    players: int | None = None
    max_players: int | None = None
    days: int | None = None
    checked_at: str | None = None


class GameRun:
    """The game in one run of its container: from its start to its exit, pauses included."""

    def __init__(self, container: Container, instance: str = "", now: float | None = None) -> None:
        """`now` is on the monotonic clock; the age of the run is read off the wall only once."""
        self.key = key_of(container)
        self.version: str | None = None
        self.is_version_due = True
        self.metrics: Metrics | None = None
        self.players: list[Player] | None = None
        self.players_asked_at: float | None = None
        self._roster = Roster(instance)
        self._began = (time.monotonic() if now is None else now) - _age_seconds(container.started_at)
        self._status = "unknown"
        self._checked_at: str | None = None
        self._has_answered = False
        self._misses = 0

    def view(self) -> GameView:
        return GameView(
            status=self._status,
            version=self.version,
            players=self.metrics.players if self.metrics else None,
            max_players=self.metrics.max_players if self.metrics else None,
            days=self.metrics.days if self.metrics else None,
            checked_at=self._checked_at,
        )

    def learn_version(self, version: str | None) -> None:
        self.version, self.is_version_due = version, False

    def answer(self, metrics: Metrics) -> None:
        self._status, self.metrics = "ready", metrics
        self._has_answered, self._misses = True, 0
        self._checked_at = utc_now()

    def meet(self, players: list[Player] | None) -> list[PlayerEvent]:
        """Who is on, and who came or went since the answer before; from None nothing follows."""
        self.players = players
        return [] if players is None else self._roster.update(players)

    def refuse(self) -> None:
        """It answered, but takes none of the passwords."""
        self._forget("unauthorized")

    def pause(self) -> None:
        """It is held still by its own image, and mute because of that."""
        self._forget("paused")

    def miss(self, now: float | None = None) -> None:
        """It did not answer. One miss takes the numbers away and leaves the status; a hiccup is no outage."""
        self.metrics = self.players = self.players_asked_at = None
        self.is_version_due = True  # an image may update the game and start it again in the same container
        self._misses += 1
        is_settled = self._has_answered or self._status in ("unauthorized", "paused")
        if is_settled and self._misses < MISSES_IN_A_ROW:
            return
        age_seconds = (time.monotonic() if now is None else now) - self._began
        is_starting = not self._has_answered and age_seconds < STARTING_SECONDS
        self._status = "starting" if is_starting else "unresponsive"

    def rest(self) -> None:
        """Nobody asks for a while, so nothing is known until the next answer."""
        self._forget("unknown")

    def _forget(self, status: str) -> None:
        self._status, self._misses = status, 0
        self.metrics = self.players = self.players_asked_at = None


def key_of(container: Container) -> tuple[str, str | None]:
    return container.id, container.started_at


def _age_seconds(started_at: str | None) -> float:
    """By the engine's clock and ours, which may differ: never below zero, and zero where it is not told."""
    try:
        began = parse_time(started_at or "")
    except ValueError:
        return 0.0
    return max(0.0, (datetime.now(UTC) - began).total_seconds())

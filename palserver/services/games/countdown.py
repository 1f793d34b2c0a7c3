"""The countdown that players see before a stop or a restart."""

from __future__ import annotations

from dataclasses import dataclass

from palserver.errors import PalError
from palserver.services.games.games import Games
from palserver.services.jobs.jobs import Job

ANNOUNCED_SECONDS = (3600, 1800, 900, 600, 300, 120, 60, 30, 10, 5)


@dataclass(frozen=True)
class Countdown:
    """`wait_seconds` 0 is at once. `message` replaces our own words; the time left is added to it."""

    wait_seconds: int = 0
    message: str | None = None


def list_announcements(wait_seconds: int) -> list[int]:
    """At how many seconds before the end players are told: at the beginning, then at round figures."""
    rounds = [seconds for seconds in ANNOUNCED_SECONDS if seconds < wait_seconds]
    return [wait_seconds, *rounds] if wait_seconds > 0 else []


def count_down(job: Job, games: Games, instance: str, countdown: Countdown) -> None:
    """Announce and wait. Raises Cancelled as soon as somebody cancels the job; players are told that too."""
    remaining = list_announcements(countdown.wait_seconds)
    if not remaining:
        return
    job.enter("counting_down", seconds=countdown.wait_seconds)
    try:
        for seconds, following in zip(remaining, [*remaining[1:], 0], strict=True):
            _announce(job, games, instance, _word(countdown.message, seconds))
            job.wait_or_cancel(seconds - following)
    except PalError:
        _announce(job, games, instance, "Cancelled: the server keeps running.")
        raise


def _word(message: str | None, seconds: int) -> str:
    left = f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"
    return f"{message or 'The server stops soon.'} ({left})"


def _announce(job: Job, games: Games, instance: str, message: str) -> None:
    """A game that cannot tell its players does not keep its owner from stopping it."""
    try:
        games.announce(instance, message)
        job.write(f"Told the players: {message}")
    except PalError as error:
        job.write(f"The players could not be told: {error.detail}")

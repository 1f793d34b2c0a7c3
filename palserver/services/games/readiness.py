"""Waiting for a game until it can be played: not merely running, but answering who may ask."""

from __future__ import annotations

import time

from palserver import errors
from palserver.clients.palworld import Info
from palserver.services.games.games import Games
from palserver.services.jobs.jobs import Job

ASK_SECONDS = 1.0
# Large worlds take minutes to load, and some images look for updates of the game first.
READY_SECONDS = 600.0


def wait_for_ready(job: Job, games: Games, name: str, limit_seconds: float) -> Info:
    """Ask until the game says what it is.

    Raises GameNotReady when its container ends or the time is over, GameUnauthorized when it refused our
    password to the last.
    """
    job.enter("waiting_for_ready", is_cancellable=False)
    games.forget_address(name)  # its password and its port are what its settings say now
    deadline = time.monotonic() + limit_seconds
    while True:
        try:
            return games.info(name)
        except errors.InstanceNotRunning as error:
            raise errors.GameNotReady("The game ended while it was starting.") from error
        except errors.GameUnauthorized:
            if time.monotonic() > deadline:
                raise
        except (errors.GameUnreachable, errors.GameBadAnswer) as error:
            if time.monotonic() > deadline:
                raise errors.GameNotReady() from error
        job.wait_or_cancel(ASK_SECONDS)

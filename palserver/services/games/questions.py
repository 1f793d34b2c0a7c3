"""What a poll asks a game, and what its answers and silences teach about the run."""

from __future__ import annotations

import time
from functools import partial

from palserver.clients import palworld
from palserver.clients.containers import Container
from palserver.errors import GameBadAnswer, GameUnauthorized, GameUnreachable
from palserver.services.games.access import GameAccess
from palserver.services.games.rosters import PlayerEvent
from palserver.services.games.runs import GameRun
from palserver.store.instances import Instance


def ask_figures(access: GameAccess, instance: Instance, container: Container, run: GameRun) -> bool:
    """Whether the game answered. Raises EngineUnreachable.

    The pause mark is looked at first: a question could wake a game that its own image holds still.
    """
    if access.is_held_still(container):
        run.pause()
        return False
    try:
        if run.is_version_due:
            info = access.ask(instance, container, partial(palworld.get_info, attempts=1))
            run.learn_version(info.version)
        run.answer(access.ask(instance, container, partial(palworld.get_metrics, attempts=1)))
    except GameUnauthorized:
        run.refuse()
    except (GameUnreachable, GameBadAnswer):
        if access.is_held_still(container):
            run.pause()
        else:
            run.miss()
    else:
        return True
    return False


def ask_players(
    access: GameAccess, instance: Instance, container: Container, run: GameRun
) -> list[PlayerEvent]:
    """Who came and who went. No answer says nothing of the game, which has just answered, nor of anybody."""
    run.players_asked_at = time.monotonic()
    try:
        players = access.ask(instance, container, partial(palworld.get_players, attempts=1))
    except (GameUnauthorized, GameUnreachable, GameBadAnswer):
        return run.meet(None)
    return run.meet(players)

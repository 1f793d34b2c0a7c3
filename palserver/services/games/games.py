"""The games behind the instances: what is known of each, and every call that is made to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from palserver import errors
from palserver.background import Background
from palserver.clients import palworld
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.clients.palworld import Info, Metrics, Player
from palserver.clients.palworld_http import GameAddress, limit
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.access import GameAccess
from palserver.services.games.pace import Pace
from palserver.services.games.polls import GamePolls
from palserver.services.games.runs import GameView
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance

__all__ = ["GameView", "Games"]

ANSWER_SECONDS = 9.5  # for a question of somebody who waits, looking for the address included

Answer = TypeVar("Answer")


class Games:
    """Calls take an instance's name. They raise InstanceNotFound, InstanceNotRunning, EngineUnreachable,
    GameUnreachable, GameUnauthorized, GameBadAnswer; orders raise GameRefused too.

    `changes` publishes the name of each instance whose view has changed, `player_events` who came and went.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        watch: EngineWatch,
        background: Background,
        pace: Pace,
    ) -> None:
        self._database = database
        self._watch = watch
        self._access = GameAccess(engine)
        self._polls = GamePolls(database, watch, background, self._access, pace)
        self.changes = self._polls.changes
        self.player_events = self._polls.player_events

    def start(self) -> None:
        self._polls.start()

    def view(self, instance: Instance) -> GameView:
        return self._polls.view(instance)

    def find_metrics(self, name: str) -> Metrics | None:
        """What the last poll brought; None when it brought nothing."""
        return self._polls.find_metrics(name)

    def find_players(self, name: str) -> list[Player] | None:
        """Who was on at the last poll; None when that is not known."""
        return self._polls.find_players(name)

    def info(self, name: str) -> Info:
        return self._ask(name, palworld.get_info)

    def players(self, name: str) -> list[Player]:
        return self._ask(name, palworld.get_players)

    def metrics(self, name: str) -> Metrics:
        return self._ask(name, palworld.get_metrics)

    def settings(self, name: str) -> dict[str, Any]:
        return self._ask(name, palworld.get_settings)

    def announce(self, name: str, message: str) -> None:
        self._order(name, lambda address: palworld.announce(address, message))

    def save(self, name: str) -> None:
        """Returns when the game says that the world is saved."""
        self._order(name, palworld.save)

    def kick(self, name: str, user_id: str, message: str | None = None) -> None:
        self._order(name, lambda address: palworld.kick(address, user_id, message))

    def ban(self, name: str, user_id: str, message: str | None = None) -> None:
        self._order(name, lambda address: palworld.ban(address, user_id, message))

    def unban(self, name: str, user_id: str) -> None:
        self._order(name, lambda address: palworld.unban(address, user_id))

    def shutdown(self, name: str, wait_seconds: int, message: str | None = None) -> None:
        self._order(name, lambda address: palworld.shutdown(address, wait_seconds, message))

    def list_passwords(self, name: str) -> set[str]:
        """The admin passwords that it has or had, as far as they are known."""
        return self._access.list_passwords(name)

    def forget_address(self, name: str) -> None:
        """Look anew at the next call, whatever was found before or not found."""
        self._access.forget(name)

    def _ask(self, name: str, question: Callable[[GameAddress], Answer]) -> Answer:
        instance, container = self._get_running(name)
        with self._noticing_an_exit(instance), limit(ANSWER_SECONDS):
            return self._access.ask(instance, container, question)

    def _order(self, name: str, order: Callable[[GameAddress], None]) -> None:
        instance, container = self._get_running(name)
        with self._noticing_an_exit(instance):
            self._access.order(instance, container, order)

    @contextmanager
    def _noticing_an_exit(self, instance: Instance) -> Iterator[None]:
        """A game that does not answer because it has just ended is not running, and no outage."""
        try:
            yield
        except errors.GameUnreachable as error:
            container = self._watch.look(instance.container)
            if container is None or container.state != "running":
                raise errors.InstanceNotRunning() from error
            raise

    def _get_running(self, name: str) -> tuple[Instance, Container]:
        """The engine is asked before anybody is refused: what we remember may be a moment behind."""
        instance = store.find_instance(self._database.reader, name)
        if instance is None:
            raise errors.InstanceNotFound()
        container = self._watch.find(instance.container)
        if container is None or container.state != "running":
            container = self._watch.look(instance.container)
        if container is None or container.state != "running":
            raise errors.InstanceNotRunning()
        return instance, container

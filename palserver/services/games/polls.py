"""One poll of each game whose container runs, and what is to be seen of each game."""

from __future__ import annotations

import time

import gevent
import msgspec

from palserver.background import Background
from palserver.clients.containers import Container
from palserver.clients.palworld import Metrics, Player
from palserver.fanout import Topic
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.access import GameAccess
from palserver.services.games.pace import Pace
from palserver.services.games.players import keep_players
from palserver.services.games.questions import ask_figures, ask_players
from palserver.services.games.rosters import PlayerEvent
from palserver.services.games.runs import GameRun, GameView, key_of
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance


class GamePolls:
    """Pollers come and go with what the engine reports, one for each game, whoever watches.

    `changes` has the instances whose view changed, `player_events` who came and who went.
    """

    def __init__(
        self,
        database: Database,
        watch: EngineWatch,
        background: Background,
        access: GameAccess,
        pace: Pace,
    ) -> None:
        self._database = database
        self._watch = watch
        self._background = background
        self._access = access
        self._pace = pace
        self._runs: dict[str, GameRun] = {}
        self._pollers: dict[str, gevent.Greenlet] = {}
        self._published: dict[str, GameView] = {}
        self.changes: Topic[str] = Topic()
        self.player_events: Topic[PlayerEvent] = Topic()

    def start(self) -> None:
        self._background.supervise("games", self._follow)

    def view(self, instance: Instance) -> GameView:
        """From memory: `off` and `paused` may be the container's, the rest is what the game itself said."""
        if not self._watch.is_reachable:
            return GameView("unknown")
        container = self._watch.find(instance.container)
        if container is None or container.state not in ("running", "paused"):
            return GameView("off")
        run = self._find_run(instance.name, container)
        view = run.view() if run else GameView("unknown")
        if container.state == "paused":
            return msgspec.structs.replace(view, status="paused", players=None, max_players=None, days=None)
        return view

    def find_metrics(self, name: str) -> Metrics | None:
        """What the last poll brought; None when it brought nothing."""
        run = self._runs.get(name)
        return run.metrics if run else None

    def find_players(self, name: str) -> list[Player] | None:
        """Who was on at the last poll of them; None when that is not known any more."""
        run = self._runs.get(name)
        return run.players if run else None

    def _follow(self) -> None:
        """Whichever container changed, all instances are looked at: it is memory only, and misses none."""
        self._watch.changes.follow(self._look_at_all)

    def _look_at_all(self) -> None:
        instances = {instance.name: instance for instance in store.list_instances(self._database.reader)}
        for name in self._runs.keys() - instances.keys():
            self._drop(name)
        for instance in instances.values():
            self._look_at(instance)
            self._publish(instance)

    def _look_at(self, instance: Instance) -> None:
        """Poll while the container runs. A pause, or an engine that is gone, ends no run."""
        container = self._watch.find(instance.container)
        if container is None or container.state not in ("running", "paused"):
            self._stop_poller(instance.name)
            if self._watch.is_reachable:
                self._runs.pop(instance.name, None)
            return
        if self._find_run(instance.name, container) is None:
            self._runs[instance.name] = GameRun(container, instance.name)
        if container.state == "paused":
            self._stop_poller(instance.name)
        elif instance.name not in self._pollers:
            name = f"game {instance.name}"
            self._pollers[instance.name] = self._background.supervise(name, self._poll_on, instance.name)

    def _find_run(self, name: str, container: Container) -> GameRun | None:
        run = self._runs.get(name)
        return run if run is not None and run.key == key_of(container) else None

    def _stop_poller(self, name: str) -> None:
        poller = self._pollers.pop(name, None)
        if poller is not None:
            poller.kill()  # and wait, so that no answer of before comes after the rest
        if name in self._runs:
            self._runs[name].rest()

    def _drop(self, name: str) -> None:
        """The instance is gone. Its poller comes last, because that may be the one who found out."""
        self._runs.pop(name, None)
        self._published.pop(name, None)
        self._access.forget(name)
        self._stop_poller(name)

    def _poll_on(self, name: str) -> None:
        while True:
            began = time.monotonic()
            self._poll(name)
            self._pace.rest(began)

    def _poll(self, name: str) -> None:
        instance = store.find_instance(self._database.reader, name)
        if instance is None:
            self._drop(name)
            return
        container = self._watch.find(instance.container)
        run = self._find_run(name, container) if container else None
        if container is not None and run is not None:  # else it has just changed, and is being looked at
            has_answered = ask_figures(self._access, instance, container, run)
            self._publish(instance)
            if has_answered and self._pace.are_players_due(run.players_asked_at):
                for event in ask_players(self._access, instance, container, run):
                    self.player_events.publish(event)
                keep_players(self._database, name, run.players or [])

    def _publish(self, instance: Instance) -> None:
        view = self.view(instance)
        if self._published.get(instance.name) != view:
            self._published[instance.name] = view
            self.changes.publish(instance.name)

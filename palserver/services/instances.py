"""Instances as the API shows them: the row, its container, its game, its figures, its job, in one object."""

from __future__ import annotations

from typing import Annotated

import msgspec

from palserver.clients.containers import Container, Port
from palserver.errors import InstanceNotFound
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.games import Games, GameView
from palserver.services.jobs.jobs import Jobs, JobView
from palserver.services.metrics.metrics import Metrics, MetricsView, shorten
from palserver.store import instances as store
from palserver.store.database import Database
from palserver.store.instances import Instance

SOURCES = ("created", "adopted", "compose")
# The engine's words for a container, and our two: it does not exist, and the engine does not answer.
STATES = ("running", "created", "restarting", "removing", "paused", "exited", "dead", "missing", "unknown")


class InstanceView(msgspec.Struct, frozen=True):
    """`state` is the container's, `game.status` the game's; `job` is the one that has not ended."""

    name: str
    container: str
    image: str | None
    source: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(SOURCES)})]
    state: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATES)})]
    exit_code: int | None
    oom_killed: bool | None
    started_at: str | None
    finished_at: str | None
    ports: tuple[Port, ...]
    game: GameView
    metrics: MetricsView | None
    job: JobView | None


class Instances:
    """Everything here is answered from memory and one short read; nothing waits for the engine."""

    def __init__(
        self, database: Database, watch: EngineWatch, games: Games, metrics: Metrics, jobs: Jobs
    ) -> None:
        self._database = database
        self._watch = watch
        self._games = games
        self._metrics = metrics
        self._jobs = jobs

    def find(self, name: str) -> Instance | None:
        return store.find_instance(self._database.reader, name)

    def get(self, name: str) -> Instance:
        """Raises InstanceNotFound."""
        instance = self.find(name)
        if instance is None:
            raise InstanceNotFound()
        return instance

    def list_secrets(self, instance: Instance) -> set[str]:
        """The game's admin password, as it was set by hand and as it was found."""
        by_hand = {instance.admin_password} if instance.admin_password else set()
        return by_hand | self._games.list_passwords(instance.name)

    def list_instances(self) -> list[Instance]:
        return store.list_instances(self._database.reader)

    def list_views(self) -> list[InstanceView]:
        return [self.view(instance) for instance in self.list_instances()]

    def view(self, instance: Instance) -> InstanceView:
        container = self._watch.find(instance.container)
        job = self._jobs.find_running(instance.name)
        return InstanceView(
            name=instance.name,
            container=instance.container,
            image=container.image if container else None,
            source=instance.source,
            state=self._state(container),
            exit_code=container.exit_code if container else None,
            oom_killed=container.oom_killed if container else None,
            started_at=container.started_at if container else None,
            finished_at=container.finished_at if container else None,
            ports=container.ports if container else (),
            game=self._games.view(instance),
            metrics=shorten(self._metrics.find(instance.name)),
            job=job.view if job else None,
        )

    def _state(self, container: Container | None) -> str:
        if not self._watch.is_reachable:
            return "unknown"
        return container.state if container else "missing"

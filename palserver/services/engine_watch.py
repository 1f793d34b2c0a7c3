"""What the engine's containers are doing, kept in memory from its event stream."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

import gevent
import msgspec

from palserver.background import Background
from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.errors import ContainerMissing, EngineUnreachable
from palserver.fanout import Topic

log = logging.getLogger(__name__)

PING_EVERY_SECONDS = 5.0
EVENT_FILTER = '{"type":["container"]}'
# Health checks and commands run inside are events too, many a minute, and change nothing we show.
QUIET_ACTIONS = (
    "exec_",
    "health_status",
    "attach",
    "top",
    "resize",
    "archive-path",
    "extract-to-dir",
    "export",
)

EngineState = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["ok", "unreachable"]})]


class EngineStatus(msgspec.Struct, frozen=True):
    """`version` and `containers` are null until the engine has been reached."""

    status: EngineState
    version: str | None
    containers: int | None


class EngineWatch:
    """Follows the containers that `list_managed` names. `changes` publishes the name of each that changed.

    While the engine does not answer, nothing is known of any container, and `is_reachable` says so.
    """

    def __init__(self, engine: Engine, background: Background, list_managed: Callable[[], list[str]]) -> None:
        self._engine = engine
        self._list_managed = list_managed
        self._containers: dict[str, Container | None] = {}
        self._follower: gevent.Greenlet | None = None
        self._background = background
        self.engine_status = EngineStatus("unreachable", None, None)
        self.changes: Topic[str] = Topic()
        self.engine_changes: Topic[EngineStatus] = Topic()

    def start(self) -> None:
        self._follower = self._background.supervise("engine events", self._follow)
        self._background.supervise("engine ping", self._ping)

    @property
    def is_reachable(self) -> bool:
        return self.engine_status.status == "ok"

    def wait_until_reachable(self) -> None:
        changes = self.engine_changes.subscribe()
        try:
            while not self.is_reachable:
                changes.take()
        finally:
            changes.close()

    def find(self, name: str) -> Container | None:
        """The container as last seen; None when it does not exist, or the engine does not answer."""
        return self._containers.get(name) if self.is_reachable else None

    def look(self, name: str) -> Container | None:
        """Ask the engine now, remember and publish the answer. Raises EngineUnreachable."""
        try:
            container = self._engine.get_container(name)
        except ContainerMissing:
            container = None
        if self._containers.get(name) != container or name not in self._containers:
            self._containers[name] = container
            self.changes.publish(name)
        return container

    def forget(self, name: str) -> None:
        self._containers.pop(name, None)

    def _follow(self) -> None:
        """Open the event stream, then look at everything, then apply events: so that none falls between."""
        try:
            self._engine.ping()
            version = self._engine.get_version()
            with self._engine.stream_json("/events", filters=EVENT_FILTER) as events:
                self._look_at_all(version)
                for event in events:
                    self._apply(event)
            self._engine.ping()  # the stream of a stopped engine ends without a word
        except EngineUnreachable:
            self._lose()
            raise

    def _look_at_all(self, version: str) -> None:
        count = len(self._engine.list_containers())
        managed = self._list_managed()
        for name in managed:
            self.look(name)
        self._set_status(EngineStatus("ok", version, count))
        for name in managed:
            self.changes.publish(name)

    def _apply(self, event: dict[str, Any]) -> None:
        action = event["Action"]
        if action.startswith(QUIET_ACTIONS):
            return
        attributes = event["Actor"]["Attributes"]
        if action in ("create", "destroy"):
            self._count(1 if action == "create" else -1)
        for name in {attributes.get("name", ""), attributes.get("oldName", "").lstrip("/")}:
            if name in self._list_managed():
                self.look(name)

    def _count(self, difference: int) -> None:
        containers = self.engine_status.containers
        if containers is not None:
            self._set_status(msgspec.structs.replace(self.engine_status, containers=containers + difference))

    def _ping(self) -> None:
        """The only thing that notices an engine that hangs: its streams stay open and silent for ever."""
        while True:
            gevent.sleep(PING_EVERY_SECONDS)
            if not self.is_reachable:
                continue
            try:
                self._engine.ping()
            except EngineUnreachable:
                self._lose()
                self._restart_follower()

    def _restart_follower(self) -> None:
        if self._follower is not None:
            self._follower.kill()
        self._follower = self._background.supervise("engine events", self._follow)

    def _lose(self) -> None:
        if self.is_reachable:
            log.warning("The Docker Engine does not answer.")
            self._set_status(
                msgspec.structs.replace(self.engine_status, status="unreachable", containers=None)
            )
            for name in list(self._containers):
                self.changes.publish(name)

    def _set_status(self, status: EngineStatus) -> None:
        if status.status != self.engine_status.status and status.status == "ok":
            log.info("The Docker Engine %s answers.", status.version)
        self.engine_status = status
        self.engine_changes.publish(status)

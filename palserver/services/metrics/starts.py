"""When each server was started, as the engine tells it: by a job, by its restart policy, or from outside."""

from __future__ import annotations

from palserver.background import Background
from palserver.clock import parse_time
from palserver.services.engine_watch import EngineWatch
from palserver.store import instances
from palserver.store import starts as store
from palserver.store.database import Database

# What crashes and is started again every minute is kept for more than a day.
MAX_KEPT = 2000


class Starts:
    """Writes down what nobody would know afterwards: a container itself remembers its last start only."""

    def __init__(self, database: Database, watch: EngineWatch) -> None:
        self._database = database
        self._watch = watch
        # What is written already, by instance; an instance of the same name may come anew.
        self._written: dict[str, tuple[str, str]] = {}

    def start(self, background: Background) -> None:
        background.supervise("starts of containers", self._follow)

    def _follow(self) -> None:
        """Whichever container changed, all are looked at: it is memory only, and misses none."""
        self._watch.changes.follow(self._look_at_all)

    def _look_at_all(self) -> None:
        rows = instances.list_instances(self._database.reader)
        for name in self._written.keys() - {row.name for row in rows}:
            del self._written[name]
        for row in rows:
            container = self._watch.find(row.container)
            if container is None or container.started_at is None:
                continue
            seen = (row.created_at, container.started_at)
            if self._written.get(row.name) == seen:
                continue
            second = int(parse_time(container.started_at).timestamp())
            self._database.write(store.add_start, row.name, second, MAX_KEPT)
            self._written[row.name] = seen

"""Settings that wait for a server to end, however it ends: by a job, by itself, or from outside."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from palserver import errors
from palserver.background import Background
from palserver.fanout import Subscription
from palserver.services.engine_watch import EngineWatch
from palserver.services.jobs.jobs import Job, Jobs, Result
from palserver.services.settings.writer import SettingsWriter
from palserver.store import instances
from palserver.store import settings as store
from palserver.store.database import Database
from palserver.store.instances import Instance

KIND = "settings"
ACTOR = "PalServer"


class SettingsKeeper:
    """Starts a job for each that can be written. What failed is tried again when its container changes."""

    def __init__(self, database: Database, watch: EngineWatch, jobs: Jobs, writer: SettingsWriter) -> None:
        self._database = database
        self._watch = watch
        self._jobs = jobs
        self._writer = writer

    def start(self, background: Background) -> None:
        background.supervise("settings of servers that end", self._follow_containers)
        background.supervise("settings after jobs", self._follow_jobs)

    def begin(self, instance: Instance, actor: str) -> Job:
        """Start the job that writes what is pending. Raises InstanceBusy, ShuttingDown."""

        def work(job: Job) -> Result:
            return {KIND: self._writer.write(job, instance)}

        return self._jobs.start(KIND, instance.name, actor, work)

    def _follow_containers(self) -> None:
        changes: Subscription[str] = self._watch.changes.subscribe()
        try:
            while (taken := changes.take()) is not None:
                containers = set(taken.items)
                self._write_where_stopped(
                    each for each in self._list_waiting() if taken.lost or each.container in containers
                )
        finally:
            changes.close()

    def _follow_jobs(self) -> None:
        views = self._jobs.changes.subscribe()
        try:
            while (taken := views.take()) is not None:
                # Not after one of our own: what failed would be tried again and again.
                ended = {view.instance for view in taken.items if view.finished_at and view.kind != KIND}
                self._write_where_stopped(
                    each for each in self._list_waiting() if taken.lost or each.name in ended
                )
        finally:
            views.close()

    def _list_waiting(self) -> list[Instance]:
        """Without those whose file is another by now: somebody has to say which is right."""
        names = store.list_pending(self._database.reader)
        found = (instances.find_instance(self._database.reader, name) for name in names)
        return [instance for instance in found if instance is not None]

    def _write_where_stopped(self, waiting: Iterable[Instance]) -> None:
        for instance in waiting:
            container = self._watch.find(instance.container)
            if container is None or container.is_up:
                continue
            with suppress(errors.InstanceBusy, errors.ShuttingDown):
                self.begin(instance, ACTOR)

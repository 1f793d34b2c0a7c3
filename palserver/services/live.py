"""Changes as they happen, for everybody who watches: encoded once, at most four a second for each thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import gevent
import msgspec
from gevent.event import Event

from palserver.background import Background
from palserver.fanout import Topic
from palserver.services.engine_watch import EngineStatus, EngineWatch
from palserver.services.games.games import Games
from palserver.services.games.rosters import PlayerEvent
from palserver.services.host import Host
from palserver.services.instances import Instances
from palserver.services.jobs.jobs import Jobs, JobView
from palserver.services.live_messages import (
    EngineChanged,
    HostMeasured,
    InstanceChanged,
    InstanceRemoved,
    JobChanged,
    Message,
    PlayerMoved,
    SampleTaken,
    Snapshot,
)
from palserver.services.metrics.metrics import Metrics
from palserver.services.metrics.samples import Sample
from palserver.services.metrics.trends import Trends
from palserver.services.news import ForSome, Hint, News
from palserver.store.instances import Instance

FLUSH_SECONDS = 0.25
HOST_SECONDS = 15.0

encode = msgspec.json.encode


class _OfAnInstance(Protocol):
    @property
    def instance(self) -> str: ...


Change = TypeVar("Change", bound=_OfAnInstance)


class Live:
    """`topic` carries encoded messages, and some that are not for everybody; `snapshot` is what a watcher
    needs before them.
    """

    def __init__(  # noqa: PLR0913 - it tells of each of them
        self,
        *,
        watch: EngineWatch,
        games: Games,
        metrics: Metrics,
        trends: Trends,
        jobs: Jobs,
        instances: Instances,
        host: Host,
        news: Topic[Hint],
    ) -> None:
        self._watch = watch
        self._games = games
        self._metrics = metrics
        self._trends = trends
        self._jobs = jobs
        self._instances = instances
        self._host = host
        self._news = news
        self._changed_names: set[str] = set()
        self._changed_containers: set[str] = set()
        self._has_changed = Event()
        self.topic: Topic[bytes | ForSome] = Topic()

    def start(self, background: Background) -> None:
        names, containers = self._changed_names, self._changed_containers
        background.supervise("live containers", self._note, self._watch.changes, containers.update)
        background.supervise("live games", self._note, self._games.changes, names.update)
        background.supervise("live busy", self._note, self._jobs.changes, self._note_jobs)
        background.supervise("live instances", self._tell_instances)
        background.supervise("live players", self._relay, self._games.player_events, self._tell_players)
        background.supervise("live metrics", self._relay, self._metrics.changes, self._tell_samples)
        background.supervise("live jobs", self._relay, self._jobs.changes, self._tell_jobs)
        background.supervise("live engine", self._relay, self._watch.engine_changes, self._tell_engine)
        background.supervise("live news", self._relay, self._news, self._tell_news)
        background.supervise("live host", self._tell_host)

    def snapshot(self) -> bytes:
        names = [instance.name for instance in self._instances.list_instances()]
        trends = self._trends.list_trends(names)  # first: it may yield, and the rest is of one moment
        return encode(
            Snapshot(
                engine=self._watch.engine_status,
                host=self._host.view(),
                instances=self._instances.list_views(),
                samples=self._metrics.list_samples(),
                trends=trends,
                jobs=self._jobs.list_running(),
            )
        )

    def tell_removed(self, name: str) -> None:
        self._publish(InstanceRemoved(name))

    def _note(self, source: Topic[Any], note: Callable[[list[Any]], None]) -> None:
        """Whatever changes an instance's own object, one relay tells of it."""
        changes = source.subscribe()
        try:
            while True:
                taken = changes.take()
                if taken is not None:
                    note(taken.items)
                    self._has_changed.set()
        finally:
            changes.close()

    def _note_jobs(self, jobs: list[JobView]) -> None:
        self._changed_names.update(job.instance for job in jobs)

    def _tell_instances(self) -> None:
        while True:
            self._has_changed.wait()
            self._has_changed.clear()
            for instance in self._take_changed():
                self._publish(InstanceChanged(self._instances.view(instance)))
            gevent.sleep(FLUSH_SECONDS)

    def _take_changed(self) -> list[Instance]:
        names, containers = self._changed_names, self._changed_containers
        known = self._instances.list_instances()
        changed = [each for each in known if each.name in names or each.container in containers]
        names.clear()
        containers.clear()
        return changed

    def _relay(self, source: Topic[Any], tell: Callable[[list[Any]], list[Any]]) -> None:
        """A lone change leaves at once; those that follow it closely are told together.

        What `tell` returns has to wait for the next time.
        """
        changes = source.subscribe()
        waiting: list[Any] = []
        try:
            while True:
                taken = changes.take(0 if waiting else None)
                if taken is not None:
                    waiting += taken.items
                waiting = tell(waiting)
                gevent.sleep(FLUSH_SECONDS)
        finally:
            changes.close()

    def _tell_players(self, events: list[PlayerEvent]) -> list[PlayerEvent]:
        """Where a player comes from is for operators only, and everybody hears this."""
        first, rest = _split(events)
        for instance, event, player in first:
            self._publish(PlayerMoved(event, instance, msgspec.structs.replace(player, ip=None)))
        return rest

    def _tell_samples(self, samples: list[Sample]) -> list[Sample]:
        for sample in {sample.instance: sample for sample in samples}.values():
            self._publish(SampleTaken(sample))
        return []

    def _tell_jobs(self, jobs: list[JobView]) -> list[JobView]:
        """Only the newest state of each job; one that came after another's end is told after it."""
        first, rest = _split(list({job.id: job for job in jobs}.values()))
        for job in first:
            self._publish(JobChanged(job))
        return rest

    def _tell_engine(self, statuses: list[EngineStatus]) -> list[EngineStatus]:
        self._publish(EngineChanged(statuses[-1].status))
        return []

    def _tell_news(self, hints: list[Hint]) -> list[Hint]:
        for hint in dict.fromkeys(hints):
            payload = encode(News(hint.about, hint.instance))
            self.topic.publish(ForSome(payload, hint), size_bytes=len(payload))
        return []

    def _tell_host(self) -> None:
        while True:
            gevent.sleep(HOST_SECONDS)
            if len(self.topic):
                self._publish(HostMeasured(self._host.view()))

    def _publish(self, message: Message) -> None:
        payload = encode(message)
        self.topic.publish(payload, size_bytes=len(payload))


def _split(changes: list[Change]) -> tuple[list[Change], list[Change]]:
    """The first of each instance, and the others; both in the order in which they happened."""
    first: dict[str, Change] = {}
    rest = []
    for change in changes:
        if change.instance in first:
            rest.append(change)
        else:
            first[change.instance] = change
    return list(first.values()), rest

"""Changes as they happen, for everybody who watches: encoded once, at most four a second for each thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import msgspec

from palserver.background import Background
from palserver.clients.palworld import Player
from palserver.fanout import Topic
from palserver.services.engine_watch import EngineState, EngineStatus, EngineWatch
from palserver.services.game_rosters import Move, PlayerEvent
from palserver.services.games import Games
from palserver.services.instances import Instances, InstanceView
from palserver.services.jobs import Jobs, JobView
from palserver.services.metrics import Metrics
from palserver.services.samples import Sample

FLUSH_SECONDS = 0.25

encode = msgspec.json.encode


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """Everything as it is now; `jobs` are those that run."""

    engine: EngineStatus
    instances: list[InstanceView]
    samples: list[Sample]
    jobs: list[JobView]


class InstanceChanged(msgspec.Struct, frozen=True, tag_field="type", tag="instance"):
    instance: InstanceView


class InstanceRemoved(msgspec.Struct, frozen=True, tag_field="type", tag="instance_removed"):
    name: str


class SampleTaken(msgspec.Struct, frozen=True, tag_field="type", tag="sample"):
    sample: Sample


class JobChanged(msgspec.Struct, frozen=True, tag_field="type", tag="job"):
    job: JobView


class PlayerMoved(msgspec.Struct, frozen=True, tag_field="type", tag="player"):
    """`event` is `joined` or `left`; nobody is told where a player comes from."""

    event: Move
    instance: str
    player: Player


class EngineChanged(msgspec.Struct, frozen=True, tag_field="type", tag="engine"):
    status: EngineState


Message = (
    Snapshot | InstanceChanged | InstanceRemoved | SampleTaken | JobChanged | PlayerMoved | EngineChanged
)


class Live:
    """`topic` carries encoded messages; `snapshot` is what a watcher needs before them."""

    def __init__(
        self, watch: EngineWatch, games: Games, metrics: Metrics, jobs: Jobs, instances: Instances
    ) -> None:
        self._watch = watch
        self._games = games
        self._metrics = metrics
        self._jobs = jobs
        self._instances = instances
        self.topic: Topic[bytes] = Topic()

    def start(self, background: Background) -> None:
        background.supervise("live containers", self._relay, self._watch.changes, self._tell_containers)
        background.supervise("live games", self._relay, self._games.changes, self._tell_instances)
        background.supervise("live players", self._relay, self._games.player_events, self._tell_players)
        background.supervise("live metrics", self._relay, self._metrics.changes, self._tell_samples)
        background.supervise("live jobs", self._relay, self._jobs.changes, self._tell_jobs)
        background.supervise("live engine", self._relay, self._watch.engine_changes, self._tell_engine)

    def snapshot(self) -> bytes:
        return encode(
            Snapshot(
                engine=self._watch.engine_status,
                instances=self._instances.list_views(),
                samples=self._metrics.list_samples(),
                jobs=self._jobs.list_running(),
            )
        )

    def tell_removed(self, name: str) -> None:
        self._publish(InstanceRemoved(name))

    def _relay(self, source: Topic[Any], tell: Callable[[list[Any]], None]) -> None:
        """A lone change leaves at once; those that follow it closely are told together."""
        changes = source.subscribe()
        try:
            while True:
                taken = changes.take()
                if taken is not None:
                    tell(taken.items)
                    gevent.sleep(FLUSH_SECONDS)
        finally:
            changes.close()

    def _tell_containers(self, containers: list[str]) -> None:
        changed = set(containers)
        self._tell_instances(
            [row.name for row in self._instances.list_instances() if row.container in changed]
        )

    def _tell_instances(self, names: list[str]) -> None:
        for name in dict.fromkeys(names):
            instance = self._instances.find(name)
            if instance is not None:
                self._publish(InstanceChanged(self._instances.view(instance)))

    def _tell_players(self, events: list[PlayerEvent]) -> None:
        """Where a player comes from is for operators only, and everybody hears this."""
        for instance, event, player in events:
            self._publish(PlayerMoved(event, instance, msgspec.structs.replace(player, ip=None)))

    def _tell_samples(self, samples: list[Any]) -> None:
        for sample in {sample.instance: sample for sample in samples}.values():
            self._publish(SampleTaken(sample))

    def _tell_jobs(self, jobs: list[Any]) -> None:
        """Only the newest state of each job, and its instance's own object, which carries the job too."""
        for job in {job.id: job for job in jobs}.values():
            self._publish(JobChanged(job))
        self._tell_instances([job.instance for job in jobs])

    def _tell_engine(self, statuses: list[Any]) -> None:
        self._publish(EngineChanged(statuses[-1].status))

    def _publish(self, message: Message) -> None:
        payload = encode(message)
        self.topic.publish(payload, size_bytes=len(payload))

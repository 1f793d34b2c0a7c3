"""Changes as they happen, for everybody who watches: encoded once, at most four a second for each thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
import msgspec

from palserver.background import Background
from palserver.fanout import Topic
from palserver.services.engine_watch import EngineWatch
from palserver.services.game_rosters import PlayerEvent
from palserver.services.games import Games
from palserver.services.instances import Instances
from palserver.services.jobs import Jobs
from palserver.services.metrics import Metrics

FLUSH_SECONDS = 0.25

encode = msgspec.json.encode


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
            {
                "type": "snapshot",
                "engine": self._watch.engine_status,
                "instances": self._instances.list_views(),
                "samples": self._metrics.list_samples(),
                "jobs": self._jobs.list_views(state="running"),
            }
        )

    def tell_removed(self, name: str) -> None:
        self._publish({"type": "instance_removed", "name": name})

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
                self._publish({"type": "instance", "instance": self._instances.view(instance)})

    def _tell_players(self, events: list[PlayerEvent]) -> None:
        """Where a player comes from is for operators only, and everybody hears this."""
        for instance, event, player in events:
            seen = msgspec.structs.asdict(player)
            del seen["ip"]
            self._publish({"type": "player", "event": event, "instance": instance, "player": seen})

    def _tell_samples(self, samples: list[Any]) -> None:
        for sample in {sample.instance: sample for sample in samples}.values():
            self._publish({"type": "sample", "sample": sample})

    def _tell_jobs(self, jobs: list[Any]) -> None:
        """Only the newest state of each job, and its instance's own object, which carries the job too."""
        for job in {job.id: job for job in jobs}.values():
            self._publish({"type": "job", "job": job})
        self._tell_instances([job.instance for job in jobs])

    def _tell_engine(self, statuses: list[Any]) -> None:
        self._publish({"type": "engine", "status": statuses[-1].status})

    def _publish(self, message: dict[str, Any]) -> None:
        payload = encode(message)
        self.topic.publish(payload, size_bytes=len(payload))

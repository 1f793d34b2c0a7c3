"""The newest sample of every running instance, from one stats stream each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import gevent
import msgspec

from palserver.background import Background
from palserver.clients.engine import Engine
from palserver.clock import format_time, parse_time
from palserver.fanout import Topic
from palserver.services.engine_watch import EngineWatch
from palserver.services.games.games import Games
from palserver.services.metrics.samples import (
    Sample,
    Stats,
    has_run,
    measure_block_bytes,
    measure_cpu_percent,
    measure_memory_bytes,
    measure_network_bytes,
)
from palserver.store.instances import Instance

STALE_SECONDS = 5.0

ListInstances = Callable[[], list[Instance]]


class _Measured(NamedTuple):
    """`at` is on the monotonic clock, `received_at` on the wall."""

    sample: Sample
    at: float
    received_at: float


class Metrics:
    """`changes` publishes each new sample. A sample is forgotten when it is stale, not shown as new."""

    def __init__(
        self,
        engine: Engine,
        watch: EngineWatch,
        games: Games,
        background: Background,
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._games = games
        self._background = background
        self._measured: dict[str, _Measured] = {}
        self._streams: dict[str, gevent.Greenlet] = {}
        self.changes: Topic[Sample] = Topic()

    def start(self, list_instances: ListInstances) -> None:
        self._background.supervise("metrics", self._keep_streams, list_instances)

    def find(self, instance: str) -> Sample | None:
        """The newest sample with the game's figures beside it; None when there is no fresh one."""
        measured = self._measured.get(instance)
        if measured is None or time.monotonic() - measured.at > STALE_SECONDS:
            return None
        return measured.sample

    def find_lag_seconds(self, instance: str) -> float | None:
        """How old the newest sample was when it came, by the engine's clock and ours; None without one."""
        sample = self.find(instance)
        if sample is None or sample.sampled_at is None:
            return None
        return self._measured[instance].received_at - parse_time(sample.sampled_at).timestamp()

    def get(self, instance: str) -> Sample:
        """As `find`, with nothing but None in it when there is no fresh sample."""
        return self.find(instance) or Sample(instance, *[None] * 10)

    def list_samples(self) -> list[Sample]:
        samples = (self.find(instance) for instance in sorted(self._measured))
        return [sample for sample in samples if sample is not None]

    def _keep_streams(self, list_instances: ListInstances) -> None:
        """One stream for each running container; look again whenever a container or the engine changes."""
        changes = self._watch.changes.subscribe()
        try:
            while True:
                self._match_streams(list_instances())
                changes.take()
        finally:
            changes.close()

    def _match_streams(self, instances: list[Instance]) -> None:
        wanted = {}
        for instance in instances:
            container = self._watch.find(instance.container)
            if container is not None and container.state in ("running", "paused"):
                wanted[f"{instance.name} {container.id}"] = (instance.name, container.id)
        for key in self._streams.keys() - wanted.keys():
            self._streams.pop(key).kill(block=False)
            self._measured.pop(key.partition(" ")[0], None)
        for key in wanted.keys() - self._streams.keys():
            self._streams[key] = self._background.supervise(f"stats {key[:50]}", self._measure, *wanted[key])

    def _measure(self, instance: str, container_id: str) -> None:
        previous: Stats | None = None
        with self._engine.stream_json(f"/containers/{container_id}/stats", stream=1) as frames:
            for stats in frames:
                if has_run(stats):
                    self._remember(self._read_sample(instance, stats, previous))
                    previous = stats

    def _read_sample(self, instance: str, stats: Stats, previous: Stats | None) -> Sample:
        game = self._games.find_metrics(instance)
        return Sample(
            instance=instance,
            cpu_percent=measure_cpu_percent(stats, previous),
            memory_bytes=measure_memory_bytes(stats),
            memory_limit_bytes=(stats.get("memory_stats") or {}).get("limit"),
            network_rx_bytes=measure_network_bytes(stats, "rx"),
            network_tx_bytes=measure_network_bytes(stats, "tx"),
            block_read_bytes=measure_block_bytes(stats, "read"),
            block_write_bytes=measure_block_bytes(stats, "write"),
            players=game.players if game else None,
            fps=game.fps if game else None,
            sampled_at=format_time(parse_time(stats["read"])),
        )

    def _remember(self, sample: Sample) -> None:
        self._measured[sample.instance] = _Measured(sample, time.monotonic(), time.time())
        self.changes.publish(sample)


class MetricsView(msgspec.Struct, frozen=True):
    """The part of a sample that an instance's own object carries."""

    cpu_percent: float | None
    memory_bytes: int | None
    memory_limit_bytes: int | None
    sampled_at: str | None


def shorten(sample: Sample | None) -> MetricsView | None:
    if sample is None:
        return None
    return MetricsView(sample.cpu_percent, sample.memory_bytes, sample.memory_limit_bytes, sample.sampled_at)

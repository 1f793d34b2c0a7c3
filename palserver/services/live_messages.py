"""What is told of changes as they happen, each an object of its own `type`."""

from __future__ import annotations

import msgspec

from palserver.clients.palworld import Player
from palserver.services.engine_watch import EngineState, EngineStatus
from palserver.services.games.rosters import Move
from palserver.services.host import HostView
from palserver.services.instances import InstanceView
from palserver.services.jobs.jobs import JobView
from palserver.services.metrics.samples import Sample
from palserver.services.metrics.trends import Trend
from palserver.services.news import News


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """Everything as it is now, and the CPU and memory of the last hour; `jobs` are those that run."""

    engine: EngineStatus
    host: HostView
    instances: list[InstanceView]
    samples: list[Sample]
    trends: list[Trend]
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


class HostMeasured(msgspec.Struct, frozen=True, tag_field="type", tag="host"):
    """Memory and disks, now and then."""

    host: HostView


Message = (
    Snapshot
    | InstanceChanged
    | InstanceRemoved
    | SampleTaken
    | JobChanged
    | PlayerMoved
    | EngineChanged
    | HostMeasured
    | News
)

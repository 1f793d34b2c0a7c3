"""When containers were started, as far as it was seen: the engine itself tells of the last time only."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import NamedTuple

from palserver.clients.containers import Container
from palserver.clock import parse_time
from palserver.services.logs.messages import End, Run

REMEMBERED_RUNS = 100
# A container writes before the engine has noted that it was started.
START_LAG = timedelta(seconds=0.25)

# Between two runs, or after the last one.
ENDED_STATES = ("exited", "dead", "restarting")


class KnownRun(NamedTuple):
    """`first_time`: what was written before it, another run has written. As the engine writes times."""

    run: Run
    first_time: str


class KnownRuns:
    """By the name of the container; a new container of a name takes the place of the one before."""

    def __init__(self) -> None:
        self._runs: dict[str, deque[KnownRun]] = {}

    def note(self, container: Container) -> tuple[KnownRun, ...]:
        """Remember its present run, if there was one, and return those that are known, the oldest first."""
        runs = self._runs.get(container.name)
        if runs is None or (runs and runs[-1].run.container_id != container.id):
            runs = self._runs[container.name] = deque(maxlen=REMEMBERED_RUNS)
        started_at = container.started_at
        if started_at and (not runs or runs[-1].run.started_at < started_at):
            runs.append(KnownRun(Run(container.id, started_at), _first_time(started_at, container.last_end)))
        return tuple(runs)


def find_end(container: Container) -> End | None:
    """Of its last run that is over; None where none is. The exit code only until it is started again."""
    return End(container.last_end, container.exit_code) if container.last_end else None


def _first_time(started_at: str, last_end: str | None) -> str:
    """Halfway between the end of the run before and the start. The first run has written all there is."""
    if last_end is None:
        return ""
    started, ended = parse_time(started_at), parse_time(last_end)
    first = started - ((started - ended) / 2 if ended < started else START_LAG)
    return f"{first:%Y-%m-%dT%H:%M:%S.%f}000Z"

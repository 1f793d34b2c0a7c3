"""One instance's log: a single engine stream, numbered lines, one publication for any number of readers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from gevent.lock import Semaphore

from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.clients.log_frames import LogReader, RawLine
from palserver.clock import parse_time
from palserver.errors import StreamSilent
from palserver.fanout import Subscription, Topic
from palserver.services.logs.keeper import LogKeeper
from palserver.services.logs.known_runs import KnownRun
from palserver.services.logs.messages import End, Run, make_gap, make_lines, make_run, make_state
from palserver.services.logs.polling_lines import PollingLines
from palserver.services.logs.redaction import Redact
from palserver.store.log_ring import Message

READER_BYTES = 2 * 1024 * 1024
# Lines of stdout and stderr are stored up to this much out of order; asking again must reach back as far.
OVERLAP = timedelta(seconds=2)
# When its log is rotated, the engine sends some lines once more, however old they are.
REMEMBERED_TIMES = 10_000
# What is read of a log that we have nothing of yet, and how far back a line is looked for that we have.
FIRST_TAIL = 200_000
TAIL_TRIES = (10_000, 200_000, None)
# Else an engine that stops in the middle of its answer would keep everybody from this log for ever. A stream
# that was opened in the moment of a rotation may bring nothing before the next, whatever is written.
SILENCE_SECONDS = 60.0


class Opened(NamedTuple):
    """What a new reader gets first, and its subscription to the rest; nothing falls in between."""

    first: Iterator[Message]
    rest: Subscription[Message]


class LogFeed:
    """Made when somebody first looks at an instance's log; `follow` runs while anybody does."""

    def __init__(self, engine: Engine, keeper: LogKeeper) -> None:
        self._engine = engine
        self._keeper = keeper
        self.redact: Redact = str
        self._is_loaded = False
        self._next_seq = 0
        self._newest: dict[str, str] = {}
        self._seen: deque[tuple[str, str]] = deque(maxlen=REMEMBERED_TIMES)
        self._run: Run | None = None
        self._container_id: str | None = None
        self._end: Message | None = None
        self.known_runs: Sequence[KnownRun] = ()
        self._polling = PollingLines()
        self._filling = Semaphore()
        self.is_followed = False
        self.topic: Topic[Message] = Topic()

    def subscribe(self, tail: int, after: int | None) -> Opened:
        """The newest `tail` lines first or, with a number that is ours, all behind the line `after`."""
        subscription = self.topic.subscribe(READER_BYTES)
        end = [self._end] if self._end else []  # as of now: a later one comes with the rest
        return Opened(chain(self._read_first(tail, after), end), subscription)

    def _read_first(self, tail: int, after: int | None) -> Iterable[Message]:
        if after is None:
            return self._keeper.read_tail(tail)
        if not (self._keeper.is_ours(after) and after < self._next_seq):
            return [make_gap(self._next_seq, None), *self._keeper.read_tail(tail)]
        return self._keeper.read_from(after + 1, expected=after + 1)

    def fill(self, container: Container | None) -> None:
        """Read what the log holds by now, unless the stream is being followed, which does the same.

        Without a container only what was kept before is there. Raises ContainerMissing, EngineUnreachable.
        """
        with self._filling:
            self._load_once()
            if container is not None and not self.is_followed:
                self._read(container, follow=False)

    def follow(self, container: Container) -> None:
        """Read the log until its stream ends, by the container or the engine, or has long been silent."""
        with self._filling:  # while somebody fills, both would take each other's lines for repeats
            self._load_once()
        self.is_followed = True
        try:
            with suppress(StreamSilent):  # who follows on loses nothing by that
                self._read(container, follow=True)
        finally:
            self.is_followed = False

    def announce_state(self, state: str, end: End | None = None) -> None:
        self._publish(make_state(self._next_seq, state, end))

    def set_end(self, state: str, end: End | None) -> None:
        """Who comes from now on is told, behind the lines, how the last run ended; None while one goes on."""
        self._end = make_state(self._next_seq, state, end) if end else None

    def _load_once(self) -> None:
        if not self._is_loaded:
            self._next_seq, self._newest, self._run = self._keeper.load()
            self._container_id = self._run.container_id if self._run else None
            self._is_loaded = True

    def _read(self, container: Container, *, follow: bool) -> None:
        if container.id != self._container_id:
            self._newest = {}
            self._seen.clear()
            self._container_id = container.id
        for tail in TAIL_TRIES:
            if self._read_since(container, tail, follow=follow):
                return
        self._keep_gap()
        self._newest = {}
        self._read_since(container, FIRST_TAIL, follow=follow)

    def _read_since(self, container: Container, tail: int | None, *, follow: bool) -> bool:
        """One request. False when the answer does not reach back to the newest line we have.

        With `since` and no `tail` the engine scans its whole file, so a bounded tail is tried first.
        """
        newest = max(self._newest.values(), default=None)
        reader = LogReader(is_tty=container.is_tty)
        is_joined = newest is None
        query = _query(newest, tail, follow)
        path = f"/containers/{container.id}/logs"
        with self._engine.stream(path, is_gathered=True, silence_seconds=SILENCE_SECONDS, **query) as pieces:
            for piece in pieces:
                lines = reader.feed(piece)
                if lines and not is_joined:
                    if min(line.time for line in lines) > (newest or ""):
                        return False
                    is_joined = True
                self._accept(lines, container)
                if lines and follow:
                    self.topic.lag_seconds = _age_seconds(lines[-1].time)
        return True

    def _accept(self, lines: Sequence[RawLine], container: Container) -> None:
        fresh = [line for line in lines if self._is_new(line)]
        for run, first_time in self._list_coming(container.id):
            begin = next((at for at, line in enumerate(fresh) if line.time >= first_time), None)
            if begin is None:
                break  # these are of runs before it; what it wrote itself is still to come
            self._keep_lines(fresh[:begin])
            self._run = run
            self._keep(make_run(self._next_seq, run))
            fresh = fresh[begin:]
        self._keep_lines(fresh)

    def _list_coming(self, container_id: str) -> list[KnownRun]:
        """The known runs of the container behind the one that was marked last, the oldest first."""
        marked = self._run.started_at if self._run and self._run.container_id == container_id else ""
        return [
            known
            for known in self.known_runs
            if known.run.container_id == container_id and known.run.started_at > marked
        ]

    def _is_new(self, line: RawLine) -> bool:
        """Times are unique and grow within a stream; one from before is a repeat, or a clock was set back."""
        newest = self._newest.get(line.stream, "")
        if line.time <= newest:
            is_near = line.time >= _reach_back(newest)
            if is_near or (line.time, line.stream) in self._seen:
                return False
        self._newest[line.stream] = line.time
        self._seen.append((line.time, line.stream))
        return True

    def _keep_lines(self, raw: Sequence[RawLine]) -> None:
        """Number them, and mask their secrets all at once: line by line a flood would take twice as long."""
        if not raw:
            return
        times, streams, texts = zip(*raw, strict=True)
        masked = self.redact("\n".join(texts)).split("\n")
        numbers = range(self._next_seq, self._next_seq + len(raw))
        self._next_seq += len(raw)
        lines = list(zip(numbers, times, streams, masked, strict=True))
        self._keep(make_lines(self._polling.mark(lines)))

    def _keep(self, message: Message) -> None:
        self._keeper.add(message)
        self._publish(message)

    def _keep_gap(self) -> None:
        """Lines are missing, and nobody can know how many: so of a reader that loses this message, too."""
        gap = make_gap(self._next_seq, None)
        self._keeper.add(gap)
        self.topic.publish(gap, size_bytes=len(gap.payload), lines=None)

    def _publish(self, message: Message) -> None:
        self.topic.publish(message, size_bytes=len(message.payload), lines=message.lines)


def _age_seconds(moment: str) -> float:
    """By the engine's clock and ours, which may differ: never below zero."""
    return max(0.0, (datetime.now(UTC) - parse_time(moment)).total_seconds())


@lru_cache(maxsize=8)
def _reach_back(newest: str) -> str:
    """The oldest time that a repeat may have. Asked for each repeated line, of which there may be 100,000."""
    return f"{parse_time(newest) - 2 * OVERLAP:%Y-%m-%dT%H:%M:%S.%f}000Z"


def _query(newest: str | None, tail: int | None, follow: bool) -> dict[str, object]:
    query: dict[str, object] = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(follow)}
    if not follow:  # else the engine goes on reading for as long as the container is faster than we are
        query["until"] = f"{time.time() + OVERLAP.total_seconds():.6f}"
    if newest is None:
        return query | {"tail": FIRST_TAIL}
    since = parse_time(newest) - OVERLAP
    return query | {"tail": tail or "all", "since": f"{since.timestamp():.6f}"}

"""One instance's log: a single engine stream, numbered lines, a ring of the newest, any number of readers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

import gevent
import msgspec
from gevent.lock import Semaphore

from palserver.clients.containers import Container
from palserver.clients.engine import Engine
from palserver.clients.log_frames import LogReader, RawLine
from palserver.clock import parse_time
from palserver.fanout import Subscription, Topic
from palserver.services.redaction import Redact

RING_LINES = 10_000
RING_BYTES = 8 * 1024 * 1024
READER_BYTES = 2 * 1024 * 1024
# Lines of stdout and stderr are stored up to this much out of order; asking again must reach back as far.
OVERLAP = timedelta(seconds=2)
# After a batch the stream is left alone this long, so that a flood travels in large frames; a lone line
# that comes later than that after the one before it leaves at once.
BATCH_SECONDS = 0.01
TAIL_TRIES = (10_000, 200_000, None)


class LogLine(NamedTuple):
    """As the API sends it: `[seq, time, stream, text]`."""

    seq: int
    time: str
    stream: str
    text: str


class LogFrame(NamedTuple):
    """A message for every reader, encoded once. `lines` is how many log lines it carries."""

    payload: bytes
    lines: int


class LogFeed:
    """Created when somebody first looks at an instance's log; `follow` runs while anybody does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.redact: Redact = str
        self._ring: deque[LogLine] = deque()
        self._ring_bytes = 0
        # Numbers begin at the time in microseconds, so that they go on growing when the panel is started
        # again and a reader that comes back with an old number is never answered with other lines.
        self._first_seq = self._next_seq = time.time_ns() // 1000
        self._newest: dict[str, str] = {}
        self._container_id = ""
        self._filling = Semaphore()
        self.is_followed = False
        self.topic: Topic[LogFrame] = Topic()

    def subscribe(self, tail: int, after: int | None) -> tuple[list[LogFrame], Subscription[LogFrame]]:
        """What a new reader gets first, and its subscription to the rest; nothing can fall in between."""
        subscription = self.topic.subscribe(READER_BYTES)
        if after is None:
            start = max(0, len(self._ring) - tail)
            return [encode_lines(list(islice(self._ring, start, None)))], subscription
        return self._resume(after, tail), subscription

    def _resume(self, after: int, tail: int) -> list[LogFrame]:
        """The lines behind number `after`, told how many of them are no longer held."""
        oldest = self._ring[0].seq if self._ring else self._next_seq
        if not self._first_seq - 1 <= after < self._next_seq:
            return [encode_gap(None), encode_lines(list(self._ring)[-tail:] if tail else [])]
        if after < oldest - 1:
            return [encode_gap(oldest - 1 - after), encode_lines(list(self._ring))]
        return [encode_lines(list(islice(self._ring, after + 1 - oldest, None)))]

    def fill(self, container: Container) -> None:
        """Read what the log holds by now, unless the stream is being followed, which does the same."""
        with self._filling:
            if not self.is_followed:
                self._read(container, follow=False)

    def follow(self, container: Container) -> None:
        """Read the log until the engine ends the stream: the container stopped, or the engine did."""
        with self._filling:
            pass  # a reader is filling the ring; both at once would take each other's lines for repeats
        self.is_followed = True
        try:
            self._read(container, follow=True)
        finally:
            self.is_followed = False

    def announce_state(self, state: str) -> None:
        self._publish(LogFrame(msgspec.json.encode({"type": "state", "state": state}), 0))

    def _read(self, container: Container, *, follow: bool) -> None:
        if container.id != self._container_id:
            self._container_id, self._newest = container.id, {}
        for tail in TAIL_TRIES:
            if self._read_since(container, tail, follow=follow):
                return
        self._publish(encode_gap(None))
        self._newest = {}
        self._read_since(container, RING_LINES, follow=follow)

    def _read_since(self, container: Container, tail: int | None, *, follow: bool) -> bool:
        """One request. False when the answer does not reach back to the newest line we have.

        With `since` and no `tail` the engine scans its whole file, so a bounded tail is tried first.
        """
        newest = max(self._newest.values(), default=None)
        reader = LogReader(is_tty=container.is_tty)
        is_joined = newest is None
        with self._engine.stream(
            f"/containers/{container.id}/logs", **_query(newest, tail, follow)
        ) as pieces:
            for piece in pieces:
                lines = reader.feed(piece)
                if lines and not is_joined:
                    if min(line.time for line in lines) > (newest or ""):
                        return False
                    is_joined = True
                self._accept(lines)
                gevent.sleep(BATCH_SECONDS)
        return True

    def _accept(self, raw_lines: Iterable[RawLine]) -> None:
        lines = []
        for raw in raw_lines:
            if self._is_repeat(raw):
                continue
            self._newest[raw.stream] = raw.time
            lines.append(LogLine(self._next_seq, raw.time, raw.stream, self.redact(raw.text)))
            self._next_seq += 1
        if lines:
            self._keep(lines)
            self._publish(encode_lines(lines))

    def _is_repeat(self, raw: RawLine) -> bool:
        """Times are unique and grow within a stream; one that is far back means a clock set back."""
        newest = self._newest.get(raw.stream, "")
        return raw.time <= newest and parse_time(newest) - parse_time(raw.time) <= 2 * OVERLAP

    def _keep(self, lines: list[LogLine]) -> None:
        self._ring.extend(lines)
        self._ring_bytes += sum(len(line.text) for line in lines)
        while len(self._ring) > RING_LINES or self._ring_bytes > RING_BYTES:
            self._ring_bytes -= len(self._ring.popleft().text)

    def _publish(self, frame: LogFrame) -> None:
        self.topic.publish(frame, size_bytes=len(frame.payload), lines=frame.lines)


def _query(newest: str | None, tail: int | None, follow: bool) -> dict[str, object]:
    query: dict[str, object] = {"stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(follow)}
    if newest is None:
        return query | {"tail": RING_LINES}
    since = parse_time(newest) - OVERLAP
    return query | {"tail": tail or "all", "since": f"{since.timestamp():.6f}"}


def encode_lines(lines: list[LogLine]) -> LogFrame:
    return LogFrame(msgspec.json.encode({"type": "lines", "lines": lines}), len(lines))


def encode_gap(lost: int | None) -> LogFrame:
    """`lost` is None where nobody can know the number."""
    return LogFrame(msgspec.json.encode({"type": "gap", "lost": lost}), 0)

"""What is kept of one server's log: the newest in memory, all of it in a ring on the disk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import NamedTuple

from palserver.background import Background
from palserver.services.logs.messages import Run, cut, read_lines, read_run, take_tail, tell_missing
from palserver.services.logs.writer import WAITING_BYTES, LogWriter
from palserver.store.log_ring import LogRing, Message
from palserver.threads import Threads

# As much as may wait for the disk, so that what has left the memory is on the disk.
RECENT_BYTES = WAITING_BYTES
# Among so many of the newest messages each stream's newest time is looked for.
NEWEST_MESSAGES = 1000
READER_THREADS = 2
READ_MESSAGES = 64  # at a time, while somebody reads what is on the disk


class Kept(NamedTuple):
    """What has to be known to go on: the next line's number, each stream's newest time, the last run."""

    next_seq: int
    newest_times: dict[str, str]
    run: Run | None


class LogKeeper:
    """What reads the disk does so in the threads of `readers` and holds up only its caller."""

    def __init__(self, ring: LogRing, writer: LogWriter, readers: Threads) -> None:
        self._ring = ring
        self._writer = writer
        self._readers = readers
        self._recent: deque[Message] = deque()
        self._recent_bytes = 0
        self._begin_seq = 0

    def load(self) -> Kept:
        """Read where an earlier process has stopped; to be called before anything else.

        A new ring's numbers begin with the time in microseconds: should a ring be removed, a reader that
        comes back with an old number is not answered with other lines.
        """
        begin_seq = self._readers.run(self._ring.find_first_seq)
        self._begin_seq = time.time_ns() // 1000 if begin_seq is None else begin_seq
        return self._readers.run(_find_kept, self._ring, self._begin_seq)

    def add(self, message: Message) -> None:
        self._writer.add(self._ring, message)
        self._recent.append(message)
        self._recent_bytes += len(message.payload)
        while self._recent_bytes > RECENT_BYTES and len(self._recent) > 1:
            self._drop_oldest()

    def remove(self) -> None:
        """From the disk; what is added later is kept in memory only, for those who still read."""
        self._writer.remove(self._ring)

    def _drop_oldest(self) -> None:
        """Together with all of the same number: what bears a number is in memory whole or not at all."""
        number = self._recent[0].first_seq
        while self._recent and self._recent[0].first_seq == number:
            self._recent_bytes -= len(self._recent.popleft().payload)

    def is_ours(self, seq: int) -> bool:
        """Whether this ring may ever have held a line of that number, or one just behind it."""
        return seq >= self._begin_seq - 1

    def read_tail(self, count: int) -> list[Message]:
        """The newest `count` lines, with what stands between them."""
        recent = list(self._recent)
        taken = take_tail(reversed(recent), count)
        missing = count - sum(message.lines for message in taken)
        if missing > 0:
            taken += self._readers.run(_read_ring_tail, self._ring, missing, _first_seq(recent))
        return taken[::-1]

    def read_from(self, seq: int, expected: int | None = None) -> Iterator[Message]:
        """From the line `seq` on, or the oldest kept, to what is the newest when this is called.

        What goes from the disk meanwhile is a gap; so is what is missing from the line `expected` on.
        """
        recent = list(self._recent)
        stop = _first_seq(recent)
        from_disk = self._read_ring(seq, stop) if stop is None or seq < stop else ()
        kept = (cut(message, seq) for message in chain(from_disk, recent) if not message.is_before(seq))
        return tell_missing(kept, expected)

    def _read_ring(self, seq: int, stop: int | None) -> Iterator[Message]:
        messages = takewhile(lambda message: stop is None or message.first_seq < stop, self._ring.read(seq))
        while taken := self._readers.run(lambda: list(islice(messages, READ_MESSAGES))):
            yield from taken


class LogShelf:
    """Where the logs of all instances are kept: a folder each, one thread that writes and a few that read."""

    def __init__(self, folder: Path, ring_bytes: int) -> None:
        self._folder = folder
        self._ring_bytes = ring_bytes
        self._writer = LogWriter()
        self.readers = Threads(READER_THREADS)

    def start(self, background: Background) -> None:
        self._writer.start(background)

    def stop(self) -> None:
        """Bring to the disk what has not got there yet."""
        self._writer.stop()
        self.readers.stop()

    @property
    def is_written(self) -> bool:
        """Whether everything is on the disk."""
        return self._writer.is_idle

    def open(self, instance: str) -> LogKeeper:
        """To be called once for each instance: a ring has one writer."""
        return LogKeeper(LogRing(self._folder / instance, self._ring_bytes), self._writer, self.readers)


def _first_seq(messages: list[Message]) -> int | None:
    return messages[0].first_seq if messages else None


def _read_ring_tail(ring: LogRing, wanted: int, stop: int | None) -> list[Message]:
    return take_tail((one for one in ring.read_backwards() if stop is None or one.first_seq < stop), wanted)


def _find_kept(ring: LogRing, begin_seq: int) -> Kept:
    newest = next(ring.read_backwards(), None)
    times: dict[str, str] = {}
    for message in islice(ring.read_backwards(), NEWEST_MESSAGES):
        for _, moment, stream, *_ in reversed(read_lines(message)):
            times.setdefault(stream, moment)
        if len(times) == 2:
            break
    runs = (run for message in ring.read_backwards() if (run := read_run(message)) is not None)
    return Kept(newest.end_seq if newest else begin_seq, times, next(runs, None))

"""What the log streams bring, on its way to the disk; no stream ever waits for it."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from typing import NamedTuple

import gevent
from gevent.event import Event

from palserver.background import Background
from palserver.services.logs.messages import make_gap
from palserver.store.log_ring import LogRing, Message
from palserver.threads import Threads

log = logging.getLogger(__name__)

# What waits for the disk at most, with what is just being written; as much of each log is kept in memory, so
# that a reader finds all of it.
WAITING_BYTES = 4 * 1024 * 1024
REST_SECONDS = 0.05


class _Waiting(NamedTuple):
    ring: LogRing
    message: Message


class LogWriter:
    """One thread writes for all rings. What a full or slow disk did not take is a gap in the ring."""

    def __init__(self) -> None:
        self._thread = Threads(1)
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._lost: defaultdict[LogRing, int] = defaultdict(int)
        self._has_failed = self._is_writing = False
        self._wake = Event()

    def start(self, background: Background) -> None:
        background.supervise("log writer", self._write_on)

    def add(self, ring: LogRing, message: Message) -> None:
        """Never waits: beyond the bound the oldest that wait are given up."""
        self._waiting.append(_Waiting(ring, message))
        self._waiting_bytes += len(message.payload)
        while self._waiting_bytes > WAITING_BYTES and len(self._waiting) > 1:
            given_up = self._waiting.popleft()
            self._waiting_bytes -= len(given_up.message.payload)
            self._lost[given_up.ring] += given_up.message.lines
        self._wake.set()

    def remove(self, ring: LogRing) -> None:
        """Returns when it has gone from the disk, with what of it is being written now."""
        gone = [waiting for waiting in self._waiting if waiting.ring is ring]
        self._waiting = deque(waiting for waiting in self._waiting if waiting.ring is not ring)
        self._waiting_bytes -= sum(len(waiting.message.payload) for waiting in gone)
        self._lost.pop(ring, None)
        self._thread.run(ring.remove)

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._is_writing

    def stop(self) -> None:
        """Write what is left, then end the thread."""
        self._write_all()
        self._thread.stop()

    def _write_on(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._write_all()
            gevent.sleep(REST_SECONDS)

    def _write_all(self) -> None:
        batches: dict[LogRing, list[Message]] = {}
        for ring, message in self._waiting:
            batches.setdefault(ring, []).append(message)
        self._waiting.clear()
        taken_bytes = self._waiting_bytes
        self._is_writing = True
        # What is given up while one of them is written stands behind all of these.
        lost = {ring: self._lost.pop(ring, 0) for ring in batches}
        for ring, messages in batches.items():
            self._write(ring, messages, lost[ring])
        self._waiting_bytes -= taken_bytes
        self._is_writing = False

    def _write(self, ring: LogRing, messages: list[Message], lost: int) -> None:
        gap = [make_gap(messages[0].first_seq, lost)] if lost else []
        try:
            self._thread.run(ring.append, [*gap, *messages])
        except OSError as error:
            self._lost[ring] += lost + sum(message.lines for message in messages)
            if not self._has_failed:
                log.error("Logs cannot be written to the disk: %s. Viewers still get them.", error.strerror)
            self._has_failed = True
        else:
            self._has_failed = False

"""Whether anybody looks. What costs a game something is done less often while nobody does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gevent.event import Event

# Whoever asked so lately may ask again, and wants to see what is true by then.
LINGER_SECONDS = 60.0


class Audience:
    """Somebody is there while a WebSocket is open, and for a minute after each signed-in request."""

    def __init__(self, linger_seconds: float = LINGER_SECONDS) -> None:
        self._linger_seconds = linger_seconds
        self._watching = 0
        self._seen_at: float | None = None
        self._came = Event()

    @property
    def is_there(self) -> bool:
        if self._watching > 0:
            return True
        return self._seen_at is not None and time.monotonic() - self._seen_at < self._linger_seconds

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._watching += 1
        self._came.set()
        try:
            yield
        finally:
            self._watching -= 1
            self.note()

    def note(self) -> None:
        """Somebody has just asked for something, or left."""
        self._seen_at = time.monotonic()
        self._came.set()

    def wait(self, seconds: float) -> bool:
        """Wait until somebody comes; False when nobody has."""
        if not self.is_there:
            self._came.clear()
        return bool(self._came.wait(seconds))

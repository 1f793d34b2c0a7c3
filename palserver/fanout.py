"""One publisher, any number of bounded readers. A slow reader loses the oldest items and is told how many."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, NoReturn, TypeVar

from gevent.event import Event

# Bytes alone would let small items pile up: ten thousands of them, with more around each than in it. A log
# whose lines come one by one makes less than so many before a viewer that takes none of them is closed.
MAX_ITEMS = 4000

Item = TypeVar("Item")


class Taken(NamedTuple, Generic[Item]):
    """What a reader gets: how many lines it lost first (None: nobody knows), then the items in order."""

    lost: int | None
    items: list[Item]


class _Queued(NamedTuple, Generic[Item]):
    item: Item
    size_bytes: int
    lines: int | None


class Subscription(Generic[Item]):
    """One reader's queue, bounded in bytes and in items. Made by `Topic.subscribe`; `close` it when done."""

    def __init__(self, topic: Topic[Item], max_bytes: int, max_items: int) -> None:
        self._topic = topic
        self._max_bytes = max_bytes
        self._max_items = max_items
        self._queue: deque[_Queued[Item]] = deque()
        self._queued_bytes = 0
        self._lost: int | None = 0
        self._spared: list[Item] = []
        self._ready = Event()
        self.is_ended = False

    def take(self, timeout_seconds: float | None = None) -> Taken[Item] | None:
        """Wait for something and take all of it; None after the time-out, or when the topic has ended."""
        if not self._queue and not self.is_ended:
            self._ready.wait(timeout_seconds)
        self._ready.clear()
        if not self._queue:
            return None
        taken = Taken(self._lost, [*self._spared, *(queued.item for queued in self._queue)])
        self._queue.clear()
        self._spared.clear()
        self._queued_bytes = self._lost = 0
        return taken

    def add(self, queued: _Queued[Item]) -> None:
        self._queue.append(queued)
        self._queued_bytes += queued.size_bytes
        queue, max_bytes, max_items = self._queue, self._max_bytes, self._max_items
        while (self._queued_bytes > max_bytes or len(queue) > max_items) and len(queue) > 1:
            self._drop(queue.popleft())
        self._ready.set()

    def _drop(self, oldest: _Queued[Item]) -> None:
        """No number of lines tells of an item that has none: the newest of those is had all the same."""
        self._queued_bytes -= oldest.size_bytes
        if oldest.lines == 0:
            self._spared = [oldest.item]
        elif oldest.lines is None or self._lost is None:
            self._lost = None
        else:
            self._lost += oldest.lines
        self._topic.lost_lines += oldest.lines or 0

    def end(self) -> None:
        self.is_ended = True
        self._ready.set()

    def close(self) -> None:
        self._topic.forget(self)

    @property
    def queued_bytes(self) -> int:
        return self._queued_bytes


class Topic(Generic[Item]):
    """Publishing never waits for anybody.

    `published_lines` counts each line once, `lost_lines` once for each reader that lost it. `lag_seconds` is
    how old the newest item was when it was published, for a publisher to set that knows; else None.
    """

    def __init__(self) -> None:
        self._subscriptions: list[Subscription[Item]] = []
        self._is_ended = False
        self.published_lines = 0
        self.lost_lines = 0
        self.lag_seconds: float | None = None

    @property
    def queued_bytes(self) -> int:
        """What waits for its readers; an item that waits for two counts twice."""
        return sum(subscription.queued_bytes for subscription in self._subscriptions)

    def subscribe(self, max_bytes: int = 1024 * 1024, max_items: int = MAX_ITEMS) -> Subscription[Item]:
        subscription = Subscription(self, max_bytes, max_items)
        self._subscriptions.append(subscription)
        if self._is_ended:
            subscription.end()
        return subscription

    def follow(self, look: Callable[[], None]) -> NoReturn:
        """Call `look` now, and again after whatever is published; only a kill ends it."""
        changes = self.subscribe()
        try:
            while True:
                look()
                changes.take()
        finally:
            changes.close()

    def publish(self, item: Item, size_bytes: int = 1, lines: int | None = 1) -> None:
        """Hand `item` to every reader; `lines` is what a reader that loses it is told to have lost.

        None stands for an unknown number of them, 0 for the state of something, of which the newest holds.
        """
        self.published_lines += lines or 0
        queued = _Queued(item, size_bytes, lines)
        for subscription in self._subscriptions:
            subscription.add(queued)

    def end(self) -> None:
        """Tell every reader, later ones too, that nothing more will come."""
        self._is_ended = True
        for subscription in self._subscriptions:
            subscription.end()

    def forget(self, subscription: Subscription[Item]) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def __len__(self) -> int:
        return len(self._subscriptions)

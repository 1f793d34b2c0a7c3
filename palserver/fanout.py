"""One publisher, any number of bounded readers. A slow reader loses the oldest items and is told how many."""

from __future__ import annotations

from collections import deque
from typing import Generic, NamedTuple, TypeVar

from gevent.event import Event

Item = TypeVar("Item")


class Taken(NamedTuple, Generic[Item]):
    """What a reader gets: how many lines it lost first, then the items in order."""

    lost: int
    items: list[Item]


class _Queued(NamedTuple, Generic[Item]):
    item: Item
    size_bytes: int
    lines: int


class Subscription(Generic[Item]):
    """One reader's queue, bounded in bytes. Made by `Topic.subscribe`; `close` it when done."""

    def __init__(self, topic: Topic[Item], max_bytes: int) -> None:
        self._topic = topic
        self._max_bytes = max_bytes
        self._queue: deque[_Queued[Item]] = deque()
        self._queued_bytes = 0
        self._lost = 0
        self._ready = Event()
        self.is_ended = False

    def take(self, timeout_seconds: float | None = None) -> Taken[Item] | None:
        """Wait for something and take all of it; None after the time-out, or when the topic has ended."""
        if not self._queue and not self._lost and not self.is_ended:
            self._ready.wait(timeout_seconds)
        self._ready.clear()
        if not self._queue and not self._lost:
            return None
        taken = Taken(self._lost, [queued.item for queued in self._queue])
        self._queue.clear()
        self._queued_bytes = self._lost = 0
        return taken

    def add(self, queued: _Queued[Item]) -> None:
        self._queue.append(queued)
        self._queued_bytes += queued.size_bytes
        while self._queued_bytes > self._max_bytes and len(self._queue) > 1:
            oldest = self._queue.popleft()
            self._queued_bytes -= oldest.size_bytes
            self._lost += oldest.lines
            self._topic.lost_lines += oldest.lines
        self._ready.set()

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

    def subscribe(self, max_bytes: int = 1024 * 1024) -> Subscription[Item]:
        subscription = Subscription(self, max_bytes)
        self._subscriptions.append(subscription)
        if self._is_ended:
            subscription.end()
        return subscription

    def publish(self, item: Item, size_bytes: int = 1, lines: int = 1) -> None:
        """Hand `item` to every reader; `lines` is what a reader that loses it is told to have lost."""
        self.published_lines += lines
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

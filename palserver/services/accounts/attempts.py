"""A limit on guessing passwords, by user name and address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from palserver.errors import TooManyRequests

WINDOW_SECONDS = 300
# By user name and address together, so that nobody can lock a user out from somewhere else.
PER_USER_AND_ADDRESS = 20
PER_ADDRESS = 100
MAX_KEYS = 10_000
MAX_NAME_CHARACTERS = 64  # longer ones are nobody's; kept whole they would be somebody else's memory

Key = tuple[str, ...]


class Attempts:
    """Counts failed attempts of the last minutes. An attempt counts from its beginning until `forgive`:

    counted only when they have failed, many at once would all slip in under the limit.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: OrderedDict[Key, deque[float]] = OrderedDict()

    def begin(self, username: str, address: str) -> None:
        """Raises TooManyRequests when there were too many; that one is not counted."""
        limits = _limits(username, address)
        for key, limit in limits.items():
            self._check(key, limit)
        for key in limits:
            self._begun.setdefault(key, deque()).append(self._clock())
            self._begun.move_to_end(key)
        while len(self._begun) > MAX_KEYS:
            self._begun.popitem(last=False)

    def forgive(self, username: str, address: str) -> None:
        """Take back the last one begun: it did not fail."""
        for key in _limits(username, address):
            begun = self._begun.get(key)
            if begun:
                begun.pop()
            if not begun:
                self._begun.pop(key, None)

    def _check(self, key: Key, limit: int) -> None:
        begun = self._begun.get(key, deque())
        while begun and begun[0] <= self._clock() - WINDOW_SECONDS:
            begun.popleft()
        if len(begun) >= limit:
            raise TooManyRequests(math.ceil(begun[0] + WINDOW_SECONDS - self._clock()))

    def __len__(self) -> int:
        return len(self._begun)


def _limits(username: str, address: str) -> dict[Key, int]:
    return {(address,): PER_ADDRESS, (address, username[:MAX_NAME_CHARACTERS]): PER_USER_AND_ADDRESS}

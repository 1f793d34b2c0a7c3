"""Tickets: what a link or a browser's socket, which cannot set a header, is opened with."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

LIFETIME_SECONDS = 30
MAX_TICKETS = 10_000


class _Issued(NamedTuple):
    session_id: str
    expires_at: float


class Tickets:
    """Each opens one thing, once, soon. Kept in memory: none has to outlive the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: OrderedDict[str, _Issued] = OrderedDict()

    def add(self, session_id: str) -> str:
        """Issue one; those that have expired, and the oldest of too many, are dropped."""
        ticket = secrets.token_urlsafe(32)
        self._issued[ticket] = _Issued(session_id, self._clock() + LIFETIME_SECONDS)
        while self._is_oldest_due():
            self._issued.popitem(last=False)
        return ticket

    def take(self, ticket: str) -> str | None:
        """The session it was issued to; None when it was taken before, has expired or never was."""
        issued = self._issued.pop(ticket, None)
        if issued is None or issued.expires_at <= self._clock():
            return None
        return issued.session_id

    def _is_oldest_due(self) -> bool:
        oldest = next(iter(self._issued.values()))
        return len(self._issued) > MAX_TICKETS or oldest.expires_at <= self._clock()

    def __len__(self) -> int:
        return len(self._issued)

"""Why sessions ended, for the page of whoever was signed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

KEPT = 1000

Ending = Literal["signed_out", "ended_elsewhere", "password_changed", "password_set", "account_removed"]


class Endings:
    """Of the newest `kept`, as far as this process saw them end; of all others it is not known."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._by_session: dict[str, Ending] = {}

    def note(self, session_ids: Iterable[str], ending: Ending) -> None:
        self._by_session |= dict.fromkeys(session_ids, ending)
        for session_id in list(self._by_session)[: -self._kept]:
            del self._by_session[session_id]

    def find(self, session_id: str) -> Ending | None:
        return self._by_session.get(session_id)

"""The REST calls that came in, for tests that want to see what a client really sent."""

from __future__ import annotations

from collections import deque
from threading import Lock

from demo.wire import Request

_KEPT_CALLS = 1_000
_KEPT_BODY_BYTES = 4_096


class CallRecord:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, object]] = deque(maxlen=_KEPT_CALLS)
        self._lock = Lock()

    def add(self, request: Request) -> None:
        """Remember a call, with no more than the beginning of its body."""
        call: dict[str, object] = {
            "method": request.method,
            "path": request.path,
            "headers": dict(request.headers),
            "body": (request.body or b"")[:_KEPT_BODY_BYTES].decode("utf-8", "replace"),
        }
        with self._lock:
            self._calls.append(call)

    def list_calls(self) -> list[dict[str, object]]:
        """The calls still remembered."""
        with self._lock:
            return list(self._calls)

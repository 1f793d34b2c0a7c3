"""The bytes that a connection brings: read without holding up anybody else, and not for ever."""

from __future__ import annotations

import errno
import io
import socket
from typing import Any

from palserver.turns import Turn

# After its answer the rest of a request is still read, to get at the next one. That may have no end.
MAX_REQUEST_BYTES = 16 * 1024 * 1024


class RequestReader(io.RawIOBase):
    """Stands between a connection and the server's buffer.

    gevent reads on without a pause while there is something to read: a single sender that is faster than we
    are, with a body in chunks of one byte for example, would be the only one whom the process works for.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.turn = Turn()
        self._raw: Any = connection.makefile("rb", buffering=0)
        self._left_bytes = MAX_REQUEST_BYTES

    @property
    def _sock(self) -> Any:
        """Where simple-websocket looks for the socket."""
        return self._raw._sock

    @property
    def is_used_up(self) -> bool:
        """Whether the request has been longer than any of ours."""
        return self._left_bytes <= 0

    def begin_request(self) -> None:
        self._left_bytes = MAX_REQUEST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Raises OSError when the request is used up, and as the socket does."""
        self.turn.rest()
        if self.is_used_up:
            raise ConnectionResetError(errno.ECONNRESET, "A request without an end")
        count: int | None = self._raw.readinto(buffer)
        self._left_bytes -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

"""Where the demo listens: the loopback, and ports that nobody else uses."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def find_free_port(wanted: int = 0) -> int:
    """Return `wanted` if it can be listened on, else (or for 0) any port that can."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, wanted))
        except OSError:
            listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port

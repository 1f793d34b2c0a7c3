"""The engine's endless answers (events, log, stats) over HTTP/1.0: one socket, large reads, no chunk framing.

The Docker SDK reads the same streams at little more than half the speed, a terminal's byte by byte.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from palserver.errors import ContainerMissing, EngineRefused, EngineUnreachable

READ_BYTES = 256 * 1024
CONNECT_SECONDS = 5.0
MAX_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class EngineAddress:
    """Where the engine listens: a unix socket's path, or host and port with TLS or without."""

    path: str | None = None
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None


def parse_address(docker_host: str, tls: ssl.SSLContext | None) -> EngineAddress:
    """Read DOCKER_HOST; empty means the default socket."""
    parts = urlsplit(docker_host or "unix:///var/run/docker.sock")
    if parts.scheme == "unix":
        return EngineAddress(path=parts.path)
    return EngineAddress(host=parts.hostname or "", port=parts.port or (2376 if tls else 2375), tls=tls)


@contextmanager
def open_stream(address: EngineAddress, target: str) -> Iterator[Iterator[bytes]]:
    """Ask for `target` (path and query) and hand out the body in pieces as they come.

    A quiet stream is waited for without limit; whether the engine still lives is asked elsewhere. Raises
    EngineUnreachable, ContainerMissing (404) or EngineRefused; reading raises EngineUnreachable.
    """
    connection = _connect(address)
    try:
        try:
            connection.sendall(f"GET {target} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
            status, rest = _read_head(connection)
        except OSError as error:
            raise EngineUnreachable() from error
        if status != 200:
            raise ContainerMissing() if status == 404 else EngineRefused()
        connection.settimeout(None)
        yield _read_body(connection, rest)
    finally:
        connection.close()


def _connect(address: EngineAddress) -> socket.socket:
    try:
        if address.path is not None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(address.path)
            return connection
        connection = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
        if address.tls is not None:
            return address.tls.wrap_socket(connection, server_hostname=address.host)
        return connection
    except OSError as error:
        raise EngineUnreachable() from error


def _read_head(connection: socket.socket) -> tuple[int, bytes]:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(READ_BYTES)
        if not piece or len(head) > MAX_HEAD_BYTES:
            raise EngineUnreachable()
        head += piece
    head, _, rest = head.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), rest


def _read_body(connection: socket.socket, rest: bytes) -> Iterator[bytes]:
    if rest:
        yield rest
    while True:
        try:
            piece = connection.recv(READ_BYTES)
        except OSError as error:
            raise EngineUnreachable() from error
        if not piece:
            return
        yield piece

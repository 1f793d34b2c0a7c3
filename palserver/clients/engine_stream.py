"""The engine's endless answers (events, log, stats) over HTTP/1.0: one socket, large reads, no chunk framing.

The Docker SDK reads the same streams at little more than half the speed, a terminal's byte by byte.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from palserver.errors import ContainerMissing, EngineRefused, EngineUnreachable, StreamSilent

READ_BYTES = 256 * 1024
# The engine writes a log line by line, and after fewer than 300 that nobody has fetched it waits: a flood is
# fetched every NAP_SECONDS, and handed on every GATHER_SECONDS or when there is much of it.
NAP_SECONDS = 0.001
GATHER_SECONDS = 0.01
GATHER_BYTES = 256 * 1024
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
def open_stream(
    address: EngineAddress, target: str, *, is_gathered: bool = False, silence_seconds: float | None = None
) -> Iterator[Iterator[bytes]]:
    """Ask for `target` (path and query) and hand out the body in pieces as they come.

    With `is_gathered`, what follows another piece closely comes in few and large ones.

    A quiet stream is waited for without limit, or for `silence_seconds`; whether the engine still lives is
    asked elsewhere. Raises EngineUnreachable, ContainerMissing (404) or EngineRefused; reading raises
    EngineUnreachable, or StreamSilent.
    """
    connection = _connect(address)
    try:
        try:
            connection.sendall(f"GET {target} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
            status, rest = _read_head(connection)
        except (OSError, ValueError, IndexError) as error:  # or what answers there is no engine
            raise EngineUnreachable() from error
        if status != 200:
            raise ContainerMissing() if status == 404 else EngineRefused()
        yield _read_body(connection, rest, is_gathered, silence_seconds)
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
        _keep_alive(connection)
        if address.tls is not None:
            return address.tls.wrap_socket(connection, server_hostname=address.host)
        return connection
    except OSError as error:
        raise EngineUnreachable() from error


def _keep_alive(connection: socket.socket) -> None:
    """Have the end of a silent stream noticed when the engine's host has gone without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3)):
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _read_head(connection: socket.socket) -> tuple[int, bytes]:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(READ_BYTES)
        if not piece or len(head) > MAX_HEAD_BYTES:
            raise EngineUnreachable()
        head += piece
    head, _, rest = head.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), rest


def _read_body(
    connection: socket.socket, rest: bytes, is_gathered: bool, silence_seconds: float | None
) -> Iterator[bytes]:
    if rest:
        yield rest
    while piece := _receive(connection, silence_seconds):
        yield piece
        while is_gathered and (gathered := _gather(connection)):
            yield gathered


def _gather(connection: socket.socket) -> bytes:
    """What comes in the next moment; nothing if the other side is silent, or has ended the stream."""
    gathered = bytearray()
    end = time.monotonic() + GATHER_SECONDS
    while time.monotonic() < end and len(gathered) < GATHER_BYTES:
        time.sleep(NAP_SECONDS)
        gathered += _receive(connection, 0.0)
    return bytes(gathered)


def _receive(connection: socket.socket, timeout_seconds: float | None) -> bytes:
    """What there is; nothing at the end of the stream, or where a time-out of 0 finds nothing."""
    connection.settimeout(timeout_seconds)
    try:
        return connection.recv(READ_BYTES)
    except (BlockingIOError, ssl.SSLWantReadError):
        return b""
    except TimeoutError as error:
        raise StreamSilent() from error
    except OSError as error:
        raise EngineUnreachable() from error

"""Downloads of a file that changes under them, as a copy does that a script is still writing."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.game import Game
from tests.panel import Panel

SIZE_BYTES = 64 * 1024 * 1024
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture
def copy(panel: Panel, game: Game) -> Path:
    """A copy of an operator's own script, of zeros."""
    panel.adopt(game.name)
    path = panel.folder / "server" / "backup" / game.name / "copy.tar"
    path.parent.mkdir(parents=True)
    path.touch()
    os.truncate(path, SIZE_BYTES)
    return path


def begin(panel: Panel, copy: Path) -> tuple[socket.socket, int]:
    """Ask for it and for something else, and take the head of the first answer and a little of its body.

    Returns the connection and how much was taken of the body.
    """
    panel.token = panel.token or panel.sign_in()
    path = f"/api/instances/{copy.parent.name}/backups/{copy.name}/download"
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", panel.port))
    question = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {panel.token}\r\n\r\n"
    connection.sendall(question.encode() + HEALTH)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(4096)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return connection, len(body)


def read_rest(connection: socket.socket) -> bytes:
    received = bytearray()
    with connection:
        while piece := connection.recv(1024 * 1024):
            received += piece
    return bytes(received)


def test_one_that_grows_ends_where_it_was_said_to(panel, copy):
    """The next answer on the connection begins behind it."""
    connection, taken_bytes = begin(panel, copy)
    os.truncate(copy, 2 * SIZE_BYTES)
    rest = read_rest(connection)
    assert rest[SIZE_BYTES - taken_bytes :].startswith(b"HTTP/1.1 200")


def test_one_that_is_cut_ends_the_connection(panel, copy):
    """The next answer is not taken for what is missing of it."""
    connection, taken_bytes = begin(panel, copy)
    os.truncate(copy, SIZE_BYTES // 2)
    rest = read_rest(connection)
    assert taken_bytes + len(rest) < SIZE_BYTES
    assert b"HTTP" not in rest

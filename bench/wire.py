"""HTTP and WebSocket by hand, on plain sockets: the clients share two cores with what they measure."""

from __future__ import annotations

import re
import socket

LOOPBACK = "127.0.0.1"
PONG = b"\x8a\x80\x00\x00\x00\x00"  # masked with zeros, as a client's frame must be
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def make_request(path: str, token: str, *more: str) -> bytes:
    """A GET with a bearer token, on a connection that stays open."""
    lines = (f"GET {path} HTTP/1.1", f"Host: {LOOPBACK}", f"Authorization: Bearer {token}", *more)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(port: int) -> socket.socket:
    connection = socket.create_connection((LOOPBACK, port), 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def open_websocket(port: int, path: str, token: str) -> socket.socket:
    """Connected and upgraded; the first byte to read is the first frame's."""
    connection = connect(port)
    connection.sendall(
        make_request(
            path,
            token,
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
        )
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte: a frame may follow at once
        piece = connection.recv(1)
        if not piece:
            raise ConnectionError(head)
        head += piece
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head)
    return connection


def find_end(answer: bytes) -> int | None:
    """Where the HTTP answer ends; None while its head is not whole."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = LENGTH.search(answer, 0, end + 2)
    if length is None:
        raise ConnectionError(answer[:end])
    return end + 4 + int(length.group(1))


def receive_exactly(connection: socket.socket, size: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < size:
        piece = connection.recv(size - len(pieces))
        if not piece:
            raise ConnectionError("closed by the other side")
        pieces += piece
    return bytes(pieces)


def receive_text(connection: socket.socket) -> bytes:
    """The payload of the next text frame; pings on the way are answered."""
    while True:
        opcode, size = receive_exactly(connection, 2)
        if size >= 126:
            size = int.from_bytes(receive_exactly(connection, 2 if size == 126 else 8), "big")
        payload = receive_exactly(connection, size)
        if opcode == 0x81:
            return payload
        if opcode != 0x89:
            raise ConnectionError(f"frame {opcode:#x}: {payload!r}")
        connection.sendall(PONG)

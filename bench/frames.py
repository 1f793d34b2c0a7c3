"""One viewer of a flood: counts lines and told losses by the beginnings of frames, and skips the rest.

All of the flood's lines are equally long, so a frame's size tells how many are in it: a count that does not
lean on the numbers, which can then be held against it.
"""

from __future__ import annotations

import re
import socket

from bench.wire import PONG

HEAD_BYTES = 256
PEEK_BYTES = 128
SCRATCH = bytearray(1024 * 1024)
FIRST_LINE = re.compile(rb'(\{"type":"lines","lines":\[)(\[(\d+),"[^"]+","std(?:out|err)",")(\d*)')
GAP = re.compile(rb'\{"type":"gap","lost":(\d+|null)\}')
TEXT_CHARACTERS = 99
LINE_END, MESSAGE_END = 2, 2  # `"]` and `]}`


class Corrupt(Exception):
    """What arrived is no frame, or none that the panel may send."""


class FloodViewer:
    """`unexplained` are numbers that neither came nor were told lost; `unknown_gaps` are the engine's."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.lines = self.told = self.unexplained = self.unknown_gaps = 0
        self._expected: int | None = None
        self._head = bytearray()
        self._skip = 0

    def read(self) -> None:
        """As much as one call brings. Raises OSError or Corrupt."""
        if self._skip:
            # MSG_TRUNC: the kernel throws the bytes away and does not copy them to us.
            room = min(self._skip, len(SCRATCH))
            taken = self.connection.recv_into(SCRATCH, room, socket.MSG_TRUNC)
            self._skip -= taken
        else:
            piece = self.connection.recv(HEAD_BYTES - len(self._head))
            taken = len(piece)
            self._head += piece
            while self._parse():
                pass
        if not taken:
            raise ConnectionError("closed by the panel")

    def _parse(self) -> bool:
        """Take one frame's beginning off; False when there is not enough of it."""
        head = self._head
        if len(head) < 2:
            return False
        start = {126: 4, 127: 10}.get(head[1], 2)
        if len(head) < start:
            return False
        size = head[1] if start == 2 else int.from_bytes(head[2:start], "big")
        if len(head) < start + min(size, PEEK_BYTES):
            return False
        self._note(head[0], size, bytes(head[start : start + min(size, PEEK_BYTES)]))
        self._skip = max(0, start + size - len(head))
        del head[: start + size]
        return bool(head)

    def _note(self, opcode: int, size: int, payload: bytes) -> None:
        if opcode == 0x89:
            self.connection.send(PONG)
        elif opcode != 0x81 or not payload.startswith(b'{"type":"'):
            raise Corrupt(f"{opcode:#x} {payload!r}")
        elif (line := FIRST_LINE.match(payload)) is not None:
            self._note_lines(size, line)
        elif (gap := GAP.match(payload)) is not None:
            self._note_gap(gap.group(1))

    def _note_lines(self, size: int, line: re.Match[bytes]) -> None:
        each = len(line.group(2)) + TEXT_CHARACTERS + LINE_END
        count, rest = divmod(size - len(line.group(1)) - MESSAGE_END + 1, each + 1)
        if rest:
            raise Corrupt(f"{size} bytes are no whole number of lines: {line.group()!r}")
        first = int(line.group(3))
        if self._expected is not None:
            self.unexplained += abs(first - self._expected)
        self._expected = first + count
        self.lines += count

    def _note_gap(self, lost: bytes) -> None:
        if lost == b"null":
            self.unknown_gaps += 1
            self._expected = None
            return
        self.told += int(lost)
        if self._expected is not None:
            self._expected += int(lost)

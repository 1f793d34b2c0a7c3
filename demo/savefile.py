"""The .sav file: twelve bytes of header and a zlib body.

The header holds the length of the plain content, the length of the content compressed once, the magic
`PlZ` and a type: `1` for a body compressed once, `2` for one compressed twice. Plain content here is
one line of JSON, the head, and then bytes that cannot be compressed, as a real world's hardly can.
"""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

SaveType = Literal[0x31, 0x32]
ONCE: SaveType = 0x31
TWICE: SaveType = 0x32
_HEADER = struct.Struct("<II3sB")
_MAGIC = b"PlZ"
_PIECE_BYTES = 65_536


class SaveFileError(ValueError):
    """The file is not a save file, or not all of one."""


class _Tally:
    """Lets pieces through and counts their bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.byte_count = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.byte_count += len(piece)
            yield piece


def write_save_file(path: Path, head: Mapping[str, object], size_bytes: int, save_type: SaveType) -> None:
    """Write a file of about this size through a temporary file, so that nobody ever sees half of it."""
    plain = _Tally(_plain_pieces(head, size_bytes, str(path)))
    once = _Tally(_compress(plain))
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(bytes(_HEADER.size))
        for piece in once if save_type == ONCE else _compress(once):
            file.write(piece)
        file.seek(0)
        file.write(_HEADER.pack(plain.byte_count, once.byte_count, _MAGIC, save_type))
    temporary.replace(path)


def read_save_file(path: Path) -> dict[str, object]:
    """Return the head of a file, having read all of it.

    Raises SaveFileError unless it can be decompressed and both lengths are true.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            raise SaveFileError(f"{path.name} ends before its header does")
        plain_bytes, once_bytes, magic, save_type = _HEADER.unpack(header)
        if magic != _MAGIC or save_type not in (ONCE, TWICE):
            raise SaveFileError(f"{path.name} does not begin like a save file")
        once = _Tally(_read_pieces(file) if save_type == ONCE else _decompress(_read_pieces(file)))
        plain = _Tally(_decompress(once))
        try:
            head = _read_head(plain)
        except zlib.error as error:
            raise SaveFileError(f"{path.name} cannot be decompressed: {error}") from error
    if (plain.byte_count, once.byte_count) != (plain_bytes, once_bytes):
        raise SaveFileError(f"{path.name} is not as long as it says")
    return head


def _plain_pieces(head: Mapping[str, object], size_bytes: int, place: str) -> Iterator[bytes]:
    line = json.dumps(head).encode() + b"\n"
    yield line
    # Made a little at a time and different for each file and save: memory stays flat at any size.
    dice = random.Random(f"{place} {line[:200]!r}")
    for left in range(size_bytes - len(line), 0, -_PIECE_BYTES):
        yield dice.randbytes(min(left, _PIECE_BYTES))


def _compress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    # Level 0 keeps the format and costs next to nothing; there is nothing to gain on random bytes.
    packer = zlib.compressobj(0)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _read_pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _decompress(pieces: Iterable[bytes]) -> Iterator[bytes]:
    opener = zlib.decompressobj()
    for piece in pieces:
        yield opener.decompress(piece)
    yield opener.flush()
    if not opener.eof or opener.unused_data:
        raise zlib.error("the data ends too early or too late")


def _read_head(pieces: Iterable[bytes]) -> dict[str, object]:
    line = b""
    is_complete = False
    for piece in pieces:
        if not is_complete:
            first, newline, _rest = piece.partition(b"\n")
            line += first
            is_complete = bool(newline)
    try:
        head = json.loads(line)
    except ValueError as error:
        raise SaveFileError("the content does not begin with a head") from error
    if not isinstance(head, dict):
        raise SaveFileError("the head is not an object")
    return head

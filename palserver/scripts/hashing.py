"""A file that is hashed while it is read."""

from __future__ import annotations

import hashlib
import io
from typing import IO


class Hashed(io.RawIOBase):
    """`digest` is the SHA-256 of what has been read of `file`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece

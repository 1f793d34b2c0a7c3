"""What is too large for the memory, on its way to somebody who may be slow."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path

from palserver.errors import ArchiveBroken
from palserver.threads import Threads

PIECE_BYTES = 256 * 1024


class FilePieces:
    """The contents of a file, each piece read in a thread when it is asked for.

    It can be told where to begin, so that a part of the file costs no more than that part. Never more than
    the `size_bytes` that were promised: a copy that is still being written grows. Raises OSError.
    """

    def __init__(self, path: Path, size_bytes: int, threads: Threads) -> None:
        self._size_bytes = size_bytes
        self._threads = threads
        self._file = threads.run(path.open, "rb", buffering=0)
        self._offset = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int) -> None:
        self._offset = offset

    def tell(self) -> int:
        return self._offset

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        left_bytes = self._size_bytes - self._offset
        if left_bytes <= 0:
            raise StopIteration
        size_bytes = min(PIECE_BYTES, left_bytes)
        piece = self._threads.run(os.pread, self._file.fileno(), size_bytes, self._offset)
        if not piece:  # the server closes the connection, else the next answer would be taken for the rest
            raise ConnectionResetError(errno.ECONNRESET, "The file has become shorter")
        self._offset += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


class TarPieces:
    """A tar that is made while it is taken, each piece in a thread; `size_bytes` is what was announced.

    Raises ArchiveBroken where it turns out to be of another size, so that nobody takes half of it for whole.
    """

    def __init__(self, tar: RawIOBase, size_bytes: int, threads: Threads) -> None:
        self._tar = tar
        self._left_bytes = size_bytes
        self._threads = threads

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._threads.run(self._tar.read, PIECE_BYTES) or b""
        self._left_bytes -= len(piece)
        if self._left_bytes < 0 or (not piece and self._left_bytes):
            raise ArchiveBroken()
        if not piece:
            raise StopIteration
        return piece

"""A file that is too large for the memory, on its way to somebody who may be slow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from palserver.threads import Threads

PIECE_BYTES = 256 * 1024


class FilePieces:
    """The contents of a file, each piece read in a thread when it is asked for.

    It can be told where to begin, so that a part of the file costs no more than that part. Raises OSError.
    """

    def __init__(self, path: Path, threads: Threads) -> None:
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
        piece = self._threads.run(os.pread, self._file.fileno(), PIECE_BYTES, self._offset)
        if not piece:
            raise StopIteration
        self._offset += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()

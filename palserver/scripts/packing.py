"""A gzip file that is written as fast as its contents allow, and a tar that is read in pieces."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO

STORED = 0
QUICK = 1
# What was written goes to the disk as it comes, and out of the memory that the game's files are kept in.
SYNC_BYTES = 32 * 1024 * 1024
GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


class Packer(io.RawIOBase):
    """Compresses what is written to it into `file` as one gzip stream; knows its size and its SHA-256.

    The effort may change in between: saves are compressed by the game, and to try again takes ten times as
    long as to store them and finds nothing.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._level = QUICK
        self._deflate = zlib.compressobj(QUICK, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._plain_bytes = self._plain_crc = 0
        self._digest = hashlib.sha256()
        self._synced_bytes = 0
        self.size_bytes = 0
        self._put(GZIP_HEADER)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def set_level(self, level: int) -> None:
        if level != self._level:
            self._put(self._deflate.flush(zlib.Z_FULL_FLUSH))
            self._level, self._deflate = level, zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)

    def write(self, plain: bytes) -> int:  # type: ignore[override] # tarfile writes nothing but bytes
        self._plain_crc = zlib.crc32(plain, self._plain_crc)
        self._plain_bytes += len(plain)
        self._put(self._deflate.compress(plain))
        return len(plain)

    def tell(self) -> int:
        return self._plain_bytes

    def finish(self) -> None:
        self._put(self._deflate.flush(zlib.Z_FINISH))
        self._put(struct.pack("<II", self._plain_crc, self._plain_bytes & 0xFFFFFFFF))

    def _put(self, packed: bytes) -> None:
        self._file.write(packed)
        self._digest.update(packed)
        self.size_bytes += len(packed)
        if self.size_bytes - self._synced_bytes >= SYNC_BYTES:
            sync(self._file)
            self._synced_bytes = self.size_bytes


def sync(file: IO[bytes]) -> None:
    """Bring what was written to the disk; whoever reads it now reads it from there."""
    file.flush()
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Pieces(io.RawIOBase):
    """The pieces of a tar as a file; it is read from the beginning to the end only."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._size_bytes = 0
        self._zeros_at_end = 0

    def read(self, size: int = -1) -> bytes:
        piece = next(self._pieces, b"")
        zeros = len(piece) - len(piece.rstrip(b"\0"))
        self._zeros_at_end = zeros + (self._zeros_at_end if zeros == len(piece) else 0)
        self._size_bytes += len(piece)
        return piece

    def check_end(self, offset: int) -> None:
        """Raises ReadError unless there is nothing but the two empty blocks of a tar's end from `offset` on.

        `tarfile` takes any end between two members, and any header that it cannot read, for the end.
        """
        while self.read():
            pass
        rest_bytes = self._size_bytes - offset
        if rest_bytes < 2 * tarfile.BLOCKSIZE or rest_bytes > self._zeros_at_end:
            raise tarfile.ReadError("the end is missing")

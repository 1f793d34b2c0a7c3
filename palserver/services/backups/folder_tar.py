"""A folder as the tar that an archive of it would hold, so that it passes the same checks on the same way."""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

from palserver.errors import ArchiveBroken, ArchiveUnsafe, BackupUnreadable
from palserver.services.backups.archives import ROOT
from palserver.services.backups.save_header import LONGEST_BYTES, find_fault
from palserver.services.backups.tar_reader import BLOCK_BYTES, PIECE_BYTES
from palserver.store.backups import BackupFile

# The game's own copies of its world, which no backup of ours has either.
NESTED_COPIES = re.compile(r"SaveGames/[^/]+/[^/]+/backup")


class FolderTar(io.RawIOBase):
    """Read forward, from the beginning as often as `seek(0)` says. Names are as in the manifests.

    `files` and `faults` (sentences about saves that are not whole) are of what has been read so far; without
    `notes` there are none, and nothing is hashed. Reading raises ArchiveUnsafe for what is neither file nor
    folder, ArchiveBroken for what changes meanwhile, BackupUnreadable and OSError.
    """

    def __init__(self, root: Path, *, notes: bool = True) -> None:
        self._root = root
        self._notes = notes
        self.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if (offset, whence) != (0, os.SEEK_SET):
            raise io.UnsupportedOperation("only from the beginning")
        self.files: list[BackupFile] = []
        self.faults: list[str] = []
        self._pieces, self._rest = self._pack(), b""
        return 0

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        size = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def read_all(self) -> None:
        while self.read(PIECE_BYTES):
            pass

    def measure(self) -> int:
        """How many bytes it will be if nothing changes; no file is read for it. Raises as reading does."""
        size_bytes = 2 * BLOCK_BYTES
        try:
            for path, name, status in self._list():
                size_bytes += len(_header(name, status))
                if stat.S_ISREG(status.st_mode):
                    size_bytes += status.st_size + -status.st_size % BLOCK_BYTES
                if not os.access(path, os.R_OK):
                    raise BackupUnreadable()
        except PermissionError as error:
            raise BackupUnreadable() from error
        return size_bytes

    def _pack(self) -> Iterator[bytes]:
        try:
            for path, name, status in self._list():
                if stat.S_ISDIR(status.st_mode):
                    yield _header(name, status)
                else:
                    yield from self._pack_file(path, name)
        except PermissionError as error:
            raise BackupUnreadable() from error
        yield bytes(2 * BLOCK_BYTES)

    def _list(self) -> Iterator[tuple[str, str, os.stat_result]]:
        """Where each folder and file is, and its name in the tar; what is in a folder comes after it."""
        yield str(self._root), ROOT, os.lstat(self._root)
        yield from self._list_folder(self._root, "")

    def _list_folder(self, folder: Path | str, prefix: str) -> Iterator[tuple[str, str, os.stat_result]]:
        for entry in sorted(os.scandir(folder), key=lambda each: each.name):
            path = f"{prefix}{entry.name}"
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                if not NESTED_COPIES.fullmatch(path):
                    yield entry.path, f"{ROOT}/{path}", status
                    yield from self._list_folder(entry.path, f"{path}/")
            elif stat.S_ISREG(status.st_mode):
                yield entry.path, f"{ROOT}/{path}", status
            else:
                raise ArchiveUnsafe("The backup holds a link, a device, or something else that no world has.")

    def _pack_file(self, path: str, name: str) -> Iterator[bytes]:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            yield _header(name, status)
            digest, head, left_bytes = hashlib.sha256(), b"", status.st_size
            while left_bytes:
                piece = file.read(min(left_bytes, PIECE_BYTES))
                if not piece:
                    raise ArchiveBroken()
                if self._notes:
                    head += piece[: LONGEST_BYTES - len(head)]
                    digest.update(piece)
                left_bytes -= len(piece)
                yield piece
        yield bytes(-status.st_size % BLOCK_BYTES)
        if not self._notes:
            return
        self.files.append(BackupFile(name, status.st_size, digest.hexdigest()))
        if name.lower().endswith(".sav") and (fault := find_fault(head, status.st_size)) is not None:
            self.faults.append(f"{name} {fault}.")


def _header(name: str, status: os.stat_result) -> bytes:
    header = tarfile.TarInfo(name)
    is_folder = stat.S_ISDIR(status.st_mode)
    header.type = tarfile.DIRTYPE if is_folder else tarfile.REGTYPE
    header.size = 0 if is_folder else status.st_size
    header.mode, header.uid, header.gid = status.st_mode & 0o777, status.st_uid, status.st_gid
    header.mtime = int(status.st_mtime)
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")

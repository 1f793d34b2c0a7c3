"""Writing the archive of a backup: a tar of the save folder goes in, a .tar.gz comes out."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from palserver.errors import ArchiveUnsafe, ContainerMissing
from palserver.scripts import Failed
from palserver.scripts.hashing import Hashed
from palserver.scripts.packing import QUICK, STORED, Packer, Pieces
from palserver.services.backups.archives import check_name
from palserver.services.backups.worlds import find_unit
from palserver.store.backups import BackupFile

# The disk may be the one that the game saves on: it is never filled up.
KEPT_FREE_BYTES = 512 * 1024 * 1024
# The game's own copies of its world, inside of the world.
NESTED_COPIES = r"Saved/SaveGames/[^/]+/[^/]+/backup(/.*)?"


@dataclass(frozen=True)
class Written:
    """An archive that has been written; `left_out` are the names of what no restore would take."""

    size_bytes: int
    sha256: str
    files: tuple[BackupFile, ...]
    left_out: tuple[str, ...]


def write_archive(
    pieces: Iterator[bytes],
    file: IO[bytes],
    kept_free_bytes: int = KEPT_FREE_BYTES,
    read_file: Callable[[str], Iterator[bytes]] | None = None,
) -> Written:
    """Copy the worlds and settings in a tar to a .tar.gz whose members are below `Saved/`.

    A restore takes files and folders with plain names, and nothing else. A file that is a hard link is read
    once more: `read_file` gives a tar of the one file of that name. Raises Failed, tarfile.TarError, and what
    reading and writing raise.
    """
    files: list[BackupFile] = []
    links: list[str] = []
    left_out: list[str] = []
    reader, packed = Pieces(pieces), Packer(file)
    with (
        tarfile.open(fileobj=reader, mode="r|") as source,
        tarfile.open(fileobj=packed, mode="w") as target,
    ):
        while (member := source.next()) is not None:
            _move(member, _rename(member.name))
            if not _is_wanted(member.name):
                continue
            if not _is_restorable(member):
                left_out.append(member.name)
            elif member.islnk():
                links.append(member.name)
            else:
                _check_space(file.name, member.size + kept_free_bytes)
                files += _copy(member, source, target, packed)
        reader.check_end(source.offset)
        # Not before: the engine does one thing at a time with a container.
        for name in links:
            with _open_one(name, read_file) as (member, source):
                _check_space(file.name, member.size + kept_free_bytes)
                files += _copy(member, source, target, packed)
    packed.finish()
    if not files:
        raise Failed("The save folder is empty.")
    return Written(packed.size_bytes, packed.sha256, tuple(files), tuple(left_out))


def _is_wanted(name: str) -> bool:
    """What a restore would put in its place, and the folders around that: no logs, no left-over of one."""
    _, _, path = name.partition("/")
    is_around = path in ("", "SaveGames", "Config")
    return (is_around or find_unit(path) is not None) and not re.fullmatch(NESTED_COPIES, name)


def _is_restorable(member: tarfile.TarInfo) -> bool:
    try:
        check_name(member.name)
    except ArchiveUnsafe:
        return False
    return member.isreg() or member.isdir() or member.islnk()  # once it is read as a file


@contextmanager
def _open_one(
    name: str, read_file: Callable[[str], Iterator[bytes]] | None
) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """The only member of a tar, under this name. Raises ReadError where it is no file any more."""
    reader = Pieces(read_file(name) if read_file is not None else iter(()))
    try:
        with tarfile.open(fileobj=reader, mode="r|") as source:
            member = source.next()
            if member is None or not member.isreg():
                raise tarfile.ReadError(f"{name} has changed")
            _move(member, name)
            yield member, source
            source.next()
            reader.check_end(source.offset)
    except ContainerMissing as error:
        raise tarfile.ReadError(f"{name} is gone") from error


def _copy(
    member: tarfile.TarInfo, source: tarfile.TarFile, target: tarfile.TarFile, packed: Packer
) -> list[BackupFile]:
    """What there is to say of a regular file; nothing of a folder."""
    packed.set_level(STORED if member.name.endswith(".sav") else QUICK)
    content = source.extractfile(member) if member.isreg() else None
    if content is None:
        target.addfile(member)
        return []
    hashed = Hashed(content)
    target.addfile(member, hashed)
    return [BackupFile(member.name, member.size, hashed.digest.hexdigest())]


def _move(member: tarfile.TarInfo, name: str) -> None:
    member.name = name
    # Where a name is long or not English, it stands here as well, and would win.
    kept = {key: value for key, value in member.pax_headers.items() if key not in ("path", "linkpath")}
    member.pax_headers = kept


def _rename(name: str) -> str:
    """Below `Saved/`: the engine's archive begins with the folder's own name."""
    _, slash, rest = name.partition("/")
    return f"Saved{slash}{rest}"


def _check_space(path: str, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(os.path.dirname(path)).free
    if free_bytes < needed_bytes:
        left, needed = f"{free_bytes / 1e6:.0f} MB", f"{needed_bytes / 1e6:.0f} MB"
        raise Failed(f"The disk is too full: {left} left, {needed} needed.")
